"""Every operation that a program may hold, each in one place: name, meaning, derivative, machine code.

To add one, add an entry to :data:`OPERATIONS`; the builder, the interpreter, the printer, the checker, the emitter
and the gradient all work from this table. An entry has four parts:

* `takes` and `gives`: one letter for each argument and one for the result, `d` a double, `t` a truth value.
* `numpy`: the meaning, on arrays.
* `emit`: the same in LLVM's terms. It gets the emitter, which has the methods of LLVM's builder, and the values.
* `partials`: the derivative by each argument. It gets an algebra `o` (NumPy's or LLVM's), the result `r` and the
  arguments, and calls operations of this table by name, so that one line serves every back end. `None` stands for
  zero, `1.0` for one, and a truth value for "one where true, zero elsewhere".

Where a condition jumps the derivative is that of the path taken: exact almost everywhere, blind to the jump.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

LEAVES = ("lit", "par", "time", "row time", "start", "state", "ring", "series", "series start")
"""Operations without arguments; their meaning is in :class:`sdforecast.engine.compiled.program.Node`."""


def _flat(*_: Any) -> tuple[None, ...]:
    """Return no derivative by up to three arguments: for what is constant nearly everywhere."""
    return (None, None, None)


@dataclass(frozen=True)
class Operation:
    """What an operation means; see the head of this module."""

    name: str
    takes: str
    gives: str
    numpy: Callable[..., Any]
    emit: Callable[..., Any]
    partials: Callable[..., tuple[Any, ...]] = _flat
    symbol: str = ""
    """How :mod:`printing` writes it between two arguments; a call if empty."""


def _power_at_zero(o: Any, y: Any) -> Any:
    """Return 0 to the power of y - 1; elsewhere that is the result over x, which costs no second power."""
    return o("select", o("gt", y, o.lit(1)), o.lit(0), o("select", o("eq", y, o.lit(1)), o.lit(1), o.lit(math.inf)))


def _compare(name: str, symbol: str, numpy: Callable[..., Any], *, unordered: bool = False) -> Operation:
    # NaN is unequal to everything and in no order, as in NumPy
    emit = (
        (lambda e, x, y: e.fcmp_unordered(symbol, x, y))
        if unordered
        else (lambda e, x, y: e.fcmp_ordered(symbol, x, y))
    )
    return Operation(name, "dd", "t", numpy, emit, symbol=symbol)


def _call(name: str, numpy: Callable[..., Any], partials: Callable[..., tuple[Any, ...]]) -> Operation:
    return Operation(name, "d", "d", numpy, lambda e, x: e.function(name, x), partials)


_TABLE = (
    Operation("add", "dd", "d", np.add, lambda e, x, y: e.fadd(x, y), lambda o, r, x, y: (1.0, 1.0), "+"),
    Operation("sub", "dd", "d", np.subtract, lambda e, x, y: e.fsub(x, y), lambda o, r, x, y: (1.0, o.lit(-1)), "-"),
    Operation("mul", "dd", "d", np.multiply, lambda e, x, y: e.fmul(x, y), lambda o, r, x, y: (y, x), "*"),
    Operation(
        "div", "dd", "d", np.divide, lambda e, x, y: e.fdiv(x, y),
        lambda o, r, x, y: (inverse := o("div", o.lit(1), y), o("neg", o("mul", r, inverse))), "/",
    ),
    Operation("neg", "d", "d", np.negative, lambda e, x: e.fneg(x), lambda o, r, x: (o.lit(-1),)),
    # NaN is passed on; at a tie the first argument counts
    Operation(
        "min", "dd", "d", np.minimum, lambda e, x, y: e.intrinsic("llvm.minimum", x, y),
        lambda o, r, x, y: (o("le", x, y), o("gt", x, y)),
    ),
    Operation(
        "max", "dd", "d", np.maximum, lambda e, x, y: e.intrinsic("llvm.maximum", x, y),
        lambda o, r, x, y: (o("ge", x, y), o("lt", x, y)),
    ),
    Operation(
        "abs", "d", "d", np.abs, lambda e, x: e.intrinsic("llvm.fabs", x),
        lambda o, r, x: (o("select", o("lt", x, o.lit(0)), o.lit(-1), o.lit(1)),),
    ),
    Operation(
        "sqrt", "d", "d", np.sqrt, lambda e, x: e.intrinsic("llvm.sqrt", x),
        lambda o, r, x: (o("div", o.lit(0.5), r),),
    ),
    Operation("exp", "d", "d", np.exp, lambda e, x: e.function("exp", x), lambda o, r, x: (r,)),
    Operation("log", "d", "d", np.log, lambda e, x: e.function("log", x), lambda o, r, x: (o("div", o.lit(1), x),)),
    Operation(
        "pow", "dd", "d", np.power, lambda e, x, y: e.function("pow", x, y),
        lambda o, r, x, y: (
            o("mul", y, o("select", o("eq", x, o.lit(0)), _power_at_zero(o, y), o("div", r, x))),
            o("select", o("gt", x, o.lit(0)), o("mul", r, o("log", x)), o.lit(0)),
        ), "^",
    ),
    _call("sin", np.sin, lambda o, r, x: (o("cos", x),)),
    _call("cos", np.cos, lambda o, r, x: (o("neg", o("sin", x)),)),
    _call("tan", np.tan, lambda o, r, x: (o("add", o.lit(1), o("mul", r, r)),)),
    _call(
        "arcsin", np.arcsin,
        lambda o, r, x: (o("div", o.lit(1), o("sqrt", o("sub", o.lit(1), o("mul", x, x)))),),
    ),
    _call(
        "arccos", np.arccos,
        lambda o, r, x: (o("div", o.lit(-1), o("sqrt", o("sub", o.lit(1), o("mul", x, x)))),),
    ),
    _call("arctan", np.arctan, lambda o, r, x: (o("div", o.lit(1), o("add", o.lit(1), o("mul", x, x))),)),
    _call("sinh", np.sinh, lambda o, r, x: (o("cosh", x),)),
    _call("cosh", np.cosh, lambda o, r, x: (o("sinh", x),)),
    _call("tanh", np.tanh, lambda o, r, x: (o("sub", o.lit(1), o("mul", r, r)),)),
    Operation("trunc", "d", "d", np.trunc, lambda e, x: e.intrinsic("llvm.trunc", x)),
    # the remainder has the sign of the divisor, as in Python
    Operation("mod", "dd", "d", np.mod, lambda e, x, y: e.modulo(x, y), lambda o, r, x, y: (1.0, None)),
    _compare("lt", "<", np.less),
    _compare("le", "<=", np.less_equal),
    _compare("gt", ">", np.greater),
    _compare("ge", ">=", np.greater_equal),
    _compare("eq", "==", np.equal),
    _compare("ne", "!=", np.not_equal, unordered=True),
    Operation("and", "tt", "t", np.logical_and, lambda e, x, y: e.and_(x, y), symbol="and"),
    Operation("or", "tt", "t", np.logical_or, lambda e, x, y: e.or_(x, y), symbol="or"),
    Operation("not", "t", "t", np.logical_not, lambda e, x: e.not_(x)),
    Operation("number", "t", "d", lambda x: np.where(x, 1.0, 0.0), lambda e, x: e.select(x, e.lit(1), e.lit(0))),
    Operation(
        "select", "tdd", "d", np.where, lambda e, c, x, y: e.select(c, x, y),
        lambda o, r, c, x, y: (None, c, o("not", c)),
    ),
)  # fmt: skip

OPERATIONS = {operation.name: operation for operation in _TABLE}
"""The operations by name. Beside them a program holds leaves, `lookup` (a table) and, before it is made ready for
a run, `initial` (the value of its argument at the start)."""
