"""What is left of a count without a part of it: the `[[remainder]]` tables of `targets.toml`.

Where a model is fitted to the months of a part (synthetic opioid deaths) and to the years of the rest, the months of
the rest say where it stands against the model on the last day known. On the logarithm its error is a level that walks,
a season and noise. It is estimated after the fit, for each draw (:mod:`sdforecast.forecasting.remaining`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from sdforecast.errors import nearest


@dataclass(frozen=True)
class Remainder:
    """An error on the logarithm of the difference of two monthly flows.

    Attributes
    ----------
    whole, part : flows of the model; the error is of whole minus part.
    series, part_series : of the history, the counts of the two.
    aggregation, breakdown : which rows of both; the aggregation is `month`.
    walk : monthly standard deviation of the level's changes.
    season : standard deviation of each coefficient of the season's two harmonics; 0 for none.
    noise : relative standard deviation of a month's count beyond counting noise.
    month_lengths : whether counts follow the days in a month.
    """

    name: str
    title: str
    whole: str
    part: str
    series: str
    part_series: str
    aggregation: str
    breakdown: str
    walk: float
    season: float
    noise: float
    month_lengths: bool


_KEYS = tuple(field.name for field in fields(Remainder))


def faults(entries: object) -> Iterable[tuple[str, str | None]]:
    """Yield what is wrong with the tables of a file, each with a hint or None."""
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        yield "'remainder' must be [[remainder]] tables", None
        return
    for entry in entries:
        label = f"remainder '{entry.get('name', '?')}'"
        for word in sorted(set(entry) - set(_KEYS)):
            yield f"{label}: unknown key '{word}'", nearest(word, _KEYS)
        for word in _KEYS:
            if word not in entry:
                yield f"{label}: '{word}' is missing", None
            elif what := _wrong(word, entry[word]):
                yield f"{label}: '{word}' must be {what}", None
        if _same(entry.get("whole"), entry.get("part")):
            yield f"{label}: 'whole' and 'part' are the same", None
        for word in ("name", "whole"):
            if sum(_same(entry.get(word), other.get(word)) for other in entries) > 1:
                yield f"{label}: another one has the same '{word}'", None


def _wrong(word: str, value: Any) -> str | None:
    """Return what the value of a key should have been, or None."""
    if word == "walk":
        return None if _is_number(value) and value > 0 else "a number above zero"
    if word in ("season", "noise"):
        return None if _is_number(value) and value >= 0 else "a number, zero or above"
    if word == "month_lengths":
        return None if isinstance(value, bool) else "true or false"
    if word == "aggregation":
        return None if value == "month" else '"month"'
    return None if isinstance(value, str) and value.strip() else "text"


def _same(one: object, other: object) -> bool:
    return isinstance(one, str) and isinstance(other, str) and one.casefold() == other.casefold()


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)
