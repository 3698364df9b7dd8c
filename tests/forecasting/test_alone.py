"""A sector alone: on its inputs from a run it does to the last bit what it does in the whole model."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import sdforecast as sdf
from sdforecast import scenario
from sdforecast.errors import InputError
from sdforecast.forecasting import single
from sdforecast.model import read
from sdforecast.model.sectors import names
from tests.small import MODELS, exponential

pytestmark = pytest.mark.filterwarnings("ignore::sdforecast.engine.choosing.SlowEngineWarning")


@pytest.fixture(scope="module")
def whole() -> xr.Dataset:
    return single.run(read(), [scenario.load("military-only")])


@pytest.mark.parametrize("sector", names(read().variables))
def test_every_sector_of_the_shipped_model_is_itself_alone(sector: str, whole: xr.Dataset) -> None:
    alone = single.run(read(), [scenario.load("military-only")], sector=sector)
    table = read().variables
    assert set(alone.data_vars) <= set(table.loc[table["sector"] == sector, "name"])
    for name, values in alone.data_vars.items():
        np.testing.assert_array_equal(values, whole[name], err_msg=str(name))


@pytest.mark.parametrize("engine", ["compiled", "pysd"])
@pytest.mark.parametrize("file", ["predation.mdl", "views.mdl"])
def test_sectors_of_other_files_too(file: str, engine: str) -> None:
    model = sdf.load_model(MODELS / file)
    whole = model.run(engine=engine)
    for sector in set(names(model.variables)) - {"Notes"}:
        alone = model.run(sector=sector, engine=engine)
        for name, values in alone.data_vars.items():
            np.testing.assert_allclose(values, whole[name], rtol=1e-12, err_msg=f"{sector}: {name}")


REGIONS = """{UTF-8}
Region: north, south
	~	~	|
********************************************************
	.People
********************************************************~
	|
People[Region] = INTEG ( - loss[Region] * People[Region] * strain , 100 )
	~	person	~	|
loss[Region] = 0.1, 0.2
	~	1/Month	~	|
********************************************************
	.Services
********************************************************~
	|
staff[Region] = INTEG ( ( People[Region] / 10 - staff[Region] ) / 3 , 5 )
	~	person	~	|
strain = SUM ( People[Region!] ) / SUM ( staff[Region!] ) / 20
	~	Dmnl	~	|
********************************************************
	.Control
********************************************************~
	|
FINAL TIME = 20
	~	Month	~	|
INITIAL TIME = 0
	~	Month	~	|
SAVEPER = 1
	~	Month	~	|
TIME STEP = 0.125
	~	Month	~	|
