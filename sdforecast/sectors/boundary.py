"""The boundary of a sector: the variables of other sectors that its equations use.

With these given over time, a sector runs without the rest of the model, and its constants can be estimated against
its own data: partial-model testing and calibration (Homer 2012, System Dynamics Review 28(3), 281-294).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile
from sdforecast.model.references import references
from sdforecast.model.sectors import named

_OVER_TIME = ("stock", "auxiliary")


@dataclass(frozen=True)
class Boundary:
    """A sector and what it takes from the others.

    Attributes
    ----------
    sector : its name.
    variables : all its variables, constants and tables among them.
    shown : those that change over time: its stocks and auxiliaries.
    inputs : stocks and auxiliaries of other sectors that its equations use, each with the variables that use it.
        Constants, tables and data of other sectors are no inputs: they are read as they stand.
    """

    sector: str
    variables: tuple[str, ...]
    shown: tuple[str, ...]
    inputs: Mapping[str, tuple[str, ...]]


def boundary(model: ModelFile, word: str) -> Boundary:
    """Return the boundary of the sector that `word` means.

    Raises `InputError` if there is no such sector, with the nearest, or nothing in it changes over time.
    """
    sector = named(model.variables, model.path, word)
    inside = model.variables[model.variables["sector"] == sector]
    own = dict(zip(map(str, inside["name"]), map(str, inside["kind"]), strict=True))
    shown = tuple(name for name, kind in own.items() if kind in _OVER_TIME)
    if not shown:
        what = f"nothing in sector '{sector}' changes over time: it holds constants and tables only"
        raise InputError(Problem(what, file=str(model.path)))
    kinds = _kinds(model)
    uses = references(model)
    inputs: dict[str, list[str]] = {}
    for name in own:
        for used in uses.get(name, ()):
            if used not in own and kinds.get(used) in _OVER_TIME:
                inputs.setdefault(used, []).append(name)
    return Boundary(sector, tuple(own), shown, {name: tuple(users) for name, users in inputs.items()})


def computed(model: ModelFile, within: Boundary, names: Iterable[str]) -> list[str]:
    """Return those of `names` that a sector computes: its own, and what follows from them by auxiliaries alone.

    A variable of another sector follows from a sector if its equations lead back to the sector's variables, to its
    inputs and to constants without passing a stock: what is measured of a sector may stand in another group.
    """
    kinds, uses = _kinds(model), references(model)

    def follows(name: str) -> bool:
        open_, seen, touches = [name], {name}, False
        while open_:
            this = open_.pop()
            if this in within.variables:
                touches = touches or kinds.get(this) in _OVER_TIME
            elif this in within.inputs:
                continue
            elif kinds.get(this) == "stock":
                return False
            else:
                fresh = [used for used in uses.get(this, ()) if used not in seen]
                seen.update(fresh)
                open_ += fresh
        return touches

    return [name for name in names if name not in within.inputs and follows(name)]


def _kinds(model: ModelFile) -> dict[str, str]:
    table = model.variables
    return dict(zip(map(str, table["name"]), map(str, table["kind"]), strict=True))
