"""What crosses from sector to sector, and what moves a stock."""

from __future__ import annotations

from sdforecast.structure import CausalGraph, Variable


def into(graph: CausalGraph, sector: str) -> dict[str, list[str]]:
    """Return by other sector the variables of it that `sector` is computed from, in the order of the file.

    Constants are left out: two sectors that share one do not influence each other.
    """
    found: dict[str, set[str]] = {}
    for variable in graph.variables.values():
        if variable.sector != sector:
            continue
        for name in (*variable.inputs, *variable.initial):
            cause = graph.variables[name]
            if cause.sector != sector and cause.kind not in ("constant", "lookup"):
                found.setdefault(cause.sector, set()).add(name)
    return {each: [name for name in graph.variables if name in found[each]] for each in graph.sectors if each in found}


def out_of(graph: CausalGraph, sector: str) -> dict[str, list[str]]:
    """Return by other sector the variables of `sector` that it is computed from."""
    crossing = {other: into(graph, other).get(sector, []) for other in graph.sectors if other != sector}
    return {other: names for other, names in crossing.items() if names}


def net_flow(stock: Variable) -> str:
    """Return the name that a flow has by custom if it may run either way: `change in trust` of a stock `trust`."""
    return f"change in {stock.name}"


def follows(graph: CausalGraph, stock: Variable) -> list[str]:
    """Return what moves a stock without a flow of its own: the causes of its net flow, or those in its equation.

    Flows with another name and constants are left out.
    """
    flows = (*stock.inflows, *stock.outflows, *stock.netflows)
    named = {flow.name for flow in flows if flow.name}
    causes: dict[str, None] = {}
    for flow in flows:
        if not flow.name:
            causes.update(dict.fromkeys(flow.inputs))
        elif flow.name == net_flow(stock):
            causes.update(dict.fromkeys(graph.variables[flow.name].inputs))
    kinds = {name: graph.variables[name].kind for name in causes}
    return [name for name in causes if name not in named | {stock.name} and kinds[name] not in ("constant", "lookup")]


def is_counter(graph: CausalGraph, stock: Variable) -> bool:
    """Tell whether a variable is a stock that only adds up what flows in, and that nothing else is computed from."""
    fed = [flow for flow in stock.inflows if flow.name]
    alone = not stock.outflows and not stock.netflows and len(fed) == len(stock.inflows)
    return stock.kind == "stock" and bool(fed) and alone and not set(graph.uses()[stock.name]) - {stock.name}
