"""A model linear in its constants, with known errors: its posterior is normal, and known in closed form.

Bayesian generalised least squares (Gelman et al., Bayesian Data Analysis, 3rd ed., section 14.7-14.8): with the design
X, errors of covariance C and a normal prior (m, S), the posterior has the precision X'C^-1 X + S^-1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

pytest.importorskip("nutpie")

from sdforecast.inference.methods import Plan, draw
from sdforecast.inference.mode import Laplace, laplace, search
from sdforecast.inference.positions import values_at
from tests.inference.proof.problems import LINEAR_MONTHS, LINEAR_PRIORS, Posed, table

pytestmark = pytest.mark.filterwarnings("ignore")


@dataclass(frozen=True)
class Exact:
    """The posterior of (base, slope), and of the monthly discrepancy."""

    mean: np.ndarray
    covariance: np.ndarray
    path: np.ndarray
    path_covariance: np.ndarray


@pytest.fixture(scope="module")
def exact(linear_problem: Posed) -> Exact:
    """In closed form, from nothing but the observations and the words of the files."""
    k, rows = LINEAR_MONTHS, table(linear_problem)
    level, stock, sold = (
        rows.loc[rows["target"] == name, "observed"].to_numpy() for name in ("levels", "stocks", "sold")
    )
    one, kept = np.ones(len(k)), 0.5 ** (1 / 5)
    x = np.vstack([np.stack([one, k / 12], 1), np.stack([one, k + 0.5], 1), 0.3 * np.stack([one, k / 12], 1)])
    y = np.concatenate([level, stock, np.log(sold / 200)])
    apart = np.abs(k[:, None] - k)
    season = 0.04**2 * sum(np.cos(2 * np.pi * h * (k[:, None] - k) / 12) for h in (1, 2))
    shared = 0.05**2 * kept**apart / (1 - kept**2) + 0.02**2 * (np.minimum(k[:, None], k) + 1) + season
    errors = np.zeros((72, 72))
    errors[:24, :24], errors[24:48, 24:48] = 0.25 * np.eye(24), 4.0 * np.eye(24)
    errors[48:, 48:] = shared + np.diag(0.08**2 + 1 / sold)
    before, spread = np.array([1.0, 0.5]), np.diag([0.8**2, 0.5**2])
    # constants and discrepancy together: y = x beta + z d + e
    z = np.vstack([np.zeros((48, 24)), np.eye(24)])
    joint = np.zeros((26, 26))
    joint[:2, :2], joint[2:, 2:] = spread, shared
    design = np.hstack([x, z])
    noise = errors - z @ shared @ z.T
    precision = design.T @ np.linalg.inv(noise) @ design + np.linalg.inv(joint)
    covariance = np.linalg.inv(precision)
    start = np.concatenate([before, np.zeros(24)])
    mean = start + covariance @ design.T @ np.linalg.inv(noise) @ (y - design @ start)
    return Exact(mean[:2], covariance[:2, :2], mean[2:], covariance[2:, 2:])


@pytest.fixture(scope="module")
def approximation(linear_problem: Posed) -> Laplace:
    (found,) = search(
        linear_problem.density.value_and_gradient, linear_problem.density.size, 1, np.random.default_rng(1)
    )
    return laplace(linear_problem.density.value_and_gradient, found.position)


def in_units(exact_mean: np.ndarray) -> np.ndarray:
    """Return constants as positions in their priors, whose cut eight deviations out counts for nothing."""
    return (exact_mean - np.array([p[2] for p in LINEAR_PRIORS])) / np.array([p[4] for p in LINEAR_PRIORS])


def test_the_mode_is_the_mean(approximation: Laplace, exact: Exact) -> None:
    assert approximation.mode[:2] == pytest.approx(in_units(exact.mean), abs=2e-4)  # L-BFGS stops at a slope of 1e-3
    assert approximation.mode[2:] == pytest.approx(0, abs=1e-3)  # known scales teach nothing


def test_the_curvature_is_that_of_the_posterior(approximation: Laplace, exact: Exact) -> None:
    spread = np.array([p[4] for p in LINEAR_PRIORS])
    found = approximation.root @ approximation.root.T
    assert found[:2, :2] * np.outer(spread, spread) == pytest.approx(exact.covariance, rel=1e-6, abs=1e-9)
    assert found[2:, 2:] == pytest.approx(np.eye(len(found) - 2), abs=1e-6)


def test_chains_have_the_mean_the_covariance_and_the_paths(
    linear_problem: Posed, approximation: Laplace, exact: Exact
) -> None:
    tree = draw(linear_problem.density, approximation, Plan(chains=4, draws=400, tune=100, seed=2))
    position = tree["unconstrained"]["position"].to_numpy().reshape(1600, -1)
    found = values_at(linear_problem.setting.study.parameters, position[:, :2])
    widths = np.sqrt(np.diag(exact.covariance))
    # draws of NUTS in white coordinates are about independent: 4.5 standard errors of 1,000 independent ones
    near = 4.5 / np.sqrt(1000)
    assert np.abs((found.mean(axis=0) - exact.mean) / widths).max() < near
    assert np.cov(found.T) / np.outer(widths, widths) == pytest.approx(
        exact.covariance / np.outer(widths, widths), abs=near * np.sqrt(2)
    )
    (discrepancy,) = linear_problem.setting.study.discrepancies
    paths = linear_problem.likelihood.paths(discrepancy, *linear_problem.at(position), np.random.default_rng(3)).whole
    path_widths = np.sqrt(np.diag(exact.path_covariance))
    assert np.abs((paths.mean(axis=0) - exact.path) / path_widths).max() < near
    assert np.cov(paths.T) / np.outer(path_widths, path_widths) == pytest.approx(
        exact.path_covariance / np.outer(path_widths, path_widths), abs=near * np.sqrt(2)
    )
