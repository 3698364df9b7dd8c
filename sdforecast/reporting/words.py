"""Numbers as a reader would say them: rounded to what is known, with their spread."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sdforecast.plot.numbers import number, rounded, together

OUTER = (0.05, 0.95)
MINUS = "−"


def count(value: float) -> str:
    """Return a number of people to two digits that count: 44,000."""
    near = rounded(float(value)) if abs(value) >= 0.5 else 0.0
    return f"{near:,.0f}".replace("-", MINUS)


def published(value: float) -> str:
    """Return a published count to the nearest hundred."""
    return f"{round(float(value), -2):,.0f}"


def level(value: float) -> str:
    """Return any other value to two digits that count."""
    return number(rounded(float(value))) if value else "0"


def percent(value: float) -> str:
    """Return per cent without decimals, or with one below ten."""
    return f"{value:.1f} %" if abs(value) < 9.95 else f"{value:.0f} %"


def draws_range(values: np.ndarray) -> str:
    """Return `31,000 to 58,000`, the 5th and 95th percentile; empty for a single value."""
    if len(values) < 2:
        return ""
    low, high = np.quantile(values, OUTER)
    return f"{count(low)} to {count(high)}"


def about(values: np.ndarray, what: str = "") -> str:
    """Return `about 44,000 deaths (90 % range: 31,000 to 58,000)`: median, `what`, spread."""
    middle = f"about {count(float(np.median(values)))}{' ' if what else ''}{what}"
    inside = draws_range(values)
    return f"{middle} (90 % range: {inside})" if inside else f"{middle} (one draw)"


def fewer(values: np.ndarray) -> str:
    """Return differences as `about 9,000 fewer (90 % range: 12,000 fewer to 2,000 more)`."""
    low, middle, high = together(*(float(value) for value in np.quantile(values, (OUTER[0], 0.5, OUTER[1]))))
    text = _side(middle) if middle == 0 else f"about {_side(middle)}"
    if len(values) < 2:
        return f"{text} (one draw)"
    if low == high == 0:
        return f"{text} (throughout the 90 % range)"
    if low * high > 0:
        near, far = sorted((abs(low), abs(high)))
        inside = f"{near:,.0f} to {far:,.0f} {'fewer' if high < 0 else 'more'}"
    else:
        inside = f"{_side(low)} to {_side(high)}"
    return f"{text} (90 % range: {inside})"


def _side(value: float) -> str:
    if abs(value) < 0.5:
        return "no difference"
    return f"{abs(value):,.0f} {'fewer' if value < 0 else 'more'}"


_CHANCES = ((0.9, "very likely"), (0.66, "likely"))
"""Words of the IPCC's guidance note of 2010; draws of one model are never worth its "virtually certain"."""


def chance(share: float) -> str:
    """Return the one word for a share of draws: the same for the same chance everywhere."""
    for least, word in _CHANCES:
        if share >= least:
            return word
    if share > 0.33:
        return "about as likely as not"
    return chance(1 - share).replace("likely", "unlikely")


_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def how_many(count: int) -> str:
    """Return a small number as a word, a larger one in digits."""
    return _SMALL[count] if count < len(_SMALL) else f"{count:,}"


def times(part: int, whole: int) -> str:
    """Return `11 of 12 draws`, or `the one draw`."""
    if whole == 1:
        return "the one draw" if part else "not in the one draw"
    return f"all {whole} draws" if part == whole else f"{part} of {whole} draws"


def listed(words: Sequence[str]) -> str:
    """Return `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def month(moment: pd.Timestamp | str) -> str:
    """Return `April 2025`."""
    return f"{pd.Timestamp(moment):%B %Y}"


def span(period: str) -> str:
    """Return `2013-01` for `2013-01 to 2013-01`, any other period as it is."""
    first, _, last = period.partition(" to ")
    return first if first == last else period
