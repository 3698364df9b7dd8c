"""Acceptable sets: kept within the limit, spread as the theory says, discounted by Bartlett's formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

from sdforecast.inference import Acceptance, FitProblem, acceptable_sets, search
from sdforecast.inference.sets import discounts
from tests.inference.conftest import SLOPES, levels


@pytest.fixture
def best(linear: FitProblem) -> np.ndarray:
    return search(linear, np.array([0, 1, 2]), 1, np.random.default_rng(1))[0].positions


def accepted(problem: FitProblem, best: np.ndarray, wanted: int = 200, seed: int = 5, **options: int) -> Acceptance:
    return acceptable_sets(problem, best, wanted, np.random.default_rng(seed), **options)


def test_the_first_is_the_best_itself(linear: FitProblem, best: np.ndarray) -> None:
    found = accepted(linear, best)
    assert found.positions[0].tobytes() == best.tobytes()
    assert found.loss[0] == 0


def test_all_kept_fit_within_the_limit(linear: FitProblem, best: np.ndarray) -> None:
    found = accepted(linear, best)
    assert found.positions.shape == (200, 3)
    floor = (linear.residuals(best) ** 2).sum()
    by_hand = (linear.residuals(found.positions) ** 2).sum(axis=1) - floor
    np.testing.assert_allclose(found.loss, by_hand, atol=1e-9)
    assert (found.loss <= found.limit).all()


def test_the_limit_is_the_chi_squared_of_the_informed_directions(linear: FitProblem, best: np.ndarray) -> None:
    jacobian = SLOPES * np.array([1.0, 2.0, 0.5]) / 0.4
    gain = np.linalg.eigvalsh(jacobian.T @ jacobian)
    found = accepted(linear, best, 5)
    assert found.informed == pytest.approx((gain / (1 + gain)).sum(), rel=1e-4)
    assert found.limit == pytest.approx(chi2.ppf(0.95, found.informed))


def test_the_spread_is_that_of_the_posterior_of_a_linear_problem(linear: FitProblem, best: np.ndarray) -> None:
    found = accepted(linear, best, 3000, most_tried=6000, batch=500)
    jacobian = SLOPES * np.array([1.0, 2.0, 0.5]) / 0.4
    theory = np.sqrt(np.diag(np.linalg.inv(jacobian.T @ jacobian + np.eye(3))))
    spread = found.positions.std(axis=0)
    assert (spread[:2] < theory[:2] * 1.02).all()  # a twentieth of the tail is cut off
    assert (spread[:2] > theory[:2] * 0.75).all()
    assert spread[2] == pytest.approx(1, rel=0.05)  # what the data do not inform keeps its prior


def test_no_set_leaves_its_bounds(linear: FitProblem, best: np.ndarray) -> None:
    low, high = np.array([p.bounds for p in linear.parameters]).T
    positions = accepted(linear, best).positions
    assert ((positions >= low) & (positions <= high)).all()


def test_it_gives_up_and_says_how_many_it_tried(linear: FitProblem, best: np.ndarray) -> None:
    told: list[tuple[int, int]] = []
    found = acceptable_sets(
        linear, best, 10_000, np.random.default_rng(1), most_tried=100, batch=30,
        told=lambda kept, tried: told.append((kept, tried)),
    )  # fmt: skip
    assert found.tried == 120  # whole batches
    assert 1 < len(found.positions) <= 121
    assert told[-1] == (len(found.positions), 120)


def test_the_same_seed_gives_the_same_sets(linear: FitProblem, best: np.ndarray) -> None:
    one, two, other = (accepted(linear, best, 20, seed) for seed in (7, 7, 8))
    assert one.positions.tobytes() == two.positions.tobytes()
    assert one.positions.tobytes() != other.positions.tobytes()


class TestDiscounts:
    def problem(self, linear: FitProblem, *lengths: int) -> FitProblem:
        rows = [levels("y0", [1.0] * n, 0.4, target=f"series {k}") for k, n in enumerate(lengths)]
        return replace(linear, observations=pd.concat(rows, ignore_index=True))

    def test_an_autoregressive_series_counts_for_its_part(self, linear: FitProblem) -> None:
        rng = np.random.default_rng(1)
        errors = np.zeros(20_000)
        for k in range(1, len(errors)):
            errors[k] = 0.6 * errors[k - 1] + rng.standard_normal()
        weights = discounts(self.problem(linear, 20_000), errors)
        assert weights[0] == pytest.approx((1 - 0.6) / (1 + 0.6), rel=0.05)
        assert len(set(weights)) == 1

    def test_by_hand(self, linear: FitProblem) -> None:
        errors = np.concatenate([np.full(10, 3.0), np.full(10, 1.0)])  # after the mean: +1 ten times, -1 ten times
        weights = discounts(self.problem(linear, 20), errors)
        correlation = (9 - 1 + 9) / 20
        np.testing.assert_allclose(weights, (1 - correlation) / (1 + correlation))

    def test_independent_and_alternating_errors_count_in_full(self, linear: FitProblem) -> None:
        assert set(discounts(self.problem(linear, 40), np.tile([1.0, -1.0], 20))) == {1.0}

    def test_short_series_are_left_alone_and_each_series_is_its_own(self, linear: FitProblem) -> None:
        slow = np.concatenate([np.full(10, 1.0), np.full(10, -1.0)])
        weights = discounts(self.problem(linear, 19, 20), np.concatenate([np.linspace(-1, 1, 19), slow]))
        assert set(weights[:19]) == {1.0}
        np.testing.assert_allclose(weights[19:], (1 - 0.85) / (1 + 0.85))
