"""Draws of constants under scenarios: as users have them, to memory, quantiles and disk."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast import scenario
from sdforecast.engine import SlowEngineWarning
from sdforecast.errors import InputError
from sdforecast.forecasting import ensembles, single
from sdforecast.forecasting.ensembles import as_draws, run_ensemble
from sdforecast.model import ModelFile, read
from tests.engine.compiled.comparing import written
from tests.small import exponential, small

GROWTH, REGIONS = small("growth.mdl"), small("regions.mdl")
RATES = np.linspace(0, 0.05, 7)
TABLE = pd.DataFrame({"growth rate": RATES, "half life": np.linspace(1, 9, 7)})
DEATHS = "synthetic opioid deaths"


@pytest.fixture(scope="module")
def ours() -> ModelFile:
    return read()


class TestDraws:
    """One meaning, whatever they come in."""

    @pytest.mark.parametrize("kind", ["table", "mapping", "lists", "dataset", "chains"])
    def test_a_table_a_mapping_and_a_dataset_are_the_same(self, kind: str) -> None:
        columns = {name: TABLE[name].to_numpy() for name in TABLE}
        given = {
            "table": TABLE,
            "mapping": columns,
            "lists": {"Growth_Rate": list(columns["growth rate"]), "HALF LIFE": list(columns["half life"])},
            "dataset": xr.Dataset({name: ("draw", values) for name, values in columns.items()}),
            "chains": xr.Dataset({name: (("chain", "draw"), v.reshape(1, 7)) for name, v in columns.items()}),
        }[kind]
        draws = as_draws(GROWTH, given)
        assert draws.names == ("growth rate", "half life")
        np.testing.assert_array_equal(draws.values, TABLE.to_numpy())

    def test_chains_lie_one_after_the_other(self) -> None:
        values = np.arange(6.0).reshape(2, 3)
        given = xr.Dataset({"half life": (("draw", "chain"), values.T)}, coords={"chain": [7, 8], "draw": [1, 2, 3]})
        assert as_draws(GROWTH, given).values[:, 0].tolist() == list(range(6))

    def test_elements_by_label_and_not_by_place(self) -> None:
        given = xr.Dataset({"loss": (("Region", "draw"), [[0.3], [0.1]])}, coords={"Region": ["South", "North"]})
        draws = as_draws(REGIONS, given)
        assert dict(zip(draws.names, draws.values[0], strict=True)) == {"loss[South]": 0.3, "loss[North]": 0.1}

    def test_over_time_in_the_order_of_time(self) -> None:
        given = xr.Dataset({"births": (("time", "draw"), [[3.0, 4], [1, 2]])}, coords={"time": [9, 2]})
        draws = as_draws(GROWTH, given)
        times, values = draws.series["births"]
        assert (len(draws), times.tolist(), values.tolist()) == (2, [2, 9], [[1, 3], [2, 4]])

    @pytest.mark.parametrize(
        ("given", "message"),
        [
            (pd.DataFrame(), "no draws"),
            (TABLE.iloc[:0], "no draws"),
            ({"growth rat": [1.0]}, "did you mean 'growth rate'"),
            ({"growth rate": [1.0, 2.0], "half life": [1.0]}, "do not go together"),
            ({"growth rate": [1.0, np.nan]}, "draws of 'growth rate' that are not finite"),
            ({"growth rate": ["a", "b"]}, "do not go together"),
            ({"growth rate": np.ones((2, 2))}, "do not go together"),
            ([{"growth rate": 1.0}], "draws of type list"),
            (xr.Dataset({"growth rate": ("sample", [1.0])}), "has no dimension 'draw'"),
            (xr.Dataset({"births": (("draw", "time"), [[1.0]])}), "over time without times"),
            (xr.Dataset({"growth rate": ("draw", ["a"])}), "that are no numbers"),
        ],
    )
    def test_what_is_no_draws(self, given: object, message: str) -> None:
        with pytest.raises(InputError, match=message):
            as_draws(GROWTH, given)


class TestResult:
    def test_every_draw_is_its_closed_form(self) -> None:
        runs = run_ensemble(GROWTH, TABLE)
        assert runs["Population"].dims == ("draw", "time")
        assert runs["Population"].attrs == {"unit": "person", "comment": "Grows by a constant share.", "per": ""}
        expected = np.stack([exponential(np.arange(41), 100, rate, 0.125) for rate in RATES])
        np.testing.assert_allclose(runs["Population"], expected, rtol=1e-12)

    def test_subscripts_chosen_variables_spans_and_shared_constants(self) -> None:
        runs = run_ensemble(
            REGIONS, {"loss[North]": [0.0, 0.3]}, variables=["STOCK"], parameters={"loss": 0.1}, first=4, last=6
        )
        assert list(runs) == ["Stock"]
        assert runs["Stock"].dims == ("draw", "time", "Region")
        assert runs["time"].to_numpy().tolist() == [4, 5, 6]
        ends = [[100, 100 * (1 - 0.1 / 16) ** 96], [100 * (1 - 0.3 / 16) ** 96, 100 * (1 - 0.1 / 16) ** 96]]
        np.testing.assert_allclose(runs["Stock"].sel(time=6), ends, rtol=1e-12)

    def test_draws_over_time(self) -> None:
        given = xr.Dataset(
            {"births": (("draw", "time"), [[0.0, 4.0], [2.0, 2.0]]), "half life": ("draw", [1.0, 2.0])},
            coords={"time": [0.0, 40.0]},
        )
        runs = run_ensemble(GROWTH, given)
        flow = np.linspace(0, 4, 321)[:-1].sum() / 8
        np.testing.assert_allclose(runs["Population"][:, -1], [100 + flow, 180], rtol=1e-12)
        cells = xr.Dataset(
            {"loss": (("draw", "time", "Region"), [[[0.1, 0.0], [0.1, 0.0]]])},
            coords={"time": [0.0, 20.0], "Region": ["North", "South"]},
        )
        ends = run_ensemble(REGIONS, cells)["Stock"].isel(draw=0, time=-1)
        np.testing.assert_allclose(ends, [100 * (1 - 0.1 / 16) ** 320, 100], rtol=1e-12)

    def test_pysd_gives_the_same_and_leaves_out_what_it_cannot(self) -> None:
        ours, theirs = (
            run_ensemble(REGIONS, {"loss": [0.0, 0.2]}),
            run_ensemble(REGIONS, {"loss": [0.0, 0.2]}, engine="pysd"),
        )
        assert (list(ours), list(theirs)) == (["Stock", "whole"], ["whole"])
        xr.testing.assert_allclose(ours[["whole"]].drop_vars("Region", errors="ignore"), theirs, rtol=1e-12)

    def test_chunks_make_no_difference(self, monkeypatch: pytest.MonkeyPatch) -> None:
        whole = run_ensemble(GROWTH, TABLE)
        monkeypatch.setattr(ensembles, "CHUNK", 8 * 41 * 3 * 2)  # two members
        monkeypatch.setattr(ensembles, "FEWEST", 1)
        told: list[int] = []
        xr.testing.assert_identical(run_ensemble(GROWTH, TABLE, advance=told.append), whole)
        assert (sum(told), len(told)) == (7, 4)

    @pytest.mark.parametrize("saving", ["TIME STEP", "1"])
    def test_a_model_that_saves_every_step(self, tmp_path: Path, saving: str) -> None:
        """Vensim's default, which is an equation and no number."""
        model = read(written(tmp_path, "x = INTEG(r, 0)\nr = 1", SAVEPER=saving))
        runs = run_ensemble(model, {"r": [1.0, 2.0]}, parameters={"TIME STEP": 0.5})
        assert runs["time"][1] == (0.5 if saving == "TIME STEP" else 1)
        assert runs["x"][:, -1].to_numpy().tolist() == [8, 16]

    def test_the_fallback_is_told_once(self, tmp_path: Path) -> None:
        model = read(written(tmp_path, "x = INTEG(r, 0)\nr = 1\nu = RANDOM UNIFORM(0, 1, 0)"))
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("default")
            runs = run_ensemble(model, {"r": [1.0, 2.0]}, variables=["x"])
        assert runs["x"][:, -1].to_numpy().tolist() == [8, 16]
        assert {str(w.message) for w in told if w.category is SlowEngineWarning} == {
            f"running under PySD, a thousand times slower or more: 'u' uses RANDOM UNIFORM ({model.path}:8)"
        }


