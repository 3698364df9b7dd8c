"""Nodes in LLVM's terms: how each becomes a value, once for all pieces of code."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sdforecast.engine.compiled.emit import tables
from sdforecast.engine.compiled.emit.lanes import Lanes, index
from sdforecast.engine.compiled.level import Level, Leveled
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Node

TILE = 8
"""Rows of TIME nodes that are computed, and stand, together."""


class Piece:
    """A piece of code: values of nodes by position, made when asked for.

    Attributes
    ----------
    values : what is known; a caller puts in what comes from elsewhere (states, table columns).
    slopes : the slope of each lookup that was read.
    """

    def __init__(self, leveled: Leveled, lanes: Lanes) -> None:
        self.leveled, self.program, self.lanes = leveled, leveled.program, lanes
        self.values: dict[int, Any] = {}
        self.slopes: dict[int, Any] = {}

    def value(self, k: int) -> Any:
        """Return the value of a node that is known or a number."""
        if k not in self.values and self.leveled.levels[k] is Level.LITERAL:
            self.literal(k)
        return self.values[k]

    def literal(self, k: int) -> None:
        """Make a node of numbers alone; LLVM folds it."""
        node = self.program.nodes[k]
        if node.op == "lit" and isinstance(node.data, float):
            self.values[k] = self.lanes.lit(node.data)
        else:
            self.compute(k)

    def compute(self, k: int) -> None:
        """Add the operation of a node."""
        node = self.program.nodes[k]
        args = [self.value(arg) for arg in node.args]
        if node.op == "lookup" and isinstance(node.data, int):
            self.values[k], self.slopes[k] = tables.read(
                self.lanes, self.program.tables[node.data], node.data, args[0]
            )  # fmt: skip
        else:
            self.values[k] = OPERATIONS[node.op].emit(self.lanes, *args)

    def compute_all(self, nodes: Iterable[int]) -> None:
        """Add the operations of nodes that are not known yet, in order."""
        for k in nodes:
            if k not in self.values:
                self.compute(k)

    def load_slots(self, shared: Any) -> None:
        """Take the SHARED nodes that were computed for all members."""
        for slot, k in enumerate(self.leveled.slots):
            self.values[k] = self.spread(k, shared, index(slot))

    def load_columns(self, table: Any, row: Any, chosen: Iterable[int]) -> None:
        """Take the TIME nodes `chosen` from their table [rows / 8, columns, 8]."""
        builder = self.lanes.builder
        tile = builder.ashr(row, index(TILE.bit_length() - 1))
        begin = builder.mul(tile, index(len(self.leveled.columns) * TILE))
        begin = builder.add(begin, builder.and_(row, index(TILE - 1)))
        for column, k in enumerate(self.leveled.columns):
            if k in chosen:
                self.values[k] = self.spread(k, table, builder.add(begin, index(column * TILE)))

    def spread(self, k: int, base: Any, place: Any) -> Any:
        """Return what was handed on of node `k` in every lane; truth values were handed on as 0 and 1."""
        value = self.lanes.spread(base, place)
        return self.lanes.fcmp_ordered("!=", value, self.lanes.lit(0)) if is_truth(self.program.nodes[k]) else value

    def at_level(self, level: Level) -> list[int]:
        """Return the positions of the nodes of a level."""
        return [k for k, at in enumerate(self.leveled.levels) if at is level]


def is_truth(node: Node) -> bool:
    """Return whether a node is a truth value."""
    return node.op in OPERATIONS and OPERATIONS[node.op].gives == "t"


def handed(lanes: Lanes, value: Any, node: Node) -> Any:
    """Return a value as it is handed on: a truth value as 0 or 1."""
    return lanes.select(value, lanes.lit(1), lanes.lit(0)) if is_truth(node) else value
