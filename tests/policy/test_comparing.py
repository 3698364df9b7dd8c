"""A comparison, against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sdforecast.errors import InputError
from sdforecast.policy.comparing import Comparison, compare
from tests.policy import made
from tests.policy.made import YEARS

MIX, OTHER = "soft-power-with-teeth", "military-only"
N = len(YEARS)


def cell(table: pd.DataFrame, **where: object) -> pd.Series:
    for column, value in where.items():
        table = table[table[column] == value]
    assert len(table) == 1
    return table.iloc[0]


@pytest.fixture
def steady() -> Comparison:
    """One mix averts 100 deaths a year in every draw at 2 (billion, million) a year more, the other adds 50."""
    return compare(made.outcomes({MIX: np.full(40, 100.0), OTHER: np.full(40, -50.0)}, costs={MIX: 2.0, OTHER: 1.0}))


def test_deaths_averted_add_up_over_the_years(steady: Comparison) -> None:
    whole = cell(steady.effects, scenario=MIX, effect="deaths averted", year="all years")
    assert (whole["median"], whole["low"], whole["high"], whole["error"]) == (100 * N, 100 * N, 100 * N, 0)
    by_year = steady.effects[(steady.effects["scenario"] == OTHER) & (steady.effects["effect"] == "deaths averted")]
    assert by_year.loc[by_year["year"] != "all years", "median"].tolist() == [-50.0] * N


def test_years_of_life_are_those_of_the_deaths(steady: Comparison) -> None:
    saved = cell(steady.summary, scenario=MIX)["life years saved"]
    assert saved == pytest.approx(100 * N * made.PER_DEATH)


def test_chance_and_first_year(steady: Comparison) -> None:
    good, bad = cell(steady.summary, scenario=MIX), cell(steady.summary, scenario=OTHER)
    assert (good["chance"], good["first_year"], good["harm_year"]) == (1, 2027, 0)
    assert (bad["chance"], bad["first_year"], bad["harm_year"]) == (0, 0, 2027)


def test_cost_per_death_averted(steady: Comparison) -> None:
    budget = cell(steady.costs, scenario=MIX, cost="budget")
    assert (budget["median"], budget["unit"]) == (pytest.approx(2e9 / 100), "USD per death averted")
    hours = cell(steady.costs, scenario=MIX, cost="border hours")
    assert hours["median"] == pytest.approx(2e6 / 100)
    none = cell(steady.costs, scenario=OTHER, cost="budget")
    assert np.isnan(none["median"])
    assert none["words"] == "none: more deaths in 100 % of draws"


def test_the_first_year_is_that_of_the_interval_not_of_the_median() -> None:
    """In each year 10 % of the draws have more deaths, from 2030 on none has."""
    averted = np.full((40, N), 100.0)
    averted[:4, :3] = -10.0
    found = compare(made.outcomes({MIX: averted}))
    assert cell(found.summary, scenario=MIX)["first_year"] == 2030


def test_the_median_month_counts_draws_without_effect_as_late() -> None:
    early = [*range(204, 224), *[np.nan] * 20]
    found = compare(made.outcomes({MIX: 1.0, OTHER: 1.0}, onset={MIX: early, OTHER: [np.nan] * 21 + [204] * 19}))
    assert cell(found.summary, scenario=MIX)["month"] == "2028-08"
    assert cell(found.summary, scenario=MIX)["month_never"] == 0.5
    assert cell(found.summary, scenario=OTHER)["month"] == ""


def test_pairing_takes_out_what_both_have() -> None:
    """Draws differ by thousands, the effect is 3 in each: without pairing it would drown."""
    outcomes = made.outcomes({MIX: np.full(40, 3.0)})
    shift = np.random.default_rng(1).normal(0, 5000, 40)
    yearly = outcomes.yearly.copy(deep=True)
    yearly["deaths"].data += shift[:, None, None]
    found = compare(replace(outcomes, yearly=yearly))
    whole = cell(found.effects, scenario=MIX, effect="deaths averted", year="all years")
    assert whole["low"] == pytest.approx(3 * N)
    assert whole["high"] == pytest.approx(3 * N)


def test_money_and_years_of_life_are_discounted_deaths_and_hours_are_not() -> None:
    rate = 0.03
    outcomes = made.outcomes({MIX: np.full(40, 100.0)}, costs={MIX: 2.0})
    plain, found = compare(outcomes), compare(outcomes, rate)
    worth = sum(np.exp(-rate * (t + 0.5)) for t in range(N))
    where = {"scenario": MIX, "year": "all years"}
    assert cell(found.effects, effect="budget", **where)["median"] == pytest.approx(2 * worth)
    for effect in ("deaths averted", "border hours"):
        same = cell(found.effects, effect=effect, **where)["median"]
        assert same == cell(plain.effects, effect=effect, **where)["median"]
    lives = cell(found.effects, effect="life years saved", **where)["median"]
    annuity = -np.expm1(-rate * made.PER_DEATH) / rate
    assert 0.8 * 100 * annuity * worth < lives < 100 * annuity * worth  # ages differ: less than the mean's annuity


def test_stages_are_changes_in_per_cent(steady: Comparison) -> None:
    whole = steady.stages[steady.stages["year"] == "all years"].set_index(["scenario", "stage"])
    assert whole.loc[(MIX, "purity"), "median"] == pytest.approx(20)
    assert whole.loc[(MIX, "deaths"), "median"] == pytest.approx(-100 * 100 / made.BASE)
    order = whole.loc[MIX].index.tolist()
    assert (order[0], order[-1]) == ("precursors", "deaths")


def test_nothing_changes_under_a_copy_of_the_reference() -> None:
    found = compare(made.outcomes({MIX: 0.0}))
    row = cell(found.summary, scenario=MIX)
    assert (row["deaths averted"], row["chance"], row["first_year"], row["harm_year"]) == (0, 0, 0, 0)
    assert (found.costs["words"] == "not given: deaths fall in only 0 % of draws").all()


@pytest.mark.parametrize("rate", [-0.01, 0.3, float("nan"), 3.0])
def test_a_rate_that_is_none(rate: float) -> None:
    with pytest.raises(InputError, match=r"out of range .*0\.03 is 3 %"):
        compare(made.outcomes({MIX: 1.0}), rate)


def test_what_cannot_be_compared() -> None:
    with pytest.raises(InputError, match="only the reference, current-course, was run"):
        compare(made.outcomes({}))
    outcomes = made.outcomes({MIX: 1.0})
    with pytest.raises(InputError, match="no 'budget'"):
        compare(replace(outcomes, yearly=outcomes.yearly.drop_vars("budget")))
