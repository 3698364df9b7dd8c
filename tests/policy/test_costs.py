"""Costs: what carries them, their draws, and what is worked out beside the model."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from scipy.stats import kstest, truncnorm

from sdforecast import parameters, scenario, shipped
from sdforecast.errors import InputError
from sdforecast.model import read
from sdforecast.parameters import Parameter
from sdforecast.policy import costs

TABLE = shipped.calibration_dir() / "costs.toml"


def test_every_price_is_a_constant_that_the_cost_of_its_instrument_uses() -> None:
    """Of the constants of the model's sector of costs, those at full instrument all belong to an instrument."""
    model = read()
    constants = set(model.variables.loc[model.variables["kind"] == "constant", "name"])
    named = set(costs.table()["constant"])
    assert named <= constants
    full = {name for name in constants if re.search("(cost|assistance|capital|operation) at full", name)}
    assert full <= named


def test_six_instruments_have_a_published_cost() -> None:
    """A seventh, trade coercion, has a published sum that is a transfer and no cost."""
    basis = {name: cost.basis for name, cost in costs.load()[0].items()}
    assert [name for name, kind in basis.items() if kind == "published"] == [
        "military_action", "private_diplomacy", "incb_unodc_funding", "vehicle_searches", "moud", "naloxone",
    ]  # fmt: skip
    assert set(costs.unpublished()) & {"moud", "naloxone", "public_threats"} == set()


def test_the_people_who_cross_follow_from_what_the_source_names() -> None:
    crossing = next(each for each in costs.load()[1] if each.name == costs.CROSSINGS)
    assert crossing.value == pytest.approx((69.6 * 179.3 / 88.3 + 4) * 1e6, rel=0.005)
    assert crossing.low < 61.2e6 * 2.03
    assert crossing.high > 91.6e6 * 2.03


@pytest.mark.parametrize("distribution", ["normal", "lognormal"])
def test_draws_follow_the_stated_distribution(distribution: str) -> None:
    of = Parameter("x", "1", "assumption", 10.0, distribution, 0.5 if distribution == "lognormal" else 4.0, 2.0, 18.0,
                   "", "judgement")  # fmt: skip
    values = costs.drawn(of, 4000, seed=1)
    assert of.low <= values.min() <= values.max() <= of.high
    positions = [of.position(value) for value in values]
    assert kstest(positions, truncnorm(*of.bounds).cdf).pvalue > 0.01


def test_the_first_of_many_draws_are_those_of_few() -> None:
    of = costs.load()[1][0]
    assert costs.drawn(of, 100, 1)[:10].tolist() == costs.drawn(of, 10, 1).tolist()
    assert costs.drawn(of, 10, 1).tolist() != costs.drawn(of, 10, 2).tolist()
    assert costs.drawn(of, 10, 1).tolist() != costs.drawn(replace(of, name="another"), 10, 1).tolist()


def test_hours_and_trade_are_worked_out() -> None:
    """Three minutes more for 120 million people are 6 million hours; a tenth of 900 billion is 90."""
    shape = (("draw", "scenario", "year"), np.ones((1, 1, 1)))
    yearly = {"border hours": 33 * xr.DataArray(shape[1], dims=shape[0]),
              "trade loss": 0.9 * xr.DataArray(shape[1], dims=shape[0])}  # fmt: skip
    values = {"base crossing time": 30.0, costs.CROSSINGS: 120e6, "bilateral trade value": 900e9}
    found = costs.derived(yearly, lambda name: xr.DataArray([values[name]], dims="draw"))
    assert found["border hours"].item() == pytest.approx(6)
    assert found["trade loss"].item() == pytest.approx(90)


def test_prices_without_a_source_are_marked() -> None:
    base = scenario.load("current-course")
    assert costs.assumed(scenario.load("military-only"), base) == ()
    assert "prevention" in costs.assumed(scenario.load("treatment-naloxone-surge"), base)
    assert costs.assumed(base, base) == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"cost per naloxone kit"', '"cost per kit"', "no constant 'cost per kit'.*cost per naloxone kit"),
        ('name = "naloxone"', 'name = "naloxon"', "'naloxon' is unknown.*naloxone"),
        ('name = "naloxone"', 'name = "moud"', "'moud' has 2 entries"),
        ('basis = "none"', 'basis = "nothing"', "basis 'nothing'"),
        ('basis = "none"', 'basis = "published"', "do not go together"),
        ("spread = 0.12", "spread = -1.0", "spread"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = TABLE.read_text(encoding="utf-8")
    assert old in text
    file = tmp_path / "costs.toml"
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=f"(?s){message}"):
        costs.load(file)


def test_parameters_still_refuse_other_tables() -> None:
    with pytest.raises(InputError, match="unknown entry 'instrument'"):
        parameters.load(TABLE)
