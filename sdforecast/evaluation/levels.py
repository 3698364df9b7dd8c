"""The words of a table of forecasts: its quantile levels, targets, horizons and columns."""

from __future__ import annotations

import pandas as pd

HUB_LEVELS: tuple[float, ...] = (0.01, 0.025, *(k / 20 for k in range(1, 20)), 0.975, 0.99)
"""The 23 quantile levels of the forecast hubs: one median and eleven central intervals."""

SYNTHETIC_OPIOIDS = "synthetic opioid deaths"
ALL_DRUGS = "all drug deaths"
TARGETS: tuple[str, ...] = (SYNTHETIC_OPIOIDS, ALL_DRUGS)
"""Deaths in the twelve months that end with a month, by place of occurrence, as the CDC publishes them."""

SERIES: dict[str, str] = {SYNTHETIC_OPIOIDS: "synthetic_opioid_deaths", ALL_DRUGS: "all_drug_deaths"}
"""The series of the history that each target is counted in."""

HORIZONS: tuple[int, ...] = (6, 12, 24, 36)
"""Months from the last month known (the origin) to the last month forecast."""

KEYS: tuple[str, ...] = ("method", "target", "origin", "horizon")
"""What names one forecast."""

COLUMNS: tuple[str, ...] = (*KEYS, "target_end_date", "quantile", "value")
"""Columns of a table of forecasts, one quantile a row; `origin` and `target_end_date` are the last days of months."""


def later(origin: pd.Timestamp, horizon: int) -> pd.Timestamp:
    """Return the last day of the month `horizon` months after the month of `origin`."""
    return pd.Timestamp(origin) + pd.offsets.MonthEnd(0) + pd.offsets.MonthEnd(horizon)
