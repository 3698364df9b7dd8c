"""One sector estimated alone: a constant is found again, the others stay, and the manifest says what it is."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast import history, observation, parameters, shipped
from sdforecast.errors import InputError
from sdforecast.forecasting import forecast, single
from sdforecast.history.vocabulary import COLUMNS
from sdforecast.inference import calibrate
from sdforecast.inference.partial import part
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
scale = "log"
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
def made_up(border: list[parameters.Parameter], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
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
    return {
        "folder": folder / "data", "target_file": folder / "targets.toml", "parameter_file": folder / "parameters.toml"
    }  # fmt: skip


def test_a_constant_of_the_sector_is_found_again(made_up: dict[str, Path], border: list[parameters.Parameter]) -> None:
    prior = {p.name: p for p in border}["detection base"].value
    assert abs(np.log(TRUTH / prior)) > 0.3  # far from where the search begins
    found = calibrate(read(), starts=1, sets=3, sector="border flow", **made_up)
    best = found.best.set_index("parameter")["value"]
    assert best["detection base"] == pytest.approx(TRUTH, rel=1e-3)
    assert set(best.index) == {p.name for p in border}
    assert found.fit["mape"].item() < 0.1
    told = found.manifest["partial"]
    assert (told["sector"], told["constants"], told["targets"]) == ("Border flow", ["detection base"], ["seizures"])
    assert {one["source"] for one in told["inputs"]} == {"run"}
    assert set(found.manifest["fit"]["annual"]) == set(range(2013, 2025))  # of the whole model


def test_the_real_data_of_a_sector_are_fitted_no_worse_than_by_the_whole_model(tmp_path: Path) -> None:
    found = calibrate(read(), starts=1, sets=2, sector="Border flow", inputs="history")
    assert found.manifest["partial"]["inputs_from"] == "history"
    assert any(one["source"] == "history" for one in found.manifest["partial"]["inputs"])
    alone = found.residuals[found.residuals["fitted"]]
    whole = pd.read_csv(shipped.estimate_dir() / "residuals.csv")
    whole = whole[whole["fitted"] & whole["target"].isin(alone["target"])]
    assert len(whole) == len(alone)
    assert (alone["residual"] ** 2).sum() <= 1.05 * (whole["residual"] ** 2).sum()


def test_a_forecast_holds_the_other_constants_and_says_on_what_it_rests() -> None:
    found = calibrate(read(), starts=1, sets=1, sector="Border flow")
    made = forecast(["current-course"], estimate=found, horizon="2026-01", variables=["dose"])
    assert made.manifest["estimate"]["partial"]["sector"] == "Border flow"  # type: ignore[index]
    file = read().variables.set_index("name")["value"]
    used = made.parameters.set_index("name")["estimate"]
    own = set(found.best["parameter"])
    others = [name for name in used.index if name not in own]
    np.testing.assert_allclose(used[others], file[others])
    np.testing.assert_allclose(used[list(own)], found.best.set_index("parameter")["value"][list(own)])
    with_them = single.run(read(), (), dict(used), ["dose"], last=192)
    np.testing.assert_allclose(made.trajectories["dose"].isel(set=0, scenario=0), with_them["dose"].isel(scenario=0))


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
