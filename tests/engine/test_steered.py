"""Levers after a fork: values of whole runs, derivatives of closed forms and differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdforecast.engine.members import Draws, run_members
from sdforecast.engine.steered import Steered
from tests.small import small

TIMES = [0.0, 10.0, 11.0, 40.0]
BASE = {"births": pd.Series([3.0, 3, 3, 3], index=TIMES), "half life": pd.Series([4.0, 4, 4, 4], index=TIMES)}
SLOPE = {"births": pd.Series([0.0, 0, 1, 1], index=TIMES), "half life": pd.Series([0.0, 0, 2, 2], index=TIMES)}
RNG = np.random.default_rng(2)
DRAWS = Draws(("initial population",), RNG.uniform(1, 9, (11, 1)))
X = np.array([0.7, 0.4])


def steered(**more: object) -> Steered:
    """Return levers of the small model that grows and decays."""
    return Steered(
        small("growth.mdl"),
        ("Population", "Drug_left"),
        DRAWS,
        BASE,
        SLOPE,
        10,
        20,
        **more,  # type: ignore[arg-type]
    )


def test_values_are_those_of_whole_runs() -> None:
    levels = {name: BASE[name] + x * SLOPE[name] for name, x in zip(BASE, X, strict=True)}
    _, whole = run_members(small("growth.mdl"), ["Population", "Drug_left"], DRAWS, series=levels, until=20.0)
    np.testing.assert_allclose(steered().run(X), whole[:, 10:], rtol=1e-13)


@pytest.mark.parametrize("options", [{}, {"step": 0.5, "integration": "rk4"}])
def test_derivatives_are_those_of_differences(options: dict[str, object]) -> None:
    levers, weights = steered(**options), RNG.normal(size=(2, 11, 11, 2))
    values, found = levers.pull(X, weights)
    np.testing.assert_array_equal(values, levers.run(X))
    for k in range(2):
        step = 1e-5 * np.eye(2)[k]
        change = (levers.run(X + step) - levers.run(X - step)) / 2e-5
        np.testing.assert_allclose(found[..., k], np.einsum("bmrc,mrc->bm", weights, change), rtol=2e-6, atol=1e-8)


def test_a_stock_that_is_filled_has_the_derivative_of_its_inflow() -> None:
    weights = np.zeros((1, 11, 11, 2))
    weights[:, :, -1, 0] = 1  # the population in the end
    _, found = steered().pull(X, weights)
    # By Euler's method the inflow of ten months: 0 … 1 over the first (mean 7/16 at steps of an eighth), then 1.
    np.testing.assert_allclose(found[0, :, 0], 9 + 7 / 16, rtol=1e-12)
    np.testing.assert_array_equal(found[0, :, 1], 0)
