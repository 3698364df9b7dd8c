"""Dual numbers: a run with NumPy in which every value knows how it changes with each input.

In go a levelled program and numbers, as for :mod:`.interpret`; out come the saved values and their tangents [members,
saved rows, outputs, directions]: the change of each value with each input, exact to rounding. A node's tangent is the
sum over its arguments of their tangents times the `partials` of its operation:

    %5 = mul %3, %4          values[5] = values[3] * values[4]
                             tangents[5] = values[4] * tangents[3] + values[3] * tangents[4]

This is the derivative in its plainest form: forwards, with no tape and nothing in reverse. It costs a run for each
direction; the gradient in machine code (:mod:`.emit.backward`) is tested against it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.interpret import Run, slope_of
from sdforecast.engine.compiled.level import Leveled
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Node

Place = tuple[int, int, int]
"""Where a number of an own series stands in `Inputs.own` of a member: row, moment, series."""


def tangents(leveled: Leveled, inputs: Inputs, places: Sequence[Place] | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Run a program with dual numbers.

    Parameters
    ----------
    places : numbers of own series to differentiate by; all of them, in C order, if None.

    Returns
    -------
    The values [members, saved rows, outputs], and their tangents [members, saved rows, outputs, directions]; the
    directions are the varied parameters, then `places`.
    """
    run = _DualRun(leveled, inputs, list(np.ndindex(*inputs.own.shape[1:])) if places is None else places)
    nodes = [output.node for output in run.program.outputs]
    values = np.zeros((inputs.members, int(inputs.saved.sum()), len(nodes)))
    changes = np.zeros((*values.shape, run.directions))
    with np.errstate(all="ignore"):
        for place, _ in enumerate(run.saved_rows()):
            for column, k in enumerate(nodes):
                values[:, place, column] = run.wide(k)
                tangent = run.tangents[k]
                if tangent is not None:
                    changes[:, place, column] = tangent
    return values, changes


class _Algebra:
    """NumPy's arithmetic under the names that `partials` use."""

    def __call__(self, name: str, *args: Any) -> Any:
        return OPERATIONS[name].numpy(*args)

    def lit(self, value: float) -> float:
        return float(value)


class _DualRun(Run):
    """A run that keeps a tangent [members or 1, directions] beside each value; None where nothing is varied."""

    def __init__(self, leveled: Leveled, inputs: Inputs, places: Sequence[Place]) -> None:
        super().__init__(leveled, inputs)
        self.places = {tuple(place): len(leveled.varied) + k for k, place in enumerate(places)}
        self.directions = len(leveled.varied) + len(places)
        self.tangents: list[np.ndarray | None] = [None] * len(leveled.program.nodes)
        self.algebra = _Algebra()

    def carried(self, k: int) -> Any:
        """Return value and tangent of a node."""
        return self.wide(k), self.tangents[k]

    def compute(self, k: int) -> None:
        """Compute value and tangent of one node."""
        node = self.program.nodes[k]
        if node.op in ("state", "ring"):
            self.values[k], self.tangents[k] = self.kept(node)
            return
        super().compute(k)
        self.tangents[k] = self._sum(k, node) if node.args else self._direction(node)

    def _sum(self, k: int, node: Node) -> np.ndarray | None:
        """Return the sum of the arguments' tangents, each times its partial derivative."""
        given = [self.tangents[arg] for arg in node.args]
        if all(tangent is None for tangent in given):
            return None
        args = [self.values[arg] for arg in node.args]
        if node.op == "lookup" and isinstance(node.data, int):
            partials: tuple[Any, ...] = (slope_of(self.program.tables[node.data], args[0]),)
        else:
            partials = OPERATIONS[node.op].partials(self.algebra, self.values[k], *args)
        total: np.ndarray | None = None
        for tangent, partial in zip(given, partials, strict=False):
            if tangent is not None and partial is not None:
                part = _times(tangent, partial)
                total = part if total is None else total + part
        return total

    def _direction(self, node: Node) -> np.ndarray | None:
        """Return the tangent of an input: one in its own direction, if it has one."""
        place: int | None = None
        if node.op == "par":
            place = self.varied.get(node.data)  # type: ignore[arg-type]
        elif node.op == "series" and isinstance(node.data, tuple) and node.data[0] in self.own:
            place = self.places.get((self.row, node.data[1], self.own[node.data[0]]))
        elif node.op == "series start" and node.data in self.own:
            place = self.places.get((0, 0, self.own[int(node.data)]))
        return None if place is None else np.eye(1, self.directions, place)


def _times(tangent: np.ndarray, partial: Any) -> np.ndarray:
    """Return tangent * partial; nothing times infinity (a branch that was not taken) is nothing."""
    factor = np.asarray(partial)[..., None]
    if factor.dtype == bool:
        return np.where(factor, tangent, 0.0)
    return np.where(tangent == 0, 0.0, tangent * factor)
