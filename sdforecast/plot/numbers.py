"""Numbers as figures and sentences write them: rounded to what is known, with separators and a true minus."""

from __future__ import annotations

import math


def rounded(value: float, digits: int = 2) -> float:
    """Return a number rounded to so many digits that count: more would claim what is not known."""
    return float(f"{value:.{digits - 1}e}")


def together(*values: float) -> list[float]:
    """Return numbers rounded to two digits, but none finer than the largest needs: -57,000 with -47 gives 0."""
    largest = max((abs(value) for value in values), default=0.0)
    if largest == 0 or not math.isfinite(largest):
        return list(values)
    finest = math.floor(math.log10(largest)) - 2
    return [_to_step(value, max(finest, math.floor(math.log10(abs(value))) - 1)) if value else 0.0 for value in values]


def _to_step(value: float, power: int) -> float:
    return round(value, -power) + 0.0  # no minus zero


def number(value: float) -> str:
    """Return a number for an axis: 80,000 or 0.25, never 8e4."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.4g} million".replace("-", "−")
    text = f"{value:,.0f}" if abs(value) >= 1000 or value == int(value) else f"{value:.4g}"
    return text.replace("-", "−")


def signed(value: float) -> str:
    """Return a difference with its sign: +1,200, −300, 0."""
    return f"{value:+,.0f}".replace("-", "−") if abs(value) >= 0.5 else "0"
