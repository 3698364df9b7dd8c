"""A forecast from the shipped posterior: as PySD itself runs it, paired by draw, and refused when asked wrongly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast import calendar, history, scenario
from sdforecast.errors import InputError
from sdforecast.forecasting import DEFAULT_SCENARIOS, Forecast, forecast
from sdforecast.inference import Posterior, load
from sdforecast.model import ModelFile, read
from sdforecast.shipped import calibration_dir
from tests.small import small

DEATHS = "synthetic opioid deaths"
ALONE = "synthetic opioid deaths of the model"
ALL = "all drug deaths"
VARIABLES = (DEATHS, ALL, "drug deaths without opioids", "powder purity", "military action")
MIXES = ("current-course", "treatment-naloxone-surge")


@pytest.fixture(scope="module")
def model() -> ModelFile:
    return read()


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return load(whole=False)


@pytest.fixture(scope="module")
def made(model: ModelFile, posterior: Posterior) -> Forecast:
    return forecast(MIXES, model=model, posterior=posterior, draws=4, horizon="2030-06", variables=VARIABLES)


class TestRuns:
    def test_a_draw_is_pysds_own_run_of_its_constants_and_its_latent_series(
        self, made: Forecast, model: ModelFile, posterior: Posterior
    ) -> None:
        import pysd

        kept = posterior.thin(4)
        levels = scenario.levels(scenario.load("treatment-naloxone-surge"))
        params = {str(name).replace("_", " "): levels[name] for name in levels}
        params |= kept.draws.iloc[2].to_dict()
        latent = kept.latent("latent supply shock")
        params["latent supply shock"] = pd.Series(latent.to_numpy()[2].astype(float), latent["knot"].to_numpy())
        until = 185  # there the knots of the past are all that counts
        columns = [f"cumulative {DEATHS}", "drug deaths without opioids", "powder purity", "military action"]
        table = pysd.load(str(model.translation)).run(
            params=params, return_columns=columns, final_time=until, progress=False
        )
        ours = made.trajectories.sel(draw=2, scenario="treatment-naloxone-surge").isel(time=slice(until))
        np.testing.assert_allclose(ours[ALONE], np.diff(table[columns[0]]), rtol=1e-9)
        for name in columns[2:]:
            np.testing.assert_allclose(ours[name], table[name].iloc[1:], rtol=1e-9)

    def test_another_draw_is_another_run(self, made: Forecast) -> None:
        deaths = made.trajectories[ALONE].sel(scenario="current-course").to_numpy()
        assert not np.allclose(deaths[0], deaths[1], rtol=1e-3)

    def test_scenarios_of_a_draw_are_the_same_until_the_first_change(self, made: Forecast) -> None:
        runs = made.trajectories
        reference, other = (runs.sel(scenario=name) for name in MIXES)
        changed = (made.levels[MIXES[0]] != made.levels[MIXES[1]]).any(axis=1)
        begin = int(changed.idxmax()) - 1  # the month at whose end a level differs for the first time
        assert begin == calendar.parse_month("2027-01")  # as the scenario's file says
        before, after = slice(None, begin), slice(begin, None)
        for name in runs:
            np.testing.assert_array_equal(reference[name].isel(time=before), other[name].isel(time=before))
        difference = reference[DEATHS] - other[DEATHS]
        assert (difference.isel(time=after).sum("time") > 0).all()  # treatment and naloxone, other things equal

    def test_months_run_from_2010_to_the_horizon(self, made: Forecast) -> None:
        days = pd.DatetimeIndex(made.trajectories["time"].to_numpy())
        assert (str(days[0])[:10], str(days[-1])[:10], len(days)) == ("2010-01-31", "2030-06-30", 246)
        assert (days == days + pd.offsets.MonthEnd(0)).all()

    def test_a_constant_of_the_scenario_counts_before_the_draws(
        self, model: ModelFile, posterior: Posterior, tmp_path: Path
    ) -> None:
        file = tmp_path / "mine.yaml"
        file.write_text("name: mine\ntitle: Mine\nassumptions:\n  detection base: 0.3\n")
        made = forecast(
            [file, "current-course"], model=model, posterior=posterior, draws=2, horizon="2025-12",
            variables=["detection base"],
        )  # fmt: skip
        assert set(made.trajectories["detection base"].sel(scenario="mine").to_numpy().ravel()) == {0.3}
        drawn = made.trajectories["detection base"].sel(scenario="current-course").isel(time=0).to_numpy()
        np.testing.assert_array_equal(drawn, posterior.thin(2).draws["detection base"])

    def test_a_constant_held_in_the_estimation_is_held_here(self, model: ModelFile, posterior: Posterior) -> None:
        name = next(n for n in model.variables.loc[model.variables["kind"] == "constant", "name"]
                    if n not in posterior.draws and n not in posterior.latents)  # fmt: skip
        held = replace(posterior, manifest={**posterior.manifest, "held": {name: 0.125}})
        made = forecast(["current-course"], model=model, posterior=held, draws=1, horizon="2025-12", variables=[name])
        assert set(made.trajectories[name].to_numpy().ravel()) == {0.125}


class TestDisturbances:
    def test_sums_that_contain_the_deaths_change_by_as_many(self, made: Forecast, posterior: Posterior) -> None:
        runs = made.trajectories
        added = runs[DEATHS] - runs[ALONE]
        assert float(abs(added).max()) > 50
        opioids = forecast(
            MIXES, posterior=posterior, draws=4, horizon="2030-06", variables=["opioid deaths"]
        ).trajectories
        assert list(opioids) == ["opioid deaths"]
        np.testing.assert_allclose(
            runs[f"{ALL} of the model"] + added - opioids["opioid deaths"],
            runs["drug deaths without opioids"],
            atol=0.5,
        )  # a month's sum against the value at its end

    def test_the_rest_has_a_factor_that_follows_the_counts_the_same_under_every_scenario(self, made: Forecast) -> None:
        runs = made.trajectories
        rest, alone = runs[ALL] - runs[DEATHS], runs[f"{ALL} of the model"] - runs[ALONE]
        by = (rest / alone).to_numpy()
        np.testing.assert_allclose(by, np.broadcast_to(by[:, :1], by.shape), rtol=1e-9)
        assert not np.allclose(by[0], by[1], rtol=1e-3)
        every, some = (
            history.select(made.history, name, aggregation="month", breakdown="occurrence").set_index("period_end")
            for name in ("all_drug_deaths", "synthetic_opioid_deaths")
        )
        closed = every.index[(every["status"] == "final") & (some["status"] == "final")]
        seen = xr.DataArray((every["value"] - some["value"]).loc[closed].to_numpy(), dims="time")
        off, model = (np.log(each.sel(time=closed).drop_vars("time") / seen) for each in (rest, alone))
        assert float(np.sqrt((off**2).mean())) < 0.04 < float(np.sqrt((model**2).mean()))

    def test_the_rest_is_set_against_the_current_course_wherever_it_stands(
        self, made: Forecast, model: ModelFile, posterior: Posterior
    ) -> None:
        other = forecast(MIXES[::-1], model=model, posterior=posterior, draws=4, horizon="2030-06", variables=[ALL])
        assert list(other.trajectories) == [ALL, f"{ALL} of the model"]
        for mix in MIXES:
            np.testing.assert_array_equal(
                other.trajectories[ALL].sel(scenario=mix), made.trajectories[ALL].sel(scenario=mix)
            )

    def test_the_factor_is_the_same_under_every_scenario_and_differs_between_draws(self, made: Forecast) -> None:
        factor = (made.trajectories[DEATHS] / made.trajectories[ALONE]).to_numpy()
        np.testing.assert_allclose(factor[:, 0], factor[:, 1], rtol=1e-9)
        assert not np.allclose(factor[0], factor[1], rtol=1e-3)

    def test_latent_series_go_on_the_same_under_every_scenario(self, posterior: Posterior) -> None:
        made = forecast(MIXES, posterior=posterior, draws=4, variables=["latent supply shock"]).trajectories
        shock = made["latent supply shock"].to_numpy()
        np.testing.assert_array_equal(shock[:, 0], shock[:, 1])
        assert (shock[:, 0, -60:].std(axis=1) > 0).all()
        assert len(set(shock[:, 0, -1])) == 4

    def test_a_seed_changes_the_future_alone(self, made: Forecast, model: ModelFile, posterior: Posterior) -> None:
        def again(seed: int) -> xr.DataArray:
            made = forecast(
                MIXES, model=model, posterior=posterior, draws=4, horizon="2030-06", variables=VARIABLES, seed=seed
            )
            return made.trajectories[DEATHS]

        xr.testing.assert_identical(again(1), made.trajectories[DEATHS])
        other = again(2)
        past = slice(None, calendar.parse_month("2025-05"))
        np.testing.assert_array_equal(other.isel(time=past), made.trajectories[DEATHS].isel(time=past))
        assert not np.allclose(other.isel(time=-1), made.trajectories[DEATHS].isel(time=-1))

    def test_a_past_that_is_another_is_told(self, model: ModelFile, posterior: Posterior, tmp_path: Path) -> None:
        file = tmp_path / "mine.yaml"
        file.write_text(
            "name: mine\ntitle: Mine\ncounterfactual: true\n"
            "instruments:\n  - {instrument: moud, intensity: 0.9, start: 2015-01, ramp_months: 12}\n"
        )
        said: list[str] = []

        def run(mixes: list[str | Path], variable: str) -> Forecast:
            return forecast(
                mixes, model=model, posterior=posterior, draws=1, horizon="2025-12", variables=[variable],
                told=said.append,
            )  # fmt: skip

        run([file], ALL)
        assert [line for line in said if "whose past is another" in line] == [
            "counts of 'all drug deaths' are set against mine, whose past is another: run current-course, too"
        ]
        said.clear()
        run([file, "treatment-naloxone-surge"], ALL)
        run([file], DEATHS)
        assert not [line for line in said if "past" in line]


class TestObject:
    def test_it_names_its_scenarios_and_the_reference(self, made: Forecast) -> None:
        assert [mix.name for mix in made.scenarios] == list(MIXES)
        assert made.reference == "current-course"
        assert made.trajectories["scenario"].to_numpy().tolist() == list(MIXES)

    def test_the_manifest_says_from_what_it_was_made(
        self, made: Forecast, model: ModelFile, posterior: Posterior
    ) -> None:
        told = made.manifest
        assert told["model_sha256"] == model.sha256
        assert told["scenarios"] == list(MIXES)
        assert (told["draws"], told["seed"], told["horizon"]) == (4, 1, "2030-06")
        assert told["propagated"] == ["latent supply shock", "deaths", "other drug deaths"]
        assert told["posterior"]["created"] == posterior.manifest["created"]
        assert told["last_observed"] == "2025-04-30"

    def test_constants_have_prior_and_posterior(self, made: Forecast, posterior: Posterior) -> None:
        table, draws = made.parameters.set_index("name"), posterior.draws
        np.testing.assert_allclose(table.loc[draws.columns, "median"], draws.median(), rtol=1e-12)
        np.testing.assert_allclose(table.loc[draws.columns, "posterior_high"], draws.quantile(0.95), rtol=1e-12)
        learned = posterior.learned.set_index("parameter")
        assert (table.loc[learned.index, "taught"] == learned["taught"]).all()
        later = draws.columns.difference(learned.index)
        assert len(later)
        assert set(table.loc[later, "taught"]) == {"acts later"}
        fixed = table.loc[table.index.difference(draws.columns)]
        assert fixed["posterior_low"].isna().all()
        assert set(fixed["taught"]) == {""}
        np.testing.assert_allclose(fixed["median"], fixed["value"], rtol=1e-6)

    def test_the_first_default_is_the_reference_and_all_are_shipped(self) -> None:
        assert DEFAULT_SCENARIOS[0] == "current-course"
        assert set(DEFAULT_SCENARIOS) <= set(scenario.shipped())

    def test_what_changed_since_the_posterior_is_told_and_kept(self, model: ModelFile, posterior: Posterior) -> None:
        prints = {**posterior.manifest["fingerprints"], "history": "0"}
        settled = {"publishable": True}
        other = replace(posterior, manifest={**posterior.manifest, "fingerprints": prints, "sampling": settled})
        told: list[str] = []
        made = forecast(
            ["current-course"], model=model, posterior=other, draws=1, horizon="2025-12", variables=[DEATHS],
            told=told.append,
        )  # fmt: skip
        assert len(told) == 1
        assert "the data" in told[0]
        assert "make it anew: sdforecast calibrate" in told[0]
        assert len(made.manifest["posterior_differs"]) == 1
        assert str(model.path) not in made.manifest["posterior_differs"][0]

    @pytest.mark.parametrize(("publishable", "lines"), [(True, 0), (False, 1)])
    def test_chains_that_have_not_settled_are_told_and_kept(
        self, model: ModelFile, posterior: Posterior, publishable: bool, lines: int
    ) -> None:
        sampling = {"publishable": publishable, "rhat_max": 1.02, "ess_min": 315.2}
        other = replace(posterior, manifest={**posterior.manifest, "sampling": sampling})
        told: list[str] = []
        made = forecast(
            ["current-course"], model=model, posterior=other, draws=1, horizon="2025-12", variables=[DEATHS],
            told=told.append,
        )  # fmt: skip
        assert len(told) == lines
        assert all("largest R-hat 1.020, fewest effective draws 315" in line for line in told)
        assert made.manifest.get("posterior_unsettled", []) == told


class TestFaults:
    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"horizon": "2036-01"}, "horizon 2036-01 is out of range (2025-12 to 2035-12)"),
            ({"horizon": "2025-11"}, "horizon 2025-11 is out of range (2025-12 to 2035-12)"),
            ({"horizon": "soon"}, "horizon: 'soon' is not a month; write YYYY-MM"),
            ({"horizon": "2030-13"}, "horizon: month must be in 1..12"),
            ({"draws": 0}, "0 draws asked for (the posterior has 1 to "),
            ({"draws": 10_000}, "10000 draws asked for (the posterior has 1 to "),
            ({"scenarios": []}, "no scenario to run"),
            ({"scenarios": ["military-only", "military-only"]}, "scenario 'military-only' is asked for twice"),
            ({"scenarios": ["militry-only"]}, "unknown scenario 'militry-only' (did you mean 'military-only'?)"),
            ({"variables": ["powder purty"]}, "no variable 'powder purty' (did you mean 'powder purity'?)"),
        ],
    )
    def test_each_is_told(
        self, model: ModelFile, posterior: Posterior, options: dict[str, object], message: str
    ) -> None:
        with pytest.raises(InputError) as caught:
            forecast(**{"scenarios": ["current-course"], "model": model, "posterior": posterior, "draws": 1, **options})
        assert message in str(caught.value)

    def test_two_files_of_one_name_are_the_same_scenario_twice(
        self, model: ModelFile, posterior: Posterior, tmp_path: Path
    ) -> None:
        file = tmp_path / "mine.yaml"
        file.write_text("name: current-course\ntitle: Mine\n")
        with pytest.raises(InputError, match="is also the name in"):
            forecast(["current-course", file], model=model, posterior=posterior, draws=1)

    def test_a_posterior_of_another_model(self, posterior: Posterior) -> None:
        with pytest.raises(InputError, match="the posterior is of another model"):
            forecast(["current-course"], model=small("growth.mdl"), posterior=posterior, draws=1)

    def test_a_posterior_of_other_targets(self, model: ModelFile, posterior: Posterior, tmp_path: Path) -> None:
        file = tmp_path / "targets.toml"
        text = (calibration_dir() / "targets.toml").read_text()
        for name, changed, what in (
            ("latent", text.replace('variable = "latent supply shock"', 'variable = "latent hazard shock"'),
             "latent series 'latent supply shock'"),
            ("discrepancy", text.replace('"deaths"\n', '"of deaths"\n'), "discrepancy 'deaths'"),
        ):  # fmt: skip
            assert changed != text, name
            file.write_text(changed)
            with pytest.raises(InputError, match=f"the posterior's {what} is not in the table of targets"):
                forecast(["current-course"], model=model, posterior=posterior, draws=1, targets=file)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda d: d.drop_vars("deaths half-life"), "the posterior has no 'deaths half-life'"),
            (lambda d: d.drop_vars("supply sd"), "the posterior has no 'supply sd'"),
            (lambda d: d.assign({"deaths walk": d["deaths walk"] * 0}), "'deaths walk' that are not above zero"),
            (lambda d: d.assign({"supply half-life": -d["supply half-life"]}), "'supply half-life' that are not above"),
            (lambda d: d.isel(harmonic=[0, 1]), "'deaths season' has not 4 coefficients"),
            (lambda d: d.assign_coords(month=d["month"] - 3), "is not of consecutive months from 2010-01 on"),
            (lambda d: d.assign_coords(month=d["month"] + 1000), "is not of consecutive months from 2010-01 on"),
            (lambda d: d.isel(month=[0, 1, 3]), "is not of consecutive months from 2010-01 on"),
        ],
    )
    def test_a_posterior_that_cannot_be_carried_on(
        self, model: ModelFile, posterior: Posterior, change: Callable[[xr.Dataset], xr.Dataset], message: str
    ) -> None:
        tree = posterior.tree.copy()
        tree["posterior"] = xr.DataTree(change(tree["posterior"].to_dataset()))
        with pytest.raises(InputError, match=message):
            forecast(["current-course"], model=model, posterior=replace(posterior, tree=tree), draws=1)

    def test_a_draw_that_fails_says_so(self, model: ModelFile, posterior: Posterior) -> None:
        name = next(name for name in posterior.draws if name.endswith(" time"))
        tree = posterior.tree.copy()
        draws = tree["posterior"].to_dataset().copy(deep=True)
        draws["constants"].loc[{"parameter": name}] = 0.0
        tree["posterior"] = xr.DataTree(draws)
        with pytest.raises(InputError, match=r"is not finite in 20\d\d-\d\d with draw 0 under current-course"):
            forecast(
                ["current-course"], model=model, posterior=replace(posterior, tree=tree), draws=1, horizon="2025-12"
            )
