"""What does not agree is told in one message, with the place and the nearest."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sdforecast import history, observation, parameters
from sdforecast.errors import InputError
from sdforecast.model import read
from sdforecast.observation.agreeing import check_start, check_values, disagreements, unknown_constants
from sdforecast.observation.targets import Target
from sdforecast.observation.times import Clock
from tests.small import small

MONTHLY = pd.date_range("2010-01-01", periods=4, freq="MS")


def target(**changes: Any) -> Target:
    given: dict[str, Any] = {
        "name": "mine", "title": "Mine", "series": ("counted",), "aggregation": ("month",), "breakdown": "all",
        "first": 0, "last": 3, "variable": "births", "kind": "flow", "likelihood": "log-normal", "sd": 0.1,
        "sd_spread": 0.3, "memory": 0.0, "offset": 0.0, "discrepancy": "", "provisional": False, "group": 1,
        "leave_out": (), "fitted": True, "reason": "", "file": "targets.toml", "line": 7,
    }  # fmt: skip
    return Target(**{**given, **changes})


def rows(unit: str = "people", starts: pd.DatetimeIndex = MONTHLY, **changes: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "series": "counted", "period_start": starts, "period_end": starts + pd.offsets.MonthEnd(0),
            "aggregation": "month", "geography": "US", "breakdown": "all", "value": 5.0, "unit": unit,
            "file": "mine.csv", "line": range(2, 2 + len(starts)),
        }
    ).assign(**changes)  # fmt: skip


def told(asked: Target, table: pd.DataFrame) -> str:
    (problem,) = disagreements([asked], table, small("growth.mdl"))
    text = str(problem)
    assert text.startswith("targets.toml:7: target 'mine': ")
    return text.removeprefix("targets.toml:7: target 'mine': ")


def test_the_shipped_tables_agree() -> None:
    observation.check(observation.load(), history.load(), read(), parameters.load())


@pytest.mark.parametrize(
    ("kind", "variable", "unit"),
    [
        ("flow", "births", "people"), ("flow", "births", "deaths"), ("flow", "births", "events"),
        ("level", "Population", "people"), ("instant", "Population", "people"), ("level", "births", "people_per_year"),
    ],
)  # fmt: skip
def test_units_that_fit_or_do_not(kind: str, variable: str, unit: str) -> None:
    asked = target(kind=kind, variable=variable)
    if unit == "people_per_year":
        assert "differ by a factor of 0.0833333" in told(asked, rows(unit))
    else:
        assert disagreements([asked], rows(unit), small("growth.mdl")) == []


@pytest.mark.parametrize(
    ("changes", "table", "message"),
    [
        ({"variable": "birth"}, rows(), "growth.mdl has no variable 'birth' (did you mean 'births'?)"),
        ({"series": ("count",)}, rows(), "the history has no series 'count' (did you mean 'counted'?)"),
        ({}, rows("kg_gross"), "series 'counted' is in 'kg_gross' and the model in 'person/Month', which are"),
        ({}, rows("percent"), "series 'counted' is in 'percent' and the model in 'person/Month', which"),
        ({"kind": "level"}, rows(), "and the model in 'person/Month', which are different things (if it is a flow"),
        ({"variable": "growth rate", "kind": "level"}, rows("percent"), "'percent' and the model in '1/Month', which"),
        ({}, rows(starts=MONTHLY - pd.DateOffset(years=3)), "series 'counted' ends on 2007-04-30, before the model"),
        ({"first": -1}, rows(starts=MONTHLY - pd.DateOffset(months=1)), "is used from 2009-12-01, before the model"),
        ({"first": 9, "last": 12}, rows(), "no period of series 'counted' lies from 'from' to 'to' (it has 2010-01"),
        ({"geography": "Mexico"}, rows(), "series 'counted' has no geography 'Mexico' (known: US)"),
        ({"aggregation": ("week",)}, rows(), "series 'counted' has no aggregation 'week'"),
    ],
)  # fmt: skip
def test_each_fault_is_one_message(changes: dict[str, Any], table: pd.DataFrame, message: str) -> None:
    assert message in told(target(**changes), table)


def test_a_percentage_against_a_share_is_off_by_a_hundred() -> None:
    asked = target(variable="fentanyl share", kind="level")
    (problem,) = disagreements([asked], rows("percent"), read())
    assert "'percent' and the model in 'Dmnl': they differ by a factor of 0.01" in problem.what
    assert disagreements([asked], rows("fraction"), read()) == []


def test_a_flow_over_days_that_are_no_whole_weeks_is_told() -> None:
    starts = pd.date_range("2010-01-04", periods=3, freq="7D")
    table = rows(starts=starts, period_end=starts + pd.Timedelta(days=6), aggregation="period")
    asked = target(aggregation=("period",), clock=Clock(date(2010, 1, 4), "week"))
    assert disagreements([asked], table, small("growth.mdl")) == []
    late = target(aggregation=("period",), clock=Clock(date(2010, 1, 1), "week"))
    assert "counts 2010-01-04 to 2010-01-10, no whole weeks of [time] (such as 2010-01-01 to" in told(late, table)


def test_a_parameter_that_is_no_constant_or_has_another_unit_is_told_with_its_line(tmp_path: Any) -> None:
    rate = next(p for p in parameters.load() if p.spread > 0)
    wrong = [
        parameters.Parameter(**{**vars(rate), "name": "growth rat", "unit": "1/Month"}),
        parameters.Parameter(**{**vars(rate), "name": "growth rate", "unit": "1/Year"}),
        parameters.Parameter(**{**vars(rate), "name": "initial population", "unit": "people"}),
    ]
    file = tmp_path / "parameters.toml"
    file.write_text("[[parameter]]\nname = 'growth rat'\n[[parameter]]\nname = \"growth rate\"\n")
    messages = [str(problem) for problem in unknown_constants(wrong, small("growth.mdl"), file)]
    assert messages == [
        f"{file}:2: parameter 'growth rat': growth.mdl has no such constant (did you mean 'growth rate'?)",
        f"{file}:4: parameter 'growth rate': the table is in '1/Year' and the model in '1/Month': "
        "they differ by a factor of 0.0833333",
    ]


def test_everything_is_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        observation.check(
            [target(variable="birth", series=("count",)), target(kind="level")], rows(), small("growth.mdl")
        )
    assert len(caught.value.problems) == 3


def test_a_model_about_something_else_is_told_once_and_a_long_list_is_cut() -> None:
    with pytest.raises(InputError) as caught:
        observation.check(observation.load(), history.load(), small("growth.mdl"), parameters.load())
    (problem,) = caught.value.problems
    assert problem.what == f"none of the {len(observation.load())} targets is about a variable of growth.mdl"
    with pytest.raises(InputError) as caught:
        observation.check([target()], rows(), small("growth.mdl"), parameters.load())
    assert len(caught.value.problems) == 26
    assert caught.value.problems[-1].what == f"and {len(parameters.load()) - 25} more problems"


def test_a_start_without_numbers_names_the_target_and_the_day() -> None:
    observed = pd.DataFrame(
        {"target": ["a", "a", "b"], "variable": "births", "start": pd.to_datetime(["2010-02-01"] * 3)}
    )
    check_start(observed, np.array([1.0, 2.0, 3.0]), small("growth.mdl"))
    with pytest.raises(InputError) as caught:
        check_start(observed, np.array([1.0, np.nan, np.inf]), small("growth.mdl"))
    assert [p.what for p in caught.value.problems] == [
        f"at the centre of the priors the model gives no number for target '{name}' on 2010-02-01" for name in "ab"
    ]


@pytest.mark.parametrize(
    ("scale", "value", "unit", "fine"),
    [
        ("log", 0.0, "people", False), ("log", 0.1, "people", True), ("logit", 1.0, "fraction", False),
        ("logit", 99.0, "percent", True), ("logit", 100.0, "percent", False), ("log", 100.0, "percent", True),
    ],
)  # fmt: skip
def test_an_observation_without_a_value_on_its_scale_is_told(scale: str, value: float, unit: str, fine: bool) -> None:
    asked = target(likelihood=f"{scale}-normal")
    observed = observation.observations([asked], rows(unit, value=value, status="final", grade="seen"))
    if fine:
        check_values([asked], observed)
        return
    with pytest.raises(InputError) as caught:
        check_values([asked], observed)
    told = f"targets.toml:7: target 'mine': {value:g} on 2010-01-01 has no {scale} (leave the period out"
    assert str(caught.value).startswith(told)


def test_zeros_that_are_added_to_something_are_no_fault() -> None:
    asked = target(series=("counted", "other"))
    table = rows(status="final", grade="seen")
    both = pd.concat([table, table.assign(series="other", value=0.0)])
    assert disagreements([asked], both, small("growth.mdl")) == []
    check_values([asked], observation.observations([asked], both))
