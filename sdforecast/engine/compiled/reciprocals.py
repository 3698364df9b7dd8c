"""Reciprocals: division by what does not change in a run becomes multiplication.

In goes a program (best: an integrated one), out comes the same with other arithmetic where it is cheaper: a division
takes several times as long as a multiplication, and `1 / lifetime` need only be computed once a run.

    %3 = div %1, %2          %3 = div 1, %2    (leaves the loop)
                             %4 = mul %1, %3

The value changes by at most one unit in the last place. This is why the pass is optional; everything else in the
compiler keeps every bit. What is changed does not depend on which parameters vary, so that a member alone still equals
the member in its ensemble. Not changed: constants over constants, which are computed once as they are, and divisors
that are numbers without an ordinary reciprocal (0, infinity, the very smallest).
"""

from __future__ import annotations

import math
import sys

from sdforecast.engine.compiled.building import Builder
from sdforecast.engine.compiled.program import Program
from sdforecast.engine.compiled.rebuilding import changes, copy, moved


def reciprocals(program: Program) -> Program:
    """Return a program that multiplies where it divided by a constant."""
    builder = Builder()
    changing = changes(program.nodes)
    places: list[int] = []
    for k, node in enumerate(program.nodes):
        args = [places[arg] for arg in node.args]
        if node.op == "div" and changing[k] and not changing[node.args[1]] and _ordinary(builder.value(args[1])):
            places.append(builder.op("mul", args[0], builder.op("div", builder.lit(1), args[1])))
        else:
            places.append(copy(builder, node, args))
    return moved(program, builder.nodes, places)


def _ordinary(divisor: float | None) -> bool:
    """Return whether a divisor, if it is a number, has a reciprocal of full precision."""
    if divisor is None:
        return True
    return sys.float_info.min <= abs(divisor) < math.inf and 1 / abs(divisor) >= sys.float_info.min
