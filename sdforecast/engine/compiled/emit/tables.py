"""Tables in LLVM's terms: value and slope at x.

A short table is a chain of selections over its segments, which costs no memory access and works in all lanes at once;
for one member its begins are compared at once and counted. A long one (a data series, say) is searched by halving.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from sdforecast.engine.compiled.emit.lanes import F64, I64, Lanes
from sdforecast.engine.compiled.program import Table

LONGEST_CHAIN = 16
"""Points up to which a table is a chain."""


def read(lanes: Lanes, table: Table, number: int, x: Any) -> tuple[Any, Any]:
    """Return value and slope of a table at `x`; `number` names its arrays in the module."""
    if len(table.x) == 1:
        return _single(lanes, table, x), lanes.lit(0)
    if table.kind == "raw":
        return _raw(lanes, table, number, x), lanes.lit(0)
    pieces = _pieces(table)
    slope, start, level = _piece(lanes, pieces, number, x)
    value = lanes.fadd(lanes.fmul(slope, lanes.fsub(x, start)), level)
    if table.kind == "extrapolate":
        return value, slope
    value, slope = _held(lanes, table, x, value, slope)
    return value, slope


def _pieces(table: Table) -> list[tuple[float, float, float, float]]:
    """Return (from, slope, x0, y0) of each piece, rising: y = slope (x - x0) + y0 from `from` on."""
    x, y, last = table.x, table.y, len(table.x) - 1
    if table.kind == "hold backward":
        return [(x[k], 0.0, x[k], y[k]) for k in range(last + 1)]
    if table.kind == "look forward":  # just above a point the next one counts
        return [(x[k], 0.0, x[k], y[min(k + 1, last)]) for k in range(last + 1)]
    slopes = [(y[k + 1] - y[k]) / (x[k + 1] - x[k]) if x[k + 1] > x[k] else 0.0 for k in range(last)]
    pieces = [(x[k], slopes[k], x[k], y[k]) for k in range(last)]
    return [*pieces, (x[last], slopes[-1], x[last], y[last])]


def _piece(lanes: Lanes, pieces: Sequence[tuple[float, ...]], number: int, x: Any) -> tuple[Any, Any, Any]:
    """Return slope, x0 and y0 of the piece that holds in each lane; the first one below all."""
    if lanes.width == 1 or len(pieces) > LONGEST_CHAIN:
        begins = [piece[0] for piece in pieces]
        few = len(pieces) <= LONGEST_CHAIN
        place = _counted(lanes, begins, x) if few else _searched(lanes, number, begins, x)
        parts = [_array(lanes, f"table.{number}.{k}", [piece[k] for piece in pieces]) for k in (1, 2, 3)]
        slope, start, level = (_gathered(lanes, part, place) for part in parts)
        return slope, start, level
    chosen = [lanes.lit(value) for value in pieces[0][1:]]
    for begin, *values in pieces[1:]:
        from_here = lanes.fcmp_ordered(">=", x, lanes.lit(begin))
        chosen = [lanes.select(from_here, lanes.lit(v), before) for v, before in zip(values, chosen, strict=True)]
    return chosen[0], chosen[1], chosen[2]


def _counted(lanes: Lanes, begins: Sequence[float], x: Any) -> Any:
    """Return the position of the last piece that begins at or before x, for one member: all are compared at once."""
    size = max(4, 1 << (len(begins) - 2).bit_length())
    wide = Lanes(lanes.builder, size)
    padded = [*begins[1:], *[math.nan] * (size - len(begins) + 1)]  # nothing is at or beyond NaN
    reached = wide.fcmp_ordered(">=", wide.spread_value(x), ir.Constant(wide.double, padded))
    bits = ir.IntType(size)
    count = lanes.builder.ctpop(lanes.builder.bitcast(reached, bits))
    return lanes.builder.zext(count, I64)


def _held(lanes: Lanes, table: Table, x: Any, value: Any, slope: Any) -> tuple[Any, Any]:
    """Hold the ends, and in `look forward` the points themselves."""
    zero = lanes.lit(0)
    for condition, end in (("<", 0), (">=", -1)):
        beyond = lanes.fcmp_ordered(condition, x, lanes.lit(table.x[end]))
        value = lanes.select(beyond, lanes.lit(table.y[end]), value)
        slope = lanes.select(beyond, zero, slope)
    if table.kind == "look forward":
        for point, level in zip(table.x, table.y, strict=True):
            value = lanes.select(lanes.fcmp_ordered("==", x, lanes.lit(point)), lanes.lit(level), value)
    return value, slope


def _single(lanes: Lanes, table: Table, x: Any) -> Any:
    """Return the only point, or NaN where x is NaN or (raw) elsewhere."""
    ordered = lanes.fcmp_ordered("==", x, x if table.kind != "raw" else lanes.lit(table.x[0]))
    return lanes.select(ordered, lanes.lit(table.y[0]), lanes.lit(float("nan")))


def _raw(lanes: Lanes, table: Table, number: int, x: Any) -> Any:
    pieces = [(px, 0.0, px, py) for px, py in zip(table.x, table.y, strict=True)]
    _, start, level = _piece(lanes, pieces, number, x)
    return lanes.select(lanes.fcmp_ordered("==", x, start), level, lanes.lit(float("nan")))


def _array(lanes: Lanes, name: str, values: Sequence[float]) -> Any:
    """Return a constant array of the module."""
    module = lanes.builder.module
    if name not in module.globals:
        kind = ir.ArrayType(F64, len(values))
        array = ir.GlobalVariable(module, kind, name)
        array.global_constant, array.linkage = True, "internal"
        array.initializer = ir.Constant(kind, [ir.Constant(F64, value) for value in values])
    return module.globals[name]


def _searched(lanes: Lanes, number: int, begins: Sequence[float], x: Any) -> Any:
    """Return the position of the last piece that begins at or before x (0 if none), by halving."""
    array = _array(lanes, f"table.{number}.0", begins)
    whole = lanes.over(I64)
    place, last = lanes.constant(I64, 0), lanes.constant(I64, len(begins) - 1)
    step = 1 << (len(begins) - 1).bit_length() - 1
    while step:
        ahead = lanes.builder.add(place, lanes.constant(I64, step))
        inside = lanes.builder.icmp_signed("<=", ahead, last)
        safe = lanes.builder.select(inside, ahead, last)
        reached = lanes.and_(inside, lanes.fcmp_ordered(">=", x, _gathered(lanes, array, safe)))
        place = lanes.builder.select(reached, ahead, place)
        step //= 2
    assert place.type == whole
    return place


def _gathered(lanes: Lanes, array: Any, place: Any) -> Any:
    """Return in each lane the number at its place of an array."""

    def one(k: Any) -> Any:
        return lanes.builder.load(lanes.builder.gep(array, [k], source_etype=F64), typ=F64)

    return lanes.by_lane(one, (place,))
