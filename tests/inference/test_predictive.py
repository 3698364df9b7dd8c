"""Predictive checks on data drawn from the predictive law itself, and on data that are not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.stats import kstest, norm

from sdforecast.errors import InputError
from sdforecast.inference.predictive import coverage, few_runs, one_sided, points, surprises
from tests.inference.posteriors import moving


def tree(
    observed: np.ndarray,
    draws: np.ndarray,
    targets: list[str],
    start: np.ndarray | None = None,
    name: str = "posterior",
) -> xr.DataTree:
    """draws: shape (chain, draw, observation)."""
    when = np.arange(len(observed)) if start is None else start
    coords = {word: ("observation", values) for word, values in (("target", targets), ("start", when), ("end", when))}
    return xr.DataTree.from_dict(
        {
            "/observed_data": xr.Dataset({"observed": ("observation", observed)}, coords=coords),
            f"/{name}_predictive": xr.Dataset({"observed": (("chain", "draw", "observation"), draws)}),
        }
    )


def honest(n: int, seed: int = 1, width: float = 1.0, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Log-normal observations, and draws of the same law, or of one `width` times as wide and moved by `shift`."""
    rng = np.random.default_rng(seed)
    centre = 5 + np.sin(np.arange(n))
    observed = np.exp(centre + 0.3 * rng.standard_normal(n))
    return observed, np.exp(centre + shift + width * 0.3 * rng.standard_normal((4, 500, n)))


def test_draws_of_the_right_law_cover_as_they_say() -> None:
    observed, draws = honest(2000)
    row = coverage(tree(observed, draws, ["a"] * 2000)).iloc[0]
    for level in (50, 80, 90, 95):
        assert row[f"cover_{level}"] == pytest.approx(level, abs=3 * 100 * np.sqrt(0.25 / 2000))
    assert kstest(points(tree(observed, draws, ["a"] * 2000))["pit"], "uniform").pvalue > 0.01
    assert row["lag1"] == pytest.approx(0, abs=0.07)
    assert row["mape"] == pytest.approx(
        100 * np.abs(np.expm1(-0.3 * norm.ppf(np.arange(0.0005, 1, 0.001)))).mean(), rel=0.1
    )
    assert row["pattern"] == ""
    assert row["within_aim"]


def test_draws_too_narrow_cover_too_little() -> None:
    row = coverage(tree(*honest(2000, width=0.5), ["a"] * 2000)).iloc[0]
    assert row["cover_90"] == pytest.approx(100 * (2 * norm.cdf(1.645 * 0.5) - 1), abs=3.5)
    assert row["judged"] and not row["within_aim"]


def test_bias_is_told_in_per_cent_and_in_a_sentence() -> None:
    row = coverage(tree(*honest(400, shift=np.log(1.3)), ["price"] * 400)).iloc[0]
    assert row["bias"] == pytest.approx(30, abs=6)  # four standard errors
    assert row["pattern"].startswith("price: the model lies above the data in ")


def test_small_targets_are_listed_and_not_judged_and_sectors_pool() -> None:
    observed, draws = honest(60)
    targets = ["purity"] * 19 + ["price"] * 21 + ["deaths"] * 20
    table = coverage(tree(observed, draws, targets), {"purity": "supply", "price": "supply"}).set_index("name")
    assert list(table["n"]) == [19, 21, 20, 40, 60]
    assert list(table["judged"]) == [False, True, True, True, True]
    assert table.loc["purity", "within_aim"] is None
    covered = (19 * table.loc["purity", "cover_90"] + 21 * table.loc["price", "cover_90"]) / 40
    assert table.loc["supply", "cover_90"] == pytest.approx(covered)
    assert table["of"].tolist() == ["target"] * 3 + ["group", "all"]


