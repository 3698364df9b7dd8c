"""The structure `spread`: its waves are logistic curves, its people are conserved, PySD runs it alike."""

import numpy as np
import pytest

import sdforecast as sdf
from sdforecast import parameters
from sdforecast.forecasting.structures import load
from sdforecast.inference import load as load_posterior
from sdforecast.inference.belonging import belongs
from sdforecast.runnable import Model

STRUCTURE = next(each for each in load() if each.borrows)


@pytest.fixture(scope="module")
def model() -> Model:
    assert STRUCTURE.model is not None
    return sdf.load_model(STRUCTURE.model)


def test_each_wave_is_a_logistic_curve(model: Model) -> None:
    run = model.run(parameters={"early midpoint": 70, "delay of late markets": 40, "spread time": 9})
    months = np.arange(run.sizes["time"])
    for name, midpoint in (("early share", 70), ("late share", 110)):
        exact = 1 / (1 + np.exp((midpoint - months) / 9))
        np.testing.assert_allclose(run[name].to_numpy().ravel(), exact, atol=1e-7)


def test_people_are_conserved_and_a_pool_without_deaths_keeps_its_size(model: Model) -> None:
    still = model.run(parameters={"hazard at full spread": 1e-9, "deaths at full spread": 1e-3, "growth of inflow": 0})
    pool = still["people exposed"].to_numpy().ravel()
    np.testing.assert_allclose(pool, pool[0], rtol=1e-6)
    run = model.run()
    flows = run["people coming"] - run["people leaving"] - run["deaths from illicit fentanyl"]
    change = np.diff(run["people exposed"].to_numpy().ravel())
    middle = (flows.to_numpy().ravel()[1:] + flows.to_numpy().ravel()[:-1]) / 2
    np.testing.assert_allclose(change, middle, rtol=0.02, atol=20)


def test_deaths_at_full_spread_are_those_of_its_constant(model: Model) -> None:
    always = {"early midpoint": -300, "delay of late markets": 1, "turnover": 0, "hazard at full spread": 1e-6}
    run = model.run(parameters={**always, "deaths at full spread": 24_000, "deaths before illicit fentanyl": 100})
    np.testing.assert_allclose(run["synthetic opioid deaths"].to_numpy().ravel()[-24:], 2100, rtol=1e-3)


def test_pysd_runs_it_alike(model: Model) -> None:
    ours, pysd = (model.run(engine=engine)["synthetic opioid deaths"] for engine in ("compiled", "pysd"))
    np.testing.assert_allclose(ours, pysd, rtol=0.008)  # the file asks for Runge-Kutta, PySD has Euler's method alone


def test_its_table_and_its_posterior_belong_to_it(model: Model) -> None:
    known = {each.name: each for each in parameters.load(STRUCTURE.parameters)}
    constants = model.file.variables.query("kind == 'constant'")["name"]
    assert set(known) == set(constants) - set(model.file.control)
    assert not belongs(
        load_posterior(STRUCTURE.posterior, whole=False), model.file, STRUCTURE.parameters, STRUCTURE.targets
    )
