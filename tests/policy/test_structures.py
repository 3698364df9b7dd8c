"""Outcomes of several structures: each alone, and what one without policies borrows."""

from __future__ import annotations

import numpy as np
import pytest

from sdforecast.forecasting import forecast
from sdforecast.forecasting.parts import Part, parts
from sdforecast.forecasting.pooling import hosts_of
from sdforecast.forecasting.structures import chosen, load
from sdforecast.policy.comparing import structures_of
from sdforecast.policy.kept import ALL_DEATHS, DEATHS, LIFE_YEARS
from sdforecast.policy.outcomes import Outcomes
from sdforecast.policy.structures import outcomes_of

MIXES = ("military-only", "treatment-naloxone-surge")


@pytest.fixture(scope="module")
def given() -> tuple[Part, ...]:
    return parts(structures=chosen(load(), ["supply-led", "spread"]))


@pytest.fixture(scope="module")
def found(given: tuple[Part, ...]) -> Outcomes:
    return outcomes_of(given, MIXES, draws=9, horizon="2029-12", reference=MIXES[0])


def test_deaths_are_those_of_the_forecast(given: tuple[Part, ...], found: Outcomes) -> None:
    made = forecast(MIXES, given=given, draws=9, horizon="2029-12", variables=["synthetic opioid deaths"])
    years = made.trajectories["synthetic opioid deaths"].resample(time="YE").sum().sel(time=slice("2027", None))
    ours = found.yearly[DEATHS].sel(scenario=list(MIXES)).transpose("draw", "scenario", "year")
    theirs = years.transpose("draw", "scenario", "time").to_numpy()
    np.testing.assert_allclose(ours[:3], theirs[:3], rtol=1e-9)
    np.testing.assert_allclose(ours[3:], theirs[3:], rtol=0.01)  # a factor of the year for those of its months


def test_all_else_is_the_hosts(found: Outcomes) -> None:
    assert list(found.yearly["scenario"].to_numpy()) == list(MIXES)  # the current course was run and is not kept
    large, small = found.yearly.isel(draw=slice(3)), found.yearly.isel(draw=slice(3, 9))
    place = hosts_of(6, 3)
    for name in ("budget", "production"):
        np.testing.assert_array_equal(small[name], large[name].to_numpy()[place])
    others = {k: (part[ALL_DEATHS] - part[DEATHS]).to_numpy() for k, part in (("l", large), ("s", small))}
    np.testing.assert_allclose(others["s"], others["l"][place], rtol=1e-9)
    years = {k: (part[LIFE_YEARS] / part[ALL_DEATHS]).to_numpy() for k, part in (("l", large), ("s", small))}
    np.testing.assert_allclose(years["s"], years["l"][place], rtol=1e-9)
    assert len(found.constants) == 9 and found.constants.iloc[3].equals(found.constants.iloc[0].rename(3))


def test_each_structure_is_told_alone(found: Outcomes) -> None:
    table = structures_of(found).set_index("structure")
    assert list(table.index) == ["supply-led", "spread"] and list(table["draws"]) == [3, 6]
    averted = (found.yearly[DEATHS].sel(scenario=MIXES[0]) - found.yearly[DEATHS].sel(scenario=MIXES[1])).sum("year")
    assert table.loc["supply-led", "median"] == pytest.approx(float(averted[:3].median()))
    assert table.loc["spread", "chance"] == pytest.approx(float((averted[3:] > 0).mean()))
