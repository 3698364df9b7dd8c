"""What a reader of single cells cannot see: duplicates, gaps, overlaps, impossible values."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd

from sdforecast.errors import Problem, nearest
from sdforecast.history.descriptions import Series, load_descriptions
from sdforecast.history.vocabulary import CEILINGS, UNITS, USABLE, matches
from sdforecast.history.words import FILE

_SLOT = ["series", "aggregation", "geography", "breakdown"]


def check(
    history: pd.DataFrame, described: dict[str, Series] | None = None, *, by_vintage: bool = False
) -> list[Problem]:
    """Return everything that is wrong with the observations, with file and line; empty if nothing is.

    `described` is by default the shipped `series.toml`. With `by_vintage` each vintage is looked at alone, as
    for the frame of `load_vintages`.
    """
    described = load_descriptions() if described is None else described
    slot = [*_SLOT, "vintage"] if by_vintage else _SLOT
    problems = [*_descriptions(history, described), *_values(history), *_periods(history)]
    usable = history[history["status"].isin(USABLE)]
    problems += _duplicates(history, [*slot, "status"])
    # An overlap or a gap means something only where periods are well formed and stand once.
    sound = usable[usable["period_start"] <= usable["period_end"]]
    sound = sound.drop_duplicates([*slot, "status", "period_start", "period_end"])
    for _, rows in sound.groupby(slot, sort=False):
        ordered = rows.sort_values(["period_start", "period_end"], kind="stable")
        problems += [*_overlaps(ordered), *_settled(ordered)]
        problems += _gaps(ordered, described) if not by_vintage else []
    return problems


def _at(row: pd.Series, what: str, hint: str | None = None) -> Problem:
    return Problem(f"{row['series']}: {what}", row["file"], int(row["line"]), hint=hint)


def _span(row: pd.Series) -> str:
    return f"{row['period_start']:%Y-%m-%d} to {row['period_end']:%Y-%m-%d}"


def _descriptions(history: pd.DataFrame, described: dict[str, Series]) -> Iterator[Problem]:
    """Yield series that nobody described, and units and breakdowns that contradict the description."""
    for _, row in history.drop_duplicates(["series", "unit", "breakdown", "file"]).iterrows():
        about = described.get(row["series"])
        if about is None:
            yield _at(row, f"is not described in {FILE}", nearest(row["series"], described))
            continue
        if row["unit"] != about.unit:
            yield _at(row, f"unit '{row['unit']}' instead of '{about.unit}'")
        if row["breakdown"] not in about.breakdowns:
            yield _at(row, f"unknown breakdown '{row['breakdown']}'", nearest(row["breakdown"], about.breakdowns))


def _values(history: pd.DataFrame) -> Iterator[Problem]:
    """Yield values that cannot be: negative, above 100 % or 1, outside their own bounds."""
    ceiling = history["unit"].map(CEILINGS).astype("float64").fillna(np.inf)
    tests: list[tuple[pd.Series, Callable[[pd.Series], str]]] = [
        ((history["value"] < 0) & history["unit"].isin(UNITS), lambda row: f"negative value {row['value']:g}"),
        (history["value"] > ceiling, lambda row: f"value {row['value']:g} is more than a {row['unit']} can be"),
        (history["low"] > history["value"], lambda row: f"low {row['low']:g} is above the value {row['value']:g}"),
        (history["high"] < history["value"], lambda row: f"high {row['high']:g} is below the value {row['value']:g}"),
    ]
    for wrong, tell in tests:
        yield from (_at(row, tell(row)) for _, row in history[wrong].iterrows())


def _periods(history: pd.DataFrame) -> Iterator[Problem]:
    """Yield periods that run backwards, are not what `aggregation` says, or end after the vintage."""
    for _, row in history[history["period_end"] < history["period_start"]].iterrows():
        yield _at(row, f"the period ends before it starts ({_span(row)})")
    forward = history[history["period_end"] >= history["period_start"]]
    kinds = forward.drop_duplicates(["aggregation", "period_start", "period_end"])
    for _, row in kinds.iterrows():
        if not matches(row["aggregation"], row["period_start"].date(), row["period_end"].date()):
            yield _at(row, f"{_span(row)} is not a {row['aggregation']}")
    known = forward[forward["vintage"] != ""]
    # A vintage of a year or a month means some day in it.
    latest = pd.to_datetime(known["vintage"].map(_last_day))
    for _, row in known[latest < known["period_end"]].iterrows():
        yield _at(row, f"known on {row['vintage']}, before the period ended ({_span(row)})")


def _last_day(vintage: str) -> str:
    if len(vintage) == 4:
        return f"{vintage}-12-31"
    return f"{pd.Period(vintage, 'M').end_time:%Y-%m-%d}" if len(vintage) == 7 else vintage


def _duplicates(history: pd.DataFrame, slot: list[str]) -> Iterator[Problem]:
    key = [*slot, "period_start", "period_end"]
    first = history.drop_duplicates(key).set_index(key)
    for _, row in history[history.duplicated(key)].iterrows():
        twin = first.loc[tuple(row[key])]
        place = f"line {twin['line']}" if twin["file"] == row["file"] else f"{twin['file']}:{twin['line']}"
        yield _at(row, f"{_span(row)} stands twice ({row['breakdown']}, {row['status']})", f"first at {place}")


def _overlaps(rows: pd.DataFrame) -> Iterator[Problem]:
    """Yield usable rows of one slot that cover the same days (12-month sums always do, so only their ends count)."""
    rolling = rows["aggregation"].iloc[0] == "12-month-ending"
    clash = rows["period_end"].duplicated() if rolling else rows["period_start"] <= rows["period_end"].cummax().shift()
    for _, row in rows[clash].iterrows():
        yield _at(row, f"{_span(row)} overlaps with another row ({row['aggregation']}, {row['breakdown']})")


def _settled(rows: pd.DataFrame) -> Iterator[Problem]:
    """Yield provisional rows that lie before a final one: years are closed in order."""
    final = rows.loc[rows["status"] == "final", "period_end"].max()
    for _, row in rows[(rows["status"] == "provisional") & (rows["period_end"] < final)].iterrows():
        yield _at(row, f"{_span(row)} is provisional, though later periods are final")


def _gaps(rows: pd.DataFrame, described: dict[str, Series]) -> Iterator[Problem]:
    """Yield holes in aggregations that the description calls regular."""
    about = described.get(rows["series"].iloc[0])
    aggregation = rows["aggregation"].iloc[0]
    if about is None or aggregation not in about.regular:
        return
    step = pd.DateOffset(months={"month": 1, "12-month-ending": 1, "half-year": 6}.get(aggregation, 12))
    expected = rows["period_start"] + step
    for (_, row), due, following in zip(rows.iterrows(), expected, rows["period_start"].shift(-1), strict=True):
        if following > due:
            yield _at(row, f"gap after {_span(row)}: the next {aggregation} starts {following:%Y-%m-%d}")
