"""Predictions and residuals, computed by hand on a run of a few months."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sdforecast.errors import InputError
from sdforecast.observation import columns_needed, predicted, residuals
from tests.small import small

COLUMNS = ["cumulative deaths", "purity"]
RUN = np.array([[0.0, 10.0], [5.0, 20.0], [15.0, 40.0], [30.0, 80.0], [50.0, 160.0]])
"""Months 0 to 3: deaths 5, 10, 15, 20; purity at the five months' borders."""


def observed(*rows: tuple[str, int, int], **more: object) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["kind", "first", "last"])
    variable = table["kind"].map({"flow": "deaths", "level": "purity"})
    return table.assign(**{"variable": variable, "unit": "deaths", "scale": "log", "sd": 0.5, "observed": 10.0} | more)


def test_a_flow_is_the_sum_over_its_months() -> None:
    rows = observed(("flow", 0, 0), ("flow", 1, 2), ("flow", 0, 3))
    assert predicted(rows, RUN, COLUMNS).tolist() == [5, 25, 50]


def test_a_level_is_the_mean_over_its_months_with_their_ends() -> None:
    rows = observed(("level", 0, 0), ("level", 1, 2), ("level", 0, 3))
    by_hand = [15, (30 + 60) / 2, (15 + 30 + 60 + 120) / 4]
    assert predicted(rows, RUN, COLUMNS).tolist() == by_hand


def test_the_order_of_columns_does_not_matter() -> None:
    rows = observed(("flow", 1, 2), ("level", 0, 0))
    assert predicted(rows, RUN[:, ::-1], COLUMNS[::-1]).tolist() == [25, 15]


def test_a_period_beyond_the_run_is_a_fault_and_not_a_number() -> None:
    with pytest.raises(InputError, match="outside the run"):
        predicted(observed(("flow", 3, 4)), RUN, COLUMNS)


def test_residuals_on_logarithms() -> None:
    rows = observed(("flow", 0, 0), ("flow", 1, 1))
    np.testing.assert_allclose(residuals(rows, np.array([20.0, 5.0])), [math.log(2) / 0.5, -math.log(2) / 0.5])


def test_residuals_on_logits_of_shares_and_of_per_cents() -> None:
    rows = observed(("level", 0, 0), ("level", 0, 0), scale="logit", unit=["Dmnl", "percent"], observed=[0.5, 50.0])
    by_hand = math.log(0.8 / 0.2) / 0.5
    np.testing.assert_allclose(residuals(rows, np.array([0.8, 80.0])), [by_hand, by_hand])


def test_residuals_of_a_perfect_run_are_zero_and_of_zero_are_finite() -> None:
    rows = observed(("flow", 0, 0), ("level", 0, 0), scale=["log", "logit"], observed=[10.0, 0.4])
    assert residuals(rows, np.array([10.0, 0.4])).tolist() == [0, 0]
    assert np.isfinite(residuals(rows, np.array([0.0, 0.0]))).all()
    assert (residuals(rows, np.array([0.0, 0.0])) < -5).all()


def test_columns_needed_are_cumulative_stocks_of_flows_and_levels_themselves() -> None:
    rows = pd.DataFrame({"kind": ["flow", "level", "flow"], "variable": ["net growth", "Population", "net growth"]})
    assert columns_needed(rows, small("logistic.mdl")) == ["cumulative net growth", "Population"]


def test_a_model_without_them_is_told_all_that_it_lacks() -> None:
    rows = pd.DataFrame({"kind": ["flow", "level"], "variable": ["immigration", "purity"]})
    with pytest.raises(InputError) as caught:
        columns_needed(rows, small("growth.mdl"))
    assert [problem.what for problem in caught.value.problems] == [
        "a target needs the variable 'cumulative immigration', which the model lacks",
        "a target needs the variable 'purity', which the model lacks",
    ]
