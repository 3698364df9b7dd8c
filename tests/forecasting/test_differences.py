"""Runs against a reference: subtraction where both have something, and clear words where they have not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast.errors import InputError
from sdforecast.forecasting import single
from sdforecast.forecasting.differences import difference, reference_for
from sdforecast.runfiles import by_scenario
from tests.small import small


def runs(**scenarios: float) -> xr.Dataset:
    """Two years by month of a flow that is counted, at a level a scenario."""
    time = pd.date_range("2010-01-31", periods=24, freq="ME")
    values = np.stack([np.full(24, level) for level in scenarios.values()])
    return xr.Dataset(
        {"x": (("scenario", "time"), values, {"unit": "person/Month", "per": "month"})},
        coords={"scenario": list(scenarios), "time": time},
    )


def test_each_scenario_against_one_reference_summed_over_the_year() -> None:
    ours = runs(one=5.0, two=7.0)
    apart = difference(ours, reference_for(ours, by_scenario(runs(base=4.0)), "base"))
    table = single.by_year(apart, [2010, 2011])
    assert table[["scenario", "unit", "2010", "2011"]].to_numpy().tolist() == [
        ["one", "person/year", 12.0, 12.0],
        ["two", "person/year", 36.0, 36.0],
    ]


def test_each_scenario_against_the_one_of_its_name() -> None:
    ours = runs(one=5.0, two=7.0)
    earlier = by_scenario(runs(two=1.0, one=2.0, three=9.0))
    apart = difference(ours, reference_for(ours, earlier, "f.csv"))
    assert apart["x"].isel(time=0).to_numpy().tolist() == [3.0, 6.0]
    with pytest.raises(InputError, match=r"f\.csv: holds several scenarios, but not 'four'"):
        reference_for(runs(four=1.0), earlier, "f.csv")


def test_only_times_and_variables_that_both_have() -> None:
    ours = runs(one=5.0).assign(y=runs(one=1.0)["x"])
    short = by_scenario(runs(base=4.0).isel(time=slice(6, 12)))
    reference = reference_for(ours, short, "base")
    assert list(reference.data_vars) == ["x"]
    assert difference(ours, reference)["x"].to_numpy().tolist() == [[1.0] * 6]
    with pytest.raises(InputError, match="no variable at a time that this run has"):
        reference_for(ours, {"": {"z": short["base"]["x"]}}, "base")


def test_months_are_no_model_times() -> None:
    with pytest.raises(InputError, match="counts time otherwise"):
        reference_for(runs(one=5.0), {"": {"x": pd.Series([1.0], index=[0.0])}}, "f.csv")


def test_elements_of_a_model_with_its_own_time() -> None:
    model = small("regions.mdl")
    one, other = single.run(model, last=5), single.run(model, last=9)
    apart = difference(one, reference_for(one, by_scenario(other), "other"))
    assert apart["Stock"].dims == one["Stock"].dims
    assert float(abs(apart["Stock"]).max()) == 0.0
    assert apart.sizes["time"] == 6
