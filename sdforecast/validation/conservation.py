"""Conservation: nothing appears or vanishes within a chain of stocks.

    sum of stocks (t) - sum of stocks (0) = integral over 0..t of (inflows - outflows across the chain's edge)

The flows are what the file of checks says should cross the edge, so an outflow that the model forgot, or counts twice,
shows. In a model without such a file, chains are read off its equations: a group of stocks whose flows all cancel is
closed, and its sum must not move. Both are exact for Euler steps, so these runs are made with Euler's method.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from sdforecast.errors import InputError
from sdforecast.structure import CausalGraph
from sdforecast.validation.bench import Bench, Table
from sdforecast.validation.reading import Written
from sdforecast.validation.results import Result, outcome, short
from sdforecast.validation.schema import Chain

_SPLIT = re.compile(r"\s*([*/])\s*")


def columns(bench: Bench, written: Written) -> None:
    """Keep in runs what the chains read. Raises `InputError` with the place of each unknown name."""
    problems = []
    for k, chain in enumerate(written.checks.conservation):
        for key in ("stocks", "inflows", "outflows"):
            for j, words in enumerate(getattr(chain, key)):
                for word in _SPLIT.split(words)[::2]:
                    try:
                        bench.variable(word)
                    except InputError as error:
                        where = ("conservation", k, key, j)
                        problems += [written.problem(where, p.what, p.hint) for p in error.problems]
    if problems:
        raise InputError(*problems)


def tests(bench: Bench, written: Written) -> Iterator[Result]:
    """Give one result a chain of the file of checks."""
    if not written.checks.conservation:
        return
    run = bench.run_with({"SAVEPER": bench.model.control["TIME STEP"]}, integration="euler")
    for chain in written.checks.conservation:
        yield _result(chain, run, bench)


def _result(chain: Chain, run: Table, bench: Bench) -> Result:
    total = np.sum([run[bench.model.name_of(word)].to_numpy(float) for word in chain.stocks], axis=0)
    times = next(iter(run.values())).index.to_numpy(float)
    flows = [[_item(words, run, bench) for words in part] for part in (chain.inflows, chain.outflows)]
    steps = np.diff(times)
    with np.errstate(invalid="ignore"):  # what is not a number fulfils nothing
        into, out = (
            np.concatenate([[0.0], np.cumsum(sum((f[:-1] for f in part), np.zeros(len(steps))) * steps)])
            for part in flows
        )
        gap = total - total[0] - (into - out)
    scale = max(float(np.abs(into).max()), float(np.abs(out).max()), float(np.abs(total).max()), 1e-300)
    worst = float(np.abs(gap).max()) / scale
    good = worst < chain.tolerance
    k = int((np.abs(gap) > chain.tolerance * scale).argmax())
    note = "" if good else f"first beyond the limit at time {times[k]:g}; {gap[-1]:+.4g} at the end of the run"
    return Result(
        chain.id, "structure", chain.statement, outcome(good), f"gap {short(worst)}", f"< {chain.tolerance:g}",
        chain.why, note, {"gap": worst, "limit": chain.tolerance, "at_end": float(gap[-1])},
    )  # fmt: skip


def _item(words: str, run: Table, bench: Bench) -> np.ndarray:
    """Return a variable, or a product or quotient of some, over time."""
    parts = _SPLIT.split(words)
    value = run[bench.model.name_of(parts[0])].to_numpy(float)
    for sign, word in zip(parts[1::2], parts[2::2], strict=True):
        factor = run[bench.model.name_of(word)].to_numpy(float)
        value = value * factor if sign == "*" else value / factor
    return value


def closed_groups(graph: CausalGraph) -> list[tuple[str, ...]]:
    """Return the groups of two stocks or more whose flows cancel term by term, so that their sum cannot change."""
    stocks = [stock for stock in graph.of_kind("stock") if not stock.subscripts]
    balance = {
        stock.name: [(flow.formula, 1) for flow in stock.inflows] + [(flow.formula, -1) for flow in stock.outflows]
        for stock in stocks
        if not stock.netflows
    }
    together = {name: {name} for name in balance}
    for name, terms in balance.items():
        for other, theirs in balance.items():
            if any((formula, -sign) in theirs for formula, sign in terms):
                joined = together[name] | together[other]
                for member in joined:
                    together[member] = joined
    groups = {tuple(name for name in balance if name in joined) for joined in together.values() if len(joined) > 1}
    return [group for group in sorted(groups) if _cancels([term for name in group for term in balance[name]])]


def _cancels(terms: list[tuple[str, int]]) -> bool:
    left: dict[str, int] = {}
    for formula, sign in terms:
        left[formula] = left.get(formula, 0) + sign
    return not any(left.values())


def closed(bench: Bench, graph: CausalGraph) -> Iterator[Result]:
    """Give one result a group that the equations say is closed."""
    run = bench.run_with({}, columns=bench.stocks)
    for group in closed_groups(graph):
        total = np.asarray(sum(run[name].to_numpy() for name in group))
        size = max(float(sum(np.abs(run[name].to_numpy()).max() for name in group)), 1e-300)
        worst = float(np.abs(total - total[0]).max()) / size
        shown = " + ".join(group[:4]) + (f" + {len(group) - 4} more" if len(group) > 4 else "")
        yield Result(
            f"closed-{len(group)}-stocks-{_identity(group[0])}", "structure", f"{shown} stays the same",
            outcome(worst < 1e-6), f"gap {short(worst)}", "< 1e-06", "All flows between these stocks cancel.",
            numbers={"gap": worst, "stocks": list(group)},
        )  # fmt: skip


def _identity(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())
