"""When a gradient is not trusted; and draws of the methods whose answer is known."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from sdforecast.inference.methods import Plan, distrust, draw
from sdforecast.inference.mode import Laplace, laplace

Density = Callable[[np.ndarray], tuple[float, np.ndarray]]
PRECISION = np.array([[2.0, 0.6, 0.0], [0.6, 1.5, -0.3], [0.0, -0.3, 5.0]])
CENTRE = np.array([0.3, -0.2, 0.5])


def normal(point: np.ndarray) -> tuple[float, np.ndarray]:
    away = point - CENTRE
    return float(-away @ PRECISION @ away / 2), -PRECISION @ away


def curved(point: np.ndarray) -> tuple[float, np.ndarray]:
    """Smooth, and far from normal: a fourth power and an exponential."""
    value, gradient = normal(point)
    away = point - CENTRE
    return value - (away**4).sum() / 8 - np.exp(away[0]) + away[0], gradient - away**3 / 2 - np.array(
        [np.exp(away[0]) - 1, 0, 0]
    )


def jumping(by: float, at: float) -> Density:
    """A normal density that drops by `by` where the second coordinate is above `at`: the gradient does not see it."""

    def density(point: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = normal(point)
        return value - by * (point[1] > at), gradient

    return density


def as_density(function: Density) -> SimpleNamespace:
    return SimpleNamespace(value_and_gradient=function, labels=["a", "b", "c"], size=3)


def approximation(function: Density) -> Laplace:
    return laplace(function, CENTRE)


@pytest.mark.parametrize("function", [normal, curved])
@pytest.mark.parametrize("seed", range(5))
def test_a_smooth_density_is_trusted(function: Density, seed: int) -> None:
    assert distrust(as_density(function), approximation(normal), seed) == ""  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", range(5))
def test_a_jump_is_seen_and_told_with_its_size_and_where(seed: int) -> None:
    told = distrust(as_density(jumping(2.0, CENTRE[1] + 0.1)), approximation(normal), seed)  # type: ignore[arg-type]
    assert told.startswith("the density changes by 2 where its gradient does not see it (along '")


def test_a_jump_that_no_draw_would_notice_is_none() -> None:
    assert distrust(as_density(jumping(0.1, CENTRE[1] + 0.1)), approximation(normal), 1) == ""  # type: ignore[arg-type]


def test_a_wrong_gradient_is_seen() -> None:
    def doubled(point: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = normal(point)
        return value + 0.8 * point[0], gradient

    assert "where its gradient does not see it" in distrust(as_density(doubled), approximation(normal), 1)  # type: ignore[arg-type]


def test_a_density_that_ends_near_its_mode_is_told() -> None:
    def ending(point: np.ndarray) -> tuple[float, np.ndarray]:
        return (-np.inf, np.zeros(3)) if point[2] > CENTRE[2] + 0.05 else normal(point)

    told = distrust(as_density(ending), approximation(normal), 1)  # type: ignore[arg-type]
    assert told == "the density is not finite within a standard deviation of its mode"


class TestNormalApproximation:
    def test_its_draws_have_mean_and_covariance_of_the_density(self) -> None:
        tree = draw(as_density(normal), approximation(normal), Plan("laplace", chains=4, draws=20_000))  # type: ignore[arg-type]
        drawn = tree["unconstrained"]["position"].to_numpy()
        assert drawn.shape == (4, 20_000, 3)
        flat = drawn.reshape(-1, 3)
        np.testing.assert_allclose(flat.mean(axis=0), CENTRE, atol=0.02)
        np.testing.assert_allclose(np.cov(flat.T), np.linalg.inv(PRECISION), atol=0.02)
        lp = tree["sample_stats"]["lp"].to_numpy().ravel()
        constant = np.linalg.slogdet(PRECISION)[1] / 2 - 1.5 * np.log(2 * np.pi)
        np.testing.assert_allclose(lp, [normal(point)[0] + constant for point in flat], rtol=1e-6, atol=1e-6)

    def test_a_seed_gives_its_draws_again(self) -> None:
        one, two, other = (
            draw(as_density(normal), approximation(normal), Plan("laplace", draws=5, seed=seed))["unconstrained"][
                "position"
            ]  # type: ignore[arg-type]
            for seed in (3, 3, 4)
        )
        assert one.identical(two)
        assert not one.identical(other)
