"""exp, log, pow and tanh in LLVM's terms: all lanes at once, no tables, no calls, the same bits for every width.

The C library has them for one number only, which costs an ensemble half its speed. Each follows the textbook way
(Muller, Elementary Functions, ch. 11): reduce the argument with a logarithm of two split into a part whose multiples
are exact and the rest, evaluate the Taylor series with fused multiply-adds, neighbours first, put the power of two back
into the exponent's bits. The series are long enough that rounding dominates; the largest errors are measured in the
tests, in units of the last place, against 80-bit arithmetic.
"""

from __future__ import annotations

import math
from decimal import Decimal, localcontext
from typing import Any

from llvmlite import ir

from sdforecast.engine.compiled.emit import trigonometry
from sdforecast.engine.compiled.emit.lanes import F64, Lanes
from sdforecast.engine.compiled.emit.real import MAGIC, Real, bits_of, split

# --- constants -----------------------------------------------------------------------------------------


with localcontext() as _context:
    _context.prec = 60
    _LN2_HIGH, _LN2_LOW = split(Decimal(2).ln(), 33)  # times 11 bits of exponent: exact
    _LOG2_E = float(1 / Decimal(2).ln())
    _THIRDS_HIGH, _THIRDS_LOW = split(Decimal(2) / 3, 53)

_EXP = [1 / math.factorial(k) for k in range(14)]
"""Taylor: beyond, the terms are below 2^-57 for |r| <= ln 2 / 2."""

_ATANH = [2 / (2 * k + 1) for k in range(1, 13)]
"""log((1+s)/(1-s)) = 2 s + s^3 (2/3 + 2/5 s^2 + ...): beyond, below 2^-60 for |s| <= 0.1716."""


_ROOT_HALF = math.sqrt(0.5)


def _exp(o: Real, x: Any, tail: Any = None) -> Any:
    """e^(x + tail), |tail| far below |x|."""
    lanes = o.lanes
    x = lanes.intrinsic("llvm.minimum", lanes.intrinsic("llvm.maximum", x, o.lit(-1000)), o.lit(1000))
    shifted = o.fma(x, o.lit(_LOG2_E), o.lit(MAGIC))
    n = o.sub(shifted, o.lit(MAGIC))
    whole = o.builder.sub(o.as_bits(shifted), o.whole(bits_of(MAGIC)))
    r = o.fma(n, o.lit(-_LN2_HIGH), x)
    r = o.fma(n, o.lit(-_LN2_LOW), r)
    if tail is not None:
        r = o.add(r, tail)
    value = o.fma(r, o.fma(r, o.series(_EXP[2:], r), o.lit(1)), o.lit(1))  # the largest terms last, one rounding each
    half = o.builder.ashr(whole, o.whole(1))  # in two halves: the result may be subnormal
    value = o.mul(value, o.power_of_two(half))
    return o.mul(value, o.power_of_two(o.builder.sub(whole, half)))


def _parts(o: Real, x: Any) -> tuple[Any, Any]:
    """Return e (a double) and f with x = 2^e (1 + f), sqrt(1/2) <= 1 + f < sqrt(2), for positive finite x."""
    small = o.less(x, o.lit(2.0**-1022))
    x = o.pick(small, o.mul(x, o.lit(2.0**54)), x)
    bits = o.as_bits(x)
    moved = o.builder.sub(bits, o.whole(bits_of(_ROOT_HALF)))  # the exponent is 0 from sqrt(1/2) on, below sqrt(2)
    exponent = o.builder.ashr(moved, o.whole(52))
    mantissa = o.as_double(o.builder.sub(bits, o.builder.shl(exponent, o.whole(52))))
    e = o.sub(o.as_double(o.builder.add(exponent, o.whole(bits_of(MAGIC)))), o.lit(MAGIC))
    e = o.sub(e, o.pick(small, o.lit(54), o.lit(0)))
    return e, o.sub(mantissa, o.lit(1))


