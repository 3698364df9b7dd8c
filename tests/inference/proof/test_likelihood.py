"""The likelihood in NumPy against the density in PyTensor, brute-force conditionals, and the joint normal of paths."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import multivariate_normal, nbinom, norm

pytest.importorskip("pymc")

from sdforecast.inference.covariance import Shared, SharedErrors, season_waves
from sdforecast.inference.density import HALF_LIFE_SPREAD
from sdforecast.inference.likelihood import Terms
from sdforecast.inference.normal import NormalErrors
from tests.inference.proof.problems import Posed, table


@pytest.fixture
def posed(every_kind: Posed) -> Posed:
    return every_kind


@pytest.fixture(scope="module")
def position(every_kind: Posed) -> np.ndarray:
    return 0.5 * np.random.default_rng(2).standard_normal((4, every_kind.density.size))


@pytest.fixture(scope="module")
def terms(every_kind: Posed, position: np.ndarray) -> Terms:
    return every_kind.likelihood.terms(*every_kind.at(position))


def normal_blocks(posed: Posed, position: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the rows and covariance of each block of one draw, written down again from the words of the manual."""
    derived, rows = posed.at(position[None])[1], table(posed)
    sd = dict(zip([t.name for t in posed.setting.study.targets], derived["error sd"][0], strict=True))
    middle = (rows["first"] + rows["last"] + 1).to_numpy() / 2
    found = []
    remembering = dict(zip(("price", "mood"), derived["memory"][0], strict=True))
    for name in ("price", "price elsewhere", "crowding", "mood"):
        of = np.flatnonzero(rows["target"] == name)
        apart = np.abs(middle[of][:, None] - middle[of])
        near = np.exp(-np.log(2) * apart / remembering[name]) if name in remembering else np.eye(len(of))
        found.append((of, sd[name] ** 2 * near))
    of = np.flatnonzero(rows["variable"] == "illness")
    months = np.arange(rows["last"].iloc[of].max() + 1)
    fast, steps = 0.5 ** (1 / derived["illness half-life"][0]), derived["illness walk"][0]
    monthly = np.empty((len(months), len(months)))
    for i in months:
        for j in months:
            season = sum(np.cos(2 * np.pi * h * (i - j) / 12) for h in (1, 2))
            monthly[i, j] = (
                derived["illness innovation"][0] ** 2 * fast ** abs(i - j) / (1 - fast**2)
                + steps**2 * (min(i, j) + 1)
                + 0.05**2 * season
            )
    mean = np.array([[a <= m <= b for m in months] for a, b in rows[["first", "last"]].iloc[of].to_numpy()], float)
    mean /= mean.sum(axis=1, keepdims=True)
    noise = 1 / rows["observed"].iloc[of] + np.array([sd[name] for name in rows["target"].iloc[of]]) ** 2
    found.append((of, mean @ monthly @ mean.T + np.diag(noise)))
    return found


def test_every_kind_is_there(posed: Posed) -> None:
    kinds = posed.likelihood.rows
    assert len(kinds.counted) == 30 and len(kinds.own) == 120 and len(kinds.shared["illness"].rows) == 31
    assert (table(posed)["observed"] == 0).any()  # a count of nothing
    assert (table(posed)["observed"] < 0).any()  # a normal value below zero


def test_the_likelihood_is_the_density_without_its_prior(posed: Posed, position: np.ndarray, terms: Terms) -> None:
    total = posed.likelihood.total(*posed.at(position))
    for k, point in enumerate(position):
        prior = norm.logpdf(point).sum()
        assert posed.density.value_and_gradient(point)[0] - prior == pytest.approx(total[k], rel=1e-10)
    assert terms.total == pytest.approx(total, rel=1e-10)


