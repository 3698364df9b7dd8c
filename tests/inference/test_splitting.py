"""A density in parts is the density that PyMC gives, for one point and for many, in any thread."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

pm = pytest.importorskip("pymc")

from sdforecast.inference.operator import ModelOp  # noqa: E402
from sdforecast.inference.splitting import split  # noqa: E402


class Quadratic:
    """A model whose values are the squares of two numbers and their product."""

    size, count = 2, 3

    def __init__(self) -> None:
        self.asked: list[int] = []

    def forward(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.array([point[0] ** 2, point[1] ** 2, point[0] * point[1]]), point

    def pull(self, ran: np.ndarray, cotangent: np.ndarray) -> np.ndarray:
        x, y = ran
        return np.array([2 * x * cotangent[0] + y * cotangent[2], 2 * y * cotangent[1] + x * cotangent[2]])

    def forward_many(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.asked.append(len(points))
        return np.stack([self.forward(point)[0] for point in points]), points

    def pull_many(self, ran: np.ndarray, cotangents: np.ndarray) -> np.ndarray:
        return np.stack([self.pull(point, of) for point, of in zip(ran, cotangents, strict=True)])


def around(*functions: Quadratic) -> pm.Model:
    with pm.Model() as model:
        x = pm.Normal("x", shape=2)
        sd = pm.math.exp(0.3 * pm.Normal("log sd"))
        for k, function in enumerate(functions):
            seen = pm.Data(f"seen {k}", np.array([1.0, 2.0, 0.5]))
            values = ModelOp(function)(1.0 + 0.5 * x)
            pm.Normal(f"observed {k}", mu=values, sigma=sd, observed=seen)
            pm.Potential(f"sum {k}", -0.1 * values.sum())  # a second use of the same values
    return model


def expected(model: pm.Model, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    function = model.logp_dlogp_function(ravel_inputs=True, mode="FAST_COMPILE")
    function.set_extra_values({})
    found = [function(point) for point in points]
    return np.array([float(value) for value, _ in found]), np.stack([gradient for _, gradient in found])


def check(model: pm.Model, points: np.ndarray) -> None:
    values, gradients = split(model)(points)
    told, slopes = expected(model, points)
    np.testing.assert_allclose(values, told, rtol=1e-12)
    np.testing.assert_allclose(gradients, slopes, rtol=1e-10, atol=1e-12)


POINTS = np.random.default_rng(3).normal(size=(5, 3))


def test_around_a_model_that_is_run_once_for_all_points() -> None:
    function = Quadratic()
    check(around(function), POINTS)
    assert function.asked == [5]


def test_two_models_are_one_part() -> None:
    check(around(Quadratic(), Quadratic()), POINTS)


def test_without_a_model() -> None:
    check(around(), POINTS)


def test_other_data_need_no_new_compilation() -> None:
    model = around(Quadratic())
    many = split(model)
    before = many(POINTS)[0]
    model.set_data("seen 0", np.array([3.0, 0.0, 1.0]))
    np.testing.assert_allclose(many(POINTS)[0], expected(model, POINTS)[0], rtol=1e-12)
    assert (many(POINTS)[0] != before).all()


def test_where_there_is_no_density_it_is_minus_infinity() -> None:
    many = split(around(Quadratic()))
    points = np.vstack([POINTS[0], [np.nan, 0.0, 0.0], [0.0, 0.0, -5000.0], [1e200, 0.0, 0.0], POINTS[1]])
    values, gradients = many(points)
    assert np.isfinite(values[[0, 4]]).all()
    assert (values[1:4] == -np.inf).all()
    assert (gradients[1:4] == 0).all()
    assert values[4] == many(POINTS[1:2])[0][0]


def test_from_several_threads() -> None:
    many = split(around(Quadratic()))
    told = expected(around(Quadratic()), POINTS)[0]
    many(POINTS)
    with ThreadPoolExecutor(4) as pool:
        for values, _ in pool.map(many, [POINTS] * 40):
            np.testing.assert_allclose(values, told, rtol=1e-12)
