"""sin and cos in LLVM's terms, for all lanes at once; see :mod:`.mathematics` for how such functions are made.

Seasons are sines of time, and the C library takes ten times as long for them. A multiple n of pi/2 is taken off in
three parts, the first two of so few bits that their multiples are exact; the Taylor series of sine or cosine at the
rest, by n's last two bits, gives the result. Beyond |x| = 2^19 the multiples would not be exact: such lanes, and NaN,
ask the C library.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from typing import Any

from llvmlite import ir

from sdforecast.engine.compiled.emit.lanes import F64, I1
from sdforecast.engine.compiled.emit.real import MAGIC, Real, bits_of, split

_HALF_PI = Decimal("1.57079632679489661923132169163975144209858469968755291")
with localcontext() as _context:
    _context.prec = 60
    _A, _ = split(_HALF_PI, 33)
    _B, _C = split(_HALF_PI - Decimal(_A), 33)
_FARTHEST = 2.0**19

_SIN = [(-1) ** k / math.factorial(2 * k + 1) for k in range(1, 9)]
_COS = [(-1) ** k / math.factorial(2 * k) for k in range(2, 10)]
"""Taylor, without the terms of degree 0 to 2: beyond, they are below 2^-58 for |r| <= pi/4."""


def sin(o: Real, x: Any) -> Any:
    """The sine."""
    value = _turned(o, x, 0)
    value = o.pick(o.equal(x, o.lit(0)), x, value)  # minus zero stays
    return _far(o, "sin", x, value)


def cos(o: Real, x: Any) -> Any:
    """The cosine."""
    return _far(o, "cos", x, _turned(o, x, 1))


def _turned(o: Real, x: Any, quarters: int) -> Any:
    """Return the sine of x + quarters * pi/2."""
    shifted = o.fma(x, o.lit(1 / float(_HALF_PI)), o.lit(MAGIC))
    n = o.sub(shifted, o.lit(MAGIC))
    quadrant = o.builder.add(o.builder.sub(o.as_bits(shifted), o.whole(bits_of(MAGIC))), o.whole(quarters))
    r, tail = _reduced(o, x, n)
    z = o.mul(r, r)
    half = o.mul(o.lit(0.5), z)
    sine = o.add(r, o.fma(r, o.mul(z, o.series(_SIN, z)), o.fma(o.builder.fneg(half), tail, tail)))
    one = o.sub(o.lit(1), half)
    rest = o.fma(o.mul(z, z), o.series(_COS, z), o.builder.fneg(o.mul(r, tail)))
    cosine = o.add(one, o.add(o.sub(o.sub(o.lit(1), one), half), rest))
    value = o.pick(_has_bit(o, quadrant, 1), cosine, sine)
    return o.pick(_has_bit(o, quadrant, 2), o.builder.fneg(value), value)


def _reduced(o: Real, x: Any, n: Any) -> tuple[Any, Any]:
    """Return x - n pi/2 as a sum of two doubles."""
    first = o.fma(n, o.lit(-_A), x)
    second = o.mul(n, o.lit(-_B))
    r = o.add(first, second)  # either may be the larger: keep what is lost of both
    part = o.sub(r, first)
    lost = o.add(o.sub(first, o.sub(r, part)), o.sub(second, part))
    return o.two_sum(r, o.fma(n, o.lit(-_C), lost))


def _has_bit(o: Real, number: Any, bit: int) -> Any:
    return o.builder.icmp_signed("!=", o.builder.and_(number, o.whole(bit)), o.whole(0))


def _far(o: Real, name: str, x: Any, value: Any) -> Any:
    """Return the C library's result in lanes where `x` is far from zero; no call where none is."""
    lanes, builder = o.lanes, o.builder
    far = builder.not_(o.less(lanes.intrinsic("llvm.fabs", x), o.lit(_FARTHEST)))
    here, ask, end = builder.block, builder.append_basic_block("far"), builder.append_basic_block("end")
    builder.cbranch(_any(o, far), ask, end)
    builder.position_at_end(ask)
    function = lanes.declared(name, F64, 1)
    asked = builder.select(far, lanes.by_lane(lambda lane: builder.call(function, [lane]), (x,)), value)
    builder.branch(end)
    builder.position_at_end(end)
    result = builder.phi(lanes.double)
    result.add_incoming(value, here)
    result.add_incoming(asked, ask)
    return result


def _any(o: Real, truth: Any) -> Any:
    width = o.lanes.width
    if width == 1:
        return truth
    kind = ir.FunctionType(I1, [truth.type])
    name = f"llvm.vector.reduce.or.v{width}i1"
    known = o.builder.module.globals
    return o.builder.call(known.get(name) or ir.Function(o.builder.module, kind, name), [truth])
