"""Simulation-based calibration: ranks of known truths are uniform, and a run that was ended goes on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("nutpie")

from sdforecast.errors import InputError
from sdforecast.inference import simulation_based
from sdforecast.inference.simulation_based import LIKELIHOOD, Effort, Replication, Store, put, replications, simulate
from sdforecast.inference.uniformity import uniformity
from tests.inference.proof.problems import Posed

pytestmark = pytest.mark.filterwarnings("ignore")
QUICK = Effort(chains=2, draws=25, tune=30, deepest=3, ranked=24)
TAUGHT = ["base", "slope", LIKELIHOOD]


def test_the_ranks_of_a_linear_model_are_uniform(linear_problem: Posed) -> None:
    """Quick: it sees gross faults only. The slow tests and `calibration/sbc.py` see more."""
    found = replications(linear_problem.setting.study, 20, effort=QUICK, density=linear_problem.density)
    table = uniformity({name: [one.ranks[name] for one in found] for name in TAUGHT}, QUICK.ranked)
    assert (table["curve_p_all"] > 0.01).all()
    truth = np.array([one.truth["slope"] for one in found])
    assert truth.std() > 0.6  # the truths are spread as the prior is, and not all alike


def test_a_fault_of_the_density_shows_in_the_ranks(linear_problem: Posed, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data are made with errors four times as wide as the density believes: truths lie outside their posteriors."""
    made = simulation_based.Likelihood.replicated

    def wider(self: object, values: np.ndarray, derived: object, rng: np.random.Generator) -> np.ndarray:
        found = made(self, values, derived, rng)  # type: ignore[arg-type]
        kind = (linear_problem.setting.study.observations["scale"] == "identity").to_numpy()
        found[:, kind] = (values + 4 * (found - values))[:, kind]
        return found

    monkeypatch.setattr(simulation_based.Likelihood, "replicated", wider)
    found = replications(linear_problem.setting.study, 8, effort=QUICK, density=linear_problem.density)
    table = uniformity({name: [one.ranks[name] for one in found] for name in TAUGHT}, QUICK.ranked)
    assert table["curve_p_all"].iloc[0] < 1e-3


def test_other_data_need_no_other_density(linear_problem: Posed) -> None:
    """The same compiled function at other data is the likelihood of those data."""
    study, point = linear_problem.setting.study, 0.3 * np.ones(linear_problem.density.size)
    before = linear_problem.density.value_and_gradient(point)[0]
    simulated = simulate(study, linear_problem.density, np.random.default_rng(8))
    put(linear_problem.density, simulated.study)
    other = linear_problem.density.value_and_gradient(point)[0]
    values, derived = linear_problem.at(point[None])
    total = simulation_based.Likelihood(simulated.study).total(values, derived)[0]
    prior = -(point @ point + len(point) * np.log(2 * np.pi)) / 2
    assert other == pytest.approx(total + prior, rel=1e-10)
    put(linear_problem.density, study)
    assert linear_problem.density.value_and_gradient(point)[0] == before != other


def test_data_are_drawn_again_until_they_are_sound(linear_problem: Posed, monkeypatch: pytest.MonkeyPatch) -> None:
    made, asked = simulation_based.Likelihood.replicated, []

    def sometimes(self: object, values: np.ndarray, derived: object, rng: np.random.Generator) -> np.ndarray:
        asked.append(1)
        found = made(self, values, derived, rng)  # type: ignore[arg-type]
        return found * np.nan if len(asked) < 3 else found

    monkeypatch.setattr(simulation_based.Likelihood, "replicated", sometimes)
    study = linear_problem.setting.study
    assert simulate(study, linear_problem.density, np.random.default_rng(8)).refused == 2
    monkeypatch.setattr(simulation_based.Likelihood, "replicated", lambda self, values, *rest: values * np.nan)
    with pytest.raises(InputError, match="none of 200 draws of the prior gives data"):
        simulate(study, linear_problem.density, np.random.default_rng(8))


def test_a_run_that_was_ended_goes_on(linear_problem: Posed, tmp_path: Path) -> None:
    study, density, key = linear_problem.setting.study, linear_problem.density, {"model": "a"}
    short = Effort(chains=2, draws=10, tune=20, deepest=2, ranked=9)
    ended: list[int] = []

    def stop(one: Replication) -> None:
        ended.append(one.number)
        if len(ended) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        replications(study, 4, effort=short, store=Store(tmp_path / "sbc", key), density=density, finished=stop)
    rest: list[int] = []
    store = Store(tmp_path / "sbc", key)
    found = replications(
        study, 4, effort=short, store=store, density=density, finished=lambda one: rest.append(one.number)
    )
    assert (ended, rest, [one.number for one in found]) == ([0, 1], [2, 3], [0, 1, 2, 3])
    again = replications(study, 2, effort=short, density=density)
    assert [one.ranks for one in again] == [one.ranks for one in found[:2]]
    assert store.all() == found


def test_replications_of_something_else_are_refused(tmp_path: Path) -> None:
    Store(tmp_path / "sbc", {"model": "a"})
    with pytest.raises(InputError, match="replications of another model"):
        Store(tmp_path / "sbc", {"model": "b"})
    (tmp_path / "sbc" / "replication_0000.json").write_text("{}")
    with pytest.raises(InputError, match=r"replication_0000\.json: is damaged"):
        Store(tmp_path / "sbc", {"model": "a"}).all()


@pytest.mark.slow
def test_the_ranks_of_a_linear_model_are_uniform_in_a_hundred_replications(linear_problem: Posed) -> None:
    found = replications(linear_problem.setting.study, 120, effort=Effort(), density=linear_problem.density)
    table = uniformity({name: [one.ranks[name] for one in found] for name in found[0].ranks}, 99)
    assert (table["curve_p_all"] > 0.01).all()


@pytest.mark.slow
def test_the_ranks_of_every_kind_of_target_are_uniform(every_kind: Posed) -> None:
    """Latent series, discrepancy with season, memory, offsets and four likelihoods at once."""
    found = replications(every_kind.setting.study, 60)
    table = uniformity({name: [one.ranks[name] for one in found] for name in found[0].ranks}, 99)
    assert (table["curve_p_all"] > 0.01).all(), table.head()
