"""Projections that others published, against what happened, at the horizons they gave.

Most project opioid deaths of calendar years, which is not a target of ours; so each is scored on the count that it
projected. Beside it stands what repeating the last value known would have given, and, where a table of scores has
forecasts from the same last month to the same end, how far off those were for the nearest target of ours, in per cent.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sdforecast import calendar, history, shipped
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.evaluation.extra import library
from sdforecast.evaluation.levels import ALL_DRUGS, SYNTHETIC_OPIOIDS

FILE = "published_projections.csv"
TEXTS = ("model", "published", "known_to", "kind", "scenario", "series", "place", "source", "grade")
DAYS = ("period_start", "period_end")
NUMBERS = ("value", "low", "high", "nominal", "outcome")
COLUMNS = (*TEXTS[:7], *DAYS, *NUMBERS, *TEXTS[7:])
KINDS = ("forecast", "scenario")
PLACES = ("residents", "occurrence")
MOST_BYTES = 5_000_000

NEAREST_TARGET = {
    "opioid_deaths": SYNTHETIC_OPIOIDS,
    "synthetic_opioid_deaths": SYNTHETIC_OPIOIDS,
    "all_drug_deaths": ALL_DRUGS,
}
"""The target of ours that is most like each series: nine of ten opioid deaths since 2021 involve synthetic ones."""

_MONTH = re.compile(r"\d{4}-\d{2}")


def load(path: Path | None = None) -> pd.DataFrame:
    """Return the published projections, the shipped ones by default: `COLUMNS`, as `published_projections.md` has them.

    Days as dates, numbers as floats (NaN where empty). Raises `InputError` with file and line for everything that is
    not such a table.
    """
    file = path or shipped.calibration_dir() / FILE
    try:
        if file.stat().st_size > MOST_BYTES:
            raise InputError(Problem("is larger than a table of projections can be", str(file)))
        lines = csv.reader(io.StringIO(file.read_text(encoding="utf-8"), newline=""), strict=True)
        header, rows = next(lines, []), [(lines.line_num, cells) for cells in lines if cells]
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", str(file))) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(Problem(f"is not a readable CSV file: {error}", str(file))) from error
    if tuple(header) != COLUMNS:
        raise InputError(Problem("has other columns than a table of projections", str(file), 1, hint=",".join(COLUMNS)))
    faults = [Problem(what, str(file), line) for line, cells in rows for what in _faults(cells)]
    if faults:
        raise InputError(*faults[:25])
    table = pd.DataFrame([cells for _, cells in rows], columns=list(COLUMNS))
    for name in DAYS:
        table[name] = pd.to_datetime(table[name])
    for name in NUMBERS:
        table[name] = pd.to_numeric(table[name])
    return table


def _faults(cells: list[str]) -> Iterator[str]:
    """Yield what is wrong with a row."""
    if len(cells) != len(COLUMNS):
        yield f"has {len(cells)} cells instead of {len(COLUMNS)}"
    else:
        row = dict(zip(COLUMNS, cells, strict=True))
        yield from _wrong_words(row)
        yield from _wrong_numbers(row)


def _wrong_words(row: Mapping[str, str]) -> Iterator[str]:
    for name, words in (("kind", KINDS), ("place", PLACES), ("grade", history.GRADES), ("series", NEAREST_TARGET)):
        if row[name] not in words:
            yield f"{name}: unknown word '{row[name][:40]}', {nearest(row[name][:40], words)}"
    if not all(row[name].strip() and row[name].isprintable() for name in TEXTS):
        yield "has an empty or unprintable text"
    if not _MONTH.fullmatch(row["known_to"]):
        yield f"known_to: '{row['known_to'][:40]}' is not a month, write YYYY-MM"


def _wrong_numbers(row: Mapping[str, str]) -> Iterator[str]:
    try:
        calendar.parse_month(row["known_to"])
        first, last = (date.fromisoformat(row[name]) for name in DAYS)
        low, value, high = (float(row[name] or "nan") for name in ("low", "value", "high"))
        others = [float(row[name]) for name in NUMBERS if row[name]]
    except ValueError as error:
        yield f"holds a day or a number that cannot be read: {error}"
        return
    if not first < last:
        yield "ends before it starts"
    if row["nominal"] and not 0 < float(row["nominal"]) < 100:
        yield "nominal: not between 0 and 100 per cent"
    if not others or not all(np.isfinite(number) and number > 0 for number in others):
        yield "has a number that is not above zero, or none at all"
    if np.isnan(low) != np.isnan(high) or low > high or value < low or value > high:
        yield "its value and interval contradict each other"


def score(projections: pd.DataFrame, observations: pd.DataFrame | None = None) -> pd.DataFrame:
    """Score the projections whose whole period has been counted; leave the others out.

    Parameters
    ----------
    projections : as `load` gives them.
    observations : rows as `history.load` gives them; the shipped history by default.

    Returns
    -------
    The columns of `projections`, where `outcome` (deaths) is filled in, and

    - `counted`: what the outcome is ("residents", "occurrence", or "the authors' count"). Where a year is not counted
      in the place that was projected, it is taken by the other (0.3 to 2 % apart);
    - `provisional`: whether it may still change;
    - `months`: from the last month known to the end of the period;
    - `percent_error` of the value, NaN without one; `inside`: whether the outcome lies in the interval, None without;
    - `interval_score_percent`: the interval score (width and penalty) in per cent of the outcome, NaN where there is no
      interval or its level is unknown;
    - `repeated`, `repeated_percent_error`: the last value known instead, as counted today: the same months of the last
      year that was known, times the years.
    """
    rows = history.load() if observations is None else observations
    scored = []
    for row in projections.to_dict("records"):
        found = _happened(rows, row)
        if found is not None:
            scored.append(row | found | _errors(row, found["outcome"]) | _repeated(rows, row, found))
    added = ("counted", "provisional", "months", "percent_error", "inside", "interval_score_percent")
    table = pd.DataFrame(scored, columns=[*COLUMNS, *added, "repeated", "repeated_percent_error"])
    return table.sort_values(["model", "period_end", "published", "kind", "scenario"], ignore_index=True)


def beside(scored: pd.DataFrame, scores: pd.DataFrame) -> pd.DataFrame:
    """Return the projections of twelve months with the forecasts of other methods from the same origin to the same end.

    Parameters
    ----------
    scored : as `score` gives it.
    scores : as `scoring.score` gives them; origins are last months known, as `known_to`.

    Returns
    -------
    `model, scenario, kind, series, period_end, percent_error` of each projection that has one, and for each method with
    a forecast of the nearest target of ours: `method, target, horizon, method_percent_error, method_covered_95`. The
    targets differ (synthetic opioids for all opioids): only errors in per cent can be compared, with care.
    """
    year = (scored["period_end"] - scored["period_start"]).dt.days.between(364, 366)
    mine = scored[year & scored["percent_error"].notna()]
    mine = mine.assign(
        target=mine["series"].map(NEAREST_TARGET),
        origin=[calendar.month_end(calendar.parse_month(month)) for month in mine["known_to"]],
    )
    theirs = scores[["method", "target", "origin", "horizon", "target_end_date", "percent_error", "covered_95"]]
    theirs = theirs.rename(columns={"percent_error": "method_percent_error", "covered_95": "method_covered_95"})
    both = mine.merge(
        theirs, left_on=["target", "origin", "period_end"], right_on=["target", "origin", "target_end_date"]
    )
    shown = ["model", "scenario", "kind", "series", "period_end", "percent_error"]
    return both[[*shown, "method", "target", "horizon", "method_percent_error", "method_covered_95"]]


def _happened(rows: pd.DataFrame, row: Mapping[Any, Any]) -> dict[str, Any] | None:
    """Return the outcome of a projection and what it is; None if its period is not counted to the end."""
    months = calendar.parse_month(str(row["period_end"])[:7]) - calendar.parse_month(row["known_to"])
    if pd.notna(row["outcome"]):
        return {"outcome": row["outcome"], "counted": "the authors' count", "provisional": False, "months": months}
    first, last = row["period_start"], row["period_end"]
    for place in sorted(PLACES, key=lambda place: place != row["place"]):
        count = counted(rows, row["series"], place, first, last)
        if count is not None:
            return {"outcome": count[0], "counted": place, "provisional": count[1], "months": months}
    return None


def counted(
    rows: pd.DataFrame, series: str, place: str, first: pd.Timestamp, last: pd.Timestamp
) -> tuple[float, bool] | None:
    """Return the deaths between two days and whether some are provisional, from whole years or months; else None."""
    usable = rows["status"].isin(history.USABLE) & (rows["series"] == series) & (rows["breakdown"] == place)
    within = rows[usable & (rows["period_start"] >= first) & (rows["period_end"] <= last)]
    for aggregation in ("calendar-year", "month"):
        found = within[within["aggregation"] == aggregation]
        days = (found["period_end"] - found["period_start"]).dt.days + 1
        if days.sum() == (last - first).days + 1:
            return float(found["value"].sum()), bool((found["status"] == "provisional").any())
    return None


def _errors(row: Mapping[Any, Any], outcome: float) -> dict[str, object]:
    value, low, high, nominal = (float(row[name]) for name in NUMBERS[:4])
    score = np.nan
    if not np.isnan(low) and not np.isnan(nominal):
        rules = library("scoringrules")
        score = 100 * float(rules.interval_score(outcome, low, high, 1 - nominal / 100, backend="numpy")) / outcome
    inside = None if np.isnan(low) else bool(low <= outcome <= high)
    return {"percent_error": 100 * (value / outcome - 1), "inside": inside, "interval_score_percent": score}


def _repeated(rows: pd.DataFrame, row: Mapping[Any, Any], found: Mapping[str, Any]) -> dict[str, float]:
    """Return what repeating the last value known gives for the period of a projection."""
    first, last = row["period_start"], row["period_end"]
    known = calendar.month_end(calendar.parse_month(row["known_to"]))
    years = max(1, round(((last - first).days + 1) / 365.25))
    if years > 1:
        first = last - pd.DateOffset(years=1) + pd.Timedelta(days=1)
    while last > known:
        first, last = first - pd.DateOffset(years=1), last - pd.DateOffset(years=1)
    place = row["place"] if found["counted"] == "the authors' count" else found["counted"]
    count = counted(rows, row["series"], place, first, last)
    if count is None or found["counted"] == "the authors' count":
        return {"repeated": np.nan, "repeated_percent_error": np.nan}
    repeated = count[0] * years
    return {"repeated": repeated, "repeated_percent_error": 100 * (repeated / found["outcome"] - 1)}
