"""The search against a closed form, and against a truth that made the data."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sdforecast.inference import FitProblem, search
from tests.inference.conftest import SLOPES, TRUTH, parameter

ALL = np.array([0, 1, 2])


def ridge(problem: FitProblem) -> np.ndarray:
    """Least squares with a standard normal prior: the normal equations."""
    jacobian = SLOPES * np.array([1.0, 2.0, 0.5]) / 0.4
    return np.asarray(
        np.linalg.solve(jacobian.T @ jacobian + np.eye(3), -jacobian.T @ problem.residuals(np.zeros(3))[0])
    )


def test_a_linear_problem_has_the_answer_of_the_normal_equations(linear: FitProblem) -> None:
    (found,) = search(linear, ALL, 1, np.random.default_rng(1))
    np.testing.assert_allclose(found.positions, ridge(linear), atol=1e-4)
    assert found.positions[2] == pytest.approx(0, abs=1e-4)  # what the data do not inform stays at its centre
    by_hand = (linear.residuals(found.positions) ** 2).sum() + (found.positions**2).sum()
    assert found.cost == pytest.approx(by_hand)


def test_all_starts_of_a_problem_with_one_answer_find_it(linear: FitProblem) -> None:
    told = []
    found = search(linear, ALL, 3, np.random.default_rng(2), finished=told.append)
    assert len(found) == len(told) == 3
    assert [start.cost for start in found] == sorted(start.cost for start in found)
    for start in found:
        np.testing.assert_allclose(start.positions, ridge(linear), atol=1e-3)


def test_what_is_not_free_stays_at_its_centre(linear: FitProblem) -> None:
    (found,) = search(linear, np.array([1]), 1, np.random.default_rng(1))
    assert found.positions[[0, 2]].tolist() == [0, 0]
    assert abs(found.positions[1]) > 0.1


def test_bounds_hold(linear: FitProblem) -> None:
    narrow = replace(
        linear, parameters=[linear.parameters[0], parameter("b", 0.1, 2.0, 0.0, 0.2), linear.parameters[2]]
    )
    assert ridge(linear)[1] > 0.05
    (found,) = search(narrow, ALL, 1, np.random.default_rng(1))
    assert found.positions[1] == pytest.approx(0.05, abs=1e-3)
    assert narrow.constants(found.positions)["b"] <= 0.2


def test_the_truth_that_made_the_data_is_recovered(logistic: FitProblem) -> None:
    (found,) = search(logistic, np.array([0, 1]), 1, np.random.default_rng(1))
    constants = logistic.constants(found.positions)
    assert constants["growth rate"] == pytest.approx(TRUTH["growth rate"], rel=0.005)
    assert constants["capacity"] == pytest.approx(TRUTH["capacity"], rel=0.005)
    assert found.evaluations < 20


def test_the_same_seed_gives_the_same_starts(linear: FitProblem) -> None:
    def begun(seed: int) -> list[bytes]:
        return [s.positions.tobytes() for s in search(linear, ALL, 3, np.random.default_rng(seed), max_evaluations=1)]

    assert begun(3) == begun(3)
    assert len(set(begun(3)) - set(begun(4))) == 2  # the first start, the centre, is common
