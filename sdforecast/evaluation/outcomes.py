"""What happened: deaths in twelve months, as they are counted today, and the months they are the sums of."""

from __future__ import annotations

import pandas as pd

from sdforecast import history
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.evaluation.levels import SERIES, TARGETS

PLACE = "occurrence"
"""The CDC publishes sums of twelve months by place of occurrence."""


def outcomes(observations: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the counts of both targets that forecasts are scored against.

    Parameters
    ----------
    observations : rows as `history.load` gives them; the shipped history by default.

    Returns
    -------
    `target, target_end_date, value` (deaths in the twelve months to that day), `vintage` (date of the file) and
    `provisional` (whether the count may still change), sorted by target and date.

    Raises
    ------
    InputError : a target has no sums of twelve months in the history.
    """
    rows = history.load() if observations is None else observations
    tables = []
    for target in TARGETS:
        mine = _usable(rows, SERIES[target], "12-month-ending")
        tables.append(
            pd.DataFrame(
                {
                    "target": target,
                    "target_end_date": mine["period_end"],
                    "value": mine["value"],
                    "vintage": mine["vintage"],
                    "provisional": mine["status"] == "provisional",
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def monthly(target: str, observations: pd.DataFrame | None = None) -> pd.Series:
    """Return the deaths of single months by month end: what the sums of a target are made of, as counted today.

    Raises `InputError` for an unknown target, or if the history has no single months of it.
    """
    _known(target)
    rows = _usable(history.load() if observations is None else observations, SERIES[target], "month")
    return rows.set_index("period_end")["value"].rename(target)


def sums(target: str, outcomes: pd.DataFrame) -> pd.Series:
    """Return the counted sums of twelve months of a target by month end. Raises `InputError` for an unknown target."""
    _known(target)
    return outcomes[outcomes["target"] == target].set_index("target_end_date")["value"].sort_index().rename(target)


def _known(target: str) -> None:
    if target not in SERIES:
        raise InputError(Problem(f"unknown target '{target}'", hint=nearest(target, TARGETS)))


def _usable(rows: pd.DataFrame, series: str, aggregation: str) -> pd.DataFrame:
    usable = rows["status"].isin(history.USABLE) & (rows["breakdown"] == PLACE) & (rows["aggregation"] == aggregation)
    found = rows[usable & (rows["series"] == series)].sort_values("period_end")
    if found.empty:
        raise InputError(Problem(f"the history has no usable rows of {series} by {aggregation} and {PLACE}"))
    return found
