"""The same posterior from elsewhere: the boarding school, by integration over a grid with nothing of ours in it.

The grid takes the epidemic from SciPy's solver, the likelihood from SciPy's negative binomial, and the priors as they
are printed; what is summed over it is exact to the digits compared. Against it stand our chains with our prior of the
overdispersion (log-normal), and a `pm.Model` of a user's own around our operator with the published one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.stats import nbinom, norm

pytest.importorskip("nutpie")

from sdforecast.inference.methods import Plan, draw
from sdforecast.inference.mode import laplace, search
from sdforecast.inference.operator import ModelOp
from tests.inference.proof.problems import Posed

pytestmark = pytest.mark.filterwarnings("ignore")
IN_BED = np.array([3, 8, 26, 76, 225, 298, 258, 233, 189, 128, 68, 29, 14, 4])
PUBLISHED = {"beta": (1.74, 0.05), "gamma": (0.54, 0.05), "R0": (3.22, 0.28), "days": (1.86, 0.16)}
LEVELS = np.array([0.05, 0.25, 0.5, 0.75, 0.95])


@pytest.fixture(scope="module")
def epidemic() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Transmission and recovery rates on a grid, and the boys in bed on the 14 days [pairs, days]."""
    beta, gamma = np.linspace(1.48, 2.08, 61), np.linspace(0.33, 0.82, 50)
    b, g = (each.ravel() for each in np.meshgrid(beta, gamma, indexing="ij"))

    def slope(_: float, state: np.ndarray) -> np.ndarray:
        s, i = np.split(state, 2)
        return np.concatenate([-b * s * i / 763, b * s * i / 763 - g * i])

    start = np.concatenate([np.full(len(b), 762.0), np.ones(len(b))])
    run = solve_ivp(slope, (0, 14), start, t_eval=range(1, 15), rtol=1e-8, atol=1e-8)
    return b, g, run.y[len(b) :]


def integrated(
    epidemic: tuple[np.ndarray, np.ndarray, np.ndarray], prior: Callable[[np.ndarray], np.ndarray]
) -> Mapping[str, tuple[np.ndarray, np.ndarray]]:
    """Return values and weights of each quantity; `prior` is the log density of log(1 / phi)."""
    b, g, mean = epidemic
    over = np.geomspace(0.012, 2, 60)
    phi = 1 / over[None, None, :]
    found = nbinom.logpmf(IN_BED[None, :, None], phi, phi / (phi + mean[:, :, None])).sum(axis=1)
    found += (norm.logpdf(b, 2, 1) + norm.logpdf(g, 0.4, 0.5))[:, None] + prior(np.log(over))[None, :]
    weight = np.exp(found - found.max())
    weight /= weight.sum()
    pairs = weight.sum(axis=1)
    return {
        "beta": (b, pairs), "gamma": (g, pairs), "R0": (b / g, pairs), "days": (1 / g, pairs),
        "sd": (np.sqrt(over), weight.sum(axis=0)),
    }  # fmt: skip


