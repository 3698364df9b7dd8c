"""Choosing rows of the history, and telling what there is."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.history.descriptions import Series, load_descriptions
from sdforecast.history.vocabulary import AGGREGATIONS, GEOGRAPHIES, GRADES, STATUSES, USABLE


def select(
    history: pd.DataFrame,
    series: str,
    *,
    aggregation: str | None = None,
    breakdown: str | None = None,
    geography: str | None = "US",
    status: str | Collection[str] | None = USABLE,
) -> pd.DataFrame:
    """Return the rows of one series in order of time; `None` leaves a column unfiltered.

    By default predictions, partial counts and disputed or superseded figures are left out.
    Raises `InputError` for an unknown series (with the nearest) and where nothing is left (with what there is).
    """
    rows = history[history["series"] == series]
    if rows.empty:
        raise InputError(Problem(f"no series '{series}'", hint=nearest(series, list(history["series"].unique()))))
    statuses = [status] if isinstance(status, str) else status
    wanted = {"aggregation": [aggregation], "breakdown": [breakdown], "geography": [geography], "status": statuses}
    found = rows
    for column, words in wanted.items():
        if words is not None and words != [None]:
            found = found[found[column].isin(list(words))]
        if found.empty:
            asked = ", ".join(str(word) for word in words or ())
            raise InputError(_nothing_left(series, column, asked, rows))
    return found.sort_values(["period_end", "period_start"], kind="stable").reset_index(drop=True)


def _nothing_left(series: str, column: str, asked: str, rows: pd.DataFrame) -> Problem:
    choices = {"aggregation": AGGREGATIONS, "geography": GEOGRAPHIES, "status": STATUSES}
    there = list(rows[column].unique())
    if column in choices and asked not in choices[column] and "," not in asked:
        return Problem(f"unknown {column} '{asked}'", hint=nearest(asked, there))
    return Problem(f"series '{series}' has no rows for {column} '{asked}'", hint="it has " + ", ".join(there))


def last_observed(history: pd.DataFrame, series: str = "synthetic_opioid_deaths") -> pd.Timestamp:
    """Return the last day of the last month counted so far; deaths may still be added to it."""
    return pd.Timestamp(select(history, series, aggregation="month")["period_end"].max())


def describe(history: pd.DataFrame, described: dict[str, Series] | None = None) -> pd.DataFrame:
    """Return one row a series, by name.

    Columns `title`, `publisher`, `unit`, `first` and `last` (days), `n` (rows), `aggregations`, `vintage` (the
    newest), `grade` (all that occur, best first), `definition`, `breaks` (months) and `not_spliced_with`.
    `described` is by default the shipped `series.toml`.
    """
    described = load_descriptions() if described is None else described
    rows = [_one(str(name), group, described.get(str(name))) for name, group in history.groupby("series", sort=True)]
    return pd.DataFrame(rows).set_index("series") if rows else pd.DataFrame()


def _one(name: str, rows: pd.DataFrame, about: Series | None) -> dict[str, object]:
    return {
        "series": name,
        "title": about.title if about else "not described in series.toml",
        "publisher": about.publisher if about else "",
        "unit": ", ".join(rows["unit"].unique()),
        "first": rows["period_start"].min(),
        "last": rows["period_end"].max(),
        "n": len(rows),
        "aggregations": ", ".join(a for a in AGGREGATIONS if a in set(rows["aggregation"])),
        "vintage": rows["vintage"].max(),
        "grade": ", ".join(g for g in GRADES if g in set(rows["grade"])),
        "definition": about.definition if about else "",
        "breaks": ", ".join(entry.at for entry in about.breaks) if about else "",
        "not_spliced_with": ", ".join(about.not_spliced_with) if about else "",
    }
