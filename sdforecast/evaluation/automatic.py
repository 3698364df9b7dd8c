"""Automatic statistical forecasts by statsforecast: on the sums of twelve months, and on monthly deaths.

On the sums the distribution is the method's own. Neighbouring sums share eleven months, which the methods have to find
out for themselves; on the scale of deaths they do better than on its logarithm, so that is what they get. On monthly
deaths the logarithm is forecast, paths are simulated, and each path is summed over twelve months, where the months
already known are filled in: at six months half of the sum is known.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from sdforecast.evaluation.extra import library
from sdforecast.evaluation.levels import HUB_LEVELS

PATHS = 4000
"""The median of three years ahead is then known to one per cent; more take too long at every origin."""
SEED = 20171231

ON_SUMS: dict[str, str] = {"AutoARIMA": "AutoARIMA", "AutoETS": "AutoETS", "Theta": "Theta"}
"""Our name of each method, and its class in `statsforecast.models`."""

YEAR = 12

_TAILS = HUB_LEVELS[: len(HUB_LEVELS) // 2]
_NOMINAL = [round(100 * (1 - 2 * tail)) for tail in _TAILS]


def on_sums(name: str, sums: np.ndarray, horizons: Sequence[int]) -> dict[int, np.ndarray]:
    """Return the 23 quantiles (deaths) of a method fitted to the sums known (n) at each horizon (months)."""
    with _settled():
        model = getattr(library("statsforecast.models"), ON_SUMS[name])(season_length=1)
        given = model.fit(sums.astype(float)).predict(h=max(horizons), level=_NOMINAL)
    lower = [given[f"lo-{level}"] for level in _NOMINAL]
    upper = [given[f"hi-{level}"] for level in reversed(_NOMINAL)]
    middle = (given[f"lo-{_NOMINAL[-1]}"] + given[f"hi-{_NOMINAL[-1]}"]) / 2
    table = np.maximum(np.sort(np.stack([*lower, middle, *upper], axis=1), axis=1), 0)
    return {horizon: table[horizon - 1] for horizon in horizons}


def on_monthly_deaths(
    deaths: np.ndarray, horizons: Sequence[int], *, paths: int = PATHS, seed: int = SEED
) -> dict[int, np.ndarray]:
    """Return the 23 quantiles (deaths in twelve months) of AutoETS on the logarithm of the monthly deaths known (n)."""
    future = simulated(deaths, max(horizons), paths=paths, seed=seed)
    months = np.concatenate([np.broadcast_to(deaths[-YEAR:], (paths, YEAR)), future], axis=1)
    return {horizon: np.quantile(months[:, horizon : horizon + YEAR].sum(1), HUB_LEVELS) for horizon in horizons}


def simulated(deaths: np.ndarray, months: int, *, paths: int = PATHS, seed: int = SEED) -> np.ndarray:
    """Return simulated monthly deaths (paths, months) after those known (n, all above zero)."""
    with _settled():
        model: Any = library("statsforecast.models").AutoETS(season_length=YEAR)
        drawn = model.fit(np.log(deaths.astype(float))).simulate(h=months, n_paths=paths, seed=seed)
    return np.asarray(np.exp(drawn), float)


@contextmanager
def _settled() -> Iterator[None]:
    """Give the library a fixed seed, put the caller's random state back, and keep its warnings off the terminal."""
    state = np.random.get_state()
    np.random.seed(SEED)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        np.random.set_state(state)
