"""Months: all arithmetic between calendar dates and model time.

Model time counts months from 1 January 2010 (time 0). Month `k` runs from time `k` to `k + 1`; a flow of
month `k` is the difference of its cumulative stock between the two, a stock is read at `k + 1`, and both
are dated by the month's last day.
"""

from __future__ import annotations

import re
from datetime import date

import numpy as np
import pandas as pd

FIRST_YEAR = 2010
"""Calendar year in which model time starts."""

_MONTH = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")


def parse_month(text: str | date) -> int:
    """Return the model time (months since 2010-01) at which the month `YYYY-MM` begins.

    A day, if given, is checked and dropped. Raises `ValueError` for anything that is not a month.
    """
    match = _MONTH.fullmatch(str(text))
    if match is None:
        raise ValueError(f"'{text}' is not a month; write YYYY-MM")
    year, month, day = int(match[1]), int(match[2]), int(match[3] or 1)
    date(year, month, day)
    return (year - FIRST_YEAR) * 12 + month - 1


def month_start(time: int) -> pd.Timestamp:
    """Return the first day of month `time`."""
    return pd.Timestamp(FIRST_YEAR + time // 12, time % 12 + 1, 1)


def month_end(time: int) -> pd.Timestamp:
    """Return the last day of month `time`."""
    return month_start(time) + pd.offsets.MonthEnd(0)


def month_label(time: int) -> str:
    """Return month `time` as `YYYY-MM`."""
    return f"{FIRST_YEAR + time // 12:04d}-{time % 12 + 1:02d}"


def month_ends(first: int, last: int) -> pd.DatetimeIndex:
    """Return the last days of the months `first` to `last`, both included."""
    return pd.date_range(month_start(first), periods=last - first + 1, freq="ME")


def months_of(start: pd.Series, end: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Return first and last month (model time) of periods given by their first and last day."""
    first = (start.dt.year - FIRST_YEAR) * 12 + start.dt.month - 1
    last = (end.dt.year - FIRST_YEAR) * 12 + end.dt.month - 1
    return first.to_numpy(), last.to_numpy()
