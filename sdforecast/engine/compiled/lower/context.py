"""What is known of a model while it is lowered: nodes so far, cells by context, states that wait for their rates."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sdforecast.engine.compiled.building import Builder
from sdforecast.engine.compiled.lower.place import Place
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Output, Parameter, Program, Ring, Shape, State, Table, keyed
from sdforecast.engine.compiled.unroll import Unrolled, Variable
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.errors import InputError, Problem

TABLES = ("LookupsStructure", "GetLookupsStructure")
"""Equations that define a table and no number."""


class Context(ABC):
    """The state of lowering; who knows all kinds of expression adds :meth:`expression`."""

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
        if not (math.isfinite(start) and math.isfinite(step) and step > 0):
            raise InputError(Problem(f"a run that begins at {start:g} in steps of {step:g}"))
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
            if not is_table(equation.expression):
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
        given = self._given(variable.name, keyed(variable.name, cell))
        if given == "series":
            return self._series(keyed(variable.name, cell), start=start)
        if given == "par":
            return self._known.setdefault(key, self._parameter(variable, cell, self.builder.lit(math.nan)))
        self._open[key] = None
        place = Place(variable.name, cell, equation.component, equation.bound, start=start)
        node = self.expression(equation.expression, place)
        if _is_constant(equation.expression):
            node = self._parameter(variable, cell, node)
        del self._open[key]
        return self._known.setdefault(key, node)

    def _given(self, *names: str) -> str | None:
        """Return how a cell is given, by name of its variable or key: what is said of the cell alone counts more."""
        return next((kind for name in reversed(names) for kind in ("par", "series") if name in self.given[kind]), None)

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

    @abstractmethod
    def expression(self, tree: Any, place: Place) -> int:
        """Return the node of an expression."""

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
        if found.op == "start":
            return self._control("initial_time")
        if found.op not in OPERATIONS:
            raise Unsupported(what, variable)
        return float(OPERATIONS[found.op].numpy(*(self.value(arg, what, variable) for arg in found.args)))


def is_table(tree: Any) -> bool:
    """Return whether an equation defines a table and no number."""
    return type(tree).__name__ in TABLES


def _is_constant(tree: Any) -> bool:
    """Return whether an equation is a number, or arithmetic of numbers: what users may set."""
    kind = type(tree).__name__
    if kind in ("ArithmeticStructure", "LogicStructure", "GameStructure"):
        return all(_is_constant(part) for part in getattr(tree, "arguments", None) or [tree.expression])
    return isinstance(tree, int | float) or kind == "GetConstantsStructure"
