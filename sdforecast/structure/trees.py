"""PySD's trees of a model file, kept, since a check asks for them often and PySD takes a second for a large one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sdforecast.engine.compiled import reading
from sdforecast.engine.compiled.unroll import Unrolled, unroll
from sdforecast.model import ModelFile
from sdforecast.model.vocabulary import CONTROL
from sdforecast.structure.places import folded, lines


def abstract_model(model: ModelFile) -> Any:
    """Return PySD's `AbstractModel`. It is shared: nobody may change it.

    Raises `InputError` where PySD does not understand the file.
    """
    return _kept(_Named(model))


def unrolled(model: ModelFile) -> Unrolled:
    """Return the model with one equation for each cell; raises `Unsupported` for ranges that do not add up."""
    return unroll(abstract_model(model), model.path.parent)


def elements(model: ModelFile, *, control: bool = False) -> Mapping[str, Any]:
    """Return PySD's elements by the names that the table of variables has, in the order of the file.

    With `control` those of the control variables follow.
    """
    found = {folded(element.name): element for element in abstract_model(model).sections[0].elements}
    place = lines(model.path)
    names = sorted(model.names, key=lambda name: place.get(folded(name), 0)) + (list(CONTROL) if control else [])
    return {name: found[folded(name)] for name in names if folded(name) in found}


class _Named:
    """A model as a key: by its path and content, since the model itself holds a table and has no hash."""

    def __init__(self, model: ModelFile) -> None:
        self.model = model
        self.key: tuple[Path, str] = (model.path.resolve(), model.sha256)

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Named) and self.key == other.key


@lru_cache(maxsize=4)
def _kept(named: _Named) -> Any:
    return reading.abstract_model(named.model)
