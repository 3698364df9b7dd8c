"""Leave-one-out against normal models whose predictive densities are known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from scipy.stats import multivariate_normal, norm

from sdforecast.errors import InputError
from sdforecast.inference.leave_one_out import ALL, loo, pointwise_normal


def covariance(n: int) -> np.ndarray:
    """An Ornstein-Uhlenbeck path, a random walk and counting noise, as the errors of a target have them."""
    k = np.arange(n)
    return 0.04 * 0.8 ** np.abs(k[:, None] - k) + 0.01 * np.minimum(k[:, None], k) + 0.02 * np.eye(n)


def by_hand(value: np.ndarray, mean: np.ndarray, cov: np.ndarray) -> np.ndarray:
    """Each point's density given the others, by conditioning block by block."""
    found = []
    for i in range(len(value)):
        rest = np.delete(np.arange(len(value)), i)
        gain = np.linalg.solve(cov[np.ix_(rest, rest)], cov[rest, i])
        centre = mean[i] + gain @ (value[rest] - mean[rest])
        found.append(norm.logpdf(value[i], centre, np.sqrt(cov[i, i] - gain @ cov[rest, i])))
    return np.array(found)


def test_pointwise_terms_are_conditional_densities() -> None:
    rng = np.random.default_rng(1)
    cov, mean = covariance(12), rng.standard_normal(12)
    values = rng.multivariate_normal(mean, cov, size=3)
    found = pointwise_normal(values - mean, np.linalg.inv(cov))
    assert found.shape == (3, 12)
    for row, value in zip(found, values, strict=True):
        assert row == pytest.approx(by_hand(value, mean, cov), rel=1e-9)


def test_pointwise_terms_take_a_precision_for_each_draw() -> None:
    rng = np.random.default_rng(2)
    covs = np.stack([covariance(5), 2 * covariance(5)])
    residual = rng.standard_normal((2, 5))
    found = pointwise_normal(residual, np.linalg.inv(covs))
    for k in range(2):
        assert found[k] == pytest.approx(by_hand(residual[k], np.zeros(5), covs[k]), rel=1e-9)


def test_two_terms_are_density_of_one_given_the_other() -> None:
    cov = np.array([[1.0, 0.9], [0.9, 2.0]])
    value = np.array([0.3, -1.0])
    joint = multivariate_normal(np.zeros(2), cov).logpdf(value)
    alone = norm.logpdf(value, 0, np.sqrt(np.diag(cov)))
    assert pointwise_normal(value, np.linalg.inv(cov)) == pytest.approx(joint - alone[::-1])


def test_a_precision_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="above zero"):
        pointwise_normal(np.ones(2), np.diag([1.0, -1.0]))


def tree(terms: np.ndarray, targets: list[str]) -> xr.DataTree:
    """terms: shape (chain, draw, observation)."""
    observed = xr.Dataset(
        {"observed": ("observation", np.ones(terms.shape[2]))}, coords={"target": ("observation", targets)}
    )
    likelihood = xr.Dataset({"observed": (("chain", "draw", "observation"), terms)})
    return xr.DataTree.from_dict({"/log_likelihood": likelihood, "/observed_data": observed})


PRIOR = 1.0
"""Standard deviation of the prior of the mean."""


def conjugate(cov: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """A sample with a common mean, exact posterior draws of that mean, and the posterior's mean and variance."""
    rng = np.random.default_rng(3)
    value = rng.multivariate_normal(np.full(len(cov), 0.2), cov)
    weights = np.linalg.inv(cov).sum(axis=0)
    variance = 1 / (weights.sum() + 1 / PRIOR**2)
    centre = float(variance * weights @ value)
    return value, rng.normal(centre, np.sqrt(variance), size=(4, 1000, 1)), centre, float(variance)


@pytest.mark.parametrize("correlated", [False, True])
def test_figures_of_a_conjugate_normal_model(correlated: bool) -> None:
    pytest.importorskip("arviz")
    cov = covariance(20) if correlated else 0.25 * np.eye(20)
    precision = np.linalg.inv(cov)
    value, draws, centre, variance = conjugate(cov)
    table = loo(tree(pointwise_normal(value - draws, precision), ["a"] * 15 + ["b"] * 5)).set_index("target")
    exact = by_hand(value, np.zeros(20), cov + PRIOR**2)  # the mean integrated out
    slope = precision.sum(axis=1) / np.diag(precision)  # of a point's conditional mean in the common mean
    within = value - precision @ (value - centre) / np.diag(precision)
    fitted = norm.logpdf(value, within, np.sqrt(1 / np.diag(precision) + slope**2 * variance))
    assert table.loc["a", "elpd"] == pytest.approx(exact[:15].sum(), abs=0.03)
    assert table.loc["b", "elpd"] == pytest.approx(exact[15:].sum(), abs=0.03)
    assert table.loc[ALL, "elpd"] == pytest.approx(table["elpd"].iloc[:2].sum())
    assert table.loc[ALL, "se"] == pytest.approx(np.sqrt(20) * exact.std(ddof=1), rel=0.02)
    assert table.loc[ALL, "p_loo"] == pytest.approx((fitted - exact).sum(), rel=0.1)
    assert table.loc[ALL, "k_high"] == 0
    assert list(table["n"]) == [15, 5, 20]


def test_terms_that_ignore_correlation_give_another_answer() -> None:
    pytest.importorskip("arviz")
    cov = covariance(20)
    value, draws, *_ = conjugate(cov)
    found = loo(tree(norm.logpdf(value, draws, np.sqrt(np.diag(cov))), ["a"] * 20))
    assert abs(found["elpd"].iloc[-1] - by_hand(value, np.zeros(20), cov + PRIOR**2).sum()) > 1.0


def test_an_outlier_has_a_high_pareto_k() -> None:
    pytest.importorskip("arviz")
    rng = np.random.default_rng(4)
    value = np.append(rng.standard_normal(9), 25.0)  # alone it moves the mean by many of its standard deviations
    draws = rng.normal(value.mean(), np.sqrt(1 / 10), size=(4, 1000, 1))
    table = loo(tree(norm.logpdf(value, draws, 1.0), ["calm"] * 9 + ["wild"])).set_index("target")
    assert table.loc["calm", "k_high"] == 0
    assert table.loc["wild", "k_high"] == 1
    assert table.loc[ALL, "k_max"] == table.loc["wild", "k_max"] > 0.7
    assert np.isnan(table.loc["wild", "se"])


def test_what_does_not_belong_together_is_refused() -> None:
    terms = np.zeros((4, 100, 3))
    with pytest.raises(InputError, match="has 3 points, '/observed_data' 2"):
        whole = tree(terms, ["a"] * 3)
        loo(xr.DataTree.from_dict({
            "/log_likelihood": whole["log_likelihood"].to_dataset(),
            "/observed_data": whole["observed_data"].to_dataset().isel(observation=slice(2)),
        }))  # fmt: skip
    terms[1, 2, 0] = -np.inf
    with pytest.raises(InputError, match="1 term of"):
        loo(tree(terms, ["a"] * 3))
    with pytest.raises(InputError, match="at least 25 draws"):
        loo(tree(np.zeros((2, 5, 3)), ["a"] * 3))
    with pytest.raises(InputError, match="no group '/log_likelihood'"):
        loo(xr.DataTree.from_dict({"/posterior": xr.Dataset({"x": 1})}))
