"""The search for the mode against closed forms and SciPy; the curvature against the matrix that made it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import rosen, rosen_der

from sdforecast.errors import InputError
from sdforecast.inference.mode import LOWEST, Laplace, laplace, search

SLOPES = np.array([[1.0, 0.5, 0.0], [0.3, -1.0, 0.0], [0.8, 0.8, 0.0], [0.0, 2.0, 0.0], [-1.5, 0.2, 0.0]]) / 0.4
DATA = np.array([0.4, -0.9, 0.5, 1.8, -0.2]) / 0.4
HESSIAN = SLOPES.T @ SLOPES + np.eye(3)


def linear(point: np.ndarray) -> tuple[float, np.ndarray]:
    """Five observations linear in three numbers with standard normal priors; the third acts on none."""
    errors = SLOPES @ point - DATA
    return float(-(errors @ errors + point @ point) / 2), -SLOPES.T @ errors - point


def banana(point: np.ndarray) -> tuple[float, np.ndarray]:
    return -rosen(point), -rosen_der(point)


def rng(seed: int = 1) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_a_linear_problem_has_the_answer_of_the_normal_equations() -> None:
    told = []
    found = search(linear, 3, 4, rng(), finished=told.append)
    assert len(found) == len(told) == 4
    assert [one.value for one in found] == sorted((one.value for one in told), reverse=True)
    for one in found:
        np.testing.assert_allclose(one.position, np.linalg.solve(HESSIAN, SLOPES.T @ DATA), atol=1e-3)
        assert one.value == pytest.approx(linear(one.position)[0])
        assert one.position[2] == pytest.approx(0, abs=1e-3)  # what the data do not inform stays at its centre


def test_a_bent_valley_is_followed_to_its_end() -> None:
    (found,) = search(banana, 4, 1, rng())
    np.testing.assert_allclose(found.position, np.ones(4), atol=1e-2)


def test_of_two_modes_the_higher_one_comes_first() -> None:
    def two(point: np.ndarray) -> tuple[float, np.ndarray]:
        x = float(point[0])
        value = -10 * (x * x - 1) ** 2 + x  # near -1 and, higher, near 1
        return value, np.array([-40 * x * (x * x - 1) + 1])

    found = search(two, 1, 12, rng(2), first=np.array([-0.9]))
    assert found[0].position[0] == pytest.approx(1, abs=0.05)
    assert found[-1].position[0] == pytest.approx(-1, abs=0.05)
    assert found[0].value - found[-1].value == pytest.approx(2, abs=0.01)


def test_the_same_seed_gives_the_same_starts() -> None:
    def begun(seed: int) -> list[bytes]:
        seen: list[bytes] = []

        def watched(point: np.ndarray) -> tuple[float, np.ndarray]:
            seen.append(np.array(point).tobytes())
            return linear(point)

        search(watched, 3, 3, rng(seed), most=1)
        return seen

    assert begun(3) == begun(3)
    assert begun(3) != begun(4)


def test_where_the_start_is_not_finite_it_is_told() -> None:
    with pytest.raises(InputError, match="no finite value for some observation at the start point"):
        search(lambda point: (np.nan, point), 2, 1, rng())


def test_it_turns_back_from_where_the_density_ends() -> None:
    def walled(point: np.ndarray) -> tuple[float, np.ndarray]:
        return (-np.inf, np.zeros(3)) if np.abs(point).max() > 1.5 else linear(point)

    for one in search(walled, 3, 5, rng()):
        np.testing.assert_allclose(one.position, np.linalg.solve(HESSIAN, SLOPES.T @ DATA), atol=1e-3)


def test_the_curvature_is_the_matrix_that_made_the_density() -> None:
    mode = np.linalg.solve(HESSIAN, SLOPES.T @ DATA)
    found = laplace(lambda point: linear(point), mode)
    np.testing.assert_allclose(found.root @ found.root.T, np.linalg.inv(HESSIAN), atol=1e-10)
    np.testing.assert_allclose(found.curvature, np.linalg.eigvalsh(HESSIAN), rtol=1e-8)


def test_it_is_nowhere_wider_than_the_prior() -> None:
    flat = laplace(lambda point: (0.0, -0.01 * point), np.zeros(2))
    np.testing.assert_allclose(flat.root @ flat.root.T, np.eye(2) / LOWEST)


def test_draws_do_not_hang_on_signs_or_turns_of_eigenvectors() -> None:
    """Two of three directions have the same curvature: any turn among them, and any sign, is the same approximation."""
    rng = np.random.default_rng(5)
    vectors, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    curvature = np.array([2.0, 2.0, 9.0])
    turn = np.array([[np.cos(1.1), -np.sin(1.1), 0], [np.sin(1.1), np.cos(1.1), 0], [0, 0, -1.0]])
    drawn = [
        Laplace(np.ones(3), each / np.sqrt(curvature), curvature).draw(4000, np.random.default_rng(1))
        for each in (vectors, vectors @ turn)
    ]
    np.testing.assert_allclose(drawn[0][0], drawn[1][0], rtol=1e-12, atol=1e-12)
    np.testing.assert_array_equal(drawn[0][1], drawn[1][1])
    covariance = vectors / curvature @ vectors.T
    np.testing.assert_allclose(np.cov(drawn[0][0].T), covariance, atol=0.03)
