"""Whether intervals hold what they say: coverage against nominal, and where in the forecasts the outcomes fell."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import beta

from sdforecast.errors import InputError, Problem
from sdforecast.evaluation.scoring import INTERVALS

BINS = 10
CHANCE = 0.90


def coverage(scores: pd.DataFrame) -> pd.DataFrame:
    """Return how often the outcome lay inside, by target, horizon, method and central interval.

    Columns `target, horizon, method, nominal` (per cent), `origins`, `inside` (how many), `share`, and `low`, `high`:
    Jeffreys' interval of 90 % for the share in the long run, if origins were independent. Neighbouring origins
    overlap, so the truth is wider.
    """
    parts = []
    for nominal in INTERVALS:
        groups = scores.groupby(["target", "horizon", "method"])[f"covered_{nominal}"]
        found = pd.DataFrame({"origins": groups.size(), "inside": groups.sum().astype(int)}).reset_index()
        parts.append(found.assign(nominal=nominal))
    table = pd.concat(parts, ignore_index=True)
    inside, outside, tail = table["inside"] + 0.5, table["origins"] - table["inside"] + 0.5, (1 - CHANCE) / 2
    table = table.assign(
        share=table["inside"] / table["origins"],
        low=np.where(table["inside"] == 0, 0.0, beta.ppf(tail, inside, outside)),
        high=np.where(table["inside"] == table["origins"], 1.0, beta.ppf(1 - tail, inside, outside)),
    )
    keys = ["target", "horizon", "method", "nominal"]
    return table[[*keys, "origins", "inside", "share", "low", "high"]].sort_values(keys, ignore_index=True)


def pit_histogram(scores: pd.DataFrame, bins: int = BINS) -> pd.DataFrame:
    """Return how many outcomes fell into each of `bins` equal parts of their forecasts: flat is right.

    Columns `target, method, horizon, low, high` (share of the distribution below), `count`; empty parts have 0.
    A pile at both ends means intervals too narrow, one in the middle too wide, one at the upper end forecasts too low.
    Raises `InputError` for fewer than two parts.
    """
    if bins < 2:
        raise InputError(Problem("a histogram has at least two parts"))
    edges = np.linspace(0, 1, bins + 1)
    rows = []
    for (target, method, horizon), cell in scores.groupby(["target", "method", "horizon"]):
        for low, high, count in zip(edges[:-1], edges[1:], np.histogram(cell["pit"], edges)[0], strict=True):
            rows.append((target, method, horizon, low, high, int(count)))
    return pd.DataFrame(rows, columns=["target", "method", "horizon", "low", "high", "count"])