"""


def test_elements_are_held_one_by_one(tmp_path: Path) -> None:
    (tmp_path / "regions.mdl").write_text(REGIONS)
    model = sdf.load_model(tmp_path / "regions.mdl")
    whole = model.run()
    for sector in ("People", "Services"):
        alone = model.run(sector=sector)
        for name, values in alone.data_vars.items():
            np.testing.assert_array_equal(values, whole[name], err_msg=f"{sector}: {name}")
    with pytest.raises(InputError, match="PySD cannot override one element"):
        model.run(sector="Services", engine="pysd")


def test_a_file_whose_equations_read_saveper_is_not_saved_more_often(tmp_path: Path) -> None:
    path = tmp_path / "saveper.mdl"
    text = (MODELS / "predation.mdl").read_text()
    path.write_text(text.replace("catch * Lynx * Hares * season", "catch * Lynx * Hares * season / SAVEPER"))
    model = sdf.load_model(path)
    np.testing.assert_allclose(model.run(sector="Prey")["Hares"], model.run()["Hares"], rtol=0.05)


def test_runge_kutta_is_itself_to_the_error_of_a_line(tmp_path: Path) -> None:
    path = tmp_path / "rk4.mdl"
    text = (MODELS / "predation.mdl").read_text().replace("+ PULSE ( 20 , 3 )", "")
    path.write_text(text + "\\\\\\---/// Sketch\n///---\\\\\\\n:L<%^E!@\n15:0,0,0,1,0,0\n")
    model = sdf.load_model(path)
    whole, alone = model.run(), model.run(sector="Prey")
    np.testing.assert_allclose(alone["Hares"], whole["Hares"], rtol=1e-4)
    assert not np.array_equal(alone["Hares"], whole["Hares"])


def test_prey_of_a_constant_number_of_predators_grows_by_a_constant_share() -> None:
    model = sdf.load_model(MODELS / "predation.mdl")
    times = [0.0, 60.0]
    held = xr.Dataset({"Lynx": ("time", [5.0, 5.0]), "season": ("time", [1.0, 1.0])}, coords={"time": times})
    alone = model.run(sector="Prey", inputs=held)
    np.testing.assert_allclose(alone["Hares"], exponential(np.arange(61.0), 100, 0.08 - 0.004 * 5, 0.1), rtol=1e-12)
    origins = {one["variable"]: one for one in json.loads(alone.attrs["inputs"])}
    assert (alone.attrs["sector"], origins["Lynx"]["source"]) == ("Prey", "file")


class TestFeedbackIsCut:
    def test_a_constant_of_the_sector_leaves_the_inputs_alone(self) -> None:
        model = sdf.load_model(MODELS / "predation.mdl")
        more = {"hare birth rate": 0.1}
        alone, whole = model.run(more, sector="Predators"), model.run()
        assert not np.array_equal(alone["Lynx"], whole["Lynx"])  # of another sector: the inputs change
        np.testing.assert_array_equal(alone["Lynx"], model.run(more)["Lynx"])
        fewer = {"lynx death rate": 0.2}
        lynx = model.run(fewer, sector="Predators")["Lynx"]
        assert not np.array_equal(lynx, model.run(fewer)["Lynx"])  # whose hares would have thrived
        known = model.run({**fewer, "Hares": _series(model, "Hares"), "eaten": _series(model, "eaten")})
        np.testing.assert_allclose(lynx, known["Lynx"], rtol=1e-12)  # the times of these points are rounded

    def test_initial_values_go_where_their_stocks_are(self) -> None:
        model = sdf.load_model(MODELS / "predation.mdl")
        whole, alone = model.run(initial={"lynx": 3.0}), model.run(initial={"lynx": 3.0}, sector="Prey")
        np.testing.assert_array_equal(alone["Hares"], whole["Hares"])
        held = xr.Dataset({"Lynx": ("time", [0.0, 0.0])}, coords={"time": [0.0, 60.0]})
        alone = model.run(initial={"Hares": 50.0}, sector="Prey", inputs=held)
        np.testing.assert_allclose(alone["Hares"], exponential(np.arange(61.0), 50, 0.08, 0.1), rtol=1e-12)


def _series(model: sdf.Model, name: str) -> pd.Series:
    every = model.run({"SAVEPER": 0.1}, variables=[name])
    return pd.Series(every[name].to_numpy(), index=every["time"].to_numpy())


class TestWrong:
    def test_a_variable_of_another_sector(self) -> None:
        with pytest.raises(InputError, match="'Lynx' is not in sector 'Prey'"):
            sdf.load_model(MODELS / "predation.mdl").run(sector="Prey", variables=["lynx"])

    def test_an_unknown_sector(self) -> None:
        with pytest.raises(InputError, match=r"no sector 'Bordr' \(did you mean 'Border flow'\?\)"):
            single.run(read(), sector="Bordr")


def test_an_earlier_run_of_ours_as_inputs_is_close_and_says_where_it_is_not() -> None:
    model = sdf.load_model()
    whole = model.run()
    alone = model.run(sector="Demand", inputs=whole)
    assert all(one["source"] == "file" for one in json.loads(alone.attrs["inputs"]))
    ratio = alone["people in treatment"] / whole["people in treatment"]
    np.testing.assert_allclose(ratio, 1, rtol=2e-3)  # months, not steps, were saved
