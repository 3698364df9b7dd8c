"""The shipped posterior against the tables, the history and the model that it stands for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast import history, observation, parameters
from sdforecast.inference import Posterior, load
from sdforecast.inference.belonging import belongs
from sdforecast.inference.compiling import LogDensity
from sdforecast.inference.consistency import agreement
from sdforecast.inference.density import density as density_of
from sdforecast.inference.studying import study
from sdforecast.model import read


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return load()


def test_it_belongs_to_the_shipped_model_priors_targets_and_data(posterior: Posterior) -> None:
    assert belongs(posterior, read()) == []


def test_a_short_run_on_from_its_draws_agrees_with_it(posterior: Posterior) -> None:
    pytest.importorskip("pymc")
    problem = study(read()).study
    density = LogDensity(density_of(problem))
    found = agreement(posterior, density.value_and_gradient, draws=24)
    assert found.gap < 0.05  # the log density that was kept with a draw, positions rounded to 16 binary digits
    assert found.accepted > 0.6
    assert found.drift < 4
    other = posterior.tree["unconstrained"].to_dataset()
    moved = xr.DataTree.from_dict({**{f"/{name}": part.to_dataset() for name, part in posterior.tree.children.items()},
                                   "/unconstrained": other.assign(position=other["position"] * 1.05)})  # fmt: skip
    wrong = agreement(replace(posterior, tree=moved), density.value_and_gradient, draws=24)
    assert wrong.gap > 1  # draws of another posterior are known


def test_every_value_lies_within_its_prior(posterior: Posterior) -> None:
    priors = {p.name: p for p in parameters.load()}
    for name, values in posterior.draws.items():
        low, high = priors[str(name)].low, priors[str(name)].high
        slack = 1e-6 * max(abs(low), abs(high))  # of 32 bits
        assert values.between(low - slack, high + slack).all(), name


def test_no_constant_with_a_prior_is_left_out(posterior: Posterior) -> None:
    assert set(posterior.draws) == {p.name for p in parameters.load() if p.spread > 0}
    assert set(posterior.best["parameter"]) == set(posterior.draws)


def test_its_figures_follow_from_its_residuals(posterior: Posterior) -> None:
    again = observation.fit_table(posterior.residuals, posterior.residuals["model"].to_numpy()).set_index("target")
    told = posterior.fit.set_index("target").loc[again.index]
    for column in ("n", "mape", "bias", "worst_factor", "beyond_two"):
        np.testing.assert_allclose(again[column], told[column], rtol=1e-5, atol=1e-5)


def test_its_observations_are_those_of_the_history(posterior: Posterior) -> None:
    observed = observation.observations(observation.load(), history.load())
    keys = ["target", "start", "end"]
    both = observed.merge(posterior.residuals, on=keys, suffixes=("", " there"))
    assert len(both) == len(observed) == len(posterior.residuals)
    np.testing.assert_allclose(both["observed there"], both["observed"], rtol=1e-6)


def test_deaths_are_met_as_well_as_it_says(posterior: Posterior) -> None:
    """The monthly residuals, and nothing of the manifest, show the turn."""
    rows = posterior.residuals
    late = rows[(rows["target"] == "deaths, monthly from 2014") & (rows["start"] >= pd.Timestamp("2023-01-01"))]
    assert len(late) == 28
    error = 100 * (late["model"] / late["observed"] - 1).abs().mean()
    assert error == pytest.approx(posterior.manifest["fit"]["recent_mape"], rel=0.15)  # a median, of other sums
    assert late["model"].iloc[-1] / late["model"].max() < 0.8  # a model that misses the turn does not fall so far
    fit = posterior.manifest["fit"]
    assert fit["annual_mape"] <= 20  # the aim for the model alone
    assert fit["annual_mape_with_discrepancy"] <= 10


def test_the_model_file_carries_the_mode(posterior: Posterior) -> None:
    """As calibration/calibrate.py leaves it."""
    values = read().variables.set_index("name")["value"]
    for name, value in zip(posterior.best["parameter"], posterior.best["value"], strict=True):
        assert values[name] == pytest.approx(value, rel=1e-5, abs=1e-9), name
