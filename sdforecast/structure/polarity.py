"""The sign of each link: does the effect rise or fall when only this cause rises?

Each equation is lowered by the engine with all variables in it as free numbers, and evaluated where a run has been:
at moments of it, the cause alone is moved over the values that it takes in the run, the others stay. The differences
between neighbouring values are all one way (`+` or `-`), both ways (`±`), or nothing; then four times that range is
tried, and what has no effect there either, or stands in an equation that the engine does not know, is `?`. Differences see the effect of a condition that a
derivative is blind to. A stock's sign is that of the effect on its rate; a delay or smooth counts as what goes in.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from sdforecast.engine.compiled.interpret import read_table
from sdforecast.engine.compiled.lower.lowering import Lowering
from sdforecast.engine.compiled.lower.place import Place
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.reading import abstract_model
from sdforecast.engine.compiled.rebuilding import needed
from sdforecast.engine.compiled.unroll import Cell, Unrolled, Variable, unroll
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.engine.once import once
from sdforecast.errors import InputError
from sdforecast.model import ModelFile
from sdforecast.model.vocabulary import CONTROL

SIGNS = ("+", "-", "±", "?")
MOMENTS = 256
"""Times of a run at which equations are evaluated, at most."""
VALUES = 9
"""Values between the least and the largest of a run to which a cause is moved."""
NEGLIGIBLE = 1e-9
"""Share of all change that must go the other way before a sign is called mixed: rounding gives less."""

Links = Mapping[tuple[str, str], str]
"""Sign of each link (cause, effect)."""


@dataclass(frozen=True)
class _Equation:
    """One cell of an effect as nodes whose leaves are free: `causes` has the leaf of each cell it refers to."""

    effect: str
    root: int
    order: tuple[int, ...]
    causes: tuple[tuple[str, tuple[str, ...], int], ...]


def polarities(model: ModelFile, run: xr.Dataset | None = None) -> Links:
    """Return the sign of every link that the engine can evaluate; what is missing has none (see :func:`sign_of`).

    Parameters
    ----------
    run : a run of all variables in the model's own time, over `time`; by default one is made.
    """
    run = once(model) if run is None else run
    unrolled = unroll(abstract_model(model), model.path.parent)
    local = _Local(unrolled)
    moments = np.unique(np.linspace(0, run.sizes["time"] - 1, MOMENTS).astype(int))
    at = _Moments(run.isel(time=moments))
    seen: dict[tuple[str, str], set[str]] = {}
    for equation in _equations(local):
        for name, cell, leaf in equation.causes:
            signs = _signs(local, equation, leaf, at, at.values(name, cell))
            seen.setdefault((name, equation.effect), set()).update(signs)
    return {link: _together(signs) for link, signs in seen.items() if not set(link) & {*CONTROL, "Time"}}


def sign_of(links: Links, cause: str, effect: str) -> str:
    """Return the sign of a link, `?` where it is not known."""
    return links.get((cause, effect), "?")


def product(signs: Sequence[str]) -> str:
    """Return the sign of a chain of links."""
    for unclear in ("?", "±"):
        if unclear in signs:
            return unclear
    return "-" if signs.count("-") % 2 else "+"


def _together(signs: set[str]) -> str:
    known = signs - {"?"}
    return "?" if not known else known.pop() if len(known) == 1 else "±"


class _Local(Lowering):
    """Lowers one equation at a time: what it refers to is a free number, what remembers is what goes in."""

    def __init__(self, model: Unrolled) -> None:
        super().__init__(model, frozenset(), frozenset(), {})
        self.leaves: dict[tuple[str, tuple[str, ...]], int] = {}

    def cell(self, variable: Variable, cell: tuple[str, ...], *, start: bool) -> int:
        """Return the free number that stands for a cell."""
        key = (variable.name, cell)
        if key not in self.leaves:
            self.leaves[key] = self.builder.leaf("par", len(self.leaves))
        return self.leaves[key]

    def expression(self, tree: Any, place: Place) -> int:
        """Return the node of an expression; of a stock its rate, of a delay its input."""
        kind = type(tree).__name__
        if kind == "IntegStructure":
            return self.expression(tree.flow, place)
        if kind == "InitialStructure":
            return self.expression(tree.initial, place)
        if kind == "SampleIfTrueStructure" or hasattr(tree, "input"):
            return self.expression(tree.input, place)
        if kind == "CallStructure" and tree.function.reference == "active_initial":
            return self.expression(tree.arguments[0], place)
        return super().expression(tree, place)


def _equations(local: _Local) -> Iterator[_Equation]:
    """Give the first and the last cell of every equation as nodes; what the engine does not know is left out."""
    for variable in local.model.variables.values():
        for key, cell in _chosen(variable):
            try:
                place = Place(variable.name, key, cell.component, cell.bound)
                root = local.builder.number(local.expression(cell.expression, place))
            except (Unsupported, InputError, RecursionError):
                continue
            order = tuple(needed(local.builder.nodes, [root]))
            inside = set(order)
            causes = tuple((name, of, leaf) for (name, of), leaf in local.leaves.items() if leaf in inside)
            yield _Equation(variable.name, root, order, causes)


def _chosen(variable: Variable) -> list[tuple[tuple[str, ...], Cell]]:
    """Return two cells of each equation of a variable: over a range they are alike but for their numbers."""
    by_equation: dict[int, list[tuple[tuple[str, ...], Cell]]] = {}
    for key, cell in variable.cells.items():
        by_equation.setdefault(id(cell.component), []).append((key, cell))
    return [cells[k] for cells in by_equation.values() for k in sorted({0, len(cells) - 1})]


class _Moments:
    """What a run holds at the chosen times: values [moments] of any cell."""

    def __init__(self, run: xr.Dataset) -> None:
        self.run = run
        self.time = np.asarray(run["time"].values, float)
        self._kept: dict[tuple[str, tuple[str, ...]], np.ndarray] = {}

    def values(self, name: str, cell: tuple[str, ...]) -> np.ndarray:
        """Return [moments]; NaN for what the run does not hold."""
        key = (name, cell)
        if key not in self._kept:
            found = np.full(self.time.shape, np.nan)
            if name in self.run:
                array = self.run[name]
                dims = [str(dim) for dim in array.dims if dim != "time"]
                one = array.sel(dict(zip(dims, cell, strict=True)))
                found = np.broadcast_to(np.asarray(one.values, float), self.time.shape)
            self._kept[key] = found
        return self._kept[key]


def _signs(local: _Local, equation: _Equation, cause: int, at: _Moments, values: np.ndarray) -> set[str]:
    """Return which ways the effect goes while a cause rises: some of `+` and `-`, or `?`."""
    known = values[np.isfinite(values)]
    if not len(known):
        return {"?"}
    for times in (1, 4):
        results = _evaluated(local, equation, cause, _points(known, times), at)
        with np.errstate(all="ignore"):
            change = np.diff(results, axis=0)
        change = change[np.isfinite(change)]
        up, down = float(change[change > 0].sum()), float(-change[change < 0].sum())
        total = up + down
        if np.isfinite(total) and total > 0:
            return {sign for sign, part in (("+", up), ("-", down)) if part > NEGLIGIBLE * total}
    return {"?"}


def _points(known: np.ndarray, times: int) -> np.ndarray:
    """Return rising values from the least to the largest; about a value that never changes, half of it either way.

    With `times` above one from nothing to so many times the largest, or its mirror image.
    """
    least, largest = float(known.min()), float(known.max())
    if times > 1:
        least, largest = min(least * times, 0.0), max(largest * times, 0.0)
    if largest - least <= 1e-9 * max(abs(least), abs(largest)):
        reach = abs(least) / 2 or 1.0
        least, largest = (least - reach if least else 0.0), largest + reach
    return np.unique(np.linspace(least, largest, VALUES))


def _evaluated(local: _Local, equation: _Equation, cause: int, points: np.ndarray, at: _Moments) -> np.ndarray:
    """Return the effect [points, moments] with the cause moved to each point."""
    cells = {leaf: (name, cell) for name, cell, leaf in equation.causes}
    values: dict[int, Any] = {}
    with np.errstate(all="ignore"):
        for k in equation.order:
            node = local.builder.nodes[k]
            if k == cause:
                values[k] = points[:, None]
            elif k in cells:
                values[k] = at.values(*cells[k])[None, :]
            elif node.op == "lit":
                values[k] = np.array([[float(node.data)]])  # type: ignore[arg-type]
            elif node.op in OPERATIONS:
                values[k] = OPERATIONS[node.op].numpy(*(values[arg] for arg in node.args))
            elif node.op == "lookup":
                values[k] = read_table(local.tables[int(node.data)], values[node.args[0]])  # type: ignore[arg-type]
            elif node.op == "start":
                values[k] = np.array([[at.time[0]]])
            else:
                values[k] = at.time[None, :]  # the time, by whatever name
    shape = (len(points), len(at.time))
    return np.broadcast_to(np.asarray(values[equation.root], float), shape)
