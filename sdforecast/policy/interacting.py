"""Which instruments of a mix do what: each alone, each left out, pairs, and a share of the whole for each.

The instruments that a mix moves otherwise than the reference are the players of a game whose value is what a coalition
of them averts. Shapley's value (1953, in Contributions to the Theory of Games II) is the only share that adds up to the
whole, treats equals equally, gives nothing to who does nothing, and is additive. It is the mean, over all orders in
which the instruments could be added, of what each adds when its turn comes. With few instruments all coalitions are
run and it is exact; with many, orders are sampled, each with its reverse (Mitchell et al. 2022, JMLR 23(43): antithetic
pairs have less variance), and the error that comes from that is given. Every order adds up to the whole, so that the
shares do, whatever the sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sdforecast import scenario
from sdforecast.errors import InputError, Problem
from sdforecast.policy.estimating import estimate
from sdforecast.policy.kept import DEATHS
from sdforecast.policy.outcomes import REFERENCE, Outcomes, outcomes
from sdforecast.scenario import Scenario, resolve

Coalition = frozenset[str]

ORDERS = 16
"""Sampled orders, where it is not said."""

DRAWS = 50
"""Draws that are run under every coalition, where it is not said."""

CONSTANTS = "constants that the mix sets"
"""Player that stands for parameters and assumptions of the mix."""

FEWEST_ORDERS = 4


@dataclass(frozen=True)
class Decomposition:
    """What the instruments of a mix do.

    Attributes
    ----------
    mix, reference : names.
    exact : whether all coalitions were run; else orders were sampled.
    orders : how many were sampled (0 if exact).
    whole : deaths that the mix averts over all years [draws].
    instruments : one row an instrument: `instrument`; `share`, the mean over the draws of its Shapley value in deaths
        averted, `share_order_error` (of sampling orders) and `share_draw_error` (of sampling draws), Monte Carlo
        standard errors; `share_low` and `share_high`, nine draws in ten; `alone` and `left_out` (what the mix loses
        without it), each a mean with `_low`, `_high` and `_draw_error`.
    pairs : one row a pair: `first, second, together, low, high, draw_error, kind`: what both together avert beyond the
        sum of each alone; `kind` is "reinforce" or "cancel" where the interval does not hold zero, else "".
    """

    mix: str
    reference: str
    exact: bool
    orders: int
    whole: np.ndarray
    instruments: pd.DataFrame
    pairs: pd.DataFrame
    manifest: dict[str, Any]


def players(mix: Scenario, reference: Scenario) -> tuple[str, ...]:
    """Return the instruments that two scenarios move differently, in the order of the mix, then of the reference.

    Raises `InputError` where there are fewer than two: nothing to take apart.
    """
    ours, theirs = resolve(mix), resolve(reference)
    names = dict.fromkeys(change.instrument for change in (*ours.instruments, *theirs.instruments))
    found = [name for name in names if _changes(ours, name) != _changes(theirs, name)]
    if (ours.parameters, ours.assumptions) != (theirs.parameters, theirs.assumptions):
        found.append(CONSTANTS)
    if len(found) < 2:
        what = f"'{mix.name}' has nothing to take apart: {found[0] if found else 'nothing'} alone differs from"
        raise InputError(Problem(f"{what} {reference.name}", hint="name a mix of two instruments or more"))
    return tuple(found)


def coalition(mix: Scenario, reference: Scenario, members: Iterable[str], name: str) -> Scenario:
    """Return a scenario in which `members` move as in the mix and everything else as in the reference."""
    ours, theirs, chosen = resolve(mix), resolve(reference), set(members)
    names = dict.fromkeys(change.instrument for change in (*ours.instruments, *theirs.instruments))
    changes = [change for each in names for change in _changes(ours if each in chosen else theirs, each)]
    constants = ours if CONSTANTS in chosen else theirs
    return Scenario(
        name=name,
        title=f"{len(chosen)} instruments of {mix.title}"[:120],
        instruments=tuple(changes),
        parameters=constants.parameters,
        assumptions=constants.assumptions,
        counterfactual=ours.counterfactual or theirs.counterfactual,
    )


def _changes(whole: Scenario, instrument: str) -> list[Any]:
    return [change for change in whole.instruments if change.instrument == instrument]


def decompose(
    mix: Scenario | str | Path,
    *,
    reference: Scenario | str | Path = REFERENCE,
    draws: int = DRAWS,
    orders: int = ORDERS,
    seed: int = 1,
    run: Callable[..., Outcomes] = outcomes,
    **options: Any,
) -> Decomposition:
    """Return what each instrument of a mix does, alone and with the others, in deaths averted over all years.

    Parameters
    ----------
    draws : of the posterior, the same under every coalition.
    orders : how many are sampled, in pairs of an order and its reverse; not used where all coalitions are fewer.
    seed : of the orders, and as in :func:`.outcomes.outcomes`.
    run : what runs scenarios.
    options : of `run`: posterior, model, first, horizon, engine, …

    Raises
    ------
    InputError : fewer than two instruments to take apart, fewer than four orders, and as `outcomes`.
    """
    plan = planned(mix, reference, orders, seed)
    of, base, names, sampled, exact = plan.mix, plan.reference, plan.names, plan.orders, not plan.orders
    labels = {members: f"{k}-of-{len(plan.coalitions)}" for k, members in enumerate(plan.coalitions)}
    mixes = [coalition(of, base, members, label) for members, label in labels.items()]
    made = run(mixes, reference=labels[frozenset()], draws=draws, seed=seed, variables=(DEATHS,), **options)
    deaths = made.yearly[DEATHS].sum("year")
    nothing = deaths.sel(scenario=labels[frozenset()]).to_numpy()
    values = {members: nothing - deaths.sel(scenario=label).to_numpy() for members, label in labels.items()}
    shares = exact_shares(names, values) if exact else sampled_shares(names, values, sampled)
    return Decomposition(
        of.name, base.name, exact, len(sampled), values[frozenset(names)], _instruments(names, values, shares),
        _pairs(names, values),
        {**made.manifest, "scenarios": [of.name], "reference": base.name, "coalitions": len(mixes),
         "orders": len(sampled)},
    )  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What is run to take a mix apart; `orders` is empty where all coalitions are run."""

    mix: Scenario
    reference: Scenario
    names: tuple[str, ...]
    orders: tuple[tuple[str, ...], ...]
    coalitions: tuple[Coalition, ...]


