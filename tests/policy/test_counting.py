"""Sums of deaths against the outcomes of a comparison, and against what was counted."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdforecast import history, scenario
from sdforecast.errors import InputError
from sdforecast.inference import Posterior, load
from sdforecast.model import read
from sdforecast.policy.counting import PAST, Counting, counting
from sdforecast.policy.outcomes import outcomes

MIXES = ("current-course", "military-only")


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return load(whole=False).thin(8)


@pytest.fixture(scope="module")
def count(posterior: Posterior) -> Counting:
    return counting(read(), posterior, [scenario.load(name) for name in MIXES], seed=3)


def test_totals_are_the_years_of_a_comparison(posterior: Posterior, count: Counting) -> None:
    """At the file's own step and by another way through the program; the integration differs by some 0.1 %."""
    compared = outcomes(MIXES, posterior=posterior, seed=3, variables=["deaths"])
    assert count.totals(np.arange(8)) == pytest.approx(
        compared.yearly["deaths"].sum("year").sel(scenario=list(MIXES)).transpose("draw", "scenario").to_numpy(),
        rel=2e-3,
    )


def test_a_run_does_not_depend_on_its_neighbours(posterior: Posterior, count: Counting) -> None:
    rows = np.array([5, 0, 5, 3])
    name = "price elasticity"
    own = pd.DataFrame({name: posterior.draws[name].to_numpy()[rows]})
    moved = own.assign(**{name: own[name] * [1, 1, 1.2, 1]})
    once, changed = count.totals(rows, own), count.totals(rows, moved)
    assert np.array_equal(once, count.totals(np.arange(8))[rows])
    assert np.array_equal(once[[0, 1, 3]], changed[[0, 1, 3]])
    assert (once[2] != changed[2]).all()


def test_a_draw_of_the_posterior_keeps_what_was_counted(posterior: Posterior, count: Counting) -> None:
    table = history.load()
    counted = table[(table["series"] == "synthetic_opioid_deaths") & (table["aggregation"] == "12-month-ending")]
    ends = counted[counted["period_end"].dt.month == 12].groupby(counted["period_end"].dt.year)["value"].last()
    years = [year for year in range(PAST[0], PAST[1] + 1) if year in ends.index]
    past = np.median(count.past(np.arange(8)), axis=0)[[year - PAST[0] for year in years]]
    assert len(years) >= 8
    assert past == pytest.approx(ends[years].to_numpy(), rel=0.05)
    same = pd.DataFrame({"price elasticity": posterior.draws["price elasticity"].to_numpy()})
    assert count.moved(np.arange(8), same).max() == 0


def test_what_a_scenario_sets_counts_before_a_draw(posterior: Posterior) -> None:
    base = scenario.load("current-course")
    name = "price elasticity"
    fixed = base.model_copy(update={"name": "fixed", "assumptions": {name: 0.5}})
    count = counting(read(), posterior, [base, fixed], horizon="2027-12")
    rows = np.zeros(2, dtype=int)
    totals = count.totals(rows, pd.DataFrame({name: [0.5, 0.9]}))
    assert totals[0, 0] == totals[0, 1] == totals[1, 1] != totals[1, 0]


@pytest.mark.parametrize("horizon", ["2036-01", "2026-12", "soon"])
def test_a_horizon_that_cannot_be(posterior: Posterior, horizon: str) -> None:
    with pytest.raises(InputError, match="horizon"):
        counting(read(), posterior, [scenario.load("current-course")], horizon=horizon)
