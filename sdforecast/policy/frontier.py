"""From low budgets to high: the mixes that avert most deaths, and the shipped ones beside them.

Levels are searched for on few draws (:mod:`.optimising`); what stands in the tables comes from other, more draws, run
as every comparison is (:mod:`.outcomes`), so that a mix that only suits the few it was chosen on shows it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sdforecast import calendar, scenario
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.forecasting.disturbing import LAST, disturbances
from sdforecast.inference import Posterior, load
from sdforecast.model import ModelFile
from sdforecast.model import read as read_model
from sdforecast.observation.errors import evidence
from sdforecast.policy import costs
from sdforecast.policy.kept import DEATHS
from sdforecast.policy.optimising import CRITERIA, Search, worst_decile
from sdforecast.policy.outcomes import FIRST, REFERENCE, outcomes
from sdforecast.policy.steering import Levers
from sdforecast.scenario import Scenario

SEARCHED = 32
"""Draws on which levels are searched for."""

EVALUATED = 300
BUDGETS = 6
RAMP = 12
"""Months over which levels move."""

MOST = 1000.0
"""A budget that binds nothing, billion dollars a year."""

ALIKE, ALIKE_LEAST = 0.05, 0.1
"""Share, and billion dollars a year, by which a mix that is regretted may be dearer: searches end not quite alike."""

ELSEWHERE = ("china_enforcement",)
"""Instruments that another country decides on: they are not chosen."""

SETS = {"all": "all instruments", "published": "without instruments whose cost is an assumption"}
_TITLES = {
    "mean": "Most deaths averted on average",
    "worst decile": "Most deaths averted in the worst tenth of draws",
    "regret": "Least greatest regret",
}


@dataclass(frozen=True)
class Frontier:
    """Best mixes by budget, and other mixes on the same plane.

    Attributes
    ----------
    table : one row a mix: `scenario, set, criterion, budget` (empty for other mixes), `cost` (mean, billion 2024 USD a
        year more than the reference), `averted` (mean), `low, high` (nine in ten draws), `worst_decile`, `regret` (the
        greatest over the draws, against the best of all mixes here that cost no more, or hardly more), `error` (of the
        mean), `searched` (the mean on the draws that it was searched on), `dominated_by`.
    levels : one row a best mix, one column an instrument.
    mixes : the best mixes as scenarios, in the order of the table.
    now : levels under the reference.
    """

    table: pd.DataFrame
    levels: pd.DataFrame
    mixes: tuple[Scenario, ...]
    now: pd.Series
    manifest: dict[str, Any]


def frontier(
    budgets: Sequence[float] = (),
    *,
    beside: Sequence[Scenario] | None = None,
    criteria: Sequence[str] = CRITERIA,
    sets: Sequence[str] = tuple(SETS),
    instruments: Sequence[str] | None = None,
    cuts: bool = True,
    model: ModelFile | None = None,
    posterior: Posterior | None = None,
    searched: int = SEARCHED,
    draws: int = EVALUATED,
    seed: int = 1,
    first: int = FIRST,
    ramp: int = RAMP,
    horizon: str = LAST,
    reference: str = REFERENCE,
    threads: int | None = None,
    command: str = "sdf.frontier(...)",
    told: Callable[[str], None] = lambda line: None,
) -> Frontier:
    """Return the mixes that avert most deaths for each budget.

    Parameters
    ----------
    budgets : billion 2024 USD a year that the instruments may cost more than under the reference, on average over
        draws and years (default: from nothing to what the best mix without a limit costs).
    beside : other mixes to show (default: the shipped ones).
    criteria, sets : which of :data:`.optimising.CRITERIA` and :data:`SETS`.
    instruments : those whose levels are chosen (default: all but those that another country decides on). Each may rise
        or fall from where it stands.
    cuts : whether it may fall.
    searched, draws : draws on which levels are searched for, and from which the tables are made.
    first, ramp : year from whose January the levels move, over so many months; they are then kept.

    Raises
    ------
    InputError : unknown words, budgets that are negative or too large, a reference that moves after `first`.
    """
    model, posterior = model or read_model(), posterior or load(whole=False)
    _check(criteria, CRITERIA, "criterion")
    _check(sets, tuple(SETS), "set of instruments")
    chosen = tuple(each for each in scenario.instrument_ids() if each not in ELSEWHERE)
    if instruments is not None:
        _check(instruments, scenario.instrument_ids(), "instrument")
        chosen = tuple(dict.fromkeys(instruments))
    wrong = next((each for each in budgets if not 0 <= each <= MOST), None)
    if wrong is not None:
        raise InputError(Problem(f"budget {wrong:g} is out of range", hint=f"billion dollars a year, 0 to {MOST:g}"))
    few = posterior.thin(min(searched, len(posterior)))
    last, base = calendar.parse_month(horizon), scenario.load(reference)
    levers = Levers(
        model, few, disturbances(few, model, last, seed), base, chosen, (first - calendar.FIRST_YEAR) * 12, ramp, last,
        evidence().fitting, threads,
    )  # fmt: skip
    found, rows = _searched(levers, budgets, criteria, sets, told, cuts=cuts)
    others = [scenario.load(name) for name in scenario.shipped()] if beside is None else list(beside)
    others = [mix for mix in others if mix.name != base.name and not mix.counterfactual]
    told(f"running {len(found) + len(others)} mixes under {min(draws, len(posterior))} draws")
    ran = outcomes(
        [base, *found, *others], posterior=posterior, model=model, draws=min(draws, len(posterior)), seed=seed,
        first=first, horizon=horizon, reference=reference, variables=[DEATHS, "budget"], quick=True, threads=threads,
        command=command,
    )  # fmt: skip
    deaths, cost = (ran.yearly[name].transpose("scenario", "draw", "year").to_numpy() for name in (DEATHS, "budget"))
    averted = deaths[:1].sum(axis=-1) - deaths[1:].sum(axis=-1)
    price = (cost[1:].mean(axis=-1) - cost[:1].mean(axis=-1)).mean(axis=-1)
    rows += [{"scenario": mix.name, "title": mix.title, "set": "", "criterion": "", "budget": np.nan} for mix in others]
    levels = pd.DataFrame([row.pop("levels") for row in rows[: len(found)]], [mix.name for mix in found], list(chosen))
    table = _table(rows, averted, price)
    manifest = {
        **ran.manifest,
        "searched_draws": len(few),
        "instruments": list(chosen),
        "ramp_months": ramp,
        "cuts": cuts,
    }
    return Frontier(table, levels, tuple(found), pd.Series(levers.now, list(chosen)), manifest)


def _check(words: Sequence[str], known: Sequence[str], what: str) -> None:
    for word in words:
        if word not in known:
            raise InputError(Problem(f"no {what} '{word}'", hint=nearest(word, known)))


def _searched(
    levers: Levers,
    budgets: Sequence[float],
    criteria: Sequence[str],
    sets: Sequence[str],
    told: Callable[[str], None],
    *,
    cuts: bool,
) -> tuple[list[Scenario], list[dict[str, Any]]]:
    """Return the best mix for each set of instruments, criterion and budget, and what is known of it."""
    mixes: list[Scenario] = []
    rows: list[dict[str, Any]] = []
    for name in sets:
        free = np.array([name == "all" or each not in costs.unpublished() for each in levers.instruments])
        search = Search(levers.at, np.where(free & cuts, 0.0, levers.now), np.where(free, 1.0, levers.now))
        top = search.best(MOST, "mean", [levers.now, np.where(free, (search.low + search.high) / 2, levers.now)])
        told(
            f"{SETS[name]}: without a limit {top.averted.mean():,.0f} deaths averted for {top.price:.2f} billion a year"
        )
        limits = sorted(set(budgets)) or _spaced(top.price)
        means: dict[float, np.ndarray] = {}
        for criterion in criteria:
            before = levers.now  # costs nothing more
            for k, budget in enumerate(limits):
                best = search.best(budget, criterion, [before, means.get(budget, top.x)])
                before = best.x
                means.setdefault(budget, best.x)
                told(f"{SETS[name]}, {criterion}, {budget:g} billion a year: {best.averted.mean():,.0f} averted")
                label = f"frontier-{name}-{criterion.replace(' ', '-')}-{k}"
                title = f"{_TITLES[criterion]} for {budget:g} billion dollars a year"
                mix = levers.mix(best.x, label, title, _words(levers, name, budget, best.price))
                mixes.append(mix)
                rows.append({
                    "scenario": label, "title": title, "set": name, "criterion": criterion, "budget": budget,
                    "searched": float(best.averted.mean()), "levels": np.round(best.x, 3),
                })  # fmt: skip
    return mixes, rows


def _spaced(most: float) -> list[float]:
    """Return budgets from nothing to what the best mix costs, closer together where returns fall fastest."""
    return sorted({round(max(most, 0.0) * (k / (BUDGETS - 1)) ** 2, 2) for k in range(BUDGETS)})


def _words(levers: Levers, name: str, budget: float, price: float) -> str:
    mean = round(price, 2) + 0.0  # no minus before zero
    return (
        f"Found by a search for levels, {SETS[name]}, that cost at most {budget:g} billion dollars of 2024 a year more "
        f"than under {levers.reference.name} ({mean:.2f} on average over {len(levers.posterior)} draws). It is what "
        "follows from this model and its prices, no advice."
    )


def _table(rows: list[dict[str, Any]], averted: np.ndarray, price: np.ndarray) -> pd.DataFrame:
    """Return the table of all mixes from deaths averted [mixes, draws] and mean costs [mixes]."""
    table = pd.DataFrame(rows)
    mean, draws = averted.mean(axis=1), averted.shape[1]
    low, high = np.quantile(averted, (0.05, 0.95), axis=1)
    cheaper = price[None, :] <= (price + np.maximum(ALIKE * np.abs(price), ALIKE_LEAST))[:, None]
    best = np.stack([averted[others].max(axis=0) for others in cheaper])
    best = np.maximum(best, 0.0)  # the reference costs nothing more
    told = table.assign(
        cost=price, averted=mean, low=low, high=high, worst_decile=[worst_decile(each) for each in averted],
        regret=(best - averted).max(axis=1), error=averted.std(axis=1, ddof=1) / np.sqrt(draws) if draws > 1 else 0.0,
        dominated_by=[_dominating(k, table["scenario"], mean, price) for k in range(len(table))],
    )  # fmt: skip
    return told if "searched" in told else told.assign(searched=np.nan)


def _dominating(k: int, names: pd.Series, averted: np.ndarray, price: np.ndarray) -> str:
    """Return the mix that averts most among those that cost no more than mix k and avert more; empty if none does.

    The reference counts: it costs nothing more and averts none.
    """
    better = np.flatnonzero((price <= price[k]) & (averted > averted[k]))
    if len(better):
        return str(names.iloc[better[np.argmax(averted[better])]])
    return "the reference" if averted[k] < 0 <= price[k] else ""