class TestScenarios:
    MIXES = ("current-course", "treatment-naloxone-surge")

    def test_draws_are_paired_and_are_single_runs(self, ours: ModelFile) -> None:
        mixes = [scenario.load(name) for name in self.MIXES]
        given = pd.DataFrame({"detection base": [0.1, 0.2, 0.3]})
        runs = run_ensemble(ours, given, mixes, [DEATHS, "dose"], first=100, last=230)
        assert dict(runs.sizes) == {"draw": 3, "scenario": 2, "time": 131}
        assert runs["scenario"].to_numpy().tolist() == list(self.MIXES)
        assert (runs[DEATHS].attrs["per"], runs["dose"].attrs["per"]) == ("month", "")
        for k, value in enumerate(given["detection base"]):
            alone = single.run(ours, mixes, {"detection base": value}, [DEATHS, "dose"], first=100, last=230)
            for name in (DEATHS, "dose"):
                np.testing.assert_allclose(runs[name].isel(draw=k), alone[name], rtol=1e-12)
        early = runs.sel(time=slice(None, "2024-12"))
        np.testing.assert_array_equal(early[DEATHS].isel(scenario=0), early[DEATHS].isel(scenario=1))

    def test_a_model_without_instruments_takes_none(self) -> None:
        with pytest.raises(InputError, match="so a scenario cannot be applied"):
            run_ensemble(GROWTH, TABLE, [scenario.load("current-course")])


class TestFaults:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"variables": ["birth"]}, "did you mean 'births'"),
            ({"parameters": {"half lif": 1.0}}, "did you mean 'half life'"),
            ({"quantiles": [50]}, "numbers from 0 to 1"),
            ({"quantiles": []}, "numbers from 0 to 1"),
            ({"quantiles": [0.5], "to": "x.nc"}, "either quantiles or a file"),
            ({"to": "x.csv"}, "members are written as NetCDF"),
            ({"first": 50}, "holds no saved time"),
            ({"engine": "fast"}, "one of auto, compiled, pysd"),
        ],
    )
    def test_each_is_told(
        self, options: dict[str, object], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        with pytest.raises(InputError, match=message):
            run_ensemble(GROWTH, TABLE, **options)
        assert not list(tmp_path.iterdir())

    @pytest.mark.parametrize("name", ["FINAL TIME", "SAVEPER"])
    def test_members_save_the_same_rows(self, name: str) -> None:
        with pytest.raises(InputError, match=f"'{name}' cannot differ"):
            run_ensemble(GROWTH, {name: [4.0, 8.0]})
