"""What each equation uses, against what PySD knows of it for its own order of work."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pysd
import pytest

from sdforecast.model import ModelFile, read
from sdforecast.model.references import KEPT, references
from tests.small import small


def _names(model: ModelFile) -> dict[str, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = pysd.load(str(model.translation), initialize=False)
    return dict(zip(loaded.doc["Py Name"], loaded.doc["Real Name"], strict=True))


def _by_pysd(model: ModelFile) -> Iterator[tuple[str, set[str]]]:
    """Give each variable and what PySD says it depends on, through the memories of its functions."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        loaded = pysd.load(str(model.translation), initialize=False)
    names = _names(model)
    for py, used in loaded.dependencies.items():
        if py in names:
            found, open_ = set(), list(used)
            while open_:
                one = open_.pop()
                if one in names:
                    found.add(names[one])
                elif one.startswith("_") and one in loaded.dependencies:
                    inner = loaded.dependencies[one]
                    open_ += [*inner.get("initial", ()), *inner.get("step", ())]
            yield names[py], found - {"Time"}


@pytest.mark.parametrize("name", ["predation.mdl", "views.mdl", "regions.mdl", "sir.mdl", "growth.xmile", ""])
def test_pysd_knows_the_same(name: str) -> None:
    model = small(name) if name else read()
    ours = references(model)
    for variable, used in _by_pysd(model):
        assert set(ours[variable]) - {"Time"} == used, variable


def test_the_initial_value_of_a_stock_counts() -> None:
    assert set(references(small("predation.mdl"))["Lynx"]) == {"lynx births", "lynx deaths", "Hares"}


def test_a_damaged_memory_is_made_again(tmp_path: Path) -> None:
    model = small("predation.mdl")
    elsewhere = replace(model, translation=tmp_path / "model.py")
    for text in ("", "[1]", '{"Lynx": 3}', "\0"):
        (tmp_path / KEPT).write_text(text)
        assert references(elsewhere) == dict(references(model))
