"""Interpreting: running a program with NumPy, one operation after the other, all members at once.

In goes a levelled program and numbers; out come the saved values [members, saved rows, outputs]. This is what a program
*means*, in the shortest code that says so: each node is the `numpy` of its operation in :mod:`.operations`. Machine
code is tested against it, and where a platform has no compiler it takes its place. Levels do not matter here but for
speed: what does not change in a row is computed once.

    %5 = mul %3, %4          values[5] = np.multiply(values[3], values[4])
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.level import Level, Leveled
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Node, Ring, Table
from sdforecast.errors import InputError, Problem


def interpret(leveled: Leveled, inputs: Inputs) -> np.ndarray:
    """Run a program; returns what is saved [members, saved rows, outputs]."""
    run = Run(leveled, inputs)
    nodes = [output.node for output in run.program.outputs]
    with np.errstate(all="ignore"):
        saved = [np.stack([run.wide(k) for k in nodes], axis=-1) for _ in run.saved_rows()]
    return np.stack(saved, axis=1) if saved else np.zeros((inputs.members, 0, len(nodes)))


def ring_length(delay: float, step: float) -> int:
    """Return how many places the ring of a DELAY FIXED has (as PySD counts them)."""
    return round(max(delay / step, 1) + 1e-6)


def _length(ring: Ring, delay: float, step: float) -> int:
    if not math.isfinite(delay):
        raise InputError(Problem(f"the delay time of '{ring.name}' is {delay:g}"))
    return ring_length(delay, step)


class Run:
    """The values of the nodes at one row, and the way to the next."""

    def __init__(self, leveled: Leveled, inputs: Inputs) -> None:
        self.leveled, self.program, self.inputs = leveled, leveled.program, inputs
        self.values: list[Any] = [None] * len(leveled.program.nodes)
        self.varied = {parameter: k for k, parameter in enumerate(leveled.varied)}
        self.own = {series: k for k, series in enumerate(leveled.own)}
        shared = [k for k in range(len(leveled.program.series)) if k not in self.own]
        self.shared = {series: k for k, series in enumerate(shared)}
        self.row = 0
        self.states: list[Any] = []
        self.rings: list[Any] = []

    def saved_rows(self) -> Iterator[int]:
        """Compute row after row; stops at each that is saved, with its values in place."""
        program, levels, late = self.program, self.leveled.levels, self.leveled.late
        each_row = [k for k, at in enumerate(levels) if at in (Level.TIME, Level.STEP)]
        unsaved = [k for k in each_row if k not in late]
        for k in sorted(set(range(len(levels))) - set(each_row)):
            self.compute(k)
        states = [self.carried(state.initial) for state in program.states]
        rings = [self._filled(ring) for ring in program.rings]
        for row, saved in enumerate(self.inputs.saved):
            self.row, self.states, self.rings = row, states, [ring[row % len(ring)] for ring in rings]
            for k in each_row if saved else unsaved:
                self.compute(k)
            if saved:
                yield row
            states = [self.carried(state.root) for state in program.states]
            for ring, definition in zip(rings, program.rings, strict=True):
                ring[row % len(ring)] = self.carried(definition.input)

    def _filled(self, ring: Ring) -> list[Any]:
        """Return the places of a ring at the start; the oldest is at `row % length`."""
        delay = float(np.ravel(self.values[ring.delay])[0])
        return [self.carried(ring.initial)] * _length(ring, delay, self.program.step)

    def carried(self, k: int) -> Any:
        """Return what a state or ring keeps of a node for a later row."""
        return self.wide(k)

    def wide(self, k: int) -> np.ndarray:
        """Return a value of each member."""
        return np.broadcast_to(np.asarray(self.values[k], dtype=float), (self.inputs.members,))

    def compute(self, k: int) -> None:
        """Compute one node."""
        node = self.program.nodes[k]
        if node.op in OPERATIONS:
            self.values[k] = OPERATIONS[node.op].numpy(*(self.values[arg] for arg in node.args))
        elif node.op == "lookup" and isinstance(node.data, int):
            self.values[k] = read_table(self.program.tables[node.data], self.values[node.args[0]])
        else:
            self.values[k] = self.leaf(node)

    def leaf(self, node: Node) -> Any:
        """Return the value of a leaf."""
        data = node.data
        if isinstance(data, float):
            return data
        if isinstance(data, tuple):
            return self._series(data[0], self.row, data[1])
        if data is None:
            raise ValueError(f"'{node.op}' in a program that is ready to run")
        if node.op == "par":
            varies = data in self.varied
            return self.inputs.varied[:, self.varied[data]] if varies else self.inputs.parameters[data]
        if node.op == "time":
            return self.inputs.clock[self.row, data]
        if node.op == "series start":
            return self._series(data, 0, 0)
        return self.kept(node)

    def kept(self, node: Node) -> Any:
        """Return what an earlier row has :meth:`carried` to a state or ring."""
        return (self.states if node.op == "state" else self.rings)[int(node.data)]  # type: ignore[arg-type]

    def _series(self, k: int, row: int, moment: int) -> Any:
        if k in self.own:
            return self.inputs.own[:, row, moment, self.own[k]]
        return self.inputs.series[row, moment, self.shared[k]]


def slope_of(table: Table, x: Any) -> Any:
    """Return the slope of a table at `x`; at a point, that of the piece after it. Steps have none."""
    xs, ys = np.array(table.x), np.array(table.y)
    at = np.asarray(x, dtype=float)
    if table.kind not in ("interpolate", "extrapolate") or len(xs) == 1:
        return np.zeros(at.shape)
    piece = np.clip(np.searchsorted(xs, at, side="right") - 1, 0, len(xs) - 2)
    with np.errstate(all="ignore"):
        slope = (ys[piece + 1] - ys[piece]) / (xs[piece + 1] - xs[piece])
    held = table.kind == "interpolate" and ((at < xs[0]) | (at >= xs[-1]))
    return np.where(held, 0.0, slope)


def read_table(table: Table, x: Any) -> Any:
    """Return a table read at `x`: at a point its y, between two points by the table's kind, beyond them likewise."""
    xs, ys = np.array(table.x), np.array(table.y)
    at = np.asarray(x, dtype=float)
    right = np.searchsorted(xs, at, side="right")  # the first point after x
    left = np.clip(right - 1, 0, len(xs) - 1)
    hit = xs[left] == at
    if table.kind == "raw":
        return np.where(hit, ys[left], np.nan)
    if table.kind == "hold backward":
        inner = ys[left]
    elif table.kind == "look forward":
        inner = np.where(hit, ys[left], ys[np.clip(right, 0, len(xs) - 1)])
    else:
        inner = _between(xs, ys, at, left, beyond=table.kind == "extrapolate")
        if table.kind == "extrapolate":
            return np.where(np.isnan(at), np.nan, inner)
    result = np.where(at >= xs[-1], ys[-1], np.where(at < xs[0], ys[0], inner))
    return np.where(np.isnan(at), np.nan, result)


def _between(xs: np.ndarray, ys: np.ndarray, at: np.ndarray, left: np.ndarray, *, beyond: bool) -> Any:
    """Return the line through the points around `at`; with `beyond`, the end lines go on."""
    if len(xs) == 1:
        return ys[left]
    start = np.minimum(left, len(xs) - 2)
    with np.errstate(all="ignore"):
        slope = (ys[start + 1] - ys[start]) / (xs[start + 1] - xs[start])
    inner = slope * (at - xs[start]) + ys[start]
    if beyond:  # from the last point on, as from any other, counted from the point itself
        inner = np.where(at >= xs[-1], ys[-1] + slope * (at - xs[-1]), inner)
    return np.where(xs[left] == at, ys[left], inner)