def test_the_likelihood_is_that_of_the_words(posed: Posed, position: np.ndarray, terms: Terms) -> None:
    """Normal blocks and negative binomial counts by SciPy, from a covariance written down a second time."""
    values, derived = posed.at(position[:1])
    errors = posed.setting.study.observed - posed.likelihood.expected(values, derived)[0]
    total = 0.0
    for rows, covariance in normal_blocks(posed, position[0]):
        solved = np.linalg.solve(covariance, errors[rows])
        total -= (errors[rows] @ solved + np.linalg.slogdet(2 * np.pi * covariance)[1]) / 2
    of = np.flatnonzero(table(posed)["target"] == "accidents")
    size = 1 / derived["error sd"][0, 2] ** 2
    total += nbinom.logpmf(table(posed)["observed"].iloc[of], size, size / (size + values[0, of])).sum()
    assert terms.total[0] == pytest.approx(total, rel=1e-10)


def test_what_is_expected(posed: Posed, position: np.ndarray) -> None:
    """Offsets are added on the scale of the errors; counts of illness follow the days in a month."""
    values, derived = posed.at(position[:1])
    found, rows = posed.likelihood.expected(values, derived)[0], table(posed)
    at = {name: np.flatnonzero(rows["target"] == name) for name in rows["target"].unique()}
    model = values[0]
    assert found[at["price"]] == pytest.approx(np.log(model[at["price"]]))
    assert found[at["price elsewhere"]] == pytest.approx(np.log(model[at["price elsewhere"]]) + derived["offset"][0, 0])
    share = model[at["crowding"]]
    assert found[at["crowding"]] == pytest.approx(np.log(share / (1 - share)))
    assert found[at["mood"]] == pytest.approx(model[at["mood"]] + derived["offset"][0, 1])
    days = [(end - start).days + 1 for start, end in zip(rows["start"], rows["end"], strict=True)]
    months = (rows["last"] - rows["first"] + 1).to_numpy()
    of = at["illness, monthly"]
    wanted = np.log(model[of] * np.array(days)[of] / (months[of] * 365.2425 / 12))
    assert found[of] == pytest.approx(wanted)


def test_left_out_terms_are_conditionals_by_brute_force(posed: Posed, position: np.ndarray, terms: Terms) -> None:
    values, derived = posed.at(position[:1])
    expected = posed.likelihood.expected(values, derived)[0]
    errors = posed.setting.study.observed - expected
    for rows, covariance in normal_blocks(posed, position[0]):
        for i in range(len(rows)):
            rest = np.delete(np.arange(len(rows)), i)
            gain = np.linalg.solve(covariance[np.ix_(rest, rest)], covariance[rest, i])
            centre, width = gain @ errors[rows[rest]], np.sqrt(covariance[i, i] - gain @ covariance[rest, i])
            assert terms.middle[0, rows[i]] == pytest.approx(expected[rows[i]] + centre, rel=1e-8, abs=1e-8)
            assert terms.width[0, rows[i]] == pytest.approx(width, rel=1e-8)
            assert terms.left_out[0, rows[i]] == pytest.approx(norm.logpdf(errors[rows[i]], centre, width), rel=1e-7)


def test_paths_have_the_mean_and_covariance_of_the_joint_normal(posed: Posed, position: np.ndarray) -> None:
    """Given the errors, the monthly discrepancy is normal; its moments by conditioning the joint normal."""
    draws = 6000
    values, derived = (np.repeat(each, draws, axis=0) if isinstance(each, np.ndarray) else
                       {name: np.repeat(array, draws, axis=0) for name, array in each.items()}
                       for each in posed.at(position[:1]))  # fmt: skip
    (discrepancy,) = posed.setting.study.discrepancies
    found = posed.likelihood.paths(discrepancy, values, derived, np.random.default_rng(3))
    rows, covariance = normal_blocks(posed, position[0])[-1]
    errors = posed.setting.study.observed[rows] - posed.likelihood.expected(values[:1], {
        name: array[:1] for name, array in derived.items()})[0, rows]  # fmt: skip
    months, kept = found.months, 0.5 ** (1 / derived["illness half-life"][0])
    apart = np.abs(months[:, None] - months)
    fast = derived["illness innovation"][0] ** 2 * kept**apart / (1 - kept**2)
    drift = derived["illness walk"][0] ** 2 * (np.minimum(months[:, None], months) + 1.0)
    waves = season_waves(months)
    mean = posed.likelihood.rows.shared["illness"].mean.toarray()
    for path, own in (
        (found.fast, fast),
        (found.drift, drift),
        (found.whole, fast + drift + 0.05**2 * waves @ waves.T),
    ):
        gain = own @ mean.T @ np.linalg.inv(covariance)
        exact, spread = gain @ errors, own - gain @ mean @ own
        width = np.sqrt(np.diag(spread))
        assert np.abs((path.mean(axis=0) - exact) / width).max() < 4.5 / np.sqrt(draws)
        close = np.cov(path.T) - spread
        assert np.abs(close / np.outer(width, width)).max() < 4.5 * np.sqrt(2 / draws)


