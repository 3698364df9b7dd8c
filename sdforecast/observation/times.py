"""How the days of the history become the time of a model: the table `[time]` of `targets.toml`.

    [time]
    start = 1978-01-21     # the day at which the model's INITIAL TIME stands
    unit = "day"           # day, week, month or year: what observations are counted in

Without the table the model starts with January 2010 and observations are counted in months. Unit `k` runs from the
`k`-th step after the start to the next one, so a period is known by its first and its last unit, both included. The
model's own unit of time may be another one and its INITIAL TIME any number: :func:`on_rows` says which saved rows of
a run the units are.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sdforecast.calendar import FIRST_YEAR
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model import ModelFile

UNITS = ("day", "week", "month", "year")
"""What observations can be counted in."""

_KEYS = ("start", "unit")
_YEAR = re.compile(r"\d{4}", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}(-\d{2})?", re.ASCII)
_DAYS = {"day": 1, "week": 7}
_MONTHS = {"month": 1, "year": 12}
_WHOLE = 1e-4
"""How far, as a part of it, a number of saved rows may be from a whole one: SAVEPER is a rounded 1/12, say."""


@dataclass(frozen=True)
class Clock:
    """Where model time starts, and the unit in which observations are counted from there.

    Attributes
    ----------
    start : day at which the model's INITIAL TIME stands; the first of a month where the unit is a month or a year.
    unit : one of :data:`UNITS`.
    """

    start: date = date(FIRST_YEAR, 1, 1)
    unit: str = "month"

    def count(self, day: date | pd.Timestamp) -> int:
        """Return the unit, counted from 0 at the start, in which a day lies."""
        if self.unit in _DAYS:
            return (pd.Timestamp(day) - pd.Timestamp(self.start)).days // _DAYS[self.unit]
        months = (day.year - self.start.year) * 12 + day.month - self.start.month
        return months // _MONTHS[self.unit]

    def counts(self, days: pd.Series) -> np.ndarray:
        """Return :meth:`count` of each day."""
        return np.array([self.count(day) for day in days], dtype=np.int64)

    def first_day(self, unit: int) -> pd.Timestamp:
        """Return the day on which a unit starts."""
        if self.unit in _DAYS:
            return pd.Timestamp(self.start) + pd.Timedelta(days=int(unit) * _DAYS[self.unit])
        return pd.Timestamp(self.start) + pd.DateOffset(months=int(unit) * _MONTHS[self.unit])

    def last_day(self, unit: int) -> pd.Timestamp:
        """Return the day on which a unit ends."""
        return self.first_day(int(unit) + 1) - pd.Timedelta(days=1)

    def parse(self, text: str | date, *, end: bool = False) -> int:
        """Return the unit in which a month (`YYYY-MM`) or day (`YYYY-MM-DD`) starts, or with `end`, ends.

        A clock of years takes a year (`YYYY`), too. Raises `ValueError` for anything else.
        """
        words = str(text)
        if self.unit == "year" and _YEAR.fullmatch(words):
            words += "-12" if end else "-01"
        if not _DAY.fullmatch(words):
            what = "a month; write YYYY-MM" if self.unit in _MONTHS else "a day; write YYYY-MM-DD"
            raise ValueError(f"'{text}' is not {what}")
        day = date.fromisoformat(words if len(words) == 10 else f"{words}-01")
        if end and len(words) == 7:
            day = (pd.Timestamp(day) + pd.offsets.MonthEnd(0)).date()
        return self.count(day)


MONTHS = Clock()
"""Months from January 2010: the clock of the shipped model."""


def read(text: str, file: Path) -> Clock:
    """Return the clock of a targets file, from its text. Raises `InputError` with file and line."""
    table = tomllib.loads(text).get("time")
    if table is None:
        return MONTHS
    lines = text.splitlines()
    line = next((k for k, words in enumerate(lines, 1) if words.split("#")[0].strip() == "[time]"), None)
    faults = list(_faults(table))
    if faults:
        raise InputError(*(Problem(f"[time]: {what}", str(file), line, hint=hint) for what, hint in faults))
    return Clock(table["start"], table["unit"])


def _faults(table: Any) -> list[tuple[str, str | None]]:
    if not isinstance(table, Mapping):
        return [("is not a table", 'write [time], start = 1978-01-21, unit = "day"')]
    faults: list[tuple[str, str | None]] = [
        (f"unknown key '{key}'", nearest(key, _KEYS)) for key in table if key not in _KEYS
    ]
    faults += [(f"'{key}' is missing", None) for key in _KEYS if key not in table]
    if faults:
        return faults
    start, unit = table["start"], table["unit"]
    if not isinstance(unit, str) or unit not in UNITS:
        faults.append((f"'{unit}' is no unit of time here", nearest(str(unit), UNITS)))
    if type(start) is not date or not 1900 <= start.year <= 2100:  # a datetime is a date, too
        faults.append((f"'start' is {start!r}, not a day from 1900 to 2100", "write it bare: start = 1978-01-21"))
    elif str(unit) in _MONTHS and start.day != 1:
        faults.append((f"'start' is {start}: a count of {unit}s starts with the first day of a month", None))
    return faults


def rows_per_unit(clock: Clock, model: ModelFile) -> int:
    """Return how many saved rows of the model one unit of the clock is.

    A model whose unit of time cannot be read, or that has none, is taken to count in the unit of the clock. Raises
    `InputError` where SAVEPER does not divide the unit.
    """
    period = model.control["SAVEPER"]
    rows = _in_model_time(clock, model) / period
    if not np.isfinite(rows) or round(rows) < 1 or abs(rows - round(rows)) > _WHOLE * rows:
        what = f"saves every {period:g} {model.time_unit}, which is no whole part of the {clock.unit} of [time]"
        hint = f"set SAVEPER to {_in_model_time(clock, model):.6g}, or name another unit in [time]"
        raise InputError(Problem(what, str(model.path), hint=hint))
    return round(rows)


def _in_model_time(clock: Clock, model: ModelFile) -> float:
    """Return how long one unit of the clock is in the model's time."""
    from sdforecast.structure.words import UnitError, Units

    units = Units()
    try:
        own = units.parse(model.time_unit)
    except UnitError:
        own = None
    unit = units.parse(clock.unit)
    if own is None or unit is None or own.dimensionality != unit.dimensionality:
        return 1.0
    return float(units.registry.Quantity(1.0, unit / own).to_base_units().magnitude)


def on_rows(observations: pd.DataFrame, clock: Clock, model: ModelFile) -> pd.DataFrame:
    """Return observations whose `first` and `last` count saved rows of the model instead of units of the clock.

    A period runs from row `first` to row `last + 1`. Added is `step`, the model time between two rows. For a model
    that saves once a unit nothing else changes. Raises `InputError` as :func:`rows_per_unit`.
    """
    each = rows_per_unit(clock, model)
    return observations.assign(
        first=observations["first"] * each,
        last=(observations["last"] + 1) * each - 1,
        step=float(model.control["SAVEPER"]),
    )


def end_of(observations: pd.DataFrame, model: ModelFile) -> float:
    """Return the model time at which the last of some observations, counted in rows, ends."""
    return float(model.control["INITIAL TIME"] + (int(observations["last"].max()) + 1) * model.control["SAVEPER"])
