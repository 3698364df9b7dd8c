"""Scenarios against a reference: deaths averted, years of life, costs, when, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from sdforecast import calendar
from sdforecast.errors import InputError, Problem
from sdforecast.policy import costs, effects
from sdforecast.policy.estimating import chance, estimate
from sdforecast.policy.kept import ALL_DEATHS, COSTS, DEATHS, LIFE_YEARS
from sdforecast.policy.outcomes import Outcomes
from sdforecast.policy.ratios import per_death
from sdforecast.policy.stages import EVERY, stages

HIGHEST_RATE = 0.2

UNITS = {"budget": ("USD", 1e9), "public budget": ("USD", 1e9), "border hours": ("person hours", 1e6),
         "trade loss": ("USD of trade", 1e9), "trade income loss": ("USD", 1e9)}  # fmt: skip
"""Of a cost per death averted, and by how much the cost is multiplied to be in it."""


@dataclass(frozen=True)
class Comparison:
    """What scenarios change against the reference.

    Attributes
    ----------
    outcomes : what was run.
    discount : rate a year at which money and years of life are discounted to the start of the first year.
    effects : columns `scenario, effect, title, unit, year, median, low, high, error`: deaths averted and years of life
        saved (less than the reference), costs (more than it), by year and over "all years".
    summary : one row a scenario; see :func:`summary_of`.
    costs : `scenario, cost, title, unit, median, low, high, error, words`: each cost per death averted.
    stages : as :func:`.stages.stages` gives.
    """

    outcomes: Outcomes
    discount: float
    effects: pd.DataFrame
    summary: pd.DataFrame
    costs: pd.DataFrame
    stages: pd.DataFrame


def compare(outcomes: Outcomes, discount: float = 0.0) -> Comparison:
    """Return what the scenarios of `outcomes` change against its reference.

    Raises `InputError` where only the reference was run, an outcome is missing, or for a rate out of 0 to 0.2 a year.
    """
    check_rate(discount)
    if len(outcomes.scenarios) < 2:
        raise InputError(Problem(f"only the reference, {outcomes.reference}, was run", hint="name a scenario: -s NAME"))
    lacking = [name for name in (DEATHS, ALL_DEATHS, LIFE_YEARS, *COSTS) if name not in outcomes.yearly]
    if lacking:
        raise InputError(Problem(f"the outcomes have no '{lacking[0]}'", hint="run them without 'variables'"))
    table = effects_of(outcomes, discount)
    return Comparison(outcomes, discount, table, summary_of(outcomes, table), costs_of(outcomes, discount),
                      stages(outcomes))  # fmt: skip


def check_rate(discount: float) -> None:
    """Raise `InputError` for a rate that is none, before any work is done."""
    if not (math.isfinite(discount) and 0 <= discount <= HIGHEST_RATE):
        hint = f"a year, 0 to {HIGHEST_RATE}: 0.03 is 3 %"
        raise InputError(Problem(f"discount rate {discount:g} is out of range", hint=hint))


def effects_of(outcomes: Outcomes, discount: float) -> pd.DataFrame:
    """Return every effect by year and over all years; see :class:`Comparison`."""
    rows = []
    for name in (DEATHS, ALL_DEATHS, LIFE_YEARS, *COSTS):
        change = (effects.more if name in COSTS else effects.less)(outcomes, name, discount)
        unit, whole = change.attrs["unit"], change.sum("year")
        for mix in change["scenario"].to_numpy():
            told = {"scenario": str(mix), "effect": EFFECTS.get(name, name), "title": change.attrs["title"]}
            for year in change["year"].to_numpy():
                found = estimate(change.sel(scenario=mix, year=year).to_numpy())
                rows.append({**told, "unit": unit, "year": int(year), **found.row()})
            found = estimate(whole.sel(scenario=mix).to_numpy())
            rows.append({**told, "unit": unit.removesuffix(" a year"), "year": EVERY, **found.row()})
    return pd.DataFrame(rows)


EFFECTS = {DEATHS: "deaths averted", ALL_DEATHS: "all drug deaths averted", LIFE_YEARS: "life years saved"}
"""How an outcome is called when it is less than the reference's."""


def summary_of(outcomes: Outcomes, table: pd.DataFrame) -> pd.DataFrame:
    """Return one row a scenario.

    Columns: `scenario`, `title`; deaths averted and life years saved over all years, each with `low`, `high` and
    `error`; `chance`, the share of draws with fewer deaths than under the reference, and its `chance_error`;
    `first_year`, the first in which the interval of deaths averted lies above zero (0 if none); `harm_year`, the first
    in which it lies below; `month`, the median month in which deaths are first 1 % fewer ("" where half of the draws
    never get there); `month_never`, the share of draws that do not; `assumed_prices`, instruments of the mix whose cost
    no source has.
    """
    mixes = {mix.name: mix for mix in outcomes.scenarios}
    averted = effects.less(outcomes, DEATHS)
    rows = []
    for mix in averted["scenario"].to_numpy():
        row: dict[str, object] = {"scenario": str(mix), "title": mixes[str(mix)].title}
        for effect in (EFFECTS[DEATHS], EFFECTS[LIFE_YEARS]):
            found = table[(table["scenario"] == mix) & (table["effect"] == effect) & (table["year"] == EVERY)].iloc[0]
            row |= {effect: found["median"], **{f"{effect} {key}": found[key] for key in ("low", "high", "error")}}
        share, error = chance(averted.sel(scenario=mix).sum("year").to_numpy() > 0)
        row |= {"chance": share, "chance_error": error}
        by_year = table[(table["scenario"] == mix) & (table["effect"] == EFFECTS[DEATHS]) & (table["year"] != EVERY)]
        row |= {"first_year": _first(by_year, by_year["low"] > 0), "harm_year": _first(by_year, by_year["high"] < 0)}
        assumed = costs.assumed(mixes[str(mix)], mixes[outcomes.reference])
        row |= {"assumed_prices": ", ".join(assumed), **_month(outcomes.onset.sel(scenario=mix).to_numpy())}
        rows.append(row)
    return pd.DataFrame(rows)


def _first(by_year: pd.DataFrame, holds: pd.Series) -> int:
    return int(by_year.loc[holds, "year"].min()) if holds.any() else 0


def _month(onset: np.ndarray) -> dict[str, object]:
    """Return the median month of onset, draws without one counting as later than all."""
    middle = float(np.quantile(np.where(np.isnan(onset), np.inf, onset), 0.5, method="inverted_cdf"))
    label = calendar.month_label(int(middle)) if math.isfinite(middle) else ""
    return {"month": label, "month_never": float(np.isnan(onset).mean())}


def costs_of(outcomes: Outcomes, discount: float) -> pd.DataFrame:
    """Return each cost per death averted over all years; see :class:`Comparison`."""
    averted = effects.less(outcomes, DEATHS).sum("year")
    rows = []
    for name in COSTS:
        change = effects.more(outcomes, name, discount)
        unit, factor = UNITS[name]
        for mix in averted["scenario"].to_numpy():
            cost = factor * change.sum("year").sel(scenario=mix).to_numpy()
            found = per_death(cost, averted.sel(scenario=mix).to_numpy())
            cells = (
                found.estimate.row() if found.estimate else dict.fromkeys(("median", "low", "high", "error"), np.nan)
            )
            told = {"scenario": str(mix), "cost": name, "title": change.attrs["title"]}
            rows.append({**told, "unit": f"{unit} per death averted", **cells, "words": found.words})
    return pd.DataFrame(rows)