def _log(o: Real, x: Any) -> Any:
    """The natural logarithm."""
    e, f = _parts(o, x)
    s = o.div(f, o.add(o.lit(2), f))
    z = o.mul(s, s)
    rest = o.mul(z, o.series(_ATANH, z))
    half = o.mul(o.lit(0.5), o.mul(f, f))
    inner = o.fma(s, o.add(half, rest), o.mul(e, o.lit(_LN2_LOW)))
    value = o.fma(e, o.lit(_LN2_HIGH), o.sub(f, o.sub(half, inner)))
    value = o.pick(o.equal(x, o.lit(math.inf)), x, value)
    value = o.pick(o.equal(x, o.lit(0)), o.lit(-math.inf), value)
    bad = o.builder.not_(o.builder.fcmp_ordered(">=", x, o.lit(0)))
    return o.pick(bad, o.lit(math.nan), value)


def _log_in_two(o: Real, x: Any) -> tuple[Any, Any]:
    """Return the logarithm of x >= 0 as a sum of two doubles, exact to about 2^-65."""
    e, f = _parts(o, x)
    d = o.add(o.lit(2), f)
    d_low = o.sub(f, o.sub(d, o.lit(2)))
    s = o.div(f, d)
    s_low = o.div(o.sub(o.fma(o.builder.fneg(s), d, f), o.mul(s, d_low)), d)
    z = o.mul(s, s)
    z_low = o.add(o.fma(s, s, o.builder.fneg(z)), o.mul(o.lit(2), o.mul(s, s_low)))
    # the cubic term 2/3 s z in two parts, the others in one
    t = o.mul(o.lit(_THIRDS_HIGH), z)
    t_low = o.add(o.fma(o.lit(_THIRDS_HIGH), z, o.builder.fneg(t)),
                  o.fma(o.lit(_THIRDS_HIGH), z_low, o.mul(o.lit(_THIRDS_LOW), z)))  # fmt: skip
    t_low = o.fma(o.mul(z, z), o.series(_ATANH[1:], z), t_low)
    c = o.mul(s, t)
    c_low = o.add(o.fma(s, t, o.builder.fneg(c)), o.fma(s, t_low, o.mul(s_low, t)))
    high, low = o.two_sum(o.mul(o.lit(2), s), c)
    low = o.add(low, o.add(o.mul(o.lit(2), s_low), c_low))
    big = o.mul(e, o.lit(_LN2_HIGH))
    total = o.add(big, high)  # either may be the larger: keep what is lost of both
    part = o.sub(total, big)
    lost = o.add(o.sub(big, o.sub(total, part)), o.sub(high, part))
    low = o.add(low, o.fma(e, o.lit(_LN2_LOW), lost))
    endless = o.builder.or_(o.equal(x, o.lit(0)), o.equal(x, o.lit(math.inf)))
    limit = o.pick(o.equal(x, o.lit(0)), o.lit(-math.inf), o.lit(math.inf))
    return o.pick(endless, limit, total), o.pick(endless, o.lit(0), low)


