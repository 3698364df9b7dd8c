"""Known truths are found again: an epidemic, and a problem with a latent series and a discrepancy."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from scipy.stats import chi2

pytest.importorskip("nutpie")

from sdforecast.inference.methods import Plan, draw
from sdforecast.inference.mode import Laplace, laplace, search
from sdforecast.inference.simulation_based import data_from, put
from tests.inference.proof.problems import Posed

pytestmark = pytest.mark.filterwarnings("ignore")


def fitted(problem: Posed, truth: np.ndarray, seed: int) -> Laplace:
    """Make data of a truth, and fit them; the density keeps the data."""
    made = data_from(problem.setting.study, problem.density, truth, seed)
    assert made is not None
    put(problem.density, made)
    (found,) = search(problem.density.value_and_gradient, problem.density.size, 1, np.random.default_rng(seed))
    return laplace(problem.density.value_and_gradient, found.position)


@pytest.fixture
def outbreak(school: Posed) -> Iterator[Posed]:
    yield school
    put(school.density, school.setting.study)


@pytest.fixture
def pushed(every_kind: Posed) -> Iterator[Posed]:
    yield every_kind
    put(every_kind.density, every_kind.setting.study)


def test_the_rates_of_an_epidemic_are_found_again(outbreak: Posed) -> None:
    """Twelve outbreaks in the same school: errors are as large as the fits say, and small beside the prior."""
    truth, distances = np.array([-0.3, 0.15, -0.8]), []
    for seed in range(12):
        around = fitted(outbreak, truth, seed)
        error = np.linalg.solve(around.root, around.mode - truth)
        distances.append(float(error @ error))
        widths = np.sqrt(np.diag(around.root @ around.root.T))
        assert widths[0] < 0.12 and widths[1] < 0.2  # the prior's are 1
    # squared errors in units of the fit are about chi-squared with three degrees of freedom
    assert chi2.ppf(0.0005, 36) < sum(distances) < chi2.ppf(0.9995, 36)
    assert max(distances) < chi2.ppf(0.9999, 3)


@pytest.mark.slow
def test_a_latent_series_and_a_discrepancy_are_found_again(pushed: Posed) -> None:
    rng = np.random.default_rng(6)
    truth = rng.standard_normal(pushed.density.size)
    around = fitted(pushed, truth, 6)
    tree = draw(pushed.density, around, Plan(chains=4, draws=250, tune=150, seed=6))
    position = tree["unconstrained"]["position"].to_numpy().reshape(1000, -1)
    z = (truth - position.mean(axis=0)) / position.std(axis=0)
    assert np.abs(z).max() < 4 and 0.5 < np.mean(z**2) < 1.6
    known, found = (pushed.density.derived(each) for each in (truth[None], position))
    for name in ("constants", "push"):
        share = (found[name] < known[name]).mean(axis=0)
        assert ((share > 0.001) & (share < 0.999)).all()
    prior = pushed.density.derived(rng.standard_normal((500, len(truth))))["constants"].std(axis=0)
    narrower = found["constants"].std(axis=0) / prior
    names = [p.name for p in pushed.setting.study.parameters]
    # not the growth rate: a push that multiplies it can take its place
    assert narrower[names.index("capacity")] < 0.6 and narrower[names.index("risk")] < 0.6
