"""Structures at an origin: mixed by weight, and each beside the whole."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from sdforecast.backtesting import known_at
from sdforecast.backtesting.knowing import Known
from sdforecast.backtesting.mixing import mixed
from sdforecast.backtesting.names import OURS
from sdforecast.backtesting.refitting import Refit
from sdforecast.evaluation.levels import SYNTHETIC_OPIOIDS, TARGETS
from sdforecast.forecasting import Forecast
from sdforecast.forecasting.structures import Structure
from tests.sample_forecast import sample

HORIZONS = (6, 12)
ALL_DRUGS = next(target for target in TARGETS if target != SYNTHETIC_OPIOIDS)


@pytest.fixture(scope="module")
def known() -> Known:
    return known_at("2019-12")


def refit(known: Known, times: float, draws: int) -> Refit:
    """As a refit gives it: the sample's first scenario, its deaths times a factor, and 3,000 others a month."""
    whole = sample(draws=draws, variables=[SYNTHETIC_OPIOIDS])
    alone = whole.trajectories[SYNTHETIC_OPIOIDS].isel(scenario=[0])
    runs = xr.Dataset({SYNTHETIC_OPIOIDS: alone * times, ALL_DRUGS: alone * times + 3000})
    made: Forecast = replace(whole, trajectories=runs, scenarios=(whole.scenarios[0],), history=known.rows)
    return Refit(made, (ALL_DRUGS,), {}, 0.0, 1, 1)


def middle(found: object, method: str, target: str, horizon: int = 12) -> float:
    table = found.forecasts  # type: ignore[attr-defined]
    of = table[(table["method"] == method) & (table["target"] == target) & (table["horizon"] == horizon)]
    return float(np.interp(0.5, of["quantile"], of["value"]))


def test_one_structure_is_the_whole(known: Known) -> None:
    found = mixed(known, [Structure("alone", "")], [refit(known, 1.0, 20)], HORIZONS)
    assert set(found.forecasts["method"]) == {OURS} and found.draws == {"alone": 20}


def test_the_whole_lies_between_its_structures(known: Known) -> None:
    several = [Structure("low", "", weight=0.25), Structure("high", "", weight=0.75)]
    found = mixed(known, several, [refit(known, 1.0, 60), refit(known, 2.0, 60)], HORIZONS)
    assert set(found.forecasts["method"]) == {OURS, "low", "high"}
    assert found.draws == {"low": 20, "high": 60}  # as many as there are without taking one twice
    for target in TARGETS:
        assert middle(found, "low", target) < middle(found, OURS, target) <= middle(found, "high", target) * 1.001
    wide = found.forecasts.pivot_table(index=["target", "horizon", "quantile"], columns="method", values="value")
    assert (wide[OURS].unstack()[0.01] <= wide["high"].unstack()[0.01]).all()


def test_what_a_small_structure_does_not_count_is_its_hosts(known: Known) -> None:
    several = [Structure("large", "", weight=0.5), Structure("small", "", weight=0.5, borrows=True)]
    small = refit(known, 2.0, 20)
    alone = replace(
        small, forecast=replace(small.forecast, trajectories=small.forecast.trajectories[[SYNTHETIC_OPIOIDS]])
    )
    found = mixed(known, several, [refit(known, 1.0, 20), alone], HORIZONS)
    more = {name: middle(found, "small", name) - middle(found, "large", name) for name in TARGETS}
    assert more[SYNTHETIC_OPIOIDS] > 1000
    assert len(set(np.round(list(more.values()), -3))) == 1
