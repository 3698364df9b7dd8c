"""Figures over draws, against closed forms."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sdforecast.policy.estimating import chance, estimate


def test_the_error_of_a_median_is_that_of_theory() -> None:
    """The median of n standard normals has the standard error sqrt(pi / 2n)."""
    rng, n = np.random.default_rng(3), 400
    errors = [estimate(rng.standard_normal(n)).error for _ in range(60)]
    assert np.mean(errors) == pytest.approx(math.sqrt(math.pi / (2 * n)), rel=0.1)


def test_the_interval_holds_nine_tenths() -> None:
    values = np.arange(101.0)
    found = estimate(values)
    assert (found.low, found.median, found.high) == (5, 50, 95)


def test_equal_values_have_no_error() -> None:
    assert estimate(np.full(20, 7.0)).row() == {"median": 7, "low": 7, "high": 7, "error": 0}


@pytest.mark.parametrize("count", [1, 2])
def test_too_few_draws_say_nothing_of_the_error(count: int) -> None:
    assert math.isnan(estimate(np.arange(float(count))).error)


def test_an_infinite_draw_is_larger_than_any_other() -> None:
    values = np.concatenate([np.arange(90.0), np.full(10, np.inf)])
    found = estimate(values)
    assert found.high == np.inf
    assert found.median == 49
    assert math.isfinite(found.error)
    values[:] = np.inf
    assert estimate(values).median == np.inf


def test_a_chance_of_all_or_none_is_not_certain() -> None:
    share, error = chance(np.ones(18, bool))
    assert share == 1
    assert error == pytest.approx(math.sqrt(0.95 * 0.05 / 18))
    share, error = chance(np.arange(100) < 30)
    assert share == 0.3
    assert error == pytest.approx(math.sqrt(0.3 * 0.7 / 100), rel=0.02)
