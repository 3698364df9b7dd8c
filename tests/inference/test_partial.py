"""One sector estimated alone: a constant is found again, the others stay, and the manifest says what it is."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pymc")

from sdforecast import history, observation, parameters, shipped
from sdforecast.errors import InputError
from sdforecast.forecasting import forecast, single
from sdforecast.history.vocabulary import COLUMNS
from sdforecast.inference.calibrating import Calibrated, calibrate
from sdforecast.inference.methods import Plan
from sdforecast.inference.partial import part
from sdforecast.inference.studying import Sources
from sdforecast.model import read

SEIZED = "fentanyl seized gross"
TARGET = """[[target]]
name = "seizures"
title = "Made up"
series = ["cbp_fentanyl_seized"]
aggregation = "month"
breakdown = "all_components"
from = "2015-01"
to = "2024-12"
variable = "fentanyl seized gross"
kind = "flow"
likelihood = "log-normal"
sd = 0.01
"""
TRUTH = 0.16


@pytest.fixture(scope="module")
def border() -> list[parameters.Parameter]:
    """Constants of the sector Border flow that have a prior."""
    table = read().variables
    own = set(table.loc[table["sector"] == "Border flow", "name"])
    return [p for p in parameters.load() if p.name in own and p.spread > 0]


@pytest.fixture(scope="module")
def made_up(border: list[parameters.Parameter], tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """Seizures that the sector alone gives with `detection base` at `TRUTH` and its other constants at their centre."""
    folder = tmp_path_factory.mktemp("made-up")
    centre = {p.name: p.value for p in border}
    runs = single.run(
        read(), (), {**centre, "detection base": TRUTH}, [SEIZED], first=60, last=179, sector="Border flow"
    )
    ends = pd.DatetimeIndex(runs["time"].to_numpy())
    rows = pd.DataFrame(
        {
            "series": "cbp_fentanyl_seized", "period_start": ends.to_period("M").start_time.strftime("%Y-%m-%d"),
            "period_end": ends.strftime("%Y-%m-%d"), "aggregation": "month", "geography": "US",
            "breakdown": "all_components", "value": runs[SEIZED].to_numpy()[0], "low": "", "high": "",
            "unit": "lb_gross", "status": "final", "vintage": "", "source": "made up", "licence": "public-domain",
            "grade": "judgement",
        }
    )[list(COLUMNS)]  # fmt: skip
    (folder / "data").mkdir()
    shutil.copy(shipped.history_dir() / "deaths.csv", folder / "data")
    rows.to_csv(folder / "data" / "seizures.csv", index=False, float_format="%.6f")
    (folder / "targets.toml").write_text(TARGET)
    text = (shipped.calibration_dir() / "parameters.toml").read_text(encoding="utf-8")
    free = r'(name = "detection base"\nunit = "[^"]*"\nkind = )"assumption"'
    text = re.sub(free, r'\1"estimated"', text.replace('kind = "estimated"', 'kind = "assumption"'))
    (folder / "parameters.toml").write_text(text, encoding="utf-8")
    return Sources(folder / "data", folder / "parameters.toml", folder / "targets.toml")


@pytest.fixture(scope="module")
def found(made_up: Sources) -> Calibrated:
    plan = Plan("laplace", chains=1, draws=200)
    return calibrate(read(), made_up, plan, starts=1, kept=200, sector="border flow")


@pytest.mark.slow  # the density of a sector is compiled: half a minute
def test_a_constant_of_the_sector_is_found_again(found: Calibrated, border: list[parameters.Parameter]) -> None:
    prior = {p.name: p for p in border}["detection base"].value
    assert abs(np.log(TRUTH / prior)) > 0.3  # far from where the search begins
    posterior = found.posterior
    best = posterior.best.set_index("parameter")["value"]
    assert best["detection base"] == pytest.approx(TRUTH, rel=0.1)  # others of the sector move seizures, too
    assert set(best.index) == {p.name for p in border}
    assert posterior.fit["mape"].item() < 1
    told = posterior.manifest["partial"]
    assert (told["sector"], told["constants"], told["targets"]) == ("Border flow", ["detection base"], ["seizures"])
    assert {one["source"] for one in told["inputs"]} == {"run"}


@pytest.mark.slow  # the density of a sector is compiled: half a minute
def test_a_forecast_holds_the_other_constants_and_says_on_what_it_rests(found: Calibrated, made_up: Sources) -> None:
    made = forecast(
        ["current-course"], posterior=found.posterior, draws=2, horizon="2026-01", variables=["dose"],
        targets=made_up.targets,
    )  # fmt: skip
    assert made.manifest["posterior"]["partial"]["sector"] == "Border flow"  # type: ignore[index]
    kept = found.posterior.thin(2).draws
    constants = {str(name): float(value) for name, value in kept.iloc[0].items()}
    with_them = single.run(read(), (), constants, ["dose"], last=192)
    np.testing.assert_allclose(made.trajectories["dose"].isel(draw=0, scenario=0), with_them["dose"].isel(scenario=0))


@pytest.fixture(scope="module")
def observed() -> pd.DataFrame:
    return observation.observations(observation.load(), history.load())


@pytest.fixture(scope="module")
def uncertain() -> list[parameters.Parameter]:
    return [p for p in parameters.load() if p.spread > 0]


def test_a_sector_without_a_constant_to_estimate(observed: pd.DataFrame, uncertain: list[parameters.Parameter]) -> None:
    with pytest.raises(InputError, match=r"no constant of sector 'Instruments' is of kind 'estimated' \(sectors that"):
        part(read(), "instruments", "run", uncertain, observed, {}, "auto")


def test_a_sector_without_a_target(observed: pd.DataFrame, uncertain: list[parameters.Parameter]) -> None:
    deaths = observed[observed["variable"] == "synthetic opioid deaths"]
    what = r"no fitted target tells of sector 'Border flow' \(sectors with targets: Overdose deaths\)"
    with pytest.raises(InputError, match=what):
        part(read(), "Border flow", "run", uncertain, deaths, {}, "auto")


def test_a_target_that_follows_from_a_sector_counts_though_it_stands_in_another(
    observed: pd.DataFrame, uncertain: list[parameters.Parameter]
) -> None:
    found = part(read(), "Demand", "run", uncertain, observed, {}, "auto")
    sector = read().variables.set_index("name")["sector"]
    elsewhere = {name for name in found.observations["variable"] if sector[name] != "Demand"}
    assert elsewhere  # what is measured of the market is computed in other groups
    assert not elsewhere & set(found.within.inputs)
