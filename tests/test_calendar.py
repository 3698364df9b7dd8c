"""Months against the calendar of the standard library and of pandas."""

from __future__ import annotations

from datetime import date, timedelta

import pandas as pd
import pytest

from sdforecast.calendar import month_end, month_ends, month_label, month_start, months_of, parse_month


@pytest.mark.parametrize(
    ("text", "time"), [("2010-01", 0), ("2010-12", 11), ("2025-04", 183), ("2035-12", 311), ("2009-12", -1)]
)
def test_a_month_and_its_time(text: str, time: int) -> None:
    assert parse_month(text) == time
    assert month_label(time) == text


def test_a_day_is_checked_and_dropped() -> None:
    assert parse_month("2024-02-29") == parse_month("2024-02") == parse_month(date(2024, 2, 29))


@pytest.mark.parametrize("text", ["2023-02-29", "2024-13", "2024-00", "2024", "24-01", "2024-1", "2024-01-", "", "May"])
def test_what_is_no_month(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_month(text)


def test_every_month_from_1990_to_2050_ends_the_day_before_the_next_begins() -> None:
    for time in range(-240, 492):
        start, end = month_start(time), month_end(time)
        assert start.day == 1
        assert end.date() + timedelta(days=1) == month_start(time + 1).date()
        assert parse_month(start.date()) == parse_month(end.date()) == time


def test_the_trajectories_run_from_january_2010_to_december_2035() -> None:
    days = month_ends(0, 311)
    assert (str(days[0].date()), str(days[-1].date()), len(days)) == ("2010-01-31", "2035-12-31", 312)
    assert [month_end(k) for k in range(312)] == list(days)


def test_months_of_periods() -> None:
    start = pd.Series(pd.to_datetime(["2010-01-01", "2017-10-01"]))
    end = pd.Series(pd.to_datetime(["2010-12-31", "2018-09-30"]))
    first, last = months_of(start, end)
    assert first.tolist() == [0, parse_month("2017-10")]
    assert last.tolist() == [11, parse_month("2018-09")]
