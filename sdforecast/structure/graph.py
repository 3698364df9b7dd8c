"""The causal graph of a model: what each variable is computed from, and which flows fill and drain each stock.

It is read from PySD's syntax trees and holds names and words only, so that a diagram or a page can be made of it
without knowing PySD. A variable over subscripts is one variable here.

    Infected = INTEG(infection - recovery, 10)       inflows (infection), outflows (recovery)
    Trust = INTEG((goal - Trust) / time, 1)          netflows ((goal - Trust) / time), without a name
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sdforecast.model import ModelFile
from sdforecast.structure.formula import rests_on, written
from sdforecast.structure.places import folded, lines
from sdforecast.structure.trees import elements

KINDS = ("stock", "flow", "auxiliary", "input", "constant", "lookup", "data")
"""What a variable may be; `flow`: a variable that a stock names as its inflow or outflow; `input`: a variable that
follows the time, with no help but that of constants and tables."""

DELAYS = {
    "DelayStructure": "delay", "DelayNStructure": "delay", "DelayFixedStructure": "fixed delay",
    "SmoothStructure": "smooth", "SmoothNStructure": "smooth", "TrendStructure": "trend",
    "ForecastStructure": "forecast", "SampleIfTrueStructure": "sample",
}  # fmt: skip
"""What remembers the past without being a stock by name, by PySD's structures."""


@dataclass(frozen=True)
class Flow:
    """One term of a stock's rate of change.

    Attributes
    ----------
    name : the variable, or empty where the term is written into the stock's own equation.
    inputs : the variables of the term; for a named flow the flow itself.
    formula : the term as a reader writes it, without its sign.
    """

    name: str
    inputs: tuple[str, ...]
    formula: str


@dataclass(frozen=True)
class Variable:
    """One variable of a model.

    Attributes
    ----------
    name, unit, comment : as written.
    kind : one of :data:`KINDS`.
    sector : the group of the file, empty where it has none.
    subscripts : names of its ranges, as in the table of variables.
    line : where it is defined, if that was found.
    formula : the right side, long ones cut; of a stock its rate.
    inputs : the variables that it is computed from during a run, in the order of its equation; for a stock those of
        its rate. Neither time nor control variables.
    initial : variables that count for its value at the start only.
    on_time : whether its equation looks at the time.
    inflows, outflows : of a stock: terms added and taken off.
    netflows : of a stock: terms that may run either way, a difference in them.
    memories : kinds of delay in its equation, see :data:`DELAYS`.
    """

    name: str
    kind: str
    unit: str
    sector: str
    subscripts: str
    comment: str
    line: int | None
    formula: str
    inputs: tuple[str, ...]
    initial: tuple[str, ...] = ()
    on_time: bool = False
    inflows: tuple[Flow, ...] = ()
    outflows: tuple[Flow, ...] = ()
    netflows: tuple[Flow, ...] = ()
    memories: tuple[str, ...] = ()


