"""A model on one screen: how many variables of which kind in which sector, its time, what comes from outside."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sdforecast.engine.compiled.reading import integration_method
from sdforecast.model import ModelFile
from sdforecast.structure.graph import KINDS, CausalGraph
from sdforecast.structure.loops import cycles_of, independent

NO_SECTOR = "(none)"
"""What a sector without a name is called."""


def described(model: ModelFile, graph: CausalGraph) -> dict[str, Any]:
    """Return plain data: `kinds` (number by kind), `time`, `sectors` (a row each), `inputs`, `loops`."""
    parts = cycles_of(graph)
    largest = max(parts, key=len, default=())
    return {
        "file": str(model.path),
        "variables": len(graph.variables),
        "kinds": _counted(list(graph.variables.values())),
        "time": {
            "from": model.control["INITIAL TIME"], "to": model.control["FINAL TIME"],
            "step": model.control["TIME STEP"], "saved every": model.control["SAVEPER"],
            "unit": model.time_unit, "integration": _METHODS[integration_method(model.path)],
        },
        "sectors": [_sector(graph, name) for name in _sectors(graph)],
        "inputs": [variable.name for variable in graph.of_kind("input", "data")],
        "loops": {
            "independent": sum(map(independent, parts)),
            "variables in loops": sum(map(len, parts)),
            "in the largest group": len(largest),
            "stocks that act on themselves": sum(stock.name in stock.inputs for stock in graph.of_kind("stock")),
        },
    }  # fmt: skip


_METHODS = {"euler": "Euler", "rk4": "Runge-Kutta of fourth order"}


def _sectors(graph: CausalGraph) -> list[str]:
    """Return the names of the sectors; an empty one at the end if some variables are in none."""
    bare = any(not variable.sector for variable in graph.variables.values())
    return [*graph.sectors, *([""] if bare else [])]


def _sector(graph: CausalGraph, name: str) -> dict[str, Any]:
    inside = [variable for variable in graph.variables.values() if variable.sector == name]
    users = graph.uses()
    stocks = [variable.name for variable in inside if variable.kind == "stock"]
    accounts = [stock for stock in stocks if not users[stock]]
    acting = [stock for stock in stocks if stock not in accounts]
    return {
        "sector": name or NO_SECTOR, "variables": len(inside), **_counted(inside),
        "names of stocks": acting, "names of accounts": accounts,
    }  # fmt: skip


def _counted(variables: list[Any]) -> dict[str, int]:
    counts = Counter(variable.kind for variable in variables)
    return {kind: counts[kind] for kind in KINDS}
