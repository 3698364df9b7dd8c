"""What enters the model from outside besides the instruments: dated events, population, prescribing.

The table is `events.csv` beside the historical series: every knot of every such table of the model, each with its
reason, source and grade. Between knots the value is a straight line, outside them it is flat.
"""

from __future__ import annotations

import math
from calendar import monthrange
from datetime import date
from pathlib import Path

import pandas as pd

from sdforecast.calendar import FIRST_YEAR
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model import ModelFile
from sdforecast.model.timetables import Knots, tables_over_time
from sdforecast.scenario.instruments import instrument_ids
from sdforecast.scenario.levels import CONSENT
from sdforecast.scenario.rows import rows
from sdforecast.shipped import history_dir

COLUMNS = ("input", "time", "date", "value", "reason", "source", "grade")
GRADES = ("seen", "derived", "memory", "judgement")
_ROUNDED = 1e-9  # relative
_DAYS = 1.0  # `date` is `time` in words, to the nearest day


def events(file: Path | None = None) -> pd.DataFrame:
    """Return the knots of what enters from outside (the shipped table by default), in the order of the file.

    The frame has the columns of the file, `time` (months since 2010-01) and `value` as floats, in the unit of the
    model's variable. Raises `InputError` with file and line for a number that is none, a day that is not that time,
    an unknown grade, an empty text, or times that do not rise within an input.
    """
    path = file or history_dir() / "events.csv"
    problems: list[Problem] = []
    found: list[dict[str, object]] = []
    last: dict[str, float] = {}
    for line, row in rows(path, COLUMNS):
        wrong = _faults(row, last)
        problems += [Problem(what, file=str(path), line=line, hint=hint) for what, hint in wrong]
        if not wrong:
            last[row["input"]] = float(row["time"])
            found.append({**row, "time": float(row["time"]), "value": float(row["value"])})
    if problems:
        raise InputError(*problems)
    return pd.DataFrame(found, columns=list(COLUMNS))


def _faults(row: dict[str, str], last: dict[str, float]) -> list[tuple[str, str | None]]:
    """Return what is wrong with a row; `last` has the last time of each input so far."""
    wrong: list[tuple[str, str | None]] = []
    for word in ("input", "reason", "source"):
        if not row[word].strip():
            wrong.append((f"'{word}' is empty", None))
    if row["grade"] not in GRADES:
        wrong.append((f"unknown grade '{row['grade']}'", nearest(row["grade"], GRADES)))
    time, value = _number(row["time"]), _number(row["value"])
    if value is None:
        wrong.append((f"value '{row['value']}' is not a finite number", None))
    if time is None or time < 0:
        wrong.append((f"time '{row['time']}' is not a number of months since 2010-01", None))
        return wrong
    if time <= last.get(row["input"], -1.0):
        wrong.append((f"time {time:g} of '{row['input']}' does not come after the one before", None))
    try:
        day = _months(date.fromisoformat(row["date"]))
    except ValueError:
        wrong.append((f"'{row['date']}' is not a day; write YYYY-MM-DD", None))
    else:
        if abs(day - time) * 30 > _DAYS:
            wrong.append((f"{row['date']} is time {day:.2f} and not {time:g}", None))
    return wrong


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _months(day: date) -> float:
    """Return the model time at which a day begins."""
    length = monthrange(day.year, day.month)[1]
    return (day.year - FIRST_YEAR) * 12 + day.month - 1 + (day.day - 1) / length


def disagreements(model: ModelFile, table: pd.DataFrame | None = None) -> list[Problem]:
    """Return where the tables over time in `model` and those of `events` (the shipped ones by default) differ.

    The instruments and the switch of consent are left out: scenarios replace them.
    """
    known = events() if table is None else table
    wanted = {
        str(name): tuple(zip(part["time"], part["value"], strict=True))
        for name, part in known.groupby("input", sort=False)
    }
    ours = {name.replace("_", " ") for name in (*instrument_ids(), CONSENT)}
    there = {name: knots for name, knots in tables_over_time(model.path).items() if name.casefold() not in ours}
    problems = [
        Problem(f"'{name}' enters from outside and has no rows in events.csv", file=str(model.path))
        for name in there
        if name not in wanted
    ]
    for name, knots in wanted.items():
        if name not in there:
            what = f"'{name}' of events.csv is no table over time of the model"
            problems.append(Problem(what, file=str(model.path), hint=nearest(name, list(there))))
        elif difference := _difference(there[name], knots):
            what = f"'{name}' differs from events.csv: {difference}"
            problems.append(Problem(what, file=str(model.path), hint="copy the knots of events.csv"))
    return problems


def _difference(model: Knots, table: Knots) -> str:
    """Return in words where two lists of knots first differ, or nothing."""
    if len(model) != len(table):
        return f"{len(model)} knots in the model, {len(table)} in the table"
    for (time, value), (other_time, other) in zip(model, table, strict=True):
        if not math.isclose(time, other_time, rel_tol=_ROUNDED, abs_tol=_ROUNDED):
            return f"a knot at {time:g} in the model, at {other_time:g} in the table"
        if not math.isclose(value, other, rel_tol=_ROUNDED, abs_tol=_ROUNDED):
            return f"{value:g} at {time:g} in the model, {other:g} in the table"
    return ""
