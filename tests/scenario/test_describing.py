from __future__ import annotations

import pandas as pd
import pytest

from sdforecast.scenario import Scenario, describe, instrument_ids, load, yearly


def say(*changes: dict[str, object]) -> list[str]:
    flat = pd.DataFrame({"instrument": instrument_ids(), "time": 0, "level": 0.2})
    scenario = Scenario.model_validate({"name": "x", "title": "X", "instruments": list(changes)})
    return [said.words for said in describe(scenario, flat)]


MOUD = {"instrument": "moud", "start": "2027-01", "intensity": 0.8}
FORCE = {**MOUD, "instrument": "military_action"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (MOUD, "rises from 0.2 to 0.8 in 2027-01"),
        ({**MOUD, "intensity": 0, "ramp_months": 12}, "falls from 0.2 to 0 between 2027-01 and 2028-01"),
        ({**MOUD, "intensity": 0.2}, "is held at 0.2 from 2027-01"),
        (
            {**MOUD, "ramp_months": 3, "end": "2028-12"},
            "rises from 0.2 to 0.8 between 2027-01 and 2027-04, in force to 2028-12, then back to 0.2 by 2029-04",
        ),
        ({**MOUD, "end": "2028-12"}, "rises from 0.2 to 0.8 in 2027-01, in force to 2028-12, then back to 0.2"),
        ({**FORCE, "consent": True}, "rises from 0.2 to 0.8 with consent in 2027-01"),
        (FORCE, "rises from 0.2 to 0.8 without consent in 2027-01"),
        ({**FORCE, "intensity": 0}, "falls from 0.2 to 0 in 2027-01"),
    ],
)
def test_words(change: dict[str, object], words: str) -> None:
    assert say(change) == [words]


def test_a_way_back_that_the_next_change_cuts_short_is_not_promised() -> None:
    said = say({**MOUD, "ramp_months": 12, "end": "2028-12"}, {**MOUD, "start": "2029-07", "intensity": 1})
    assert said == [
        "rises from 0.2 to 0.8 between 2027-01 and 2028-01, in force to 2028-12",
        "rises from 0.55 to 1 in 2029-07",
    ]


def test_inherited_changes_are_told_too() -> None:
    assert len(describe(load("demand-plus-essay"))) == 19


def test_means_over_calendar_years() -> None:
    table = pd.DataFrame({"a": range(25)}, index=range(25))
    assert yearly(table)["a"].to_dict() == {2010: 5.5, 2011: 17.5}