def planned(mix: Scenario | str | Path, reference: Scenario | str | Path, orders: int, seed: int) -> Plan:
    """Return what is run to take a mix apart; raises as :func:`decompose`, before any work is done."""
    if orders < FEWEST_ORDERS:
        raise InputError(Problem(f"{orders} orders are too few", hint=f"{FEWEST_ORDERS} or more"))
    of = mix if isinstance(mix, Scenario) else scenario.load(mix)
    base = reference if isinstance(reference, Scenario) else scenario.load(reference)
    names = players(of, base)
    sampled = sampled_orders(names, orders, seed)
    needed = _needed(names, sampled)
    if 2 ** len(names) <= len(needed):
        return Plan(of, base, names, (), tuple(_every(names)))
    return Plan(of, base, names, tuple(sampled), tuple(needed))


def sampled_orders(names: Sequence[str], orders: int, seed: int) -> list[tuple[str, ...]]:
    """Return orders of the instruments, each followed by its reverse."""
    rng = np.random.default_rng([seed, *b"orders"])
    found = []
    for _ in range(-(-orders // 2)):
        one = tuple(names[k] for k in rng.permutation(len(names)))
        found += [one, one[::-1]]
    return found


def exact_shares(names: Sequence[str], values: dict[Coalition, np.ndarray]) -> np.ndarray:
    """Return Shapley's value of each instrument in each draw [1, instruments, draws] from all coalitions."""
    n = len(names)
    found = []
    for name in names:
        others = [each for each in names if each != name]
        total = np.zeros_like(values[frozenset()])
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for some in combinations(others, size):
                total = total + weight * (values[frozenset((*some, name))] - values[frozenset(some)])
        found.append(total)
    return np.array([found])


def sampled_shares(
    names: Sequence[str], values: dict[Coalition, np.ndarray], orders: Sequence[tuple[str, ...]]
) -> np.ndarray:
    """Return what each instrument adds, the mean of each order and its reverse [pairs, instruments, draws]."""
    added = np.empty((len(orders), len(names), len(values[frozenset()])))
    for k, order in enumerate(orders):
        for place, name in enumerate(order):
            with_it, before = values[frozenset(order[: place + 1])], values[frozenset(order[:place])]
            added[k, names.index(name)] = with_it - before
    found: np.ndarray = (added[0::2] + added[1::2]) / 2
    return found


def _every(names: Sequence[str]) -> list[Coalition]:
    return [frozenset(some) for size in range(len(names) + 1) for some in combinations(names, size)]


def _needed(names: Sequence[str], orders: Sequence[tuple[str, ...]]) -> list[Coalition]:
    """Return the coalitions that orders, single instruments, gaps and pairs need, none twice, nothing first."""
    found = [frozenset(), frozenset(names)]
    found += [frozenset((name,)) for name in names] + [frozenset(names) - {name} for name in names]
    found += [frozenset(pair) for pair in combinations(names, 2)]
    found += [frozenset(order[:place]) for order in orders for place in range(len(order))]
    return list(dict.fromkeys(found))


def _instruments(names: Sequence[str], values: dict[Coalition, np.ndarray], shares: np.ndarray) -> pd.DataFrame:
    whole = frozenset(names)
    rows = []
    for k, name in enumerate(names):
        of_draws = shares[:, k].mean(axis=0)
        by_pair = shares[:, k].mean(axis=1)
        error = float(by_pair.std(ddof=1) / np.sqrt(len(by_pair))) if len(by_pair) > 1 else 0.0
        row = {"instrument": name, **_cells("share", of_draws), "share_order_error": error}
        row |= _cells("alone", values[frozenset((name,))]) | _cells("left_out", values[whole] - values[whole - {name}])
        rows.append(row)
    table = pd.DataFrame(rows)
    return table.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)


def _pairs(names: Sequence[str], values: dict[Coalition, np.ndarray]) -> pd.DataFrame:
    rows = []
    for one, other in combinations(names, 2):
        beyond = values[frozenset((one, other))] - values[frozenset((one,))] - values[frozenset((other,))]
        cells = _cells("together", beyond)
        kind = "reinforce" if cells["together_low"] > 0 else "cancel" if cells["together_high"] < 0 else ""
        rows.append({"first": one, "second": other, **cells, "kind": kind})
    table = pd.DataFrame(rows).rename(columns=lambda name: name.removeprefix("together_"))
    return table.sort_values("together", key=np.abs, ascending=False, kind="stable").reset_index(drop=True)


def _cells(word: str, values: np.ndarray) -> dict[str, float]:
    """Return mean, interval and Monte Carlo standard error of the mean; means add up, medians do not."""
    found = estimate(values)
    error = float(values.std(ddof=1) / np.sqrt(len(values))) if len(values) > 1 else np.nan
    return {
        word: float(values.mean()),
        f"{word}_low": found.low,
        f"{word}_high": found.high,
        f"{word}_draw_error": error,
    }
