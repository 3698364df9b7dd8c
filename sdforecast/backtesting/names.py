"""Names of the methods that a back-test compares, and of the turns at which it is looked at."""

from __future__ import annotations

import pandas as pd

from sdforecast.evaluation.baselines import ON_MONTHLY_DEATHS

OURS = "sdforecast"
"""The model's own forecasts."""

RIVAL = ON_MONTHLY_DEATHS
"""The best simple method known before any model was scored."""

WITH_RIVAL = f"mean of {OURS} and AutoETS"
"""The equal mean of the quantiles of the two: insurance against the curve being wrong."""

PSEUDO_PROSPECTIVE = (
    "These results are pseudo-prospective: every refit used only what was known at its origin, but the structure of "
    "the model was chosen with hindsight. Only the archive of issued forecasts is real time."
)

COUNTS_FROM = (
    "A horizon counts from the origin, the last month whose deaths were known, not from the day its file came out."
)

_TURNS = (
    ("rise of 2020", pd.Timestamp(2019, 12, 1), pd.Timestamp(2020, 6, 30)),
    ("fall from 2023", pd.Timestamp(2022, 12, 1), pd.Timestamp(2023, 12, 31)),
)
"""Origins from which the next months had to turn: half a year before the rise of 2020 and before the fall of mid-2023,
to half a year after."""


def turn(origin: pd.Timestamp) -> str:
    """Return at which turn of the epidemic an origin stands; empty for the others."""
    return next((name for name, first, last in _TURNS if first <= origin <= last), "")
