"""What the model must do when one thing changes and all else is equal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdforecast.engine.once import once
from sdforecast.model import ModelFile
from tests.behaviour.conftest import START, Run, deaths


def test_more_naloxone_never_means_more_deaths(run: Run, current_course: pd.DataFrame) -> None:
    total = "cumulative synthetic opioid deaths"
    last = current_course[total]
    for level in (0.75, 0.9, 1.0):
        now = run({"naloxone": level})[total]
        assert (now <= last + 1e-6).all(), f"naloxone {level} gives more deaths than less naloxone"
        assert now.loc[312] < last.loc[312]
        last = now


def test_without_precursors_nothing_is_made_once_stocks_are_gone(run: Run) -> None:
    table = run(
        initial_China_supplier_capacity=1e-9, initial_other_supplier_capacity=1e-9, diversion_base=1e-9,
        supplier_growth_rate=1e-9, other_source_entry_rate=1e-9,
    )  # fmt: skip
    assert table["production in Mexico"].loc[60:].max() < 1e-4
    assert table["precursors in Mexico"].loc[60:].max() < 1e-2


def test_without_fentanyl_only_other_synthetic_opioids_kill(run: Run) -> None:
    table = run(eastern_growth_rate=1e-9, western_growth_rate=1e-9, eastern_entry=1e11, western_entry=1e11)
    year = deaths(table, 120, 132)
    assert year == pytest.approx(12 * table["other synthetic opioid deaths"].iloc[0], rel=1e-6)


def test_treatment_does_not_make_the_rest_die_more(run: Run, current_course: pd.DataFrame) -> None:
    """More places lower all deaths; the dose of those outside may rise, but not enough to undo it (R1, B6)."""
    table = run({"moud": 0.6})
    assert deaths(table) < deaths(current_course)
    rate = (
        table["deaths per exposed person"].loc[START + 48] / current_course["deaths per exposed person"].loc[START + 48]
    )
    assert rate < 1.15


def test_searches_find_more_and_smugglers_adapt(run: Run, current_course: pd.DataFrame) -> None:
    """R3 and R4: detection rises, then part of it is learned away and some flow moves to other routes."""
    table = run({"vehicle_searches": 0.9})
    gain = table["port detection"] - current_course["port detection"]
    assert gain.loc[START + 12] > 0.1
    assert gain.loc[START + 60] < gain.loc[START + 12]
    assert table["port share"].loc[START + 60] < current_course["port share"].loc[START + 60]
    assert table["crossing time"].loc[312] > 1.5 * current_course["crossing time"].loc[312]
    assert table["bilateral trade"].loc[312] < current_course["bilateral trade"].loc[312]


def test_force_without_consent_breaks_cooperation_and_with_it_does_not(run: Run, current_course: pd.DataFrame) -> None:
    """B7 and its switch."""
    alone = run({"military_action": 0.9})
    agreed = run({"military_action": 0.9, "military_consent": 1.0})
    when = START + 12
    before = current_course["Mexico security cooperation"].loc[when]
    unforced = run({"military_action": 0.0})["Mexico security cooperation"].loc[when]
    assert alone["Mexico security cooperation"].loc[when] < 0.8 * before
    assert agreed["Mexico security cooperation"].loc[when] == pytest.approx(unforced, rel=0.05)
    assert alone["coalition trust"].loc[when] < agreed["coalition trust"].loc[when]
    assert alone["bilateral trade"].loc[when] < agreed["bilateral trade"].loc[when]
    assert alone["fragmentation"].loc[when] > current_course["fragmentation"].loc[when]


def test_cooperation_breaks_faster_than_it_mends(run: Run) -> None:
    table = run({"military_action": 0.9})["Mexico security cooperation"]
    start = table.loc[START]
    falls = (table.loc[START:] < start - 0.5 * (start - table.loc[START + 24])).idxmax() - START
    mended = run({"private_diplomacy": 1.0})["Mexico security cooperation"]
    rises = (mended.loc[START:] > start + 0.5 * (mended.loc[START + 60] - start)).idxmax() - START
    assert falls < rises


def test_scarcity_dilutes_and_raises_price(run: Run, current_course: pd.DataFrame) -> None:
    """B1: China's exporters under full enforcement: less, weaker and dearer product."""
    table = run({"china_enforcement": 1.0})
    when = START + 18
    assert table["precursor price"].loc[START + 6] > current_course["precursor price"].loc[START + 6]
    assert table["dose"].loc[when] < current_course["dose"].loc[when]
    assert table["producer price"].loc[when] > current_course["producer price"].loc[when]


