"""Residuals and derivatives of a problem whose derivatives are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sdforecast.inference import FitProblem
from sdforecast.inference.problem import FAILED
from tests.inference.conftest import SLOPES, linear_runner, parameter

SPREADS = np.array([1.0, 2.0, 0.5])


def test_residuals_are_standardised_logarithms(linear: FitProblem) -> None:
    x = np.array([0.2, 0.1, 5.0])
    by_hand = (SLOPES @ x - np.array([0.4, -0.9, 0.5, 1.8, -0.2])) / 0.4
    np.testing.assert_allclose(linear.residuals(np.zeros(3))[0], by_hand, atol=1e-12)


def test_derivatives_are_those_of_the_linear_model(linear: FitProblem) -> None:
    position = np.array([0.3, -0.4, 0.1])
    found = linear.jacobian(position, linear.residuals(position)[0])
    np.testing.assert_allclose(found, SLOPES * SPREADS / 0.4, atol=1e-8)


def test_some_parameters_alone(linear: FitProblem) -> None:
    found = linear.jacobian(np.zeros(3), linear.residuals(np.zeros(3))[0], np.array([1]))
    np.testing.assert_allclose(found, (SLOPES * SPREADS / 0.4)[:, [1]], atol=1e-8)


def test_at_a_bound_the_derivative_looks_inwards(linear: FitProblem) -> None:
    narrow = replace(linear, parameters=[parameter("a", 0.2, 1.0, -0.8, 1.2), *linear.parameters[1:]])
    for edge in (-1.0, 1.0):
        position = np.array([edge, 0.0, 0.0])
        found = narrow.jacobian(position, narrow.residuals(position)[0])
        np.testing.assert_allclose(found, SLOPES * SPREADS / 0.4, atol=1e-8)


def test_only_fitted_observations_count(linear: FitProblem) -> None:
    rows = linear.observations.assign(fitted=[True, False, True, True, False])
    some = replace(linear, observations=rows)
    np.testing.assert_array_equal(some.residuals(np.zeros(3))[0], linear.residuals(np.zeros(3))[0][[0, 2, 3]])
    assert some.jacobian(np.zeros(3), some.residuals(np.zeros(3))[0]).shape == (3, 3)


def test_a_run_without_a_number_is_bad_and_not_the_end(linear: FitProblem) -> None:
    def broken(jobs: object, advance: object) -> np.ndarray:
        values = linear_runner(jobs, advance)
        values[:, :, 1] = np.nan
        values[:, :, 2] = np.inf
        return values

    found = replace(linear, run=broken).residuals(np.zeros(3))[0]
    assert np.isfinite(found).all()
    assert (abs(found[1]), found[2]) == (FAILED, FAILED)


def test_each_run_is_told(linear: FitProblem) -> None:
    told: list[None] = []
    replace(linear, advance=lambda: told.append(None)).residuals(np.zeros((4, 3)))
    assert len(told) == 4
