"""Rows of the history that were published by a day: each series waits for its publication lag (`series.toml`).

The value is today's, not that of the day: only deaths have kept files. `docs/backtest.md` says where that matters.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdforecast.errors import InputError, Problem
from sdforecast.history import Series


def published(rows: pd.DataFrame, described: dict[str, Series], day: pd.Timestamp) -> pd.DataFrame:
    """Return the rows that were out by the end of the month of `day`, in their order.

    A row is out `published_after_months` after the month in which its period ends. Raises `InputError` for a series
    without that number: what nobody dated, no back-test may use.
    """
    names = rows["series"].unique()
    missing = [name for name in names if name not in described or described[name].published_after_months is None]
    if missing:
        hint = "add published_after_months to series.toml"
        what = "does not say when it is published"
        raise InputError(*(Problem(f"series '{name}' {what}", hint=hint) for name in missing))
    lag = rows["series"].map({name: described[name].published_after_months for name in names})
    return rows[(out_since(rows["period_end"], lag) <= _month(day)) & (rows["period_end"] <= day)]


def out_since(ends: pd.Series, lag: pd.Series) -> np.ndarray:
    """Return the months (counted from year 0) in which periods that end on `ends` were out."""
    return np.asarray(ends.dt.year * 12 + ends.dt.month - 1 + lag.astype(int))


def _month(day: pd.Timestamp) -> int:
    return day.year * 12 + day.month - 1