def test_other_sources_fill_in_for_china(run: Run) -> None:
    """R5: the faster others enter, the less a crackdown in China is worth."""
    slow, fast = (
        deaths(run({"china_enforcement": 1.0}, other_source_entry_rate=rate))
        / deaths(run({}, other_source_entry_rate=rate))
        for rate in (0.005, 0.15)
    )
    assert slow < fast


def test_class_control_meets_new_routes(run: Run, current_course: pd.DataFrame) -> None:
    """R6: control lowers the legal share of chemistry; chemists open more routes in answer."""
    table = run({"class_control": 1.0})
    assert table["legal share of chemistry"].loc[312] < current_course["legal share of chemistry"].loc[312]
    assert table["new routes opened"].loc[312] > current_course["new routes opened"].loc[312]


def test_sanctions_cost_cooperation_with_china(run: Run, current_course: pd.DataFrame) -> None:
    name = "China counternarcotics cooperation"
    assert run({"economic_sanctions": 1.0})[name].loc[START + 24] < current_course[name].loc[START + 24]


DIRECTIONS = {
    # instrument -> (variable it acts on first, sign, months until it is read)
    "military_action": ("active producers", -1, 24),
    "economic_sanctions": ("supplier risk cost", 1, 1),
    "private_diplomacy": ("Mexico security cooperation", 1, 24),
    "public_threats": ("coalition trust", -1, 24),
    "trade_coercion": ("bilateral trade", -1, 12),
    "pen_online": ("regulatory monitoring capacity", 1, 24),
    "incb_unodc_funding": ("multilateral control capacity", 1, 36),
    "class_control": ("born controlled", 1, 12),
    "china_enforcement": ("China accessible share", -1, 3),
    "vehicle_searches": ("port detection", 1, 12),
    "joint_indictments": ("trafficking network strength", -1, 24),
    "visa_denial": ("coalition trust", -1, 24),
    "convergence_enforcement": ("producer cost", 1, 12),
    "usmca_enforcement": ("licit dual use diversion", -1, 36),
    "voluntary_notification": ("routes scheduled", 1, 2),
    "import_attestation": ("precursor interdiction", 1, 3),
    "moud": ("people in treatment", 1, 36),
    "naloxone": ("fatality", -1, 24),
    "prevention": ("misuse initiation", -1, 6),
    "drug_checking": ("variability effect", -1, 6),
}


@pytest.mark.parametrize("instrument", DIRECTIONS)
def test_every_instrument_acts_on_what_it_is_wired_to(instrument: str, run: Run, current_course: pd.DataFrame) -> None:
    variable, sign, months = DIRECTIONS[instrument]
    moved = run({instrument: 1.0})
    change = moved[variable].loc[START + months] - current_course[variable].loc[START + months]
    assert sign * change > 1e-6 * abs(current_course[variable].loc[START + months])
    same = moved["cumulative synthetic opioid deaths"].loc[:START]
    np.testing.assert_array_equal(same, current_course["cumulative synthetic opioid deaths"].loc[:START])


def test_the_instruments_tested_are_all_there_are() -> None:
    from sdforecast.scenario import instrument_ids

    assert set(DIRECTIONS) == set(instrument_ids())


def test_nothing_in_the_equations_decides_about_force(run: Run) -> None:
    """Within the stated ranges of the assumptions force can lower deaths over ten years, and can fail to."""
    favourable = {"military_removal_rate": 0.15, "force_effect_on_Mexico_cooperation": 0.1, "displacement_rate": 0.001}
    unfavourable = {"military_removal_rate": 0.0, "force_effect_on_Mexico_cooperation": 0.95}
    better, worse = (
        deaths(run({"military_action": 0.9}, **setting)) / deaths(run({}, **setting))
        for setting in (favourable, unfavourable)
    )
    assert better < 0.97
    assert worse > 1.0


def test_halving_the_step_twice_changes_little(model: ModelFile) -> None:
    """Euler at the model's step against a half and a quarter of it: no year's deaths move by half a per cent."""
    total = "cumulative synthetic opioid deaths"
    years = np.arange(0, 313, 12)
    step = model.control["TIME STEP"]
    coarse, half, quarter = (
        np.diff(once(model, {"TIME STEP": step / parts}, [total])[total].sel(time=years)) for parts in (1, 2, 4)
    )
    assert np.abs(half / coarse - 1).max() < 0.005
    assert np.abs(quarter / coarse - 1).max() < 0.005


def test_the_step_is_felt_at_all(every_step: pd.DataFrame) -> None:
    """The comparison above would be empty if the model stood still."""
    assert every_step["dose"].pct_change().abs().max() > 1e-3
