"""Clocks: against Python's own calendar, the calendar of the shipped model, and closed forms of a model in years."""

from __future__ import annotations

import math
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdforecast import calendar, observation
from sdforecast.engine import Job, run_jobs
from sdforecast.errors import InputError
from sdforecast.model import read as read_model
from sdforecast.observation import times
from sdforecast.observation.times import MONTHS, Clock
from tests.small import small

DAYS = st.dates(date(1950, 1, 1), date(2050, 12, 31))


@given(DAYS)
def test_without_a_table_months_count_as_for_the_shipped_model(day: date) -> None:
    k = MONTHS.count(day)
    assert k == calendar.parse_month(day)
    assert MONTHS.first_day(k) == calendar.month_start(k)
    assert MONTHS.last_day(k) == calendar.month_end(k)


@given(st.dates(date(1950, 1, 1), date(2000, 12, 31)), DAYS, st.sampled_from(["day", "week"]))
def test_days_and_weeks_count_from_any_day(start: date, day: date, unit: str) -> None:
    length = {"day": 1, "week": 7}[unit]
    k = Clock(start, unit).count(day)
    assert start + timedelta(days=k * length) <= day < start + timedelta(days=(k + 1) * length)


@given(st.integers(1950, 2000), st.integers(1, 12), DAYS, st.sampled_from(["month", "year"]))
def test_a_day_lies_in_its_unit_and_units_join(year: int, month: int, day: date, unit: str) -> None:
    clock = Clock(date(year, month, 1), unit)
    k = clock.count(day)
    assert clock.first_day(k) <= pd.Timestamp(day) <= clock.last_day(k)
    assert clock.last_day(k) + pd.Timedelta(days=1) == clock.first_day(k + 1)


def test_a_span_in_months_of_a_clock_of_days_has_all_days_of_its_months() -> None:
    clock = Clock(date(1978, 1, 21), "day")
    assert clock.parse("1978-02") == 11
    assert clock.parse("1978-02", end=True) == 38
    assert clock.parse("1978-02-04") == clock.parse("1978-02-04", end=True) == 14
    with pytest.raises(ValueError, match="'4 February' is not a day; write YYYY-MM-DD"):
        clock.parse("4 February")


def test_a_clock_of_years_takes_years() -> None:
    clock = Clock(date(1990, 7, 1), "year")  # a year from July to June
    assert (clock.parse("1992"), clock.parse("1992", end=True)) == (1, 2)
    assert clock.parse("1992-06") == clock.parse("1992-06", end=True) == 1
    with pytest.raises(ValueError, match="'1992' is not a month; write YYYY-MM"):
        MONTHS.parse("1992")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            '[time]\nstart = 1978-01-21\nunit = "days"',
            "2: [time]: 'days' is no unit of time here (did you mean 'day'?)",
        ),
        ("[time]\nstart = 1978-01-21", "2: [time]: 'unit' is missing"),
        ('[time]\nstrat = 1978-01-21\nunit = "day"', "2: [time]: unknown key 'strat' (did you mean 'start'?)"),
        ('[time]\nstart = "1978-01-21"\nunit = "day"', "2: [time]: 'start' is '1978-01-21', not a day"),
        ('[time]\nstart = 1978-01-21T00:00:00\nunit = "day"', "2: [time]: 'start' is datetime"),
        ('[time]\nstart = 1978-01-21\nunit = "month"', "2: [time]: 'start' is 1978-01-21: a count of months"),
        ('[time]\nstart = 1978-01-21\nunit = ["day"]', "2: [time]: '['day']' is no unit of time"),
        ("time = 3", " [time]: is not a table"),
    ],
)
def test_each_fault_of_the_table(tmp_path: Path, table: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        times.read("# mine\n" + table + "\n", tmp_path / "targets.toml")
    assert f"targets.toml:{message}" in str(caught.value)


# --- a model in years that starts in 1990 and saves each month --------------------------------------------------

RATE, START = 0.3, 1000.0

YEARLY = f"""{{UTF-8}}
Stock = INTEG (inflow, {START:g}) ~ person ~ |
inflow = rate * Stock ~ person/Year ~ |
rate = {RATE} ~ 1/Year ~ |
INITIAL TIME = 1990 ~ Year ~ |
FINAL TIME = 1994 ~ Year ~ |
SAVEPER = 0.0833333333333333 ~ Year ~ |
TIME STEP = 0.0416666666666667 ~ Year ~ |
///---\\\\\\
15:0,0,0,1,0,0
"""


def rows(*periods: tuple[str, int, int]) -> pd.DataFrame:
    table = pd.DataFrame(periods, columns=["kind", "first", "last"])
    return table.assign(variable=["inflow" if kind == "flow" else "Stock" for kind in table["kind"]])


@pytest.mark.parametrize(("unit", "length"), [("year", 1.0), ("month", 1 / 12)])
def test_periods_of_another_unit_than_the_models(tmp_path: Path, unit: str, length: float) -> None:
    file = tmp_path / "yearly.mdl"
    file.write_text(YEARLY)
    model = read_model(file)
    periods = [("flow", 0, 0), ("flow", 1, 2), ("level", 1, 2), ("instant", 2, 2)]
    observed = observation.on_rows(rows(*periods), Clock(date(1990, 1, 1), unit), model)
    columns = observation.columns_needed(observed, model)
    assert columns == ["inflow", "Stock"]  # no stock 'cumulative inflow': the flow itself is read
    until = observation.end_of(observed, model)
    assert until == pytest.approx(1990 + 3 * length)
    with run_jobs(model, columns, until=until) as run:
        values = observation.predicted(observed, run([Job({})], lambda: None)[0], columns)

    def stock(units: float) -> float:
        return START * math.exp(RATE * units * length)

    grown = stock(3) - stock(1)
    closed = [stock(1) - stock(0), grown, grown / (RATE * 2 * length), stock(2)]
    np.testing.assert_allclose(values, closed, rtol=6e-5)  # the trapezoid is off by (rate * step)**2 / 12


def test_a_flow_with_its_cumulative_stock_is_exact_and_one_without_is_a_trapezoid() -> None:
    observed = pd.DataFrame({"kind": ["flow"], "variable": ["inflow"], "first": [1], "last": [2], "step": [0.5]})
    run = np.array([[0.0, 1.0], [2.0, 3.0], [5.0, 7.0], [9.0, 4.0]])
    assert observation.predicted(observed, run, ["cumulative inflow", "inflow"]).tolist() == [7.0]
    assert observation.predicted(observed, run[:, 1:], ["inflow"]).tolist() == [0.5 * (5.0 + 5.5)]


def test_a_saving_period_that_does_not_divide_the_unit_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "yearly.mdl"
    file.write_text(YEARLY.replace("0.0833333333333333", "0.25"))
    with pytest.raises(InputError, match=r"saves every 0.25 Year, which is no whole part of the month .*0.0833333"):
        observation.on_rows(rows(("flow", 0, 0)), Clock(date(1990, 1, 1), "month"), read_model(file))


def test_the_shipped_way_of_counting_changes_nothing() -> None:
    observed = rows(("flow", 3, 5), ("level", 0, 0))
    counted = observation.on_rows(observed, MONTHS, small("growth.mdl"))
    pd.testing.assert_frame_equal(counted[observed.columns], observed)
    assert set(counted["step"]) == {1.0}
