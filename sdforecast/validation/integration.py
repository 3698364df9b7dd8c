"""Integration error: whether the step is short enough, told by what a shorter one and another method would give."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from sdforecast.errors import InputError
from sdforecast.validation.bench import Bench, Table
from sdforecast.validation.reading import Written
from sdforecast.validation.results import NOT_DONE, Result, outcome, short
from sdforecast.validation.schema import Integration

LIMIT = 0.005
"""Relative change under which the step is short enough."""

_WHY = "The step is a means, not an assumption: results must not rest on it (Sterman 2000, Business Dynamics, app. A)."


def tests(bench: Bench, written: Written | None) -> Iterator[Result]:
    """Give the results of halving and quartering the step, and of Euler's method against Runge and Kutta's."""
    asked = written.checks.integration if written else None
    step = bench.model.control["TIME STEP"]
    columns = [asked.cumulative] if asked else bench.stocks
    if not columns:
        return
    base = bench.run_with({}, columns=columns)
    for name, given, method, words in (
        ("half-step", {"TIME STEP": step / 2}, "", f"Half the step ({step / 2:g})"),
        ("quarter-step", {"TIME STEP": step / 4}, "", f"A quarter of the step ({step / 4:g})"),
        ("euler-runge-kutta", {}, "rk4", "Runge and Kutta's method in place of Euler's"),
    ):
        limit = asked.limit if asked else LIMIT
        what = f"{asked.cumulative.removeprefix('cumulative ')} by the year" if asked else "any stock"
        statement = f"{words} changes {what} by less than {100 * limit:g} %"
        try:
            other = bench.run_with(given, integration=method, columns=columns)
            here = bench.run_with(given, integration="euler", columns=columns) if method else base
        except InputError as error:
            yield Result(name, "integration", statement, NOT_DONE, why=_WHY, note=str(error))
            continue
        worst, where, numbers = _by_year(here, other, bench, asked) if asked else _by_stock(here, other)
        yield Result(
            name, "integration", statement, outcome(worst < limit), f"{short(100 * worst)} % ({where})",
            f"< {100 * limit:g} %", _WHY, numbers={"worst": worst, "limit": limit, **numbers},
        )  # fmt: skip


def _by_year(base: Table, other: Table, bench: Bench, asked: Integration) -> tuple[float, str, dict[str, object]]:
    """Return the largest relative change of a flow in one year, where it is, and the change over all years."""
    first, last = bench.time(asked.years[0])[0], bench.time(asked.years[1])[1]
    edges = np.arange(first, last + 1e-9, 12.0 if bench.months else 1.0)
    name = bench.variable(asked.cumulative)
    flows = [np.diff(np.interp(edges, run[name].index.to_numpy(float), run[name].to_numpy())) for run in (base, other)]
    change = flows[1] / flows[0] - 1
    k = int(np.nanargmax(np.abs(change)))
    together = float(flows[1].sum() / flows[0].sum() - 1)
    label = _label(edges[k], bench)
    told = f"{label}; {short(100 * abs(together))} % over {asked.years[0]} to {asked.years[1]}"
    by_year = {_label(edge, bench): float(value) for edge, value in zip(edges, change, strict=False)}
    return float(np.abs(change).max()), told, {"cumulative": together, "by_year": by_year}


def _label(time: float, bench: Bench) -> str:
    return str(2010 + int(time) // 12) if bench.months else f"{time:g}"


def _by_stock(base: Table, other: Table) -> tuple[float, str, dict[str, object]]:
    """Return the largest change of any variable kept, relative to its own largest value."""
    worst, where = 0.0, "no stock"
    for name, series in base.items():
        size = float(np.abs(series.to_numpy()).max())
        now = np.interp(series.index.to_numpy(float), other[name].index.to_numpy(float), other[name].to_numpy())
        gap = float(np.abs(now - series.to_numpy()).max()) / size if size > 0 else 0.0
        if not gap <= worst:
            worst, where = gap, name
    return worst, where, {"variable": where}