def test_residuals_that_keep_their_sign_are_told_with_their_months() -> None:
    observed, draws = honest(48)
    centre = np.exp(5 + np.sin(np.arange(48)))
    wave = np.repeat([1.0, -1.0, 1.0, -1.0], 12)  # a year above, a year below
    months = pd.date_range("2018-01-01", periods=48, freq="MS").to_numpy()
    shuffled = np.random.default_rng(1).permutation(48)  # points come in any order
    made = tree((centre * np.exp(0.2 * wave))[shuffled], draws[..., shuffled], ["share"] * 48, months[shuffled])
    row = coverage(made).iloc[0]
    assert "model lies below the data from 2018-01 to 2018-12 (12 points in a row)" in row["pattern"]
    assert row["lag1"] > 0.7
    assert observed.min() > 0


def test_lag_one_of_an_autoregression_within_targets() -> None:
    rng = np.random.default_rng(3)
    residual = moving(rng, (1, 4000), 0.6)[0]
    made = tree(100 + residual, 100 + rng.standard_normal((4, 500, 4000)), ["a"] * 2000 + ["b"] * 2000)
    table = coverage(made)
    assert table["lag1"].to_numpy() == pytest.approx([0.6] * 3, abs=0.06)


@pytest.mark.parametrize(("m", "n"), [(3, 5), (1, 6), (4, 4)])
def test_the_chance_of_few_runs_is_that_of_all_orders(m: int, n: int) -> None:
    orders = [np.array(order) for order in product([True, False], repeat=m + n) if sum(order) == m]
    runs = np.array([1 + np.sum(order[1:] != order[:-1]) for order in orders])
    for order, count in zip(orders, runs, strict=True):
        assert few_runs(order) == pytest.approx(np.mean(runs <= count))


def test_the_chance_of_uneven_signs() -> None:
    assert one_sided(np.ones(8, bool)) == pytest.approx(2 * 0.5**8)
    assert few_runs(np.ones(8, bool)) == 1.0


def test_patterns_are_as_rare_as_they_say_where_there_is_none() -> None:
    rng = np.random.default_rng(4)
    signs = rng.random((4000, 60)) < 0.5
    assert np.mean([few_runs(row) < 0.01 for row in signs]) < 0.015


def test_counts_of_which_half_the_draws_are_equal_have_a_middling_pit() -> None:
    draws = np.repeat([[0.0, 1.0], [1.0, 2.0]], 50, axis=1)[..., None]
    found = points(tree(np.array([1.0]), draws, ["a"]))
    assert found["pit"].tolist() == [0.5]
    assert np.isfinite(points(tree(np.array([9.0]), draws, ["a"]))["residual"]).all()


def test_data_beyond_the_prior_are_a_surprise() -> None:
    observed, draws = honest(30)
    wide = np.exp(5 + 2 * np.random.default_rng(1).standard_normal((1, 500, 30)))
    assert surprises(tree(observed, wide, ["a"] * 30, name="prior")) == []
    observed[4] *= 50
    made = tree(observed, draws, ["a"] * 30, name="prior")
    low, high = np.quantile(draws, [0.025, 0.975], axis=(0, 1))
    out = np.flatnonzero((observed < low) | (observed > high))
    (line,) = surprises(made)
    assert line.startswith(f"a: {len(out)} of 30 points outside the prior's 95 %")
    assert line.endswith(f"in {out[0]}") and 4 in out
    assert coverage(made, predictive="prior_predictive")["n"].tolist() == [30, 30]
    with pytest.raises(InputError, match="'prior' is no group of predictive draws"):
        coverage(made, predictive="prior")


def test_what_does_not_belong_together_is_refused() -> None:
    observed, draws = honest(30)
    with pytest.raises(InputError, match="has 29 points, '/observed_data' 30"):
        broken = tree(observed, draws, ["a"] * 30)
        broken["posterior_predictive"] = broken["posterior_predictive"].to_dataset().isel(observation=slice(29))
        coverage(broken)
    with pytest.raises(InputError, match="no group '/prior_predictive'"):
        surprises(tree(observed, draws, ["a"] * 30))
    with pytest.raises(InputError, match=r"'deatsh' is no target .*did you mean 'deaths'"):
        coverage(tree(observed, draws, ["deaths"] * 30), {"deatsh": "health"})
    draws[0, 0, 3] = np.nan
    with pytest.raises(InputError, match="not finite"):
        coverage(tree(observed, draws, ["a"] * 30))
