from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdforecast.calendar import parse_month
from sdforecast.errors import InputError
from sdforecast.scenario import (
    InstrumentChange,
    Scenario,
    history_levels,
    instrument_history,
    instrument_ids,
    levels,
    load,
    shipped,
)

FLAT = 0.2


@pytest.fixture
def flat() -> pd.DataFrame:
    """A history in which every instrument stands at 0.2 for ever."""
    return pd.DataFrame({"instrument": instrument_ids(), "time": 0, "level": FLAT})


def change(**words: object) -> InstrumentChange:
    return InstrumentChange.model_validate({"instrument": "moud", "start": "2027-01", "intensity": 0.8, **words})


def path(history: pd.DataFrame, *changes: InstrumentChange, instrument: str = "moud") -> np.ndarray:
    scenario = Scenario(name="x", title="X", instruments=changes)
    return levels(scenario, history)[instrument].to_numpy()


JAN_2027 = 204


def test_shape_columns_and_index() -> None:
    table = levels(load("current-course"))
    assert list(table.index) == list(range(313))
    assert list(table.columns) == [*instrument_ids(), "military_consent"]


def test_the_history_is_a_straight_line_between_knots_and_flat_outside() -> None:
    knots = pd.DataFrame({"instrument": "a", "time": [10, 20, 22], "level": [0.0, 1.0, 0.5]})
    line = history_levels(knots)["a"]
    assert [line[t] for t in (0, 10, 13, 20, 21, 22, 312)] == pytest.approx([0, 0, 0.3, 1, 0.75, 0.5, 0.5])


def test_current_course_is_the_history_with_the_last_level_held() -> None:
    history = instrument_history()
    table = levels(load("current-course"), history)
    assert table[list(instrument_ids())].equals(history_levels(history)[list(instrument_ids())])
    assert (table["military_consent"] == 0).all()
    assert (table.loc[202:] == table.loc[202]).all(axis=None)


def test_a_ramp_goes_from_the_level_at_the_start_to_the_intensity(flat: pd.DataFrame) -> None:
    moud = path(flat, change(ramp_months=12))
    assert (moud[: JAN_2027 + 1] == FLAT).all()
    assert moud[JAN_2027 : JAN_2027 + 13] == pytest.approx(np.linspace(0.2, 0.8, 13))
    assert (moud[JAN_2027 + 12 :] == 0.8).all()


def test_a_step_has_its_level_from_its_first_month(flat: pd.DataFrame) -> None:
    moud = path(flat, change())
    assert moud[JAN_2027 - 1] == FLAT
    assert (moud[JAN_2027:] == 0.8).all()


def test_after_its_last_month_a_change_goes_back_over_the_same_ramp(flat: pd.DataFrame) -> None:
    moud = path(flat, change(ramp_months=6, end="2028-12"))
    released = parse_month("2029-01")
    assert (moud[JAN_2027 + 6 : released + 1] == 0.8).all()
    assert moud[released : released + 7] == pytest.approx(np.linspace(0.8, 0.2, 7))
    assert (moud[released + 6 :] == FLAT).all()


def test_a_step_back_is_a_step(flat: pd.DataFrame) -> None:
    moud = path(flat, change(end="2027-03"))
    assert list(moud[JAN_2027 - 1 : JAN_2027 + 5]) == [FLAT, 0.8, 0.8, 0.8, FLAT, FLAT]


def test_a_return_goes_to_where_history_has_moved_meanwhile() -> None:
    knots = pd.DataFrame({"instrument": instrument_ids(), "time": 0, "level": 0.0})
    rising = pd.concat([knots, knots.assign(time=312, level=1.0)])
    past = Scenario(
        name="x",
        title="X",
        counterfactual=True,
        instruments=(change(start="2015-01", end="2016-12", ramp_months=4, intensity=0),),
    )
    moud = levels(past, rising)["moud"]
    assert moud[60] == pytest.approx(60 / 312)
    assert moud[70] == 0
    assert moud[84 + 2] == pytest.approx(0.5 * 86 / 312)
    assert moud[84 + 4] == pytest.approx(88 / 312)


def test_a_second_change_starts_from_the_level_reached(flat: pd.DataFrame) -> None:
    first = change(ramp_months=12, end="2028-12")
    second = change(start="2029-07", ramp_months=2, intensity=1)  # half of the way back is done by then
    moud = path(flat, second, first)
    at = parse_month("2029-07")
    assert moud[at : at + 3] == pytest.approx([0.5, 0.75, 1])
    assert moud[-1] == 1


def test_other_instruments_do_not_move(flat: pd.DataFrame) -> None:
    assert (path(flat, change(ramp_months=3), instrument="naloxone") == FLAT).all()


def test_consent_lasts_until_the_force_is_back_at_its_old_level(flat: pd.DataFrame) -> None:
    words = {"instrument": "military_action", "ramp_months": 3, "end": "2028-12"}
    switch = path(flat, change(**words, consent=True), instrument="military_consent")
    back = parse_month("2029-01") + 3
    assert set(switch[:JAN_2027]) == {0}
    assert set(switch[JAN_2027:back]) == {1}
    assert set(switch[back:]) == {0}
    assert set(path(flat, change(**words, consent=False), instrument="military_consent")) == {0}
    assert set(path(flat, change(**words), instrument="military_consent")) == {0}


def test_a_change_beyond_the_horizon_stays_unfinished(flat: pd.DataFrame) -> None:
    moud = path(flat, change(start="2035-07", ramp_months=12))
    assert moud[-1] == pytest.approx(0.5)


def test_rules_are_checked_for_scenarios_made_in_python(flat: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="not after the last observation"):
        path(flat, change(start="2020-01"))
    with pytest.raises(InputError, match="did you mean 'moud'"):
        path(flat, change(instrument="mood"))


def test_a_parent_named_in_python_counts(flat: pd.DataFrame) -> None:
    child = Scenario(name="x", title="X", extends="treatment-naloxone-surge")
    assert levels(child).equals(levels(load("treatment-naloxone-surge")))


@pytest.mark.parametrize("name", shipped())
def test_shipped_mixes_change_nothing_before_2027_and_end_at_their_intensities(name: str) -> None:
    scenario = load(name)
    table, reference = levels(scenario), levels(load("current-course"))
    assert table.loc[:203].equals(reference.loc[:203])
    last = {item.instrument: item for item in scenario.instruments}
    for instrument in instrument_ids():
        item = last.get(instrument)
        expected = reference[instrument].iloc[-1] if item is None or item.end else item.intensity
        assert table[instrument].iloc[-1] == pytest.approx(expected)
