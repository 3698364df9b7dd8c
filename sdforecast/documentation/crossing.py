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


def follows(graph: CausalGraph, stock: Variable) -> list[str]:
    """Return what moves a stock inside its own equation: causes that are no flow with a name, nor a constant."""
    named = {flow.name for flow in (*stock.inflows, *stock.outflows) if flow.name}
    unnamed = (flow for flow in (*stock.inflows, *stock.outflows, *stock.netflows) if not flow.name)
    causes = dict.fromkeys(name for flow in unnamed for name in flow.inputs)
    return [
        name for name in causes if name not in named | {stock.name} and graph.variables[name].kind != "constant"
    ]  # fmt: skip


def is_counter(graph: CausalGraph, stock: Variable) -> bool:
    """Tell whether a variable is a stock that only adds up what flows in, and that nothing else is computed from."""
    fed = [flow for flow in stock.inflows if flow.name]
    alone = not stock.outflows and not stock.netflows and len(fed) == len(stock.inflows)
    return stock.kind == "stock" and bool(fed) and alone and not set(graph.uses()[stock.name]) - {stock.name}
