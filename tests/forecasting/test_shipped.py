"""The shipped estimate, run as a forecast, is the fit that it reports."""

from __future__ import annotations

import numpy as np

from sdforecast.forecasting import forecast, single
from sdforecast.inference import load
from sdforecast.model import read

DEATHS = "synthetic opioid deaths"


def test_the_past_of_set_0_is_the_fit_that_the_estimate_reports() -> None:
    estimate = load()
    made = forecast(["current-course"], estimate=estimate, sets=1, horizon="2025-12", variables=[DEATHS])
    rows = estimate.residuals[estimate.residuals["target"] == "deaths, monthly from 2014"]
    ours = made.trajectories[DEATHS].sel(set=0, scenario="current-course", time=rows["end"].to_numpy())
    np.testing.assert_allclose(ours.to_numpy(), rows["model"], rtol=1e-4)


def test_a_run_of_the_model_file_alone_is_set_0() -> None:
    """The file carries the best constants (six digits), so that `run` and `forecast` tell the same story."""
    alone = single.run(read(), variables=[DEATHS]).sel(scenario="current-course")
    made = forecast(["current-course"], sets=1, variables=[DEATHS])
    theirs = made.trajectories.sel(set=0, scenario="current-course")
    np.testing.assert_allclose(alone[DEATHS].to_numpy(), theirs[DEATHS].to_numpy(), rtol=1e-3)
