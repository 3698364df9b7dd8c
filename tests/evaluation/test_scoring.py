"""Scores against closed forms, scoringrules' own formula, and a worked example."""

import numpy as np
import pandas as pd
import pytest
import scoringrules
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import lognorm, norm

from sdforecast.errors import InputError
from sdforecast.evaluation.levels import HUB_LEVELS
from sdforecast.evaluation.scoring import bias, pit, score, wis
from tests.evaluation.samples import MIDDLE, ORIGIN, forecast, happened

LEVELS = np.array(HUB_LEVELS)
counts = st.floats(1, 2e5)
quantiles = st.lists(counts, min_size=23, max_size=23).map(sorted)


def one(values, outcome, **more):
    return score(forecast(values, **more), happened(outcome)).iloc[0]


@settings(max_examples=30, deadline=None)
@given(counts, counts)
def test_of_a_point_forecast_the_wis_is_the_absolute_error(point, outcome):
    row = one(point, outcome)
    assert row["wis"] == pytest.approx(abs(point - outcome), abs=1e-6)
    assert row["dispersion"] == 0
    assert row["crps_log"] == pytest.approx(abs(np.log1p(point) - np.log1p(outcome)), abs=1e-9)
    assert row["percent_error"] == pytest.approx(100 * (point / outcome - 1))


