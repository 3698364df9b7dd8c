"""The instruments of policy: what their levels mean, and the level that each had since 2010.

Both are tables beside the historical series, `instrument_scale.csv` and `instruments.csv`. The levels are
judgement: readings of dated actions on the scale, never estimated from outcomes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sdforecast.calendar import parse_month
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.scenario.rows import rows
from sdforecast.shipped import history_dir

SCALE_COLUMNS = ("instrument", "title", "zero_means", "one_means", "current_level", "basis", "grade")
HISTORY_COLUMNS = ("instrument", "date", "level", "reason", "source", "grade")


@dataclass(frozen=True)
class Instrument:
    """One instrument and its scale.

    Attributes
    ----------
    id : the name in files, lower case with underscores.
    title : the name for readers.
    zero_means, one_means : what the levels 0 and 1 stand for.
    current_level : the level when last observed, 0 to 1.
    basis : what the current level rests on.
    grade : how sure we are of the levels.
    """

    id: str
    title: str
    zero_means: str
    one_means: str
    current_level: float
    basis: str
    grade: str


def instruments(file: Path | None = None) -> dict[str, Instrument]:
    """Return the instruments by id, in the order of the table (the shipped one by default).

    Raises `InputError` with file and line for a table that is not right.
    """
    path = file or history_dir() / "instrument_scale.csv"
    found: dict[str, Instrument] = {}
    problems = []
    for line, row in rows(path, SCALE_COLUMNS):
        level = _level(row["current_level"])
        if level is None:
            problems.append(_not_a_level(path, line, row["current_level"]))
        elif row["instrument"] in found:
            problems.append(Problem(f"'{row['instrument']}' stands here a second time", file=str(path), line=line))
        else:
            texts = {key: row[key] for key in SCALE_COLUMNS if key not in ("instrument", "current_level")}
            found[row["instrument"]] = Instrument(id=row["instrument"], current_level=level, **texts)
    if problems:
        raise InputError(*problems)
    return found


def instrument_ids() -> tuple[str, ...]:
    """Return the ids of the shipped instruments in the order of the table."""
    return tuple(instruments())


def instrument_history(file: Path | None = None) -> pd.DataFrame:
    """Return the knots of the instruments' history (the shipped one by default).

    The frame has the columns `instrument, date, level, reason, source, grade` of the file and `time` (months
    since 2010-01), sorted by instrument and time. Between knots the level is a straight line, outside it is flat.
    Raises `InputError` with file and line for an unknown instrument, a wrong month or level, a repeated knot, a
    history that does not start at 2010-01 or an instrument without one.
    """
    path = file or history_dir() / "instruments.csv"
    known = list(instruments())
    problems: list[Problem] = []
    knots: dict[tuple[str, int], dict[str, object]] = {}
    for line, row in rows(path, HISTORY_COLUMNS):
        knot, wrong = _knot(row, known)
        if knot is not None and knot in knots:
            wrong.append((f"'{knot[0]}' has a second level for {row['date']}", None))
        problems += [Problem(what, file=str(path), line=line, hint=hint) for what, hint in wrong]
        if knot is not None and not wrong:
            knots[knot] = {**row, "level": float(row["level"]), "time": knot[1]}
    if not problems:
        begun = {name for name, time in knots if time == 0}
        missing = [name for name in known if name not in begun]
        problems = [Problem(f"'{name}' has no level for 2010-01", file=str(path)) for name in missing]
    if problems:
        raise InputError(*problems)
    ordered = sorted(knots, key=lambda key: (known.index(key[0]), key[1]))
    return pd.DataFrame([knots[key] for key in ordered], columns=[*HISTORY_COLUMNS, "time"])


def _knot(row: dict[str, str], known: list[str]) -> tuple[tuple[str, int] | None, list[tuple[str, str | None]]]:
    """Return the key of one row, None if it has none, and what is wrong with the row."""
    wrong: list[tuple[str, str | None]] = []
    time = None
    if row["instrument"] not in known:
        wrong.append((f"unknown instrument '{row['instrument']}'", nearest(row["instrument"], known)))
    try:
        time = parse_month(row["date"])
    except ValueError as error:
        wrong.append((str(error), None))
    if time is not None and time < 0:
        wrong.append((f"{row['date']} is before 2010-01", None))
    if _level(row["level"]) is None:
        wrong.append((f"level '{row['level']}' is not a number from 0 to 1", None))
    return (None if time is None else (row["instrument"], time)), wrong


def _level(text: str) -> float | None:
    try:
        level = float(text)
    except ValueError:
        return None
    return level if 0 <= level <= 1 else None


def _not_a_level(path: Path, line: int, text: str) -> Problem:
    return Problem(f"level '{text}' is not a number from 0 to 1", file=str(path), line=line)
