"""A scenario in words and in a table of years, for readers."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from sdforecast.calendar import FIRST_YEAR, month_label
from sdforecast.scenario.instruments import instruments
from sdforecast.scenario.levels import levels
from sdforecast.scenario.resolving import resolve
from sdforecast.scenario.schema import InstrumentChange, Scenario


@dataclass(frozen=True)
class ChangeInWords:
    """One change of an instrument as a reader would say it.

    Attributes
    ----------
    instrument, title : id and name of the instrument.
    words : what happens to it, such as `falls from 0.05 to 0 between 2027-01 and 2027-04`.
    change : the change itself.
    """

    instrument: str
    title: str
    words: str
    change: InstrumentChange


def describe(scenario: Scenario, history: pd.DataFrame | None = None) -> list[ChangeInWords]:
    """Return the changes of `scenario`, those it inherits included, in the order written.

    `history` as in :func:`sdforecast.scenario.levels.levels`, which says what else can be raised.
    """
    whole = resolve(scenario)
    table = levels(whole, history)
    known = instruments()
    said = []
    for change in whole.instruments:
        later = [other.first for other in whole.instruments if _follows(other, change)]
        words = _words(change, table[change.instrument], min(later, default=None))
        said.append(ChangeInWords(change.instrument, known[change.instrument].title, words, change))
    return said


def yearly(table: pd.DataFrame) -> pd.DataFrame:
    """Return means over calendar years (index `year`) of the levels in `table`, one row a month as of `levels`."""
    months = table[table.index < len(table) - 1]  # the last row is the beginning of the year after
    return months.groupby(months.index // 12 + FIRST_YEAR).mean().rename_axis("year")


def _follows(other: InstrumentChange, change: InstrumentChange) -> bool:
    return other.instrument == change.instrument and other.first > change.first


def _words(change: InstrumentChange, path: pd.Series, next_start: int | None) -> str:
    stepped = change.ramp_months == 0  # then the level before is the one of the month before
    old = float(path[max(change.first - stepped, 0)])
    if round(old, 2) == round(change.intensity, 2):
        text = f"is held at {_level(change.intensity)}{_consent(change)} from {change.start}"
    else:
        verb = "rises" if change.intensity > old else "falls"
        text = f"{verb} from {_level(old)} to {_level(change.intensity)}{_consent(change)} "
        text += f"in {change.start}" if stepped else f"between {change.start} and {month_label(change.reached)}"
    if change.released is None:
        return text
    text += f", in force to {change.end}"
    back = change.released + change.ramp_months
    if next_start is not None and next_start <= back:
        return text
    at = min(back, int(path.index[-1]))
    return f"{text}, then back to {_level(float(path[at]))}" + ("" if stepped else f" by {month_label(back)}")


def _consent(change: InstrumentChange) -> str:
    if change.instrument != "military_action" or change.intensity == 0:
        return ""
    return " with consent" if change.consent else " without consent"


def _level(value: float) -> str:
    return f"{round(value, 2):g}"