def _pow(o: Real, x: Any, y: Any) -> Any:
    """x to the power of y, with all special cases of the C standard (Annex F)."""
    size = o.lanes.intrinsic("llvm.fabs", x)
    high, low = _log_in_two(o, size)
    p = o.mul(y, high)
    tail = o.fma(y, low, o.fma(y, high, o.builder.fneg(p)))
    ordinary = o.less(o.lanes.intrinsic("llvm.fabs", p), o.lit(2000))
    value = _exp(o, p, o.pick(ordinary, tail, o.lit(0)))
    half = o.mul(y, o.lit(0.5))
    whole = o.equal(o.lanes.intrinsic("llvm.trunc", y), y)
    odd = o.builder.and_(whole, o.builder.fcmp_unordered("!=", o.lanes.intrinsic("llvm.trunc", half), half))
    negative = o.builder.icmp_signed("<", o.as_bits(x), o.whole(0))
    value = o.pick(o.builder.and_(negative, odd), o.builder.fneg(value), value)
    broken = o.builder.and_(o.less(x, o.lit(0)), o.builder.not_(whole))
    broken = o.builder.and_(broken, o.less(size, o.lit(math.inf)))
    value = o.pick(broken, o.lit(math.nan), value)
    same = o.builder.and_(o.equal(size, o.lit(1)), o.equal(o.lanes.intrinsic("llvm.fabs", y), o.lit(math.inf)))
    one = o.builder.or_(o.builder.or_(o.equal(y, o.lit(0)), o.equal(x, o.lit(1))), same)
    value = o.pick(o.builder.fcmp_unordered("uno", x, y), o.add(x, y), value)
    return o.pick(one, o.lit(1), value)


def _tanh(o: Real, x: Any) -> Any:
    """The hyperbolic tangent, E / (E + 2) with E = e^(2 |x|) - 1; E and E + 2 with what rounding lost of them."""
    size = o.lanes.intrinsic("llvm.minimum", o.lanes.intrinsic("llvm.fabs", x), o.lit(20))  # beyond, it is 1
    y = o.add(size, size)
    shifted = o.fma(y, o.lit(_LOG2_E), o.lit(MAGIC))
    n = o.sub(shifted, o.lit(MAGIC))
    power = o.power_of_two(o.builder.sub(o.as_bits(shifted), o.whole(bits_of(MAGIC))))
    r = o.fma(n, o.lit(-_LN2_LOW), o.fma(n, o.lit(-_LN2_HIGH), y))
    q, q_low = o.two_sum(r, o.mul(o.mul(r, r), o.series(_EXP[2:], r)))  # e^r - 1
    high, low = o.two_sum(o.sub(power, o.lit(1)), o.mul(power, q))
    low = o.fma(power, q_low, low)
    whole = o.add(high, o.lit(2))
    part = o.sub(whole, high)
    whole_low = o.add(low, o.add(o.sub(high, o.sub(whole, part)), o.sub(o.lit(2), part)))
    inverse = o.div(o.lit(1), whole)
    value = o.mul(high, inverse)
    left = o.add(o.fma(o.builder.fneg(value), whole, high), o.fma(o.builder.fneg(value), whole_low, low))
    return o.lanes.intrinsic("llvm.copysign", o.fma(left, inverse, value), x)


_BODIES: dict[str, Any] = {
    "exp": _exp, "log": _log, "pow": _pow, "tanh": _tanh, "sin": trigonometry.sin, "cos": trigonometry.cos,
}  # fmt: skip


def _defined(module: ir.Module, name: str, width: int) -> ir.Function:
    """Return the function for `width` lanes, written into the module at its first use."""
    full = f"sdf.{name}.{width}"
    if full in module.globals:
        return module.globals[full]
    kind = Lanes(ir.IRBuilder(), width).double
    count = 2 if name == "pow" else 1
    function = ir.Function(module, ir.FunctionType(kind, [kind] * count), full)
    function.linkage = "internal"
    lanes = Lanes(ir.IRBuilder(function.append_basic_block()), width)
    lanes.builder.ret(_BODIES[name](Real(lanes), *function.args))
    return function


_C_NAMES = {
    "tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "sinh": "sinh", "cosh": "cosh",
}  # fmt: skip


class MathLanes(Lanes):
    """Lanes with all functions: those written here, and those of the C library."""

    def function(self, name: str, *args: Any) -> Any:
        """Call a function: one of ours in all lanes at once, otherwise the C library's in one after the other."""
        if name in _BODIES:
            return self.builder.call(_defined(self.builder.module, name, self.width), args)
        function = self.declared(_C_NAMES[name], F64, len(args))
        return self.by_lane(lambda *lane: self.builder.call(function, lane), args)
