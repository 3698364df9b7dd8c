"""The walk over the trees; see the head of the package."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sdforecast.engine.compiled.lower import external, functions, references, stateful
from sdforecast.engine.compiled.lower.context import Context
from sdforecast.engine.compiled.lower.place import Place
from sdforecast.engine.compiled.program import Program
from sdforecast.engine.compiled.unroll import Unrolled
from sdforecast.engine.compiled.unsupported import Unsupported

_BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow",
    "=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
    ":AND:": "and", ":OR:": "or",
}  # fmt: skip

_COMPARISONS = ("=", "<>", "<", "<=", ">", ">=")


def lower(
    model: Unrolled,
    method: str = "euler",
    *,
    series: Collection[str] = (),
    constants: Collection[str] = (),
    values: Mapping[str, float] | None = None,
) -> Program:
    """Return the program of a model, all variables its outputs.

    Parameters
    ----------
    method : how to integrate, `euler` or `rk4`; noted in the program.
    series : variables that are given from outside, by row, instead of by their equation.
    constants : variables that are given from outside as one number instead of by their equation. (A variable that
        is a constant already need not be named.)
    values : values of constants by name or `name[element]`, instead of the file's; needed for those that shape
        the program.

    Raises
    ------
    Unsupported : something is used that is not compiled.
    InputError : equations that depend on each other in a circle, or a name that nothing defines.
    """
    with _deep_recursion():
        return Lowering(model, frozenset(series), frozenset(constants), values or {}).program(method)


class Lowering(Context):
    """Knows all kinds of expression."""

    def expression(self, tree: Any, place: Place) -> int:
        """Return the node of an expression."""
        handler = _HANDLERS.get(type(tree).__name__)
        if handler is None:
            if isinstance(tree, int | float):
                return self.builder.lit(tree)
            raise Unsupported(_spoken(type(tree).__name__), place.variable)
        return handler(self, tree, place)

    def arithmetic(self, tree: Any, place: Place) -> int:
        """Return sums, products and powers. Equal operators go from the left, powers from the right."""
        operators, arguments = list(tree.operators), list(tree.arguments)
        if operators == ["negative"]:
            return self.op("neg", self.expression(arguments[0], place))
        if operators[0] == "^":
            return self._powers(arguments, place)
        node = self.expression(arguments[0], place)
        for operator, argument in zip(operators, arguments[1:], strict=True):
            node = self.op(_BINARY[operator], node, self.expression(argument, place))
        return node

    def _powers(self, arguments: list[Any], place: Place) -> int:
        base, exponent = arguments[0], arguments[1:]
        power = self.expression(exponent[0], place) if len(exponent) == 1 else self._powers(exponent, place)
        if isinstance(base, int | float) and base < 0:  # the sign of `-2^2` stands before the power
            return self.op("neg", self.op("pow", self.builder.lit(-base), power))
        return self.op("pow", self.expression(base, place), power)

    def logic(self, tree: Any, place: Place) -> int:
        """Return comparisons and their combinations."""
        operators, arguments = list(tree.operators), list(tree.arguments)
        if operators == [":NOT:"]:
            return self.op("not", self.expression(arguments[0], place))
        if operators in (["="], ["<>"]) and any(_is_missing(argument) for argument in arguments):
            return self._compared_with_missing(operators[0], arguments, place)
        nodes = [self.expression(argument, place) for argument in arguments]
        for binding in (tuple(_COMPARISONS), (":AND:",), (":OR:",)):  # the tighter first, as in C
            nodes, operators = self._bound(nodes, operators, binding)
        return nodes[0]

    def _bound(self, nodes: list[int], operators: list[str], binding: Collection[str]) -> tuple[list[int], list[str]]:
        """Put together what the operators `binding` stand between, from the left; return the rest."""
        left, rest = [nodes[0]], list[str]()
        for operator, node in zip(operators, nodes[1:], strict=True):
            if operator in binding:
                left[-1] = self.op(_BINARY[operator], left[-1], node)
            else:
                left.append(node)
                rest.append(operator)
        return left, rest

    def _compared_with_missing(self, operator: str, arguments: list[Any], place: Place) -> int:
        """Return whether a value is missing (`x = :NA:`). A missing value is NaN here, which differs from itself."""
        other = next((argument for argument in arguments if not _is_missing(argument)), math.nan)
        node = self.expression(other, place)
        missing = self.op("ne", node, node)
        return missing if operator == "=" else self.op("not", missing)


def _game(low: Lowering, tree: Any, place: Place) -> int:
    return low.expression(tree.expression, place)


def _initial(low: Lowering, tree: Any, place: Place) -> int:
    node = low.expression(tree.initial, place.at_start)
    return node if place.start else low.builder.initial(low.builder.number(node))


_HANDLERS: dict[str, Callable[[Lowering, Any, Place], int]] = {
    "ArithmeticStructure": Lowering.arithmetic,
    "LogicStructure": Lowering.logic,
    "ReferenceStructure": references.reference,
    "CallStructure": functions.call,
    "GameStructure": _game,
    "InitialStructure": _initial,
    "InlineLookupsStructure": external.inline_lookup,
    "GetDataStructure": external.data,
    "GetConstantsStructure": external.constant,
    "IntegStructure": stateful.stock,
    "DelayStructure": stateful.delay,
    "DelayNStructure": stateful.delay_n,
    "DelayFixedStructure": stateful.delay_fixed,
    "SmoothStructure": stateful.smooth,
    "SmoothNStructure": stateful.smooth,
    "TrendStructure": stateful.trend,
    "ForecastStructure": stateful.forecast,
    "SampleIfTrueStructure": stateful.sample_if_true,
}

_SPOKEN = {
    "AllocateAvailableStructure": "ALLOCATE AVAILABLE",
    "AllocateByPriorityStructure": "ALLOCATE BY PRIORITY",
    "DataStructure": "data without a file",
    "LookupsStructure": "a table where a number is needed",
    "GetLookupsStructure": "a table where a number is needed",
    "ndarray": "a table of constants inside an expression",
}


def _spoken(kind: str) -> str:
    return _SPOKEN.get(kind, f"something the translator calls {kind}")


def _is_missing(tree: Any) -> bool:
    return isinstance(tree, float) and math.isnan(tree)


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Allow chains of equations far longer than Python's limit of nested calls, which is for runaway ones."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 200_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)
