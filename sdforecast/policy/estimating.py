"""Medians, intervals and chances over draws, each with its Monte Carlo error.

The error is of the draws alone: how far a figure would move if as many others had been drawn. It is no part of what is
not known about the world, which is the interval, and it goes to zero with more draws. Draws are taken as independent;
those of a posterior whose chains are correlated have a little more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats.mstats import mjci

INTERVAL = (0.05, 0.95)
"""Nine draws in ten lie between."""


@dataclass(frozen=True)
class Estimate:
    """A figure over draws.

    Attributes
    ----------
    median, low, high : with the 5th and 95th percentile.
    error : Monte Carlo standard error of the median; NaN for fewer than three draws.
    """

    median: float
    low: float
    high: float
    error: float

    def row(self) -> dict[str, float]:
        """Return it as cells of a table."""
        return {"median": self.median, "low": self.low, "high": self.high, "error": self.error}


def estimate(values: np.ndarray) -> Estimate:
    """Return median, interval and error of values [draws]; infinite ones count as larger or smaller than any other.

    The error is that of Maritz and Jarrett (1978, JASA 73(361), doi 10.1080/01621459.1978.10480027): exact for the
    bootstrap of a quantile, without drawing.
    """
    values = np.asarray(values, dtype=float)
    # Between a number and infinity there is nothing to interpolate.
    method: Literal["linear", "inverted_cdf"] = "linear" if np.isfinite(values).all() else "inverted_cdf"
    low, middle, high = np.quantile(values, (INTERVAL[0], 0.5, INTERVAL[1]), method=method)
    finite = values[np.isfinite(values)]
    enough = len(finite) > 2 and np.isfinite(middle)
    with np.errstate(invalid="ignore"):  # the difference of two equal squares may be below zero by rounding
        error = float(np.nan_to_num(mjci(finite, prob=[0.5])[0])) if enough else np.nan
    return Estimate(float(middle), float(low), float(high), error)


def chance(happened: np.ndarray) -> tuple[float, float]:
    """Return the share of draws in which something happened, and its Monte Carlo standard error.

    The error takes the share as (k + 1) / (n + 2), so that none or all of few draws are not certain.
    """
    n, k = len(happened), int(np.count_nonzero(happened))
    near = (k + 1) / (n + 2)
    return k / n, float(np.sqrt(near * (1 - near) / n))
