"""A forecast from the shipped estimate: as PySD itself runs it, paired by set, and refused when asked wrongly."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast import calendar, scenario
from sdforecast.errors import InputError
from sdforecast.forecasting import DEFAULT_SCENARIOS, Forecast, forecast
from sdforecast.inference import Estimate, load
from sdforecast.model import ModelFile, read
from tests.small import small

VARIABLES = ("synthetic opioid deaths", "powder purity", "people in treatment", "military action")
MIXES = ("current-course", "treatment-naloxone-surge")


@pytest.fixture(scope="module")
def model() -> ModelFile:
    return read()


@pytest.fixture(scope="module")
def estimate() -> Estimate:
    return load()


@pytest.fixture(scope="module")
def made(model: ModelFile, estimate: Estimate) -> Forecast:
    return forecast(MIXES, model=model, estimate=estimate, sets=2, horizon="2030-06", variables=VARIABLES)


class TestRuns:
    def test_set_0_is_pysds_own_run_of_the_best_constants(
        self, made: Forecast, model: ModelFile, estimate: Estimate
    ) -> None:
        import pysd

        levels = scenario.levels(scenario.load("treatment-naloxone-surge"))
        params = {str(name).replace("_", " "): levels[name] for name in levels}
        params |= dict(zip(estimate.best["parameter"], estimate.best["value"], strict=True))
        columns = ["cumulative synthetic opioid deaths", *VARIABLES[1:]]
        table = pysd.load(str(model.translation)).run(
            params=params, return_columns=columns, final_time=246, progress=False
        )
        ours = made.trajectories.sel(set=0, scenario="treatment-naloxone-surge")
        np.testing.assert_allclose(ours["synthetic opioid deaths"], np.diff(table[columns[0]]), rtol=1e-9)
        for name in VARIABLES[1:]:
            np.testing.assert_allclose(ours[name], table[name].iloc[1:], rtol=1e-9)

    def test_another_set_is_another_run(self, made: Forecast) -> None:
        deaths = made.trajectories["synthetic opioid deaths"].sel(scenario="current-course").to_numpy()
        assert not np.allclose(deaths[0], deaths[1], rtol=1e-3)

    def test_scenarios_of_a_set_are_the_same_until_the_first_change(self, made: Forecast) -> None:
        runs = made.trajectories
        reference, other = (runs.sel(scenario=name) for name in MIXES)
        changed = (made.levels[MIXES[0]] != made.levels[MIXES[1]]).any(axis=1)
        begin = int(changed.idxmax()) - 1  # the month at whose end a level differs for the first time
        assert begin == calendar.parse_month("2027-01")  # as the scenario's file says
        before, after = slice(None, begin), slice(begin, None)
        for name in VARIABLES:
            np.testing.assert_array_equal(reference[name].isel(time=before), other[name].isel(time=before))
        difference = reference["synthetic opioid deaths"] - other["synthetic opioid deaths"]
        assert (difference.isel(time=after).sum("time") > 0).all()  # treatment and naloxone, other things equal

    def test_months_run_from_2010_to_the_horizon(self, made: Forecast) -> None:
        days = pd.DatetimeIndex(made.trajectories["time"].to_numpy())
        assert (str(days[0])[:10], str(days[-1])[:10], len(days)) == ("2010-01-31", "2030-06-30", 246)
        assert (days == days + pd.offsets.MonthEnd(0)).all()


class TestObject:
    def test_it_names_its_scenarios_and_the_reference(self, made: Forecast) -> None:
        assert [mix.name for mix in made.scenarios] == list(MIXES)
        assert made.reference == "current-course"
        assert made.trajectories["scenario"].to_numpy().tolist() == list(MIXES)

    def test_the_manifest_says_from_what_it_was_made(
        self, made: Forecast, model: ModelFile, estimate: Estimate
    ) -> None:
        told = made.manifest
        assert told["model_sha256"] == model.sha256
        assert told["scenarios"] == list(MIXES)
        assert (told["sets"], told["horizon"]) == (2, "2030-06")
        assert told["estimate"]["created"] == estimate.manifest["created"]
        assert told["last_observed"] == "2025-04-30"

    def test_parameters_show_estimate_and_prior(self, made: Forecast, estimate: Estimate) -> None:
        table = made.parameters.set_index("name")
        best = estimate.best.set_index("parameter")["value"]
        np.testing.assert_array_equal(table.loc[best.index, "estimate"], best)
        fixed = table[table["kind"] == "data"]
        np.testing.assert_array_equal(fixed["estimate"], fixed["value"])

    def test_the_first_default_is_the_reference_and_all_are_shipped(self) -> None:
        assert DEFAULT_SCENARIOS[0] == "current-course"
        assert set(DEFAULT_SCENARIOS) <= set(scenario.shipped())


class TestFaults:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"horizon": "2036-01"}, "horizon 2036-01 is out of range (2025-12 to 2035-12)"),
            ({"horizon": "2025-11"}, "horizon 2025-11 is out of range (2025-12 to 2035-12)"),
            ({"horizon": "soon"}, "horizon: 'soon' is not a month; write YYYY-MM"),
            ({"horizon": "2030-13"}, "horizon: month must be in 1..12"),
            ({"sets": 0}, "0 parameter sets asked for (the estimate has 1 to "),
            ({"sets": 10_000}, "10000 parameter sets asked for (the estimate has 1 to "),
            ({"scenarios": []}, "no scenario to run"),
            ({"scenarios": ["military-only", "military-only"]}, "scenario 'military-only' is asked for twice"),
            ({"scenarios": ["militry-only"]}, "unknown scenario 'militry-only' (did you mean 'military-only'?)"),
            ({"variables": ["powder purty"]}, "no variable 'powder purty' (did you mean 'powder purity'?)"),
        ],
    )
    def test_each_is_told(self, model: ModelFile, estimate: Estimate, options: dict[str, object], message: str) -> None:
        with pytest.raises(InputError) as caught:
            forecast(**{"scenarios": ["current-course"], "model": model, "estimate": estimate, "sets": 1, **options})
        assert message in str(caught.value)

    def test_two_files_of_one_name_are_the_same_scenario_twice(
        self, model: ModelFile, estimate: Estimate, tmp_path: Path
    ) -> None:
        file = tmp_path / "mine.yaml"
        file.write_text("name: current-course\ntitle: Mine\n")
        with pytest.raises(InputError, match="asked for twice"):
            forecast(["current-course", file], model=model, estimate=estimate, sets=1)

    def test_an_estimate_of_another_model(self, estimate: Estimate) -> None:
        with pytest.raises(InputError, match="the estimate is for another model"):
            forecast(["current-course"], model=small("growth.mdl"), estimate=estimate, sets=1)

    def test_an_estimate_with_a_constant_that_fails_says_so(self, model: ModelFile, estimate: Estimate) -> None:
        name = next(name for name in estimate.sets if name.endswith(" time"))
        sets = estimate.sets.iloc[:1].assign(**{name: 0.0})
        with pytest.raises(InputError, match=r"is not finite in 20\d\d-\d\d with parameter set 0 under current-course"):
            forecast(["current-course"], model=model, estimate=replace(estimate, sets=sets), horizon="2025-12")
