"""Rankings against what can be worked out by hand or has a closed form."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import norm

from sdforecast.policy import ranking


def of(values: np.ndarray) -> xr.DataArray:
    names = [f"s{k}" for k in range(values.shape[1])]
    return xr.DataArray(values, {"scenario": names}, ("draw", "scenario"))


def test_three_draws_by_hand() -> None:
    deaths = of(np.array([[10.0, 20.0, 30.0], [10.0, 5.0, 30.0], [7.0, 7.0, 9.0]]))
    best = ranking.best(deaths).set_index("scenario")
    assert best["probability"].tolist() == pytest.approx([0.5, 0.5, 0.0])
    regret = ranking.regret(deaths).set_index("scenario")
    assert regret["mean"].tolist() == pytest.approx([5 / 3, 10 / 3, (20 + 25 + 2) / 3])
    assert regret.loc["s2", "worst"] == 25
    ranks = ranking.ranks(deaths).pivot_table(index="scenario", columns="rank", values="share")
    assert ranks.loc["s0"].tolist() == pytest.approx([0.5, 0.5, 0.0])
    assert ranks.loc["s2"].tolist() == pytest.approx([0.0, 0.0, 1.0])
    pairs = ranking.pairs(deaths).set_index(["fewer", "than"])
    assert pairs.loc[("s0", "s1"), "probability"] == pytest.approx(0.5)
    assert pairs.loc[("s0", "s2"), "margin"] == pytest.approx((20 + 20 + 2) / 3)


def test_two_normals_agree_with_the_closed_form_within_the_error_told() -> None:
    chance = np.random.default_rng(3)
    a, b = chance.normal(100, 3, 20_000), chance.normal(102, 4, 20_000)
    best = ranking.best(of(np.column_stack([a, b]))).iloc[0]
    expected = norm.cdf(2 / 5)
    assert best["low"] < expected < best["high"]
    assert abs(best["probability"] - expected) < 4 * best["error"]
    regret = ranking.regret(of(np.column_stack([a, b]))).iloc[0]
    loss = 5 * (norm.pdf(2 / 5) - 2 / 5 * norm.sf(2 / 5))  # E max(0, a - b)
    assert abs(regret["mean"] - loss) < 4 * regret["error"]


def test_what_never_happens_has_the_bound_of_the_rule_of_three() -> None:
    told = ranking.share(np.zeros(1000))
    assert told["probability"] == 0
    assert told["high"] == pytest.approx(3 / 1000, rel=0.01)
    assert ranking.share(np.ones(1000))["low"] == pytest.approx(1 - 3 / 1000, rel=1e-4)


@given(arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.integers(0, 3).map(float)))
def test_every_place_is_taken_once_in_every_draw(values: np.ndarray) -> None:
    shares = ranking.shares(of(values))
    assert shares.sum(axis=1) == pytest.approx(1)
    assert shares.sum(axis=2) == pytest.approx(1)
    assert ((values.T == values.min(axis=1)).T == (shares[:, :, 0] > 0)).all()


def test_growing_ends_with_the_whole() -> None:
    values = np.random.default_rng(1).normal(size=(64, 3))
    grown = ranking.growing(of(values))
    assert grown["draws"].unique().tolist() == [16, 32, 64]
    whole = ranking.best(of(values))["probability"].tolist()
    assert grown[grown["draws"] == 64]["probability"].tolist() == whole


def test_deaths_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="finite"):
        ranking.best(of(np.array([[1.0, np.nan]])))
