"""Counts of a forecast: closed months are the counts, incomplete ones lie where two normal errors put them."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from sdforecast import history
from sdforecast.errors import InputError
from sdforecast.forecasting import Forecast
from sdforecast.issuing import QUANTITIES, counts
from sdforecast.issuing.counts import SPREAD, _completed
from sdforecast.observation.revisions import completeness, provisional
from tests.issuing.conftest import forecast
from tests.sample_forecast import DEATHS


@pytest.fixture(scope="module")
def vintages() -> pd.DataFrame:
    return history.load_vintages()


def known(series: str, aggregation: str) -> pd.Series:
    rows = history.select(history.load(), series, aggregation=aggregation, breakdown="occurrence")
    return rows.set_index("period_end")["value"]


def test_horizons_count_from_the_last_counted_month(made: Forecast) -> None:
    found = counts(made)
    assert found.reference == history.last_observed(made.history)
    for each in QUANTITIES:
        horizons = found.horizons(each.target)
        np.testing.assert_array_equal(horizons, np.arange(1 - found.incomplete[each.target], 33))
        ends = pd.DatetimeIndex(found.paths[each.target]["time"]).to_period("M")
        np.testing.assert_array_equal(ends.asi8 - found.reference.to_period("M").ordinal, horizons)


def test_the_nowcast_is_what_the_publisher_has_not_closed(made: Forecast) -> None:
    rows = history.select(made.history, "all_drug_deaths", aggregation="month", breakdown="occurrence")
    assert counts(made).incomplete["all drug deaths"] == (rows["status"] == "provisional").sum()


def test_a_sum_is_closed_counts_and_drawn_months(made: Forecast) -> None:
    found, months = counts(made), known("synthetic_opioid_deaths", "month")
    sums, single = found.paths[DEATHS], found.paths[f"{DEATHS} month"]
    incomplete = found.incomplete[DEATHS]
    closed = months.iloc[-12:-incomplete].sum()  # of the twelve months to the last counted one
    at = found.reference
    np.testing.assert_allclose(
        sums.sel(time=at).to_numpy(), closed + single.sel(time=slice(None, at)).sum("time").to_numpy(), rtol=1e-12
    )


def test_the_same_draw_deviates_alike_under_every_scenario() -> None:
    found = counts(forecast()).paths[f"{DEATHS} month"]
    before_2027 = found.sel(time=slice("2025-05", "2026-12"))  # where the sample's scenarios are the same
    first, second = (before_2027.sel(scenario=name).to_numpy() for name in ("current-course", "military-only"))
    np.testing.assert_array_equal(first, second)
    after = found.sel(time="2027-06-30")
    assert (after.sel(scenario="military-only") < after.sel(scenario="current-course")).all()


def test_future_counts_keep_the_mean_and_have_the_spread() -> None:
    made = forecast(draws=2000)
    same = made.trajectories[DEATHS].copy(data=np.full(made.trajectories[DEATHS].shape, 4000.0))
    runs = made.trajectories.assign({DEATHS: same})
    paths = counts(dataclasses.replace(made, trajectories=runs)).paths[f"{DEATHS} month"]
    later = paths.sel(time=slice("2025-05", None)).isel(scenario=0).to_numpy()
    assert later.mean() == pytest.approx(4000, rel=1e-3)
    assert later.std() / 4000 == pytest.approx(np.sqrt(SPREAD**2 + 1 / 4000), rel=0.02)


def test_a_month_counted_in_part_lies_between_model_and_completed_count() -> None:
    """Against the conjugate normal by quadrature."""
    expected, centre, sd, spread = 4000.0, np.log(3600.0), 0.02, 0.015
    grid = np.linspace(np.log(3000), np.log(5000), 20001)
    variance = spread**2 + 1 / expected
    log_density = -((grid - np.log(expected)) ** 2) / (2 * variance) - (grid - centre) ** 2 / (2 * sd**2)
    weight = np.exp(log_density - log_density.max())
    mean = (grid * weight).sum() / weight.sum()
    deviation = np.sqrt(((grid - mean) ** 2 * weight).sum() / weight.sum())
    steps = np.array([[-1.0, 0.0, 1.0]])  # [month, draw]
    drawn = np.log(_completed(np.full((3, 1, 1), expected), np.array([centre]), np.array([sd]), spread, steps))
    np.testing.assert_allclose(drawn.ravel(), [mean - deviation, mean, mean + deviation], rtol=1e-6)


def test_the_nowcast_of_the_youngest_month_leans_on_its_completed_count(made: Forecast, vintages: pd.DataFrame) -> None:
    rows = history.select(made.history, "all_drug_deaths", aggregation="month", breakdown="occurrence").tail(1)
    late = provisional(rows, completeness(vintages, "all_drug_deaths"))
    completed = float(rows["value"].iloc[0] * np.exp(-late["log_share"].iloc[0]))
    draws = counts(made, vintages).paths["all drug deaths month"].sel(time=rows["period_end"].iloc[0]).to_numpy()
    expected = made.trajectories["all drug deaths"].sel(time=rows["period_end"].iloc[0]).to_numpy()
    low, high = sorted([completed, float(np.median(expected))])
    assert low < np.median(draws) < high


def test_a_forecast_without_the_deaths_is_refused(made: Forecast) -> None:
    runs = made.trajectories.drop_vars("all drug deaths")
    with pytest.raises(InputError, match="no variable 'all drug deaths'"):
        counts(dataclasses.replace(made, trajectories=runs))


def test_a_forecast_that_ends_before_the_counts_is_refused() -> None:
    with pytest.raises(InputError, match="ends before the last counted month"):
        counts(forecast(months=180))


def test_a_series_that_lags_is_nowcast_to_the_last_month_of_the_other(made: Forecast) -> None:
    rows = made.history
    late = rows["series"].eq("all_drug_deaths") & rows["period_end"].eq("2025-04-30")
    found = counts(dataclasses.replace(made, history=rows[~late]))
    assert found.reference == pd.Timestamp("2025-04-30")
    assert found.incomplete["all drug deaths"] == 16
    month = found.paths["all drug deaths month"].sel(time="2025-04-30")
    expected = made.trajectories["all drug deaths"].sel(time="2025-04-30")
    assert float(np.log(month / expected).std()) == pytest.approx(np.sqrt(SPREAD**2 + 1 / 5200), rel=0.25)