def moments(values: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    centre = float(weight @ values)
    return centre, float(np.sqrt(weight @ (values - centre) ** 2))


def agrees(
    draws: Mapping[str, np.ndarray], grid: Mapping[str, tuple[np.ndarray, np.ndarray]], independent: int
) -> None:
    """Assert that means, deviations and five quantiles of draws are those of the grid, within chance."""
    for name, (values, weight) in grid.items():
        centre, width = moments(values, weight)
        found = draws[name]
        assert found.mean() == pytest.approx(centre, abs=4.5 * width / np.sqrt(independent)), name
        assert found.std() == pytest.approx(width, rel=4.5 * np.sqrt(1.5 / independent)), name  # its tails are heavier
        order = np.argsort(values, kind="stable")
        below = np.interp(np.quantile(found, LEVELS), values[order], np.cumsum(weight[order]) - weight[order] / 2)
        chance = 4.5 * np.sqrt(LEVELS * (1 - LEVELS) / independent)
        assert (np.abs(below - LEVELS) < chance + 0.01).all(), name  # and the grid is a staircase


def published(log_over: np.ndarray) -> np.ndarray:
    """The log density of log(1 / phi) when 1 / phi is exponential(5)."""
    return np.asarray(log_over - 5 * np.exp(log_over))


def ours(log_over: np.ndarray) -> np.ndarray:
    """The same when sd = sqrt(1 / phi) is log-normal as `targets.toml` says."""
    return np.asarray(norm.logpdf(log_over / 2, np.log(0.372), 0.64))


def quantities(b: np.ndarray, g: np.ndarray, sd: np.ndarray) -> dict[str, np.ndarray]:
    return {"beta": b, "gamma": g, "R0": b / g, "days": 1 / g, "sd": sd}


def sampled(school: Posed, plan: Plan) -> dict[str, np.ndarray]:
    """Draw by our own way."""
    function = school.density.value_and_gradient
    (found,) = search(function, school.density.size, 1, np.random.default_rng(1))
    tree = draw(school.density, laplace(function, found.position), plan)
    derived = school.density.derived(tree["unconstrained"]["position"].to_numpy().reshape(-1, 3))
    assert [p.name for p in school.setting.study.parameters] == ["transmission rate", "recovery rate"]
    return quantities(*derived["constants"].T, derived["error sd"][:, 0])


def test_the_grid_is_what_is_published(epidemic: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    grid = integrated(epidemic, published)
    for name, printed in PUBLISHED.items():
        assert moments(*grid[name]) == pytest.approx(printed, abs=0.0075), name  # printed to two digits, and chance


def test_chains_agree_with_the_grid_and_with_what_is_published(
    school: Posed, epidemic: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    found = sampled(school, Plan(chains=4, draws=500, tune=150, seed=3))
    agrees(found, integrated(epidemic, ours), independent=1000)
    for name, (centre, width) in PUBLISHED.items():  # our prior of the overdispersion is another
        assert found[name].mean() == pytest.approx(centre, abs=0.2 * width), name
        assert found[name].std() == pytest.approx(width, rel=0.15), name


def own_model(school: Posed) -> Any:
    """The published model as a user writes it: our operator in a `pm.Model`, with the exponential prior."""
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model() as model:
        beta = pm.TruncatedNormal("beta", 2, 1, lower=0)
        gamma = pm.TruncatedNormal("gamma", 0.4, 0.5, lower=0)
        over = pm.Exponential("over", 5)
        in_bed = ModelOp(school.setting.study.predictor)(pt.stack([beta, gamma]))
        pm.NegativeBinomial("in bed", mu=in_bed, alpha=1 / over, observed=IN_BED)
    return model


@pytest.mark.slow
def test_a_model_of_the_users_own_with_the_exact_prior(
    school: Posed, epidemic: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    """By PyMC's own NUTS, in PyMC's own coordinates."""
    import pymc as pm

    with own_model(school):
        trace = pm.sample(1000, tune=500, chains=2, cores=1, random_seed=4, progressbar=False)
    b, g, over = (trace.posterior[name].to_numpy().ravel() for name in ("beta", "gamma", "over"))
    agrees(quantities(b, g, np.sqrt(over)), integrated(epidemic, published), independent=700)


def test_the_density_of_a_model_of_the_users_own(
    school: Posed, epidemic: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    """Differences of the log density between points, in PyMC's coordinates, are those of SciPy."""
    model = own_model(school)
    function = model.compile_logp(jacobian=False)
    b, g, mean = epidemic
    found, wanted = [], []
    for k, over in ((0, 0.2), (1000, 0.05), (2500, 0.6)):
        point = {"beta_interval__": np.log(b[k]), "gamma_interval__": np.log(g[k]), "over_log__": np.log(over)}
        found.append(float(function(point)))
        size = 1 / over
        density = nbinom.logpmf(IN_BED, size, size / (size + mean[k])).sum()
        wanted.append(density + norm.logpdf(b[k], 2, 1) + norm.logpdf(g[k], 0.4, 0.5) - 5 * over)
    assert np.diff(found) == pytest.approx(np.diff(wanted), abs=2e-2)  # ours takes steps of a sixteenth of a day


@pytest.mark.slow
@pytest.mark.parametrize("method", ["smc", "de"])
def test_samplers_that_ask_for_no_gradient(
    method: str, school: Posed, epidemic: tuple[np.ndarray, np.ndarray, np.ndarray]
) -> None:
    """Sequential Monte Carlo, and differential evolution Metropolis (whose draws are far from independent)."""
    plan = Plan(method=method, chains=4, draws={"smc": 500, "de": 6000}[method], tune=2000, seed=5)
    agrees(sampled(school, plan), integrated(epidemic, ours), independent={"smc": 400, "de": 400}[method])
