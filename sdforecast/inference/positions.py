"""Positions in priors and values of constants, for many draws at once; :mod:`.density` says the same in PyTensor."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, ndtri

from sdforecast.parameters import Parameter


def values_at(parameters: Sequence[Parameter], positions: np.ndarray) -> np.ndarray:
    """Return values [..., parameters] of standard normal positions: quantiles of priors cut at their bounds."""
    bounds = np.array([p.bounds for p in parameters]).reshape(-1, 2)
    low, high = ndtr(bounds[:, 0]), ndtr(bounds[:, 1])
    cut = ndtri(low + (high - low) * ndtr(positions))
    centre, spread = np.array([p.value for p in parameters]), np.array([p.spread for p in parameters])
    logarithmic = np.array([p.distribution == "lognormal" for p in parameters], dtype=bool)
    found: np.ndarray = np.where(
        logarithmic, centre * np.exp(np.where(logarithmic, cut * spread, 0.0)), centre + cut * spread
    )
    return found


def positions_of(parameters: Sequence[Parameter], values: np.ndarray) -> np.ndarray:
    """Return the standard normal positions of values [..., parameters], at most six prior deviations out."""
    bounds = np.array([p.bounds for p in parameters]).reshape(-1, 2)
    cut = np.stack([np.vectorize(p.position, otypes=[float])(values[..., k]) for k, p in enumerate(parameters)], -1)
    low, high = ndtr(bounds[:, 0]), ndtr(bounds[:, 1])
    share = (ndtr(cut) - low) / (high - low)
    found: np.ndarray = np.clip(ndtri(np.clip(share, 0, 1)), -6, 6)
    return found
