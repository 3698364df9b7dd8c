"""What belongs into the picture of a sector, before anything has a place.

Each flow is drawn once, between the stocks of the sector that it drains and fills, with a cloud where it comes from or
goes to a place outside. A term of a stock's equation that has no name is a flow without a word. What is computed
elsewhere comes in as a shadow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from sdforecast.structure.graph import CausalGraph, Flow, Variable

Signs = Mapping[tuple[str, str], str]
"""The polarity of links (cause, effect) as "+" or "-"; a link that is not in it has none that is known."""

LEVELS = ("full", "stocks")
"""How much is drawn: everything, or stocks, flows and what acts on them from outside."""


@dataclass(frozen=True)
class FlowPart:
    """A flow as it will be drawn.

    Attributes
    ----------
    key : of its valve.
    name : the variable, or empty.
    source, target : stocks of the sector, None for a cloud.
    two_way : whether it may run either way.
    foreign : whether the variable belongs to another sector.
    about : its formula.
    repeats : the variable of a flow that is drawn at another valve already; a copy of its name stands here.
    """

    key: str
    name: str
    source: str | None
    target: str | None
    two_way: bool = False
    foreign: bool = False
    about: str = ""
    repeats: str = ""


@dataclass(frozen=True)
class Link:
    """An arrow to be drawn from a variable to a variable or a valve without a name."""

    source: str
    target: str
    polarity: str = ""
    initial: bool = False


@dataclass(frozen=True)
class Content:
    """What one picture shows.

    Attributes
    ----------
    title : heading.
    stocks : names of stocks.
    flows : in the order of the file.
    words : kinds of all other variables of the sector by name.
    links : sources outside `stocks`, `words` and the named flows are to be drawn as shadows.
    about : comments by name.
    outside : names of what comes from outside the model.
    """

    title: str
    stocks: tuple[str, ...]
    flows: tuple[FlowPart, ...]
    words: Mapping[str, str]
    links: tuple[Link, ...]
    about: Mapping[str, str]
    outside: frozenset[str] = frozenset()

    @property
    def own(self) -> set[str]:
        """Names that have their own place in the picture."""
        return {*self.stocks, *self.words, *(flow.name for flow in self.flows if flow.name)}


def members(graph: CausalGraph, sector: str | None) -> list[Variable]:
    """Return the variables of a sector, of the whole model for None."""
    return [variable for variable in graph.variables.values() if sector is None or variable.sector == sector]


def content(
    graph: CausalGraph, sector: str | None, *, level: str = "full", constants: bool = False, signs: Signs | None = None
) -> Content:
    """Return what the picture of a sector shows, of the whole model where `sector` is None."""
    inside = members(graph, sector)
    flows = _flows(graph, {variable.name: variable for variable in inside})
    drawn = {flow.name for flow in flows if flow.name}
    stocks = tuple(variable.name for variable in inside if variable.kind == "stock")
    about = {variable.name: variable.comment for variable in graph.variables.values()}
    title = sector or graph.file.stem
    outside = frozenset(variable.name for variable in graph.of_kind("input", "data"))
    if level == "stocks":
        links = tuple(_overview(graph, stocks, flows))
        return Content(title, stocks, flows, {}, links, about, outside)
    words = {
        variable.name: variable.kind if variable.kind != "flow" else "auxiliary"
        for variable in inside
        if variable.kind != "stock" and variable.name not in drawn and (constants or not _still(variable))
    }
    shown = {*words, *drawn}
    links = tuple(_links(graph, stocks, flows, shown, signs or {}, constants))
    return Content(title, stocks, flows, words, links, about, outside)


def _still(variable: Variable) -> bool:
    return variable.kind in ("constant", "lookup")


def _flows(graph: CausalGraph, inside: Mapping[str, Variable]) -> tuple[FlowPart, ...]:
    found: dict[str, FlowPart] = {}
    for stock in inside.values():
        if stock.kind != "stock":
            continue
        terms = [(f, "in") for f in stock.inflows] + [(f, "out") for f in stock.outflows]
        for k, (flow, way) in enumerate([*terms, *((f, "net") for f in stock.netflows)], 1):
            key = f"valve {flow.name}" if flow.name else f"valve {k} of {stock.name}"
            part = found.get(key)
            if part is None:
                found[key] = _part(key, flow, stock.name, way, flow.name not in inside)
            elif way == "out" and part.source is None:
                found[key] = _joined(part, source=stock.name)
            elif way == "in" and part.target is None:
                found[key] = _joined(part, target=stock.name)
            else:  # the same flow for a second stock: a valve of its own with a copy of the name
                second = f"valve {k} of {stock.name}"
                unnamed = Flow("", (flow.name,), flow.name)
                found[second] = replace(_part(second, unnamed, stock.name, way, False), repeats=flow.name)
    return tuple(found.values())


def _part(key: str, flow: Flow, stock: str, way: str, foreign: bool) -> FlowPart:
    source, target = (stock, None) if way == "out" else (None, stock)
    return FlowPart(key, flow.name, source, target, way == "net", bool(flow.name) and foreign, flow.formula)


def _joined(part: FlowPart, *, source: str | None = None, target: str | None = None) -> FlowPart:
    return replace(part, source=source or part.source, target=target or part.target)


def _terms(graph: CausalGraph, stock: str) -> Iterable[tuple[str, Flow, int]]:
    """Give the key, the term and the sign of each term of a stock's rate."""
    variable = graph.variables[stock]
    signed = [(f, 1) for f in variable.inflows] + [(f, -1) for f in variable.outflows]
    for k, (flow, sign) in enumerate([*signed, *((f, 1) for f in variable.netflows)], 1):
        yield f"valve {k} of {stock}", flow, sign


