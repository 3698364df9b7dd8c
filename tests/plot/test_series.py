import dataclasses

import numpy as np
import pandas as pd
import pytest

from sdforecast.plot import series
from tests.sample_forecast import DEATHS, MIXES, deaths_in, sample


def test_yearly_sums_are_those_of_twelve_months() -> None:
    years = series.yearly(sample().trajectories[DEATHS])
    assert years["year"].to_numpy().tolist() == list(range(2010, 2036))
    expected = sum(deaths_in(month, 2, 1) for month in range(17 * 12, 18 * 12))
    assert float(years.sel(draw=2, scenario=MIXES[1], year=2027)) == expected


def test_an_incomplete_year_is_left_out() -> None:
    years = series.yearly(sample(months=200).trajectories[DEATHS])
    assert int(years["year"].max()) == 2025


def test_differences_are_paired_by_draw() -> None:
    # Each later mix has 100 fewer a month in every draw, whatever the level of the draw.
    gaps = series.against(series.yearly(sample().trajectories[DEATHS]).sel(year=2030), MIXES[0])
    assert gaps.sel(scenario=MIXES[1]).to_numpy() == pytest.approx(-1200)
    assert gaps.sel(scenario=MIXES[2]).to_numpy() == pytest.approx(-2400)
    assert MIXES[0] not in gaps["scenario"]


def test_spread_is_the_quantiles_over_the_draws() -> None:
    table = series.spread(sample().trajectories[DEATHS], "time")
    first = table[(table["scenario"] == MIXES[0]) & (table["time"] == "2010-01-31")].set_index("quantile")["value"]
    values = [2000, 2010, 2020, 2030, 2040]
    assert first.to_dict() == pytest.approx({q: np.quantile(values, q) for q in (0.05, 0.25, 0.5, 0.75, 0.95)})


def test_one_set_has_no_spread() -> None:
    table = series.spread(sample(draws=1).trajectories[DEATHS], "time")
    assert set(table["quantile"]) == {0.5}


def test_counted_deaths_are_the_published_ones() -> None:
    rolling = series.counted(sample(), "12-month-ending").set_index("period_end")["value"]
    assert rolling[pd.Timestamp("2024-12-31")] == 48_662  # CDC, closed file of 2024, by place of occurrence
    assert series.last_counted(sample()) == pd.Timestamp("2025-04-30")


def test_without_a_history_nothing_is_counted() -> None:
    bare = dataclasses.replace(sample(), history=sample().history.iloc[:0])
    assert series.counted(bare, "month").empty
    assert series.last_counted(bare) == pd.Timestamp("2010-12-31")


def test_an_observed_sum_of_a_flow_is_shown_by_the_month() -> None:
    seen = series.observations(sample(), DEATHS)
    assert seen["value"].tolist() == [1000.0]  # 12,000 in the year
    shares = series.observations(sample(), "fentanyl share")
    assert shares["value"].tolist() == [0.2, 0.3]


def test_years_compared_run_from_the_first_change_to_the_end() -> None:
    assert series.compared_years(sample()) == (2027, 2035)
    assert series.compared_years(sample(MIXES[:1])) == (2026, 2035)
    assert series.compared_years(sample(months=230)) == (2027, 2028)
    assert series.compared_years(sample(months=192)) == (2025, 2025)
