"""Tests that any model can be put to, with no file of checks: what it says of itself must hold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sdforecast.errors import Problem
from sdforecast.structure import CausalGraph, units
from sdforecast.validation import conservation
from sdforecast.validation.bench import Bench, gaps
from sdforecast.validation.results import NOT_DONE, Result, outcome, short

_SHOWN = 3


def structure(bench: Bench, graph: CausalGraph) -> Iterator[Result]:
    """Give the results of tests of structure."""
    yield _dimensions(bench)
    yield from conservation.closed(bench, graph)
    uses = graph.uses()
    idle = [name for name, users in uses.items() if not users and graph.variables[name].kind in ("constant", "input")]
    yield Result(
        "unused", "structure", "Every constant and every input is used", outcome(not idle), f"{len(idle)} unused", "0",
        "A number that no equation reads is a mistake or a leftover.", ", ".join(idle[:8]), {"unused": idle},
    )  # fmt: skip


def _dimensions(bench: Bench) -> Result:
    found = units.check(bench.model)
    wrong = [one for one in found if one.is_error]
    told = [str(Problem(one.what, file=bench.model.path.name, line=one.line, hint=one.fits or None)) for one in wrong]
    more = f" and {len(wrong) - _SHOWN} more" if len(wrong) > _SHOWN else ""
    return Result(
        "dimensions", "structure", "Both sides of every equation have the same dimension", outcome(not wrong),
        f"{len(wrong)} inconsistent", "0",
        "An equation that adds people to months says nothing. Numbers without a unit in an equation are not counted.",
        "; ".join(told[:_SHOWN]) + more, {"inconsistent": told, "numbers_without_unit": len(found) - len(wrong)},
    )  # fmt: skip


def extreme(bench: Bench) -> Iterator[Result]:
    """Give the results of tests of the run as it stands."""
    run = bench.everything()
    broken = gaps(run)
    note = f"{broken[0][0]} from time {broken[0][1]:g} on" if broken else ""
    yield Result(
        "finite", "extreme", f"Every variable ({len(run)}) is a finite number at every time", outcome(not broken),
        f"{len(broken)} are not", "0", "A division by zero or a runaway loop ends a run.", note,
        {"not_finite": [name for name, _ in broken]},
    )  # fmt: skip
    kinds = {name: bench.kinds.get(name.partition("[")[0], bench.kinds.get(name)) for name in run}
    stocks = [name for name, series in run.items() if kinds[name] == "stock" and series.iloc[0] >= 0]
    lowest = {name: float(np.nanmin(run[name])) for name in stocks}
    negative = {name: low for name, low in lowest.items() if low < -1e-9 * float(np.nanmax(np.abs(run[name])))}
    worst = min(negative, key=lambda name: negative[name]) if negative else ""
    yield Result(
        "no-negative-stocks", "extreme", f"No stock that starts at or above zero falls below ({len(stocks)} stocks)",
        outcome(not negative) if stocks else NOT_DONE, f"{len(negative)} below zero", "0",
        "People, kilograms and money on hand cannot be fewer than none; a stock that may be negative needs a checks "
        "file.", f"{worst} {short(negative[worst])}" if negative else "", {"negative": negative},
    )  # fmt: skip