def _links(
    graph: CausalGraph, stocks: Iterable[str], flows: Iterable[FlowPart], shown: set[str], signs: Signs, constants: bool
) -> Iterable[Link]:
    def wanted(name: str) -> bool:
        return constants or not _still(graph.variables[name])

    parts = {part.key: part for part in flows}
    for name in sorted(shown, key=list(graph.variables).index):
        variable = graph.variables[name]
        if name in {part.name for part in parts.values() if part.foreign}:
            continue  # drawn as a shadow, whose causes are where it is computed
        for cause in variable.inputs:
            if wanted(cause):
                yield Link(cause, name, signs.get((cause, name), ""))
        if constants:
            yield from (Link(cause, name, initial=True) for cause in variable.initial)
    for stock in stocks:
        yield from _rates(graph, stock, parts, signs, wanted)
        if constants:
            yield from (Link(cause, stock, initial=True) for cause in graph.variables[stock].initial)


def _rates(
    graph: CausalGraph, stock: str, parts: Mapping[str, FlowPart], signs: Signs, wanted: Callable[[str], bool]
) -> Iterable[Link]:
    """Give the links to a stock's flows without a name; one that drains has the sign of its cause turned round."""
    terms = [(key, flow, sign) for key, flow, sign in _terms(graph, stock) if key in parts]
    times = [cause for _, flow, _ in terms for cause in flow.inputs]
    for key, flow, sign in terms:
        if parts[key].repeats:
            continue  # its name says what drives it
        for cause in filter(wanted, flow.inputs):
            known = signs.get((cause, stock), "") if times.count(cause) == 1 and cause != stock else ""
            yield Link(cause, key, known if sign > 0 else {"+": "-", "-": "+"}.get(known, ""))


def _overview(graph: CausalGraph, stocks: Iterable[str], flows: Iterable[FlowPart]) -> Iterable[Link]:
    """Give links from outside inputs to flows, whatever auxiliaries lie between, but not through another flow."""
    parts = {part.key: part for part in flows}
    drawn = {part.name for part in parts.values() if part.name}
    seen = set()
    for stock in stocks:
        for key, flow, _ in _terms(graph, stock):
            target = f"valve {flow.name}" if f"valve {flow.name}" in parts and flow.name else key
            if target not in parts or target in seen or parts[target].foreign:
                continue
            seen.add(target)
            for cause in _from_outside(graph, flow.inputs, graph.variables[stock].sector, drawn - {flow.name}):
                yield Link(cause, flow.name if parts[target].name else target)


def _from_outside(graph: CausalGraph, start: Iterable[str], sector: str, ends: Collection[str]) -> list[str]:
    """Return the outside inputs among the causes of `start`, through what the sector itself computes.

    A stock, and a flow that is drawn (one of `ends`), ends the search: what acts on it is shown there.
    """
    found: dict[str, None] = {}
    waiting, met = list(start), set(start)
    while waiting:
        variable = graph.variables[waiting.pop(0)]
        if variable.kind in ("input", "data"):
            found[variable.name] = None
        elif variable.kind != "stock" and variable.sector == sector and variable.name not in ends:
            fresh = [name for name in variable.inputs if name not in met]
            met.update(fresh)
            waiting.extend(fresh)
    return list(found)
