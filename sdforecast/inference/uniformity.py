"""Are ranks uniform? The empirical distribution in a band that holds it as a whole, and a chi-squared test.

Säilynoja, Bürkner and Vehtari 2022, Statistics and Computing 32, 32: at each point the number of ranks at or below it
is binomial; a band of equal tail probabilities at all points holds the whole curve with a chance that a recursion over
the points gives exactly. Ranks are discrete, so that nothing here is approximate but the chi-squared test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.stats import binom, chisquare

from sdforecast.errors import InputError, Problem

POINTS = 20
"""Points at which the curve is looked at, at most."""

EXPECTED = 5
"""Ranks that a bin of the chi-squared test should hold at least."""


def places(of: int) -> np.ndarray:
    """Return the ranks at which the curve of ranks 0 to `of` is looked at; the last, where it is 1, is left out."""
    count = min(of, POINTS)
    return np.unique(np.floor((np.arange(count) + 1) * (of + 1) / (count + 1)).astype(int) - 1)


def curve_p_value(ranks: Sequence[int] | np.ndarray, of: int) -> float:
    """Return how likely uniform ranks are to leave the middle of the band as far as these, or further."""
    ranks = _checked(ranks, of)
    at = places(of)
    counts = (ranks[:, None] <= at).sum(axis=0)
    least = _tails(len(ranks), of)[np.arange(len(at)), counts].min()
    return float(np.clip(1 - _inside(len(ranks), of, least * (1 + 1e-9)), 0, 1))


def band(count: int, of: int, chance: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the points (shares) and the lowest and highest share of ranks there that a band of `chance` allows."""
    low, high = 0.0, 1.0
    for _ in range(40):  # the widest band whose chance is still enough lies at a step: from outside
        middle = np.sqrt(max(low, 1e-12) * high)
        low, high = (middle, high) if _inside(count, of, middle) >= chance else (low, middle)
    allowed = _tails(count, of) >= low
    lowest, highest = allowed.argmax(axis=1), count - allowed[:, ::-1].argmax(axis=1)
    return (places(of) + 1) / (of + 1), lowest / count, highest / count


def chi_squared_p_value(ranks: Sequence[int] | np.ndarray, of: int) -> float:
    """Return the p-value of a chi-squared test over bins of equal width, as many as leave five ranks in each."""
    ranks = _checked(ranks, of)
    fitting = [bins for bins in range(2, of + 2) if (of + 1) % bins == 0 and bins <= len(ranks) / EXPECTED]
    if not fitting:
        return float("nan")
    bins = min(max(fitting), POINTS) if max(fitting) > POINTS and (of + 1) % POINTS == 0 else max(fitting)
    found = np.bincount(ranks * bins // (of + 1), minlength=bins)
    return float(chisquare(found).pvalue)


def uniformity(ranks: Mapping[str, Sequence[int]], of: int) -> pd.DataFrame:
    """Return one row for each quantity, the least likely first.

    Columns: `quantity, n, mean` (of the ranks as shares; 0.5 expected), `curve_p`, `chi_squared_p`, and `curve_p_all`:
    `curve_p` corrected for the number of quantities (Holm's method: right however they depend on one another).
    """
    rows = [
        {
            "quantity": name, "n": len(values), "mean": (np.mean(values) + 0.5) / (of + 1),
            "curve_p": curve_p_value(values, of), "chi_squared_p": chi_squared_p_value(values, of),
        }
        for name, values in ranks.items()
    ]  # fmt: skip
    table = pd.DataFrame(rows).sort_values("curve_p", ignore_index=True)
    steps = table["curve_p"] * np.arange(len(table), 0, -1)
    return table.assign(curve_p_all=np.minimum(steps.cummax(), 1.0))


def _checked(ranks: Sequence[int] | np.ndarray, of: int) -> np.ndarray:
    found = np.asarray(ranks, dtype=int)
    if found.ndim != 1 or not len(found) or found.min() < 0 or found.max() > of:
        raise InputError(Problem(f"ranks must lie from 0 to {of}, one or more of them"))
    return found


@lru_cache(maxsize=8)
def _tails(count: int, of: int) -> np.ndarray:
    """Return twice the smaller tail probability of each number of ranks at each point [points, count + 1]."""
    share = (places(of) + 1) / (of + 1)
    k = np.arange(count + 1)
    return np.asarray(2 * np.minimum(binom.cdf(k, count, share[:, None]), binom.sf(k - 1, count, share[:, None])))


@lru_cache(maxsize=8)
def _steps(count: int, of: int) -> tuple[np.ndarray, ...]:
    """Return for each point the chances of going from a number of ranks at the one before to one there."""
    share = np.concatenate([[0.0], (places(of) + 1) / (of + 1)])
    k = np.arange(count + 1)
    return tuple(
        np.asarray(binom.pmf(k[None, :] - k[:, None], count - k[:, None], (after - before) / (1 - before)))
        for before, after in pairwise(share)
    )


def _inside(count: int, of: int, least: float) -> float:
    """Return the chance that at all points both tails have a probability of `least` / 2 or more."""
    chance = np.zeros(count + 1)
    chance[0] = 1.0
    for step, tails in zip(_steps(count, of), _tails(count, of), strict=True):
        chance = np.where(tails >= least, chance @ step, 0.0)
    return float(chance.sum())
