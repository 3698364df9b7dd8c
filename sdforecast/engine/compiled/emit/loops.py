"""Functions and loops in LLVM's terms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llvmlite import ir

from sdforecast.engine.compiled.emit.lanes import I64, PTR, index

MOMENTS = {"euler": 1, "rk4": 3}
"""Moments of a step at which time and series are given, by method."""


def function(module: ir.Module, name: str, arguments: Sequence[str]) -> tuple[Any, dict[str, Any]]:
    """Return a function of an integer `rows` and pointers that do not overlap, and its arguments by name."""
    made = ir.Function(module, ir.FunctionType(ir.VoidType(), [I64] + [PTR] * (len(arguments) - 1)), name)
    for argument, word in zip(made.args, arguments, strict=True):
        argument.name = word
        if word != "rows":
            argument.add_attribute("noalias")
    return made, dict(zip(arguments, made.args, strict=True))


def each(made: Any, builder: ir.IRBuilder, count: Any, body: Any) -> None:
    """Add a loop that calls `body` with 0, 1, ... up to `count`."""
    before, loop, after = builder.block, made.append_basic_block("each"), made.append_basic_block("end")
    builder.cbranch(builder.icmp_signed("<", index(0), count), loop, after)
    builder.position_at_end(loop)
    place = builder.phi(I64)
    place.add_incoming(index(0), before)
    body(place)
    following = builder.add(place, index(1))
    place.add_incoming(following, builder.block)
    builder.cbranch(builder.icmp_signed("<", following, count), loop, after)
    builder.position_at_end(after)
