"""The functions of Vensim and XMILE, each in one line or a short rule, in terms of the program's operations.

Where PySD has a tolerance it is the same here. Where it departs from Vensim's manual the manual counts: see
`docs/engine.md`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sdforecast.engine.compiled.lower import external, references
from sdforecast.engine.compiled.unsupported import Unsupported

if TYPE_CHECKING:
    from sdforecast.engine.compiled.lower.context import Context
    from sdforecast.engine.compiled.lower.place import Place

SMALL = 1e-6
"""What Vensim takes for zero in a denominator."""


def call(low: Context, tree: Any, place: Place) -> int:
    """Return the node of a call: of a table, a reduction or a function."""
    name, arguments = tree.function.reference, tree.arguments
    if name in low.model.macros:
        raise Unsupported(f"the macro '{name}'", place.variable)
    if name in low.model.variables:
        return external.table_call(low, tree.function, arguments[0], place)
    if name in references.REDUCTIONS:
        return references.reduction(low, references.REDUCTIONS[name], arguments[0], place)
    if name in _TREES:
        return _TREES[name](low, arguments, place)
    rule = _RULES.get(name)
    if rule is None:
        raise Unsupported(f"{name.replace('_', ' ').upper()}", place.variable)
    return rule(low, place, *(low.expression(argument, place) for argument in arguments))


def zidz(low: Context, x: int, y: int, otherwise: int) -> int:
    """Return x / y, or `otherwise` where |y| is below what Vensim takes for zero."""
    is_small = low.op("lt", low.op("abs", y), low.lit(SMALL))
    return low.op("select", is_small, otherwise, low.op("div", x, y))


# --- rules that need the trees of their arguments ------------------------------------------------------


def _active_initial(low: Context, arguments: Any, place: Place) -> int:
    return low.expression(arguments[1 if place.start else 0], place)


def _elmcount(low: Context, arguments: Any, place: Place) -> int:
    positions = low.model.main.get(getattr(arguments[0], "reference", ""))
    if positions is None:
        raise Unsupported("ELMCOUNT of something that is no range", place.variable)
    return low.lit(len(positions))


def _folded(operation: str) -> Callable[[Context, Any, Place], int]:
    def rule(low: Context, arguments: Any, place: Place) -> int:
        return references.whole(low, arguments[0], place, lambda one, two: low.op(operation, one, two))

    return rule


def _read_as(kind: str) -> Callable[[Context, Any, Place], int]:
    return lambda low, arguments, place: external.table_call(low, arguments[0], arguments[1], place, kind)


_TREES: dict[str, Callable[[Context, Any, Place], int]] = {
    "active_initial": _active_initial,
    "elmcount": _elmcount,
    "lookup_extrapolate": _read_as("extrapolate"),
    "lookup_forward": _read_as("look forward"),
    "lookup_backward": _read_as("hold backward"),
    "vmin_xmile": _folded("min"),
    "vmax_xmile": _folded("max"),
}


# --- rules on nodes ------------------------------------------------------------------------------------


def _plain(operation: str) -> Callable[..., int]:
    return lambda low, place, *args: low.op(operation, *args)


def _quantum(low: Context, x: int, unit: int) -> int:
    steps = low.op("mul", unit, low.op("trunc", low.op("div", x, unit)))
    return low.op("select", low.op("lt", unit, low.lit(SMALL)), x, steps)


def _step(low: Context, place: Place, height: int, time: int) -> int:
    return low.op("mul", height, low.op("gt", _time_plus(low, place), time))


def _ramp(low: Context, place: Place, slope: int, start: int, end: int | None = None) -> int:
    now = _now(low, place)
    until = now if end is None else low.op("min", end, now)
    has_begun = low.op("gt", low.op("add", now, low.lit(SMALL)), start)
    return low.op("mul", low.op("mul", has_begun, slope), low.op("sub", until, start))


def _pulse(low: Context, place: Place, start: int, width: int) -> int:
    """Return 1 while start < time plus < start + width; no width means one time step (Vensim's manual)."""
    plus, step = _time_plus(low, place), low.control("time_step", place)
    lasting = low.op("select", low.op("le", width, low.lit(0)), step, width)
    begun = low.op("gt", plus, start)
    return low.builder.number(low.op("and", begun, low.op("lt", plus, low.op("add", start, lasting))))


def _pulse_train(low: Context, place: Place, start: int, between: int, width: int, end: int) -> int:
    """Return 1 in pulses that repeat until `end`; one is at least a time step long (Vensim's manual)."""
    plus, step = _time_plus(low, place), low.control("time_step", place)
    since = low.op("mod", low.op("sub", plus, start), between)
    within = low.op("lt", since, low.op("max", width, step))
    running = low.op("and", low.op("gt", plus, start), low.op("lt", plus, end))
    return low.builder.number(low.op("and", running, within))


def _xmile_pulse(low: Context, place: Place, start: int, magnitude: int) -> int:
    """Return the magnitude over one time step: XMILE's pulse has a volume and no width."""
    step = low.control("time_step", place)
    return low.op("mul", _pulse(low, place, start, step), low.op("div", magnitude, step))


def _xmile_pulse_train(low: Context, place: Place, start: int, between: int, magnitude: int) -> int:
    step = low.control("time_step", place)
    train = _pulse_train(low, place, start, between, step, low.lit(math.inf))
    single = _pulse(low, place, start, step)
    on = low.op("select", low.op("eq", between, low.lit(0)), single, train)
    return low.op("mul", on, low.op("div", magnitude, step))


def _time_plus(low: Context, place: Place) -> int:
    """Return the time plus half a step at the begin of the step: safe against rounding, constant within it."""
    now = low.builder.leaf("start" if place.start else "row time")
    return low.op("add", now, low.op("div", low.control("time_step", place), low.lit(2)))


def _now(low: Context, place: Place) -> int:
    return low.builder.leaf("start") if place.start else low.builder.leaf("time", 0)


_SAME_NAME = ("abs", "exp", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "sqrt")

_RULES: dict[str, Callable[..., int]] = {
    **{name: _plain(name) for name in _SAME_NAME},
    "min": _plain("min"),
    "max": _plain("max"),
    "power": _plain("pow"),
    "ln": _plain("log"),
    "log": lambda low, place, x, base: low.op("div", low.op("log", x), low.op("log", base)),
    "pi": lambda low, place: low.lit(math.pi),
    "integer": _plain("trunc"),
    "quantum": lambda low, place, x, unit: _quantum(low, x, unit),
    "modulo": lambda low, place, x, unit: low.op("sub", x, _quantum(low, x, unit)),
    "if_then_else": _plain("select"),
    "zidz": lambda low, place, x, y: zidz(low, x, y, low.lit(0)),
    "xidz": lambda low, place, x, y, otherwise: zidz(low, x, y, otherwise),
    "step": _step,
    "ramp": _ramp,
    "Xramp": _ramp,
    "pulse": _pulse,
    "pulse_train": _pulse_train,
    "Xpulse": _xmile_pulse,
    "Xpulse_train": _xmile_pulse_train,
}
