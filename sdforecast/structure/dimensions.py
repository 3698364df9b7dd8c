"""The unit of an expression, worked out from the inside to the outside, and every place where two do not fit."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sdforecast.structure.words import Units

_PURE = ("exp", "ln", "log", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh")
"""Functions of a number without a unit that give another."""
_ALIKE = ("min", "max", "modulo", "quantum", "active_initial")
"""Functions whose arguments share a unit, which is that of the result."""
_SAME = ("abs", "integer", "sum", "vmin", "vmax", "vmin_xmile", "vmax_xmile")
"""Functions of one argument that keep its unit."""


@dataclass(frozen=True)
class Fault:
    """Two units that do not fit: of `tree`, and what `why` asks for."""

    tree: Any
    found: Any
    expected: Any
    kind: str
    why: str
    fits: str = ""


@dataclass(frozen=True)
class Value:
    """What is known of an expression: its unit (None: it fits anywhere), and its number where it is made of numbers."""

    unit: Any
    number: float | None = None


ANY = Value(None)


class Dimensions:
    """Finds the units of expressions.

    Parameters
    ----------
    units : the words of the model.
    known : unit of each variable by its clean name; None where it has none.
    time : unit of the time, None if the model does not tell.
    """

    def __init__(self, units: Units, known: Mapping[str, Any], time: Any) -> None:
        self.units, self.known, self.time = units, known, time
        self.found: list[Fault] = []

    def faults(self, tree: Any, unit: Any) -> list[Fault]:
        """Return all faults of an equation whose left side has `unit`."""
        self.found = []
        kind = type(tree).__name__
        if kind == "IntegStructure":
            rate = None if unit is None or self.time is None else unit / self.time
            self.expect(tree.flow, self.of(tree.flow), rate, "the flow is not the stock over the time")
            self.expect(
                tree.initial, self.of(tree.initial), unit, "the initial value does not fit the stock", free=True
            )
        elif kind not in ("LookupsStructure", "DataStructure", "ndarray"):
            self.expect(tree, self.of(tree), unit, "the two sides do not agree", free=True)
        return self.found

    # --- comparing ---------------------------------------------------------------------------------------

    def expect(self, tree: Any, value: Value, unit: Any, why: str, *, free: bool = False) -> None:
        """Note a fault if a value has not the unit; with `free` a number alone may stand for anything."""
        if unit is None or value.unit is None or value.number == 0 or (free and value.number is not None):
            return
        kind = self._difference(value, unit)
        if kind:
            self.found.append(Fault(tree, value.unit, unit, kind, why, self._fits(tree, value.unit, unit)))

    def _difference(self, value: Value, unit: Any) -> str:
        if value.unit == unit:
            return ""
        kind = "unit"
        if value.unit.dimensionality == unit.dimensionality:
            factor = self.units.registry.Quantity(1.0, value.unit / unit).to_base_units().magnitude
            if math.isclose(factor, 1.0, rel_tol=1e-9):
                return ""
            kind = "scale"
        return "number" if value.number is not None else kind

    def _fits(self, tree: Any, found: Any, expected: Any) -> str:
        """Say what the only number in a product would have to carry."""
        numbers = [part for part in _factors(tree) if isinstance(part, int | float) and part != 0]
        if len(numbers) != 1:
            return ""
        above = _is_above(tree, numbers[0])
        missing = expected / found if above else found / expected
        return f"it would fit if {numbers[0]:.10g} were in {self.units.written(missing)}"

    def alike(self, trees: Sequence[Any], values: Sequence[Value], why: str) -> Value:
        """Return what sums, comparisons and the like give: all arguments in the unit of the first that has one."""
        if all(value.number is not None for value in values):
            return Value(self.units.one, math.nan)
        lead = next((value.unit for value in values if value.unit is not None and value.number is None), None)
        for tree, value in zip(trees, values, strict=True):
            self.expect(tree, value, lead, why)
        return Value(lead)

    # --- walking -----------------------------------------------------------------------------------------

    def of(self, tree: Any) -> Value:
        """Return the unit of an expression and note what does not fit in it."""
        if isinstance(tree, bool | int | float):
            return ANY if isinstance(tree, float) and math.isnan(tree) else Value(self.units.one, float(tree))
        rule = _RULES.get(type(tree).__name__)
        return ANY if rule is None else rule(self, tree)

    def reference(self, tree: Any) -> Value:
        """Return the unit of a variable; a subscript used as a number has none."""
        return Value(self.known[tree.reference]) if tree.reference in self.known else ANY

    def arithmetic(self, tree: Any) -> Value:
        """Return that of a sum, a product or a power."""
        values = [self.of(part) for part in tree.arguments]
        if tree.operators == ["negative"]:
            return Value(values[0].unit, None if values[0].number is None else -values[0].number)
        if tree.operators[0] in "+-":
            return self.alike(tree.arguments, values, "a sum of different units")
        if tree.operators[0] == "^":
            return self.power(tree.arguments, values)
        numbers = [value.number for value in values]
        unit, number = values[0].unit, numbers[0]
        for operator, value in zip(tree.operators, values[1:], strict=True):
            if unit is not None:
                unit = None if value.unit is None else unit * value.unit if operator == "*" else unit / value.unit
            number = _combined(operator, number, value.number)
        return Value(unit, number)

    def power(self, trees: Sequence[Any], values: Sequence[Value]) -> Value:
        """Return that of a power: a number as exponent multiplies exponents, a variable wants a base without unit."""
        base, exponents = values[0], values[1:]
        for tree, value in zip(trees[1:], exponents, strict=True):
            self.expect(tree, value, self.units.one, "an exponent with a unit")
        if base.number is not None:
            return Value(self.units.one, math.nan if all(each.number is not None for each in exponents) else None)
        if base.unit is None:
            return ANY
        number = exponents[0].number if len(exponents) == 1 else None
        if number is not None and math.isfinite(number):
            return Value(base.unit**number)
        self.expect(trees[0], base, self.units.one, "a power of a unit with an exponent that is no number")
        return Value(self.units.one)

    def logic(self, tree: Any) -> Value:
        """Check the sides of comparisons; the result is a truth value."""
        values = [self.of(part) for part in tree.arguments]
        if not any(operator.upper() in (":AND:", ":OR:", ":NOT:") for operator in tree.operators):
            self.alike(tree.arguments, values, "a comparison of different units")
        return Value(self.units.one)

    def call(self, tree: Any) -> Value:
        """Return that of a function or a named table."""
        name, trees = tree.function.reference, tree.arguments
        values = [self.of(part) for part in trees]
        if name in self.known:  # a table: its unit is that of what it gives
            return Value(self.known[name])
        if name in _PURE:
            for part, value in zip(trees, values, strict=True):
                self.expect(part, value, self.units.one, f"{name.upper()} of something with a unit")
            return Value(self.units.one)
        if name in _ALIKE:
            return self.alike(trees, values, f"{name.upper().replace('_', ' ')} of different units")
        if name in _SAME and values:
            return Value(values[0].unit)
        rule = _CALLS.get(name)
        return ANY if rule is None or len(values) < rule[0] else rule[1](self, trees, values)

    def timed(self, tree: Any) -> None:
        """Check something that must be a time."""
        self.expect(tree, self.of(tree), self.time, "a time in another unit")

    def memory(self, tree: Any) -> Value:
        """Return that of a delay or smooth: of its input, its time a time, its initial value like the input."""
        parts = dict(vars(tree))
        value = self.of(parts["input"])
        for name in ("delay_time", "smooth_time"):
            if name in parts:
                self.timed(parts[name])
        if parts.get("initial") is not parts["input"]:
            initial = self.of(parts["initial"])
            self.expect(parts["initial"], initial, value.unit, "the initial value does not fit the input", free=True)
        return value if value.number is None else Value(value.unit)

    def trend(self, tree: Any) -> Value:
        """Return that of TREND (one over time) or FORECAST (of its input)."""
        value = self.of(tree.input)
        for name in ("average_time", "horizon"):
            if hasattr(tree, name):
                self.timed(getattr(tree, name))
        if type(tree).__name__ == "ForecastStructure":
            return Value(value.unit)
        return ANY if self.time is None else Value(self.units.one / self.time)

    def lookup(self, tree: Any) -> Value:
        """WITH LOOKUP: the points say what comes out, in the unit of the variable."""
        self.of(tree.argument)
        return ANY


def _combined(operator: str, one: float | None, two: float | None) -> float | None:
    if one is None or two is None:
        return None
    try:
        return one * two if operator == "*" else one / two
    except (ZeroDivisionError, OverflowError):
        return math.nan


def _factors(tree: Any) -> Iterator[Any]:
    """Give the factors of a product, also those below a fraction line."""
    if type(tree).__name__ == "ArithmeticStructure" and tree.operators[0] in "*/":
        for part in tree.arguments:
            yield from _factors(part)
    else:
        yield tree


def _is_above(tree: Any, number: float) -> bool:
    """Return whether a number is multiplied by, not divided by, in a product that holds it."""
    above = True
    if type(tree).__name__ == "ArithmeticStructure" and tree.operators[0] in "*/":
        for operator, part in zip(("*", *tree.operators), tree.arguments, strict=True):
            if any(each is number for each in _factors(part)):
                above = _is_above(part, number) == (operator == "*")
    return above


def _if(self: Dimensions, trees: Any, values: Sequence[Value]) -> Value:
    return self.alike(trees[1:3], values[1:3], "IF THEN ELSE between different units")


def _over(self: Dimensions, trees: Any, values: Sequence[Value]) -> Value:
    """ZIDZ and XIDZ: a quotient, and what stands for it where it is not defined."""
    one, two = values[:2]
    unit = None if one.unit is None or two.unit is None else one.unit / two.unit
    if len(values) > 2:
        self.expect(trees[2], values[2], unit, "what stands for the quotient has another unit")
    return Value(unit)


def _step(self: Dimensions, trees: Any, values: Sequence[Value]) -> Value:
    _times(self, trees[1:], values[1:])
    return values[0] if values[0].number is None else Value(values[0].unit, math.nan)


def _ramp(self: Dimensions, trees: Any, values: Sequence[Value]) -> Value:
    _times(self, trees[1:], values[1:])
    unit = values[0].unit
    return ANY if unit is None or self.time is None or values[0].number is not None else Value(unit * self.time)


def _pulse(self: Dimensions, trees: Any, values: Sequence[Value]) -> Value:
    _times(self, trees, values)
    return Value(self.units.one)


def _times(self: Dimensions, trees: Any, values: Sequence[Value]) -> None:
    for tree, value in zip(trees, values, strict=True):
        self.expect(tree, value, self.time, "a time in another unit", free=True)


def _of_table(self: Dimensions, trees: Any, values: Sequence[Value]) -> Value:
    return Value(values[0].unit)


def _root(self: Dimensions, trees: Any, values: Sequence[Value]) -> Value:
    return ANY if values[0].unit is None else Value(values[0].unit ** 0.5)


_CALLS: dict[str, tuple[int, Callable[[Dimensions, Any, Sequence[Value]], Value]]] = {
    "if_then_else": (3, _if),
    "zidz": (2, _over),
    "xidz": (3, _over),
    "sqrt": (1, _root),
    "power": (2, lambda self, trees, values: self.power(trees, values)),
    "step": (2, _step),
    "ramp": (2, _ramp),
    "Xramp": (2, _ramp),
    "pulse": (2, _pulse),
    "pulse_train": (4, _pulse),
    "lookup_extrapolate": (2, _of_table),
    "lookup_forward": (2, _of_table),
    "lookup_backward": (2, _of_table),
    "elmcount": (1, lambda self, trees, values: Value(self.units.one)),
}
"""Rules of single functions with the fewest arguments each needs; what is not here fits anywhere."""

_RULES: dict[str, Callable[[Dimensions, Any], Value]] = {
    "ReferenceStructure": Dimensions.reference,
    "ArithmeticStructure": Dimensions.arithmetic,
    "LogicStructure": Dimensions.logic,
    "CallStructure": Dimensions.call,
    "GameStructure": lambda self, tree: self.of(tree.expression),
    "InitialStructure": lambda self, tree: Value(self.of(tree.initial).unit),
    "DelayStructure": Dimensions.memory,
    "DelayNStructure": Dimensions.memory,
    "DelayFixedStructure": Dimensions.memory,
    "SmoothStructure": Dimensions.memory,
    "SmoothNStructure": Dimensions.memory,
    "SampleIfTrueStructure": Dimensions.memory,
    "TrendStructure": Dimensions.trend,
    "ForecastStructure": Dimensions.trend,
    "InlineLookupsStructure": Dimensions.lookup,
}
