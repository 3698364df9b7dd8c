"""Deaths in parts that add up, life-years and costs: sums, closed forms, and nothing that acts back."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdforecast import history, observation
from sdforecast.model import ModelFile
from tests.behaviour.conftest import START, Run

GROUP = "Costs and life-years"

SUMS = {
    "opioid deaths without synthetic": ["heroin deaths without synthetic", "other opioid deaths"],
    "opioid deaths": ["synthetic opioid deaths", "heroin deaths without synthetic", "other opioid deaths"],
    "drug deaths without opioids": ["stimulant deaths without opioids", "other drug deaths", "unspecified drug deaths"],
    "all drug deaths": [
        "synthetic opioid deaths", "heroin deaths without synthetic", "other opioid deaths",
        "stimulant deaths without opioids", "other drug deaths", "unspecified drug deaths",
    ],
    "societal cost": ["instrument cost", "overdose care cost", "disorder cost", "trade loss cost", "waiting cost"],
    "instrument cost": [
        "treatment cost", "naloxone cost", "prevention cost", "drug checking cost", "border inspection cost",
        "law enforcement cost", "sanctions cost", "chemical control cost", "military cost", "foreign assistance cost",
        "multilateral cost", "diplomacy cost",
    ],
}  # fmt: skip

DISCOUNTED = ["life years lost", "quality adjusted years lost", "public budget cost", "societal cost"]

COSTS_OF = {
    "naloxone": "naloxone cost",
    "prevention": "prevention cost",
    "drug_checking": "drug checking cost",
    "economic_sanctions": "sanctions cost",
    "military_action": "military cost",
    "incb_unodc_funding": "multilateral cost",
}


@pytest.mark.parametrize("total", SUMS)
def test_parts_add_up_at_every_step(total: str, every_step: pd.DataFrame) -> None:
    for prefix in ("", "cumulative "):
        parts = every_step[[prefix + name for name in SUMS[total]]].sum(axis=1)
        np.testing.assert_allclose(parts, every_step[prefix + total], rtol=1e-9, atol=1e-9)


def test_the_total_is_complete_and_the_named_parts_are_not(every_step: pd.DataFrame) -> None:
    """All deaths are the named ones over the share of certificates that name a drug."""
    named = (
        every_step["opioid deaths"] + every_step["stimulant deaths without opioids"] + every_step["other drug deaths"]
    )
    naming = every_step["naming of drugs on certificates"]
    np.testing.assert_allclose(named / naming, every_step["all drug deaths"], rtol=1e-9)


def test_no_part_is_negative_and_the_overlap_is_a_part(every_step: pd.DataFrame) -> None:
    assert (every_step[SUMS["all drug deaths"]] >= 0).all().all()
    overlap = every_step["synthetic opioid deaths with stimulants"]
    assert (overlap < every_step["synthetic opioid deaths"]).all()
    assert (overlap > every_step["stimulant deaths"] * every_step["naming of drugs on certificates"]).all()


def test_survived_and_fatal_overdoses_are_all_overdoses(every_step: pd.DataFrame) -> None:
    fatal = every_step["opioid deaths"] / every_step["naming of drugs on certificates"]
    both = fatal + every_step["nonfatal opioid overdoses"]
    np.testing.assert_allclose(fatal / both, every_step["fatality"], rtol=1e-9)
    assert (every_step["nonfatal opioid overdose visits"] < every_step["nonfatal opioid overdoses"]).all()


@pytest.mark.parametrize(
    ("target", "largest_mape"),
    [("heroin deaths without synthetic opioids", 12), ("deaths from other opioids", 6),
     ("opioid deaths without synthetic opioids from 2022", 8), ("stimulant deaths without opioids", 8),
     ("deaths from other or unspecified drugs", 9), ("deaths without opioids from 2022", 5),
     ("opioid deaths from 2015", 9), ("all drug deaths from 2015", 8)],
)  # fmt: skip
def test_each_part_follows_its_counts(target: str, largest_mape: float, current_course: pd.DataFrame) -> None:
    seen = observation.observations([t for t in observation.load() if t.name == target], history.load())
    columns = [str(name) for name in current_course.columns]
    table = observation.fit_table(seen, observation.predicted(seen, current_course.to_numpy(float), columns))
    assert table["mape"].iloc[0] < largest_mape


def test_each_death_of_each_year_is_fitted_once() -> None:
    """Parts and sums of parts: whatever year, no two fitted targets hold the same part."""
    leaves = {
        "synthetic opioid deaths": {"synthetic"},
        "heroin deaths without synthetic": {"heroin"},
        "other opioid deaths": {"other opioids"},
        "opioid deaths without synthetic": {"heroin", "other opioids"},
        "opioid deaths": {"synthetic", "heroin", "other opioids"},
        "stimulant deaths without opioids": {"stimulants"},
        "other and unspecified drug deaths": {"rest"},
        "drug deaths without opioids": {"stimulants", "rest"},
        "all drug deaths": {"synthetic", "heroin", "other opioids", "stimulants", "rest"},
    }
    fitted = [target for target in observation.load() if target.fitted and target.variable in leaves]
    for month in range(0, 16 * 12):
        inside = [part for t in fitted if t.first <= month <= t.last for part in leaves[t.variable]]
        assert len(inside) == len(set(inside)), month
    assert {part for target in fitted for part in leaves[target.variable]} == leaves["all drug deaths"]


def test_every_flow_of_the_group_accumulates(model: ModelFile) -> None:
    group = model.variables[model.variables["sector"] == GROUP]
    units = {str(name): str(unit) for name, unit in group[["name", "unit"]].itertuples(index=False)}
    flows = [name for name, unit in units.items() if unit in ("dollar/Month", "person*Year/Month")]
    stocks = {str(name) for name in group.loc[group["kind"] == "stock", "name"]}
    assert len(flows) > 25
    assert {"cumulative " + name for name in flows} == stocks
    for name in flows:
        assert units["cumulative " + name] == units[name].removesuffix("/Month")


def test_costs_act_on_nothing(run: Run, model: ModelFile, current_course: pd.DataFrame) -> None:
    group = model.variables[model.variables["sector"] == GROUP]
    constants = group[group["kind"] == "constant"]
    other = run(**{str(name).replace(" ", "_"): 0.7 * value
                   for name, value in constants[["name", "value"]].itertuples(index=False)})  # fmt: skip
    outside = [str(name) for name in model.variables.loc[model.variables["sector"] != GROUP, "name"] if name in other]
    pd.testing.assert_frame_equal(other[outside], current_course[outside])
    assert other["cumulative societal cost"].iloc[-1] != current_course["cumulative societal cost"].iloc[-1]


def test_a_constant_death_rate_loses_its_years_in_proportion(run: Run) -> None:
    """225 deaths a month named in full, and no others: deaths x months x years."""
    table = run(
        overdose_hazard=0.0, heroin_death_rate=0.0, prescription_overdose_rate=0.0, other_drug_death_rate=0.0,
        stimulant_overdose_rate_floor=0.0, stimulant_overdose_rate_ceiling=0.0, naming_in_2010=1.0,
        naming_since_2020=1.0, other_synthetic_opioid_deaths=225.0, remaining_life_years_per_death=30.0,
        discount_rate=0.05,
    )  # fmt: skip
    np.testing.assert_allclose(table["cumulative life years lost"], 225 * 30 * table.index.to_numpy(float), rtol=1e-9)
    each = (1 - np.exp(-0.05 * 30)) / 0.05
    lost = table["cumulative discounted life years lost"]
    np.testing.assert_allclose(lost.loc[START], 225 * each * START, rtol=1e-9)  # nothing is discounted before
    span = (312 - START) / 12
    later = 225 * 12 * each * (1 - np.exp(-0.05 * span)) / 0.05
    np.testing.assert_allclose(lost.loc[312] - lost.loc[START], later, rtol=1e-3)


def test_a_constant_cost_has_the_value_of_an_annuity(run: Run, model: ModelFile) -> None:
    group = model.variables[(model.variables["sector"] == GROUP) & (model.variables["kind"] == "constant")]
    free = {str(name).replace(" ", "_"): 0.0 for name in group["name"] if "cost" in name or "capital" in name}
    free |= {"foreign_assistance_at_full_diplomacy": 0.0, "scanning_operation_at_full_instrument": 0.0}
    table = run({"private_diplomacy": 0.5}, **(free | {"diplomacy_cost_at_full_instrument": 2.4e7}))
    spent = table["cumulative public budget cost"].diff().loc[START + 2 :]
    np.testing.assert_allclose(spent, 1e6)
    present = table["cumulative discounted public budget cost"]
    rate = 0.03 / 12
    value = 1e6 * (np.exp(-rate * 6) - np.exp(-rate * (312 - START))) / rate
    np.testing.assert_allclose(present.loc[312] - present.loc[START + 6], value, rtol=1e-3)


def test_a_rate_of_zero_discounts_nothing(run: Run) -> None:
    table = run(discount_rate=0.0)
    assert (table["discount factor"] == 1).all()
    for name in DISCOUNTED:
        np.testing.assert_allclose(table["cumulative discounted " + name], table["cumulative " + name], rtol=1e-6)


def test_discounting_takes_away_and_leaves_the_past_alone(current_course: pd.DataFrame) -> None:
    factor = current_course["discount factor"]
    assert (factor.loc[:START] == 1).all()
    np.testing.assert_allclose(factor.loc[312], np.exp(-0.03 * 9))
    for name in DISCOUNTED:
        assert current_course["cumulative discounted " + name].iloc[-1] < current_course["cumulative " + name].iloc[-1]


@pytest.mark.parametrize("instrument", COSTS_OF)
def test_an_instrument_at_zero_costs_nothing_directly(instrument: str, run: Run, current_course: pd.DataFrame) -> None:
    table = run({instrument: 0.0})
    assert current_course[COSTS_OF[instrument]].loc[START + 2] > 0
    assert (table[COSTS_OF[instrument]].loc[START + 2 :] == 0).all()
    others = [cost for cost in COSTS_OF.values() if cost != COSTS_OF[instrument]]
    pd.testing.assert_frame_equal(table[others], current_course[others])


def test_without_instruments_what_they_cost_dies_away(run: Run, model: ModelFile) -> None:
    """Places in treatment and scanners are stocks: their cost ends as they empty."""
    from sdforecast.scenario import instrument_ids

    table = run(dict.fromkeys(instrument_ids(), 0.0))
    cost = table["instrument cost"]
    left = cost - table["treatment cost"] - table["border inspection cost"]
    np.testing.assert_allclose(left.loc[START + 2 :], 0, atol=1e-6)
    assert cost.loc[312] < 1e-3 * cost.loc[START]


def test_the_budget_pays_all_of_it_where_all_care_is_public(run: Run, current_course: pd.DataFrame) -> None:
    table = run(public_share_of_health_care=1.0)
    np.testing.assert_allclose(table["public budget cost"], table["instrument cost"] + table["overdose care cost"])
    assert (current_course["public budget cost"] < table["public budget cost"]).all()


def test_waiting_costs_nothing_until_searches_are_added(every_step: pd.DataFrame) -> None:
    before = every_step["crossing time"] == every_step["base crossing time"]
    assert before.sum() > 400
    assert (every_step.loc[before, "waiting cost"] == 0).all()
    assert (every_step.loc[~before, "waiting cost"] > 0).all()
