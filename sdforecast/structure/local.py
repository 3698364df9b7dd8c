"""Single equations as functions of what they name, evaluated where a run has been.

The engine lowers an equation with every variable in it as a free number (a stock's equation as its rate, a delay or
smooth as what goes in), so that all functions, tables and subscripts that it compiles are known here, too.

    at = Moments(run)
    for equation in equations(model): at.moved(equation, cause, points)     the effect [points, moments]
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from sdforecast.engine.compiled.interpret import read_table
from sdforecast.engine.compiled.lower.lowering import Lowering
from sdforecast.engine.compiled.lower.place import Place
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Node, Table
from sdforecast.engine.compiled.rebuilding import needed
from sdforecast.engine.compiled.unroll import Cell, Unrolled, Variable
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.errors import InputError
from sdforecast.model import ModelFile
from sdforecast.structure.trees import unrolled

MOMENTS = 256
"""Times of a run at which equations are evaluated, at most."""

Key = tuple[str, tuple[str, ...]]
"""A cell: the name of its variable and its subscripts."""


@dataclass(frozen=True)
class Equation:
    """One cell of a variable as a list of operations.

    Attributes
    ----------
    effect : the cell that it computes; of a stock the rate.
    causes : the node of each cell that it refers to.
    starts : likewise of cells whose value at the start it refers to (INITIAL).
    tree : PySD's syntax tree.
    place : what range names mean in it.
    """

    effect: Key
    causes: tuple[tuple[Key, int], ...]
    starts: tuple[tuple[Key, int], ...]
    tree: Any
    place: Place
    root: int
    order: tuple[int, ...]
    lowering: _Local

    @property
    def nodes(self) -> Sequence[Node]:
        """The operations; only those of `order` belong to this equation."""
        return self.lowering.builder.nodes

    @property
    def tables(self) -> Sequence[Table]:
        """The tables that lookups read."""
        return self.lowering.tables


def equations(model: ModelFile) -> list[Equation]:
    """Return the first and the last cell of every equation; what the engine does not compile is left out.

    Raises `InputError` where PySD does not understand the file.
    """
    try:
        return list(_equations(_Local(unrolled(model))))
    except Unsupported:  # ranges that do not add up
        return []


class _Local(Lowering):
    """Lowers one equation at a time, what it refers to as free numbers."""

    def __init__(self, model: Unrolled) -> None:
        super().__init__(model, frozenset(), frozenset(), {})
        self.leaves: dict[Key, int] = {}
        self.starts: dict[Key, int] = {}

    def cell(self, variable: Variable, cell: tuple[str, ...], *, start: bool) -> int:
        """Return the free number that stands for a cell; its value at the start is another."""
        key, known = (variable.name, cell), self.starts if start else self.leaves
        if key not in known:
            known[key] = self.builder.leaf("par", len(self.leaves) + len(self.starts))
        return known[key]

    def expression(self, tree: Any, place: Place) -> int:
        """Return the node of an expression; of a stock its rate, of a delay its input."""
        kind = type(tree).__name__
        if kind == "IntegStructure":
            return self.expression(tree.flow, place)
        if kind == "InitialStructure":
            return self.expression(tree.initial, place.at_start)
        if hasattr(tree, "input"):
            return self.expression(tree.input, place)
        return super().expression(tree, place)

    def equation(self, effect: Key, tree: Any, place: Place) -> Equation:
        """Return a tree as an equation. Raises `Unsupported` or `InputError` for what the engine does not know."""
        root = self.builder.number(self.expression(tree, place))
        order = tuple(needed(self.builder.nodes, [root]))
        inside = set(order)
        causes = tuple((key, leaf) for key, leaf in self.leaves.items() if leaf in inside)
        starts = tuple((key, leaf) for key, leaf in self.starts.items() if leaf in inside)
        return Equation(effect, causes, starts, tree, place, root, order, self)


def _equations(local: _Local) -> Iterator[Equation]:
    for variable in local.model.variables.values():
        for key, cell in _chosen(variable):
            place = Place(variable.name, key, cell.component, cell.bound)
            try:
                yield local.equation((variable.name, key), cell.expression, place)
            except (Unsupported, InputError, RecursionError):
                continue


def part(equation: Equation, tree: Any) -> Equation | None:
    """Return a part of an equation as one of its own (a delay time, say); None if the engine does not know it."""
    try:
        return equation.lowering.equation(equation.effect, tree, equation.place)
    except (Unsupported, InputError, RecursionError):
        return None


def _chosen(variable: Variable) -> list[tuple[tuple[str, ...], Cell]]:
    """Return two cells of each equation of a variable: over a range they are alike but for their numbers."""
    by_equation: dict[int, list[tuple[tuple[str, ...], Cell]]] = {}
    for key, cell in variable.cells.items():
        by_equation.setdefault(id(cell.component), []).append((key, cell))
    return [cells[k] for cells in by_equation.values() for k in sorted({0, len(cells) - 1})]


class Moments:
    """What a run holds at some of its times.

    Parameters
    ----------
    run : all variables over `time`, in the model's own time.
    """

    def __init__(self, run: xr.Dataset) -> None:
        chosen = np.unique(np.linspace(0, run.sizes["time"] - 1, MOMENTS).astype(int))
        self.run = run.isel(time=chosen)
        self.time = np.asarray(self.run["time"].values, float)
        self._kept: dict[Key, np.ndarray] = {}

    def values(self, key: Key) -> np.ndarray:
        """Return a cell [moments]; NaN if the run does not hold it."""
        if key not in self._kept:
            name, cell = key
            found = np.full(self.time.shape, np.nan)
            if name in self.run:
                array = self.run[name]
                dims = [str(dim) for dim in array.dims if dim != "time"]
                one = array.sel(dict(zip(dims, cell, strict=True)))
                found = np.broadcast_to(np.asarray(one.values, float), self.time.shape)
            self._kept[key] = found
        return self._kept[key]

    def moved(self, equation: Equation, cause: int | None = None, points: np.ndarray | None = None) -> np.ndarray:
        """Return the effect [points, moments] where the node `cause` takes each of `points`.

        The points are [points], or [points, moments]. Without a cause the effect is [1, moments], as in the run.
        """
        free = {leaf: key for key, leaf in equation.causes}
        values: dict[int, Any] = {leaf: self.values(key)[None, :1] for key, leaf in equation.starts}
        with np.errstate(all="ignore"):
            for k in equation.order:
                if k == cause and points is not None:
                    values[k] = points if points.ndim == 2 else points[:, None]
                elif k in free:
                    values[k] = self.values(free[k])[None, :]
                elif k not in values:
                    values[k] = self._node(equation, equation.nodes[k], values)
        rows = 1 if points is None else len(points)
        return np.broadcast_to(np.asarray(values[equation.root], float), (rows, len(self.time)))

    def _node(self, equation: Equation, node: Node, values: dict[int, Any]) -> Any:
        if node.op in OPERATIONS:
            return OPERATIONS[node.op].numpy(*(values[arg] for arg in node.args))
        if node.op == "lookup" and isinstance(node.data, int):
            return read_table(equation.tables[node.data], values[node.args[0]])
        if node.op == "lit" and isinstance(node.data, float):
            return np.array([[node.data]])
        return self.time[None, :1] if node.op == "start" else self.time[None, :]  # the time, by whatever name

    def slope(self, equation: Equation, key: Key) -> np.ndarray:
        """Return the derivative of the effect by one cell [moments], by central differences."""
        leaf = dict(equation.causes).get(key)
        if leaf is None:
            return np.zeros(len(self.time))
        here = self.values(key)
        reach = np.maximum(np.abs(here), np.nanmax(np.abs(here), initial=0.0) * 1e-3) * 1e-5 + 1e-12
        both = self.moved(equation, leaf, np.stack([here - reach, here + reach]))
        with np.errstate(all="ignore"):
            return np.asarray((both[1] - both[0]) / (2 * reach))
