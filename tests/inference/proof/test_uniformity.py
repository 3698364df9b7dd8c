"""The tests of uniform ranks: right under uniformity, by simulation; and faults that they must see."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from sdforecast.errors import InputError
from sdforecast.inference.uniformity import band, chi_squared_p_value, curve_p_value, places, uniformity

OF = 99


def test_the_chance_of_one_point_is_binomial() -> None:
    """With ranks 0 and 1 there is one point, and the p-value is that of a two-sided sign test."""
    assert places(1).tolist() == [0]
    for ones in range(11):
        ranks = [1] * ones + [0] * (10 - ones)
        wanted = min(1.0, 2 * binom.cdf(min(ones, 10 - ones), 10, 0.5))
        assert curve_p_value(ranks, 1) == pytest.approx(wanted if ones != 5 else 1.0)


@pytest.mark.parametrize("count", [20, 50])
def test_uniform_ranks_are_refused_as_often_as_told(count: int) -> None:
    rng = np.random.default_rng(1)
    found = np.array([curve_p_value(rng.integers(0, OF + 1, count), OF) for _ in range(1500)])
    for level in (0.05, 0.2, 0.5):
        share = (found <= level).mean()
        assert share <= level + 3 * np.sqrt(level * (1 - level) / 1500)
        assert share >= 0.6 * level  # counts are discrete: a little below


def test_the_band_holds_the_whole_curve_as_often_as_told() -> None:
    rng = np.random.default_rng(2)
    share, low, high = band(50, OF, 0.95)
    ranks = rng.integers(0, OF + 1, (4000, 50))
    curves = (ranks[:, :, None] < (share * (OF + 1))).mean(axis=1)
    held = ((curves >= low - 1e-12) & (curves <= high + 1e-12)).all(axis=1).mean()
    assert 0.945 < held < 0.985
    assert (low < share).all() and (high > share).all()


@pytest.mark.parametrize(
    "fault", ["too narrow", "too wide", "too low"],
)  # fmt: skip
def test_the_three_faults_of_a_posterior_are_seen(fault: str) -> None:
    """Ranks of a truth among draws that are half as wide as they should be, twice as wide, or off by one deviation."""
    rng = np.random.default_rng(3)
    width, off = {"too narrow": (0.5, 0.0), "too wide": (2.0, 0.0), "too low": (1.0, -1.0)}[fault]
    truth, draws = rng.standard_normal(100), off + width * rng.standard_normal((100, OF))
    ranks = (draws < truth[:, None]).sum(axis=1)
    assert curve_p_value(ranks, OF) < 1e-4 and chi_squared_p_value(ranks, OF) < 1e-3


def test_the_table_corrects_for_the_number_of_quantities() -> None:
    rng = np.random.default_rng(4)
    ranks = {f"q{k}": rng.integers(0, OF + 1, 60).tolist() for k in range(40)} | {"bad": [0] * 30 + [99] * 30}
    table = uniformity(ranks, OF)
    assert table["quantity"].iloc[0] == "bad" and table["curve_p_all"].iloc[0] < 1e-6
    assert (table["curve_p_all"].iloc[1:] > 0.05).all()
    assert table["curve_p_all"].iloc[0] == pytest.approx(41 * table["curve_p"].iloc[0])


def test_few_ranks_have_no_chi_squared_test() -> None:
    assert np.isnan(chi_squared_p_value([1, 2, 3], OF))
    with pytest.raises(InputError, match="from 0 to 99"):
        curve_p_value([100], OF)