@dataclass(frozen=True)
class CausalGraph:
    """All variables of a model by name, in the order of the file."""

    file: Path
    variables: Mapping[str, Variable]

    def of_kind(self, *kinds: str) -> list[Variable]:
        """Return the variables of some kinds, in the order of the file."""
        return [variable for variable in self.variables.values() if variable.kind in kinds]

    @property
    def sectors(self) -> list[str]:
        """Names of the sectors, in the order of the file."""
        return list(dict.fromkeys(variable.sector for variable in self.variables.values() if variable.sector))

    @property
    def links(self) -> Iterator[tuple[str, str]]:
        """Pairs (cause, effect): what is computed from what during a run."""
        for variable in self.variables.values():
            yield from ((cause, variable.name) for cause in variable.inputs)

    def uses(self) -> dict[str, tuple[str, ...]]:
        """Return for each variable those whose equations name it, at the start or during the run."""
        found: dict[str, dict[str, None]] = {name: {} for name in self.variables}
        for variable in self.variables.values():
            for cause in (*variable.inputs, *variable.initial):
                found[cause][variable.name] = None
        return {name: tuple(users) for name, users in found.items()}

    def joins(self, flow: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the stocks that a named flow drains and those that it fills."""
        stocks = self.of_kind("stock")
        drained = tuple(stock.name for stock in stocks if flow in {each.name for each in stock.outflows})
        filled = tuple(stock.name for stock in stocks if flow in {each.name for each in stock.inflows})
        return drained, filled


def clean(name: str) -> str:
    """Return the form of a name by which PySD's trees refer to it."""
    return name.replace(" ", "_").lower()


def causal_graph(model: ModelFile) -> CausalGraph:
    """Return the causal graph of a model file; its control variables and the time are left out."""
    table = model.variables.set_index("name")
    place = lines(model.path)
    of_file = elements(model)
    names = {clean(element.name): name for name, element in of_file.items()}
    found = {}
    for name, element in of_file.items():
        row = table.loc[name]
        bare = Variable(
            name=name, kind=str(row["kind"]), unit=str(row["unit"]), sector=str(row["sector"]),
            subscripts=str(row["subscripts"]), comment=str(row["comment"]), line=place.get(folded(name)),
            formula="", inputs=(),
        )  # fmt: skip
        found[name] = _with_equation(bare, [component.ast for component in element.components], names)
    return CausalGraph(model.path, _with_kinds(found))


def _with_equation(bare: Variable, trees: Sequence[Any], names: Mapping[str, str]) -> Variable:
    needs = rests_on(*trees)
    integrals = [tree for tree in trees if type(tree).__name__ == "IntegStructure"]
    shown = integrals[0].flow if integrals else trees[0] if trees else ""
    live = _known(needs.live, names)
    terms = dict.fromkeys(_flow(sign, term, names) for tree in integrals for sign, term in _terms(tree.flow))
    return replace(
        bare,
        formula=written(shown, names, 400) if len(trees) == 1 or integrals else f"{len(trees)} equations",
        kind="stock" if integrals else "auxiliary" if bare.kind == "stock" else bare.kind,
        inputs=live,
        initial=tuple(name for name in _known(needs.start, names) if name not in live),
        on_time=needs.on_time,
        inflows=tuple(flow for sign, flow in terms if sign == "+"),
        outflows=tuple(flow for sign, flow in terms if sign == "-"),
        netflows=tuple(flow for sign, flow in terms if sign == "±"),
        memories=tuple(dict.fromkeys(DELAYS[kind] for kind in kinds_within(trees) if kind in DELAYS)),
    )


def _known(references: Sequence[str], names: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(names[reference] for reference in references if reference in names)


def kinds_within(tree: Any) -> Iterator[str]:
    """Give the names of all PySD structures in a tree."""
    if isinstance(tree, tuple | list):
        for part in tree:
            yield from kinds_within(part)
    elif hasattr(tree, "__dict__"):
        yield type(tree).__name__
        yield from kinds_within(tuple(vars(tree).values()))


def _terms(tree: Any, sign: int = 1) -> Iterator[tuple[int, Any]]:
    """Give the terms of a sum with their signs, brackets dissolved."""
    kind = type(tree).__name__
    if kind == "ArithmeticStructure" and set(tree.operators) <= {"+", "-"}:
        yield from _terms(tree.arguments[0], sign)
        for operator, part in zip(tree.operators, tree.arguments[1:], strict=True):
            yield from _terms(part, sign if operator == "+" else -sign)
    elif kind == "ArithmeticStructure" and tree.operators == ["negative"]:
        yield from _terms(tree.arguments[0], -sign)
    elif kind == "ArithmeticStructure" and getattr(tree.arguments[0], "operators", None) == ["negative"]:  # -a * b
        positive = (tree.arguments[0].arguments[0], *tree.arguments[1:])
        yield from _terms(replace(tree, arguments=positive), -sign)
    elif isinstance(tree, bool | int | float) and tree == 0:
        return
    else:
        yield sign, tree


def _flow(sign: int, term: Any, names: Mapping[str, str]) -> tuple[str, Flow]:
    inputs = _known(rests_on(term).live, names)
    named = type(term).__name__ == "ReferenceStructure" and term.reference in names
    either = not named and _may_turn(term)
    return (
        "±" if either else "+" if sign > 0 else "-",
        Flow(
            name=inputs[0] if named else "",
            inputs=inputs,
            formula=("-" if either and sign < 0 else "") + written(term, names),
        ),
    )


def _may_turn(tree: Any) -> bool:
    """Whether a term has a difference of variables in it; `1 - share` is taken for a share, too."""
    kind = type(tree).__name__
    if kind == "ArithmeticStructure":
        if "negative" in tree.operators:
            return True
        if "-" in tree.operators and not isinstance(tree.arguments[0], int | float):
            return True
        return any(_may_turn(part) for part in tree.arguments)
    if kind == "CallStructure":
        if tree.function.reference in ("exp", "abs", "sqrt"):
            return False
        if tree.function.reference == "max" and 0 in [part for part in tree.arguments if isinstance(part, int | float)]:
            return False
        chosen = tree.arguments[1:] if tree.function.reference == "if_then_else" else tree.arguments
        return any(_may_turn(part) for part in chosen)
    return False


def _with_kinds(found: Mapping[str, Variable]) -> dict[str, Variable]:
    """Tell flows and inputs from the other auxiliaries."""
    flows = {
        flow.name
        for variable in found.values()
        for flow in (*variable.inflows, *variable.outflows)
        if flow.name and found[flow.name].kind == "auxiliary"
    }
    still = {name for name, variable in found.items() if variable.kind in ("constant", "lookup")}
    told = {}
    for name, variable in found.items():
        kind = variable.kind
        if kind == "auxiliary" and variable.on_time and still.issuperset(variable.inputs) and not variable.memories:
            kind = "input"
        elif name in flows:
            kind = "flow"
        told[name] = replace(variable, kind=kind)
    return told
