"""Opening a model file, with a better word than PySD's for equations that go round in a circle."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sdforecast import shipped
from sdforecast.engine.compiled.making import lowered
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.errors import InputError
from sdforecast.model import ModelFile, read
from sdforecast.model.reading import hash_of


def open_model(path: str | Path | None = None) -> ModelFile:
    """Read a model file as :func:`sdforecast.model.read` does; a circle of equations is named.

    Raises `InputError` for what is wrong with the file.
    """
    try:
        return read(path)
    except InputError as error:
        if "ircular" in str(error):
            _name_the_circle(Path(path) if path is not None else shipped.model_file())
        raise


def _name_the_circle(path: Path) -> None:
    """Raise `InputError` with the names on the circle, if lowering finds one."""
    unread = ModelFile(path, hash_of(path), path, pd.DataFrame(), {}, "")
    try:
        lowered(unread)
    except Unsupported:
        return
