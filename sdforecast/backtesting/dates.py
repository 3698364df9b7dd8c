"""The dates of a backtest: origins, and the day on which the file with an origin's month came out.

An **origin** is the last day of the last month whose deaths are known; horizons count from it. The file that first had
that month was released later, by the **reporting lag** that NCHS had at the time: `released(origin)`.
"""

from __future__ import annotations

import pandas as pd

from sdforecast.calendar import parse_month
from sdforecast.errors import InputError, Problem

FIRST, LAST = "2017-12", "2024-12"
"""First and last origin of the shipped backtest."""

EVERY = 6
"""Months from one origin to the next."""

SHORTER_FROM = "2021-07"
"""First month of deaths that came out with the shorter lag. Files that bracket it: of 13 October 2021 (newest month
March 2021) and of 16 March 2022 (October 2021); the month between them is judgement."""

LONG_LAG, SHORT_LAG = 7, 5
"""Calendar months from the newest month of a file to the month of its release, before and since: read off the shipped
files (2017-12 to 2021-10: 7, two of them 8; 2022-03 to 2025-05: 5). Counted from the month's end to the second week of
the month of release that is 6.5 and 4.5 months."""

_DAY = 15  # NCHS releases in the second week; by the 15th the file is out


def origins(first: str = FIRST, last: str = LAST, every: int = EVERY) -> list[pd.Timestamp]:
    """Return the origins from the month `first` to `last` (YYYY-MM), each the last day of its month.

    Raises `InputError` for what is not a month and for a step below one.
    """
    if every < 1:
        raise InputError(Problem(f"every {every} months is no step between origins", hint="write 1 or more"))
    begin, end = origin_of(first), origin_of(last)
    return [pd.Timestamp(day) for day in pd.date_range(begin, end, freq="ME")[::every]]


def origin_of(month: str | pd.Timestamp) -> pd.Timestamp:
    """Return the origin that a month (`YYYY-MM`) or any day of it means: its last day. Raises `InputError`."""
    try:
        text = f"{month:%Y-%m}" if isinstance(month, pd.Timestamp) else str(month)
        parse_month(text)
    except ValueError as error:
        raise InputError(Problem(f"origin: {error}")) from error
    return pd.Timestamp(pd.Period(text[:7], "M").end_time.normalize())


def lag(origin: pd.Timestamp) -> int:
    """Return the calendar months from the month of `origin` to the month in which it was released."""
    return SHORT_LAG if origin >= origin_of(SHORTER_FROM) else LONG_LAG


def released(origin: pd.Timestamp) -> pd.Timestamp:
    """Return the day by which the file whose newest month is that of `origin` was out."""
    return pd.Timestamp(origin.year, origin.month, _DAY) + pd.DateOffset(months=lag(origin))
