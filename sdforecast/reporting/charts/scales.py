"""Axes: round ticks for counts, differences and shares, and calendar years."""

from __future__ import annotations

import math

import pandas as pd

from sdforecast.plot.numbers import number
from sdforecast.reporting.charts.marks import Axis, days


def step_of(span: float, most: int) -> float:
    """Return the finest of 1, 2, 2.5 and 5 times a power of ten that cuts `span` into at most `most` parts."""
    if span <= 0 or not math.isfinite(span):
        return 1.0
    base = 10.0 ** (math.floor(math.log10(span / most)))
    return next(base * k for k in (1, 2, 2.5, 5, 10, 20) if span / (base * k) <= most)


def numbers(low: float, high: float, *, most: int = 5, zero: bool = True, room: float = 0.06) -> Axis:
    """Return an axis of round ticks that holds `low` to `high`, from zero on where `zero` and nothing is below it."""
    if zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if not high > low:
        low, high = low - 1.0 if low else 0.0, high + 1.0
    span = high - low
    low = low if zero and low == 0 else low - room * span
    high = high if zero and high == 0 else high + room * span
    step = step_of(high - low, most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return Axis(low, high, [(k * step, number(round(k * step, 10))) for k in range(first, last + 1)])


def years(first: pd.Timestamp, last: pd.Timestamp, *, most: int = 7) -> Axis:
    """Return an axis of calendar years; a tick is a year's first day."""
    span = range(first.year + (first.dayofyear > 1), last.year + 1)
    step = next((step for step in (1, 2, 5, 10, 20) if len(span) <= step * most), 50)
    shown = [year for year in span if year % step == 0]
    low, high = days([first, last])
    ticks = zip(days([pd.Timestamp(year, 1, 1) for year in shown]) if shown else [], shown, strict=True)
    return Axis(float(low), float(high), [(float(place), str(year)) for place, year in ticks])
