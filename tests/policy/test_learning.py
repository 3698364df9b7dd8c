"""The value of learning against closed forms: two choices whose difference is linear in normal quantities."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from sdforecast.policy import learning

RUNS = 4096
MEAN, SLOPES = 1.0, (3.0, 1.0, 0.0)


def gain(mean: float, sd: float) -> float:
    """E max(0, -d) for d normal: what knowing d averts where not knowing it one takes the first."""
    return sd * norm.pdf(mean / sd) - mean * norm.sf(mean / sd)


@pytest.fixture(scope="module")
def problem() -> tuple[np.ndarray, pd.DataFrame]:
    x = pd.DataFrame(np.random.default_rng(5).normal(size=(RUNS, 3)), columns=["strong", "weak", "none"])
    first = np.random.default_rng(6).normal(100, 10, RUNS)
    return np.column_stack([first, first + MEAN + x.to_numpy() @ SLOPES]), x


def test_evpi_is_the_unit_normal_loss(problem: tuple[np.ndarray, pd.DataFrame]) -> None:
    value, error = learning.evpi(problem[0])
    assert abs(value - gain(MEAN, np.hypot(3, 1))) < 4 * error
    assert error < 0.05


def test_evppi_of_each(problem: tuple[np.ndarray, pd.DataFrame]) -> None:
    found = learning.evppi(*problem).set_index("name")
    assert found.index.tolist()[:2] == ["strong", "weak"]
    for name, slope in (("strong", 3.0), ("weak", 1.0)):
        exact = gain(MEAN, slope)
        # the regression's error and that of the sample of x itself
        sampled = np.maximum(0, -(MEAN + slope * problem[1][name])).std() / np.sqrt(RUNS)
        off = 4 * np.hypot(found.loc[name, "error"], sampled)
        assert abs(found.loc[name, "value"] - exact) < off
        assert abs(found.loc[name, "held_out"] - exact) < 4 * found.loc[name, "held_out_error"] + 0.02
    assert found.loc["none", "value"] < 0.02
    assert found.loc["none", "held_out"] == pytest.approx(0, abs=0.02)


def test_evppi_of_a_bent_effect() -> None:
    """Choice two is better by x² - 1 where |x| < 1 and worse outside: no straight line sees it."""
    x = np.random.default_rng(7).normal(size=20_000)
    deaths = np.column_stack([np.zeros_like(x), x**2 - 1 + 0.5])
    exact = 2 * (np.sqrt(0.5) * norm.pdf(np.sqrt(0.5))) - (1 - 0.5) * (2 * norm.cdf(np.sqrt(0.5)) - 1) + 0.0
    exact = 0.5 * (2 * norm.cdf(np.sqrt(0.5)) - 1) - (
        (2 * norm.cdf(np.sqrt(0.5)) - 1) - 2 * np.sqrt(0.5) * norm.pdf(np.sqrt(0.5))
    )  # E max(0, 1/2 - x²)
    assert learning.evppi(deaths, pd.DataFrame({"x": x})).loc[0, "value"] == pytest.approx(exact, rel=0.05)


def test_together_two_are_worth_what_their_sum_is(problem: tuple[np.ndarray, pd.DataFrame]) -> None:
    value, error = learning.together(problem[0], problem[1][["strong", "weak"]])
    exact = gain(MEAN, np.hypot(3, 1))
    assert exact - 0.12 < value < exact + 4 * error  # trees are coarse: a lower bound
    nothing, error = learning.together(problem[0], problem[1][["none"]])
    assert nothing < 2 * error + 0.01


def test_a_choice_that_is_always_best_leaves_nothing_to_learn() -> None:
    x = np.random.default_rng(8).normal(size=500)
    deaths = np.column_stack([x, x + 100 + x, x + 200])
    assert learning.evpi(deaths)[0] == 0
    assert learning.evppi(deaths, pd.DataFrame({"x": x, "same": 1.0}))["value"].max() == 0