@settings(max_examples=30, deadline=None)
@given(quantiles, counts)
def test_the_wis_is_that_of_scoringrules_and_the_sum_of_its_parts(values, outcome):
    row, table = one(values, outcome), np.array(values)
    theirs = scoringrules.weighted_interval_score(
        outcome, table[MIDDLE], table[:MIDDLE], table[:MIDDLE:-1], 2 * LEVELS[:MIDDLE], backend="numba"
    )
    assert row["wis"] == pytest.approx(theirs, abs=1e-6)
    assert row["dispersion"] + row["overprediction"] + row["underprediction"] == pytest.approx(theirs, abs=1e-6)
    assert min(row["overprediction"], row["underprediction"]) == 0 or row["covered_50"] is not None
    logs = np.log1p(table)
    theirs = scoringrules.weighted_interval_score(
        np.log1p(outcome), logs[MIDDLE], logs[:MIDDLE], logs[:MIDDLE:-1], 2 * LEVELS[:MIDDLE], backend="numba"
    )
    assert row["wis_log"] == pytest.approx(theirs, abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(quantiles, counts)
def test_wider_intervals_hold_what_narrower_ones_hold_and_bias_and_pit_stay_in_bounds(values, outcome):
    row = one(values, outcome)
    inside = [bool(row[f"covered_{nominal}"]) for nominal in (50, 80, 90, 95)]
    assert inside == sorted(inside)
    assert -1 <= row["bias"] <= 1
    assert 0 < row["pit"] < 1
    assert np.sign(row["bias"]) in (0, np.sign(row["percent_error"]))


def test_a_worked_example_by_hand():
    # The 23 quantiles are 1 … 23, the outcome 15: 11 intervals of widths 22, 20 … 2.
    row = one(np.arange(1, 24), 15)
    tails = [0.01, 0.025, 0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45]
    dispersion = sum(tail * (22 - 2 * k) for k, tail in enumerate(tails)) / 11.5
    under = (sum(max(15 - (23 - k), 0) for k in range(11)) + 3 / 2) / 11.5
    assert row["dispersion"] == pytest.approx(dispersion)
    assert (row["overprediction"], row["underprediction"]) == (0, pytest.approx(under))
    assert row["wis"] == pytest.approx(dispersion + under)
    assert [row[f"covered_{nominal}"] for nominal in (50, 80, 90, 95)] == [True] * 4
    assert row["pit"] == pytest.approx(0.65)  # the 15th level
    assert row["bias"] == pytest.approx(1 - 2 * 0.65)
    assert row["percent_error"] == pytest.approx(-20)


def test_of_a_normal_forecast_the_wis_nears_the_crps_of_the_closed_form():
    outcomes = np.linspace(-2, 2, 9)
    table = np.tile(norm.ppf(LEVELS), (9, 1))
    assert wis(table, outcomes) == pytest.approx(scoringrules.crps_normal(outcomes, 0, 1), rel=0.13)


def test_the_crps_of_logarithms_is_near_that_of_the_closed_form_and_nearer_from_draws():
    truth = scoringrules.crps_normal(np.log(11_000), np.log(10_000), 0.2)
    table = forecast(lognorm.ppf(LEVELS, 0.2, scale=10_000))
    draws = lognorm.ppf((np.arange(2000) + 0.5) / 2000, 0.2, scale=10_000)
    given_draws = pd.DataFrame(
        {"method": "ours", "target": table["target"].iloc[0], "origin": ORIGIN, "horizon": 12,
         "draw": range(2000), "value": draws}
    )  # fmt: skip
    rough = score(table, happened(11_000)).iloc[0]
    fine = score(table, happened(11_000), given_draws).iloc[0]
    assert rough["crps_log"] == pytest.approx(truth, rel=0.02)
    assert fine["crps_log"] == pytest.approx(truth, rel=0.002)
    assert (rough["crps_from"], fine["crps_from"]) == ("quantiles", "draws")
    assert rough["wis"] == fine["wis"]


@pytest.mark.parametrize(("shift", "stretch"), [(0.3, 1), (-0.3, 1), (0, 0.6), (0, 1.6)])
def test_the_true_quantiles_have_the_lowest_expected_wis(shift, stretch):
    outcomes = 100 + 10 * norm.ppf((np.arange(400) + 0.5) / 400)
    truth = np.tile(100 + 10 * norm.ppf(LEVELS), (400, 1))
    other = np.tile(100 + 10 * (shift + stretch * norm.ppf(LEVELS)), (400, 1))
    assert wis(truth, outcomes).mean() < wis(other, outcomes).mean()


def test_the_pit_of_right_forecasts_is_uniform_and_they_have_no_bias():
    share = (np.arange(1000) + 0.5) / 1000
    found = pit(np.tile(norm.ppf(LEVELS), (1000, 1)), norm.ppf(share))
    assert np.abs(found - share).max() < 0.03
    assert bias(np.tile(norm.ppf(LEVELS), (1000, 1)), norm.ppf(share)).mean() == pytest.approx(0, abs=1e-9)


def test_bias_is_one_where_all_quantiles_lie_above():
    assert one(np.arange(101, 124), 50)["bias"] == 1
    assert one(np.arange(101, 124), 500)["bias"] == -1
    assert one(np.arange(101, 124), 112)["bias"] == 0


def test_months_not_counted_yet_are_left_out():
    table = pd.concat([forecast(100), forecast(100, horizon=24)])
    scores = score(table, happened(100))
    assert list(scores["horizon"]) == [12]
    assert not score(forecast(100, horizon=36), happened(100)).shape[0]


def test_provisional_outcomes_are_marked():
    assert bool(score(forecast(90), happened(100).assign(provisional=True))["provisional"].iloc[0])


@pytest.mark.parametrize(
    ("outcomes", "said"),
    [
        (happened(100, target="all drugs deaths"), "no outcomes of target"),
        (pd.concat([happened(100), happened(101)]), "two outcomes"),
        (happened(0), "above zero"),
        (happened(np.nan), "above zero"),
        (happened(100).drop(columns="value"), "lack the column 'value'"),
    ],
)
def test_wrong_outcomes_are_refused(outcomes, said):
    with pytest.raises(InputError, match=said):
        score(forecast(100), outcomes)


def test_wrong_draws_are_refused():
    draws = pd.DataFrame({"method": ["ours"] * 2, "target": "x", "origin": ORIGIN, "horizon": 12, "value": 1.0})
    with pytest.raises(InputError, match="lacks the column 'draw'"):
        score(forecast(100), happened(100), draws)
    with pytest.raises(InputError, match="a draw twice"):
        score(forecast(100), happened(100), draws.assign(draw=1))
