"""What anyone could do with a spreadsheet: the last value, drift, a straight line; as wide as they were wrong before.

A point forecast becomes a distribution by its own past errors. At the origin the rule is applied to every earlier month
known, and log(count / forecast) is taken at the months that were known by then: the errors at a lag. They are
mirrored, since a rule that was too low for years says nothing about the next sign, and the quantiles of the errors
at the lag of the horizon are laid around the point forecast. Where the history is too short for that lag, the errors at
the longest one serve, times the square root of horizon / lag; and no lag is longer than 36 months or half of the
history, whichever is longer, so that a far horizon does not rest on one or two errors.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from sdforecast.evaluation.levels import HUB_LEVELS

TREND_MONTHS = 24
"""The straight line goes through so many of the last sums."""

DRIFT_MONTHS = 12
"""Drift is not applied to fewer sums than these."""

FLOOR = 0.01
"""A line that falls below this share of the last value stays there."""

LONGEST_LAG = 36

Rule = Callable[[np.ndarray, int], float]
"""From the sums known (n) and a horizon (months) to the point forecast."""


def last_value(sums: np.ndarray, horizon: int) -> float:
    """Return the last sum, whatever the horizon."""
    return float(sums[-1])


def drift(sums: np.ndarray, horizon: int) -> float:
    """Return the last sum moved on by the mean monthly change since the first."""
    step = (sums[-1] - sums[0]) / (len(sums) - 1)
    return max(float(sums[-1] + step * horizon), FLOOR * float(sums[-1]))


def linear_trend(sums: np.ndarray, horizon: int) -> float:
    """Return the value of the least-squares line through the last `TREND_MONTHS` sums."""
    known = sums[-TREND_MONTHS:]
    slope, level = np.polyfit(np.arange(len(known)) - len(known) + 1, known, 1)
    return max(float(level + slope * horizon), FLOOR * float(sums[-1]))


RULES: dict[str, tuple[Rule, int]] = {
    "last value": (last_value, 1),
    "drift": (drift, DRIFT_MONTHS),
    "linear trend": (linear_trend, TREND_MONTHS),
}
"""Each rule, and how many sums it needs."""


def quantiles(name: str, sums: np.ndarray, horizons: Sequence[int]) -> dict[int, np.ndarray]:
    """Return the 23 quantiles (deaths) of a rule's forecast at each horizon (months), from the sums known (n)."""
    rule, needed = RULES[name]
    errors: dict[int, np.ndarray] = {}
    found = {}
    for horizon in horizons:
        lag = min(horizon, max(LONGEST_LAG, len(sums) // 2), len(sums) - needed)
        if lag not in errors:
            errors[lag] = _past_errors(rule, needed, sums, lag)
        spread = np.quantile(errors[lag], HUB_LEVELS) * np.sqrt(horizon / lag)
        found[horizon] = rule(sums, horizon) * np.exp(spread)
    return found


def _past_errors(rule: Rule, needed: int, sums: np.ndarray, lag: int) -> np.ndarray:
    """Return log(count / forecast) at a lag from every earlier month, and the same with the opposite sign."""
    known = range(needed, len(sums) - lag + 1)
    errors = np.array([np.log(sums[k - 1 + lag] / rule(sums[:k], lag)) for k in known])
    return np.concatenate([errors, -errors])
