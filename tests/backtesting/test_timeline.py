"""What enters from outside at an origin: known knots, and closed forms of how they go on."""

import numpy as np
import pandas as pd
import pytest

from sdforecast import calendar, scenario, shipped
from sdforecast.backtesting import dates, hindsight, timeline
from sdforecast.backtesting.hindsight import Hindsight, Rule
from sdforecast.errors import InputError
from sdforecast.model.timetables import tables_over_time
from sdforecast.scenario.events import events


def course(rule: Rule, month: str = "2020-06") -> pd.Series:
    knots = pd.DataFrame({"input": "x", "time": [0.0, 60.0, 120.0, 200.0], "value": [2.0, 4.0, 8.0, 1e6]})
    return timeline.tables(knots, Hindsight(inputs={"x": rule}), dates.origin_of(month))["x"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (Rule("x", 0, "hold"), 8.0),
        (Rule("x", 0, "end"), 0.0),
        (Rule("x", 0, "decay", half_life=12), 4.0),
        (Rule("x", 0, "decay", half_life=12, before=2.0), 5.0),
        (Rule("x", 0, "trend"), 8 * 2 ** (12 / 60)),
        (Rule("x", 0, "damped", half_life=12), 8 * 2 ** (12 / 60 * 0.5 / np.log(2))),
        (Rule("x", 24, "hold"), 4.0),  # the knot of 2020 is not known before 2022
    ],
)
def test_twelve_months_after_the_last_knot(rule: Rule, expected: float) -> None:
    assert course(rule)[132.0] == pytest.approx(expected)


def test_the_past_is_the_knots() -> None:
    assert course(Rule("x", 0, "trend"))[[0.0, 60.0, 120.0]].tolist() == [2.0, 4.0, 8.0]


def test_before_the_first_knot_there_is_nothing() -> None:
    knots = pd.DataFrame({"input": "x", "time": [121.5, 124.0], "value": [0.3, 1.0]})
    found = timeline.tables(knots, Hindsight(inputs={"x": Rule("x", 0, "decay", 9)}), dates.origin_of("2019-12"))["x"]
    assert (found == 0).all()
    assert found.index.tolist() == [0.0, 312.0]


def test_covid_fades_from_where_it_stood() -> None:
    found = timeline.tables(events(), hindsight.load(), dates.origin_of("2020-06"))["COVID disruption shape"]
    assert found.max() == 1.0
    assert found[125.0] == pytest.approx(0.5 ** (0.5 / 9))
    assert (np.diff(found[found.index >= 124.5]) < 0).all()


def test_an_input_without_a_rule_is_told() -> None:
    knots = pd.DataFrame({"input": ["y"], "time": [0.0], "value": [1.0]})
    with pytest.raises(InputError, match="input 'y' has no rule"):
        timeline.tables(knots, Hindsight(), dates.origin_of("2020-06"))


def test_every_table_of_the_model_is_known_by_a_rule_or_an_instrument() -> None:
    ruled = {name.casefold() for name in hindsight.load().inputs}
    instruments = {name.replace("_", " ") for name in (*scenario.instrument_ids(), scenario.CONSENT)}
    assert {name.casefold() for name in tables_over_time(shipped.model_file())} == ruled | instruments


@pytest.mark.parametrize("origin", dates.origins())
def test_the_scenario_holds_what_was_known(origin: pd.Timestamp) -> None:
    """`levels` on the shipped history, whatever it has later, is the known history with its last level held."""
    known = timeline.instruments(scenario.instrument_history(), hindsight.load(), origin)
    held = scenario.levels(timeline.held(known, origin))
    expected = scenario.history_levels(known)
    pd.testing.assert_frame_equal(held[expected.columns], expected, check_exact=True)
    now = calendar.parse_month(f"{origin:%Y-%m}") + 1
    assert (held.loc[now:].nunique() == 1).all()


def test_what_was_done_by_2019_is_known_then() -> None:
    known = timeline.instruments(scenario.instrument_history(), hindsight.load(), dates.origin_of("2019-12"))
    last = known.groupby("instrument")["level"].last()
    assert last["trade_coercion"] == 0  # 2025
    assert last["class_control"] == 0.26  # May 2019
    assert last["naloxone"] == 0.152  # of mid-2018: statistics come late
