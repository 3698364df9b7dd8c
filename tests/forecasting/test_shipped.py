"""The shipped posterior, run as a forecast, is the fit that it reports."""

from __future__ import annotations

import numpy as np
import pytest

from sdforecast.forecasting import Forecast, forecast
from sdforecast.inference import Posterior, load

DEATHS = "synthetic opioid deaths"


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return load(whole=False)


@pytest.fixture(scope="module")
def made(posterior: Posterior) -> Forecast:
    """All draws under the current course."""
    return forecast(
        ["current-course"], posterior=posterior, draws=len(posterior), horizon="2027-12", variables=[DEATHS]
    )


def test_the_past_of_the_model_alone_is_the_fit_that_the_posterior_reports(
    made: Forecast, posterior: Posterior
) -> None:
    rows = posterior.residuals[posterior.residuals["target"] == "deaths, monthly from 2014"]
    alone = made.trajectories[f"{DEATHS} of the model"].sel(scenario="current-course", time=rows["end"].to_numpy())
    # Neighbours in the middle lie up to 0.4 % apart, so that the median is compared by rank: one draw off at most.
    below = (alone.transpose("draw", "time").to_numpy() < rows["model"].to_numpy()).mean(axis=0)
    assert abs(below - 0.5).max() <= 1.001 / alone.sizes["draw"]
    middle = np.abs(alone.median("draw").to_numpy() / rows["model"].to_numpy() - 1)
    assert np.quantile(middle, 0.95) < 2e-3


def test_the_past_with_its_discrepancy_follows_the_counts(made: Forecast, posterior: Posterior) -> None:
    yearly = made.trajectories[DEATHS].sel(scenario="current-course").resample(time="YE").sum().median("draw")
    for year in range(2015, 2025):
        counted, _ = posterior.manifest["fit"]["annual"][str(year)]
        assert float(yearly.sel(time=f"{year}-12-31")) == pytest.approx(counted, rel=0.02), year


def test_uncertainty_grows_from_the_last_month_on_without_a_step(made: Forecast) -> None:
    """Where each draw stands in the next months is where it stood in the last ones, as far as the season lets it."""
    deaths = np.log(made.trajectories[DEATHS].sel(scenario="current-course"))
    spread = deaths.std("draw").sel(time=["2025-04-30", "2025-07-31", "2026-07-31", "2027-07-31"]).to_numpy()
    assert (np.diff(spread) > 0).all()
    assert spread[0] < 0.05 < spread[-1]
    step = (deaths.sel(time="2025-05-31") - deaths.sel(time="2025-04-30")).to_numpy()
    assert abs(np.median(step)) < 0.15
