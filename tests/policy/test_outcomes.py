"""Outcomes of the shipped model, against forecasts, hand-made sums and copies of the reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast import scenario
from sdforecast.errors import InputError
from sdforecast.forecasting import forecast
from sdforecast.policy.blocks import first_fewer
from sdforecast.policy.outcomes import Outcomes, arranged, last_month, outcomes

DRAWS, HORIZON = 3, "2028-12"
TWIN = scenario.load("current-course").model_copy(update={"name": "twin"})
CONSTANTS = pd.DataFrame({"remaining_life_years_per_death": [30.0, 20.0, 25.0],
                          "people crossing in vehicles a year": 120e6})  # fmt: skip


@pytest.fixture(scope="module")
def found() -> Outcomes:
    told: list[str] = []
    made = outcomes(["military-only", TWIN], draws=DRAWS, horizon=HORIZON, assumptions=CONSTANTS, told=told.append)
    assert "the reference current-course is run beside the scenarios named" in told
    return made


def test_deaths_are_those_of_the_forecast(found: Outcomes) -> None:
    names = ["synthetic opioid deaths", "all drug deaths"]
    made = forecast(["current-course", "military-only"], draws=DRAWS, horizon=HORIZON, variables=names)
    for mine, theirs in zip(("deaths", "all drug deaths"), names, strict=True):
        months = made.trajectories[theirs].sel(time=slice("2027-01-01", None))
        by_year = months.groupby("time.year").sum().transpose("draw", "scenario", "year")
        ours = found.yearly[mine].sel(scenario=by_year["scenario"].to_numpy())
        assert ours.to_numpy() == pytest.approx(by_year.to_numpy(), rel=1e-9)


def test_a_copy_of_the_reference_differs_in_nothing(found: Outcomes) -> None:
    for name, array in found.yearly.data_vars.items():
        assert (array.sel(scenario="twin") == array.sel(scenario="current-course")).all(), name
    assert found.onset.sel(scenario="twin").isnull().all()


def test_assumptions_take_the_place_of_the_posterior(found: Outcomes) -> None:
    years = np.array([30.0, 20.0, 25.0])[:, None, None]
    assert found.yearly["life years lost"].to_numpy() == pytest.approx(years * found.yearly["all drug deaths"])
    assert found.constants["people crossing in vehicles a year"].tolist() == [120e6] * 3
    assert found.constants["remaining life years per death"].tolist() == [30, 20, 25]


def test_force_costs_and_stages_go_the_way_the_equations_say(found: Outcomes) -> None:
    more = found.yearly.sel(scenario="military-only") - found.yearly.sel(scenario="current-course")
    cost = found.constants["military cost at full instrument"].to_numpy() * 1e-9
    level = scenario.levels(scenario.load("military-only"))["military_action"].to_numpy()
    before = scenario.levels(TWIN)["military_action"].to_numpy()
    added = level[204:217] - before[204:217]
    expected = cost * (added[:-1] + added[1:]).sum() / 2 / 12  # a ramp in straight lines, all other prices unchanged
    assert more["budget"].sel(year=2027).to_numpy() == pytest.approx(expected, rel=0.02)
    assert (more["border hours"] > 0).all()
    assert (more["trade loss"] > 0).all()


def test_a_month_of_onset_is_the_first_with_one_per_cent_less() -> None:
    reference = np.full((4, 12), 100.0)
    deaths = reference.copy()
    deaths[0, 5:] = 98.9
    deaths[1, 5:] = 99.1  # not enough
    deaths[2, 1] = 50.0  # before the first month that counts
    deaths[3, 3] = 98.0
    deaths[3, 4:] = 130.0
    onset = first_fewer(np.stack([reference, deaths], axis=1)[..., 3:], 0, 3)
    assert np.isnan(onset[:, 0]).all(), "the reference has no effect on itself"
    assert np.array_equal(onset[:, 1], [5, np.nan, np.nan, 3], equal_nan=True)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"scenarios": []}, "no scenario to compare"),
        ({"scenarios": ["military-only", "china-first", "military-only"]}, "'military-only' is asked for twice"),
        ({"scenarios": ["militry-only"]}, "unknown scenario 'militry-only'.*military-only"),
        ({"reference": "curent-course"}, "reference: unknown scenario 'curent-course'.*current-course"),
        ({"reference": "no-such.yaml"}, "reference: there is no such file"),
        ({"horizon": "2036-12"}, "horizon 2036-12 is beyond the model's end .*2027-12 to 2035-12"),
        ({"horizon": "2030-06"}, "horizon 2030-06 is not the end of a year"),
        ({"horizon": "2026-12"}, "horizon 2026-12 is before the first year, 2027"),
        ({"horizon": "soon"}, "horizon: 'soon' is not a month"),
        ({"first": 2040}, "first year 2040 is out of range .*2010 to 2035"),
        ({"variables": ["death"]}, "no outcome 'death'.*deaths"),
    ],
)
def test_wrong_input_is_named_before_anything_is_run(given: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=f"(?s){message}"):
        outcomes(**{"scenarios": ["military-only"], "draws": 1, **given})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (pd.DataFrame({"detection bas": [0.2]}), "no constant 'detection bas' in the model.*detection base"),
        (pd.DataFrame({"detection base": [0.2, 0.3]}), "2 rows of assumptions for 1 draws"),
        (pd.DataFrame({"detection base": [np.inf]}), "'detection base' that are not finite"),
    ],
)
def test_wrong_assumptions_are_named(table: pd.DataFrame, message: str) -> None:
    with pytest.raises(InputError, match=message):
        outcomes(["military-only"], draws=1, assumptions=table)


def test_a_year_is_its_december() -> None:
    assert last_month("2030", 2027) == last_month("2030-12", 2027) == 251


def test_a_reference_named_by_its_file_is_run_once(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("name: mine\ntitle: Mine\nextends: current-course\n", encoding="utf-8")
    told: list[str] = []
    mixes, base = arranged([file, "military-only"], file, told.append)
    assert [mix.name for mix in mixes] == ["mine", "military-only"]
    assert base.name == "mine"
    assert told == []
