"""The code that runs once for all members: what they share.

    void tabulate(rows, parameters, clock, series, shared, table)

SHARED nodes go to `shared` [slots]. TIME nodes go to `table`, in tiles of eight rows: [rows / 8, columns, 8]. No row
of a TIME node rests on another, so the rows of a tile are computed in the lanes of one vector, as members are
elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from sdforecast.engine.compiled.emit.lanes import F64, I64, Lanes, index
from sdforecast.engine.compiled.emit.loops import MOMENTS, each, function
from sdforecast.engine.compiled.emit.mathematics import MathLanes
from sdforecast.engine.compiled.emit.pieces import TILE, Piece, handed
from sdforecast.engine.compiled.level import Level, Leveled
from sdforecast.engine.compiled.program import Node


def tabulate(module: ir.Module, leveled: Leveled) -> None:
    """Write the function that computes SHARED nodes, and TIME nodes for each row."""
    made, given = function(module, "tabulate", ("rows", "parameters", "clock", "series", "shared", "table"))
    builder = ir.IRBuilder(made.append_basic_block("shared"))
    piece = Piece(leveled, MathLanes(builder, 1))
    leaves = _Leaves(leveled, given)
    for k in piece.at_level(Level.SHARED):
        leaves.value(piece, k, [index(0)])
    for slot, k in enumerate(leveled.slots):
        piece.lanes.store(handed(piece.lanes, piece.value(k), leveled.program.nodes[k]), given["shared"], index(slot))
    if leveled.columns:
        tiles = builder.ashr(builder.add(given["rows"], index(TILE - 1)), index(TILE.bit_length() - 1))
        each(made, builder, tiles, lambda tile: _tile(piece, leaves, given, tile))
    builder.ret_void()


def _tile(shared: Piece, leaves: _Leaves, given: dict[str, Any], tile: Any) -> None:
    """Write eight rows, each in a lane; beyond the last row, that row again."""
    builder, leveled = shared.lanes.builder, shared.leveled
    piece = Piece(leveled, MathLanes(builder, TILE))
    first, last = builder.mul(tile, index(TILE)), builder.sub(given["rows"], index(1))
    rows = [builder.add(first, index(k)) for k in range(TILE)]
    rows = [builder.select(builder.icmp_signed("<", row, last), row, last) for row in rows]
    times = piece.at_level(Level.TIME)
    for k in sorted({arg for time in times for arg in leveled.program.nodes[time].args}):
        if leveled.levels[k] is Level.SHARED:
            piece.values[k] = piece.lanes.spread_value(shared.values[k])
    for k in times:
        leaves.value(piece, k, rows)
    begin = builder.mul(tile, index(len(leveled.columns)))
    for column, k in enumerate(leveled.columns):
        value = handed(piece.lanes, piece.value(k), leveled.program.nodes[k])
        piece.lanes.store(value, given["table"], builder.add(begin, index(column)))


class _Leaves:
    """Leaves that all members share."""

    def __init__(self, leveled: Leveled, given: dict[str, Any]) -> None:
        self.leveled, self.given = leveled, given
        shared = [k for k in range(len(leveled.program.series)) if k not in leveled.own]
        self.series = {series: k for k, series in enumerate(shared)}
        self.moments = MOMENTS[leveled.program.method]

    def value(self, piece: Piece, k: int, rows: Sequence[Any]) -> None:
        """Make node `k` at a row for each lane."""
        node = self.leveled.program.nodes[k]
        if node.args:
            piece.compute(k)
            return
        base = self.given[{"par": "parameters", "time": "clock"}.get(node.op, "series")]
        builder = piece.lanes.builder
        places = [builder.gep(base, [self._place(piece.lanes, node, row)], source_etype=F64) for row in rows]
        piece.values[k] = piece.lanes.together([builder.load(place, typ=F64) for place in places])

    def _place(self, lanes: Lanes, node: Node, row: Any) -> Any:
        """Return where a leaf stands in its array."""
        builder, data = lanes.builder, node.data
        if node.op == "par":
            return ir.Constant(I64, data)
        if node.op == "time":
            return builder.add(builder.mul(row, index(self.moments)), ir.Constant(I64, data))
        if node.op == "series" and isinstance(data, tuple):
            moment = builder.add(builder.mul(row, index(self.moments)), index(data[1]))
            return builder.add(builder.mul(moment, index(len(self.series))), index(self.series[data[0]]))
        return index(self.series[int(data)])  # type: ignore[arg-type]