def test_the_gradient_of_shared_errors_is_that_of_differences(posed: Posed) -> None:
    of: Shared = posed.likelihood.rows.shared["illness"]
    errors, rng = NormalErrors(SharedErrors(of, 0.05)), np.random.default_rng(4)
    count = len(of.rows)
    point = np.concatenate([[0.06, 5.0, 0.03], 0.1 * rng.standard_normal(count), 0.003 + 0.01 * rng.random(count)])
    value, slope = errors.at(point)
    exact = multivariate_normal(
        np.zeros(count), errors.errors.covariance(0.06, 5.0, 0.03) + np.diag(point[3 + count :])
    )
    assert value == pytest.approx(exact.logpdf(point[3 : 3 + count]), rel=1e-10)
    for k in range(len(point)):
        step = np.zeros(len(point))
        step[k] = 1e-5 * max(abs(point[k]), 1e-2)
        difference = (errors.at(point + step)[0] - errors.at(point - step)[0]) / (2 * step[k])
        assert slope[k] == pytest.approx(difference, rel=2e-5, abs=1e-4)


def test_shared_errors_beyond_their_bounds_are_impossible(posed: Posed) -> None:
    errors = NormalErrors(SharedErrors(posed.likelihood.rows.shared["illness"], 0.0))
    for at, wrong in ((40, -1.0), (10, np.inf), (2, np.nan)):  # a variance below zero, no finite error, no scale
        point = np.concatenate([[0.06, 5.0, 0.03], np.zeros(31), np.full(31, 0.01)])
        assert np.isfinite(errors.at(point)[0])
        point[at] = wrong
        value, gradient = errors.at(point)
        assert value == -np.inf and np.isnan(gradient).all()


def test_the_gradient_of_the_density_is_that_of_differences(posed: Posed, position: np.ndarray) -> None:
    function = posed.density.value_and_gradient
    for point in position[:2]:
        value, gradient = function(point)
        step = 1e-5
        found = [
            (function(point + step * e)[0] - function(point - step * e)[0]) / (2 * step) for e in np.eye(len(point))
        ]
        assert np.isfinite(value)
        assert gradient == pytest.approx(np.array(found), rel=1e-5, abs=1e-4)
    assert approx_fprime(position[0], lambda x: function(x)[0], 1e-6) == pytest.approx(
        function(position[0])[1], rel=1e-2, abs=0.05
    )


def test_the_prior_of_a_memory_is_as_written(posed: Posed) -> None:
    zero = np.zeros((1, posed.density.size))
    place = [k for k, label in enumerate(posed.density.labels) if label.startswith("memory")]
    assert posed.density.derived(zero)["memory"][0] == pytest.approx([6, 3])
    zero[0, place] = 1.0
    assert posed.density.derived(zero)["memory"][0] == pytest.approx(np.array([6, 3]) * np.exp(HALF_LIFE_SPREAD))


@pytest.mark.parametrize("far", [-1500.0, -60.0, 60.0, 1500.0])
def test_far_out_the_density_is_impossible_and_no_error(posed: Posed, far: float) -> None:
    """A sampler that still seeks its step goes there, where scales are zero or beyond floating point."""
    for k in range(posed.density.size):
        point = np.zeros(posed.density.size)
        point[k] = far
        value, gradient = posed.density.value_and_gradient(point)
        assert value < 0 and not np.isnan(value) and np.isfinite(gradient).all()
