"""Quantiles over the draws and 12-month sums, against numpy and by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast.forecasting import LEVELS, quantile_table, twelve_month_sums


@pytest.fixture
def runs() -> xr.Dataset:
    rng = np.random.default_rng(1)
    values = rng.lognormal(size=(9, 2, 24))
    return xr.Dataset(
        {
            "deaths": (("draw", "scenario", "time"), values, {"unit": "deaths/Month"}),
            "purity": (("draw", "scenario", "time"), values[::-1] / 10, {"unit": "Dmnl"}),
        },
        coords={
            "draw": range(9),
            "scenario": ["zebra", "ant"],
            "time": pd.date_range("2010-01-31", periods=24, freq="ME"),
        },
    )


def test_every_number_is_numpys(runs: xr.Dataset) -> None:
    table = quantile_table(runs)
    assert list(table.columns) == ["scenario", "time", "variable", "unit", "quantile", "value"]
    assert len(table) == 2 * 24 * 2 * len(LEVELS)
    assert not table.duplicated(["scenario", "time", "variable", "quantile"]).any()
    for row in table.sample(60, random_state=1).itertuples():
        over_draws = runs[row.variable].sel(scenario=row.scenario, time=row.time).to_numpy()
        assert row.value == pytest.approx(np.quantile(over_draws, row.quantile), rel=1e-12)
        assert row.unit == runs[row.variable].attrs["unit"]


def test_days_are_written_as_dates_and_scenarios_keep_their_order(runs: xr.Dataset) -> None:
    table = quantile_table(runs)
    assert table["time"].iloc[0] == "2010-01-31"
    assert table["scenario"].unique().tolist() == ["zebra", "ant"]
    assert table["variable"].unique().tolist() == ["deaths", "purity"]


def test_chosen_levels(runs: xr.Dataset) -> None:
    assert sorted(set(quantile_table(runs, (0.1, 0.9))["quantile"])) == [0.1, 0.9]


def test_a_single_draw_has_a_value_and_no_spread(runs: xr.Dataset) -> None:
    table = quantile_table(runs.isel(draw=[3]))
    assert set(table["quantile"]) == {0.5}
    deaths = table[(table["variable"] == "deaths") & (table["scenario"] == "ant")]["value"]
    np.testing.assert_array_equal(deaths, runs["deaths"].sel(draw=3, scenario="ant").to_numpy())


def test_twelve_month_sums_by_hand(runs: xr.Dataset) -> None:
    sums = twelve_month_sums(runs["deaths"])
    assert sums.sizes["time"] == 13
    assert str(sums["time"].to_numpy()[0])[:10] == "2010-12-31"
    one = runs["deaths"].to_numpy()[4, 1]
    np.testing.assert_allclose(sums.to_numpy()[4, 1], [one[k : k + 12].sum() for k in range(13)])
