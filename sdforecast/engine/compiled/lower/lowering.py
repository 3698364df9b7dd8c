"""The walk over the trees; see the head of the package."""

from __future__ import annotations

import math
import sys
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from sdforecast.engine.compiled.building import Builder
from sdforecast.engine.compiled.lower import external, functions, references, stateful
from sdforecast.engine.compiled.lower.place import Place
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Output, Parameter, Program, Ring, Shape, State, Table, keyed
from sdforecast.engine.compiled.unroll import Unrolled, Variable
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.errors import InputError, Problem

_BINARY = {
    "+": "add", "-": "sub", "*": "mul", "/": "div", "^": "pow",
    "=": "eq", "<>": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge",
    ":AND:": "and", ":OR:": "or",
}  # fmt: skip


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


class Lowering:
    """What is known of a model while it is lowered."""

    def __init__(
        self, model: Unrolled, series: frozenset[str], constants: frozenset[str], values: Mapping[str, float]
    ) -> None:
        self.model, self.builder = model, Builder()
        self.given = {"series": series, "par": constants}
        self.values = values
        self.series: list[str] = []
        self.parameters: list[Parameter] = []
        self.states: list[State | None] = []
        self.rings: list[Ring | None] = []
        self.tables: list[Table] = []
        self.assumed: dict[int, float] = {}
        self.expanded: dict[object, Any] = {}  # what a tree at a place became, for trees with states or tables
        self.later: deque[Callable[[], None]] = deque()
        self._known: dict[tuple[str, tuple[str, ...], bool], int] = {}
        self._open: dict[tuple[str, tuple[str, ...], bool], None] = {}

    def program(self, method: str) -> Program:
        """Lower everything."""
        outputs = [output for variable in self.model.variables.values() for output in self._outputs(variable)]
        while self.later:
            self.later.popleft()()
        start, step = self._control("initial_time"), self._control("time_step")
        return Program(
            nodes=tuple(self.builder.nodes),
            parameters=tuple(self.parameters),
            states=tuple(state for state in self.states if state is not None),
            rings=tuple(ring for ring in self.rings if ring is not None),
            tables=tuple(self.tables),
            series=tuple(self.series),
            outputs=tuple(outputs),
            step=step,
            initial_time=start,
            method=method,
            assumed=tuple(sorted(self.assumed.items())),
            shapes=tuple(Shape(v.name, v.dims, v.coords) for v in self.model.variables.values() if v.dims),
        )

    def _outputs(self, variable: Variable) -> Iterator[Output]:
        for cell, equation in variable.cells.items():
            if not external.is_table(equation.expression):
                node = self.builder.number(self.cell(variable, cell, start=False))
                yield Output(variable.name, cell, node)

    def _control(self, name: str) -> float:
        variable = self.model.variables.get(name)
        if variable is None:
            raise InputError(Problem(f"the model has no {name.replace('_', ' ').upper()}"))
        return self.value(self.cell(variable, (), start=False), f"a {variable.name} that is not constant")

    def cell(self, variable: Variable, cell: tuple[str, ...], *, start: bool) -> int:
        """Return the node of a cell."""
        key = (variable.name, cell, start)
        known = self._known.get(key)
        if known is not None:
            return known
        if key in self._open:
            raise self._circle(key)
        equation = variable.cells.get(cell)
        if equation is None:
            return self.builder.lit(math.nan)  # as PySD has it
        if variable.name in self.given["series"]:
            return self._series(keyed(variable.name, cell), start=start)
        if variable.name in self.given["par"]:
            return self._known.setdefault(key, self._parameter(variable, cell, self.builder.lit(math.nan)))
        self._open[key] = None
        place = Place(variable.name, cell, equation.component, equation.bound, start=start)
        node = self.expression(equation.expression, place)
        if _is_constant(equation.expression):
            node = self._parameter(variable, cell, node)
        del self._open[key]
        return self._known.setdefault(key, node)

    def _parameter(self, variable: Variable, cell: tuple[str, ...], node: int) -> int:
        written = self.builder.value(node)
        for start in (True, False):  # one parameter, whichever context asked first
            if (known := self._known.get((variable.name, cell, start))) is not None:
                return known
        here = self.values.get(keyed(variable.name, cell), self.values.get(variable.name, written))
        self.parameters.append(Parameter(variable.name, cell, math.nan if here is None else float(here)))
        return self.builder.leaf("par", len(self.parameters) - 1)

    def _series(self, name: str, *, start: bool) -> int:
        if name not in self.series:
            self.series.append(name)
        k = self.series.index(name)
        return self.builder.leaf("series start", k) if start else self.builder.leaf("series", (k, 0))

    def _circle(self, key: tuple[str, tuple[str, ...], bool]) -> InputError:
        keys = list(self._open)
        names = [keyed(name, cell) for name, cell, _ in [*keys[keys.index(key) :], key]]
        when = "the initial values" if key[2] else "these"
        return InputError(Problem(f"{when} depend on each other in a circle: {' → '.join(names)}"))

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
        node = self.expression(arguments[0], place)
        for operator, argument in zip(operators, arguments[1:], strict=True):
            node = self.op(_BINARY[operator], node, self.expression(argument, place))
        return node

    def _compared_with_missing(self, operator: str, arguments: list[Any], place: Place) -> int:
        """Return whether a value is missing (`x = :NA:`). A missing value is NaN here, which differs from itself."""
        other = next((argument for argument in arguments if not _is_missing(argument)), math.nan)
        node = self.expression(other, place)
        missing = self.op("ne", node, node)
        return missing if operator == "=" else self.op("not", missing)

    def op(self, name: str, *args: int) -> int:
        """Return an operation; short for the builder's."""
        return self.builder.op(name, *args)

    def lit(self, value: float) -> int:
        """Return a literal; short for the builder's."""
        return self.builder.lit(value)

    def control(self, name: str, place: Place) -> int:
        """Return the node of TIME STEP and its like."""
        return self.cell(self.model.variables[name], (), start=place.start)

    def table(self, key: object, make: Callable[[], Table]) -> int:
        """Return the position of a table, made once a key."""
        if key not in self.expanded:
            self.expanded[key] = len(self.tables)
            self.tables.append(make())
        return int(self.expanded[key])

    def value(self, node: int, what: str, variable: str = "") -> float:
        """Return what a node of constants alone is worth, and note which constants it rests on.

        Raises :class:`Unsupported` with `what` if it depends on anything else.
        """
        found = self.builder.nodes[node]
        if found.op == "lit":
            return float(self.builder.value(node) or 0.0)
        if found.op == "par" and isinstance(found.data, int):
            self.assumed[found.data] = self.parameters[found.data].value
            return self.assumed[found.data]
        if found.op == "initial":
            return self.value(found.args[0], what, variable)
        if found.op not in OPERATIONS:
            raise Unsupported(what, variable)
        return float(OPERATIONS[found.op].numpy(*(self.value(arg, what, variable) for arg in found.args)))


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


def _is_constant(tree: Any) -> bool:
    """Return whether an equation is a number, or arithmetic of numbers: what users may set."""
    kind = type(tree).__name__
    if kind in ("ArithmeticStructure", "LogicStructure", "GameStructure"):
        return all(_is_constant(part) for part in getattr(tree, "arguments", None) or [tree.expression])
    return isinstance(tree, int | float) or kind == "GetConstantsStructure"


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
