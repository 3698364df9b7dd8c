"""How what is uncertain today goes on: latent series and discrepancies, carried on from where the history leaves them.

Each draw of a posterior has its own path in the past and its own scales. From the last month on the same processes
continue with new innovations: a latent series as the autoregression of its knots (:mod:`sdforecast.inference.density`),
a discrepancy as a fast part that decays and is renewed, and a drift that walks on. A path belongs to its draw, not to a
scenario, so that the same draw under two scenarios differs by the scenario alone. Steps are drawn time after time: a
later horizon makes the same paths longer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

FREEDOM = 5
"""Degrees of freedom of Student's t for the innovations of a discrepancy: past forecasts covered better with it."""

SCALES = ("innovation", "half-life", "walk")
"""What a posterior has to have of a discrepancy for each draw."""

WAVES = 4
"""Coefficients of a season: cosine and sine of a year and of half a year."""


@dataclass(frozen=True)
class Path:
    """A discrepancy by month, of each draw, on the logarithm of what the model gives.

    Attributes
    ----------
    fast, drift : [draws, months], from month 0; zero before the posterior's first month.
    """

    fast: np.ndarray
    drift: np.ndarray

    @property
    def total(self) -> np.ndarray:
        """Both parts together."""
        found: np.ndarray = self.fast + self.drift
        return found


def generator(seed: int, name: str) -> np.random.Generator:
    """Return the random numbers of one series: of the seed and its name, whatever other series there are."""
    return np.random.default_rng([seed, *name.encode("utf-8")])


def latent(knots: xr.DataArray, sd: np.ndarray, half_life: np.ndarray, until: float, seed: int) -> xr.DataArray:
    """Return the knots of a latent series (draw, knot) with more of them, as far apart, up to time `until`.

    Parameters
    ----------
    knots : (draw, knot) over model time.
    sd : stationary standard deviation of each draw.
    half_life : of its return to zero, in months.

    With spacing d the autoregression keeps r = 0.5^(d / half-life) from knot to knot, and its normal innovations have
    the variance sd² (1 - r²).
    """
    times, past = knots["knot"].to_numpy().astype(float), knots.to_numpy().astype(float)
    every = float(times[-1] - times[-2]) if len(times) > 1 else 1.0
    count = max(int(np.ceil((until - times[-1]) / every)), 0)
    kept = 0.5 ** (every / half_life)
    steps = generator(seed, str(knots.name)).standard_normal((count, len(past)))
    more = _autoregression(past[:, -1], kept, sd * np.sqrt(1 - kept**2) * steps)
    later = times[-1] + every * np.arange(1, count + 1)
    coords = {"draw": knots["draw"].to_numpy(), "knot": np.concatenate([times, later])}
    return xr.DataArray(np.hstack([past, more]), coords, ("draw", "knot"), knots.name)


def discrepancy(path: xr.Dataset, name: str, months: int, seed: int) -> Path:
    """Return a discrepancy of each draw for months 0 to `months` - 1.

    Parameters
    ----------
    path : of :meth:`sdforecast.inference.Posterior.discrepancy`: `discrepancy` and `drift` (draw, month), and for each
        draw `innovation`, `half-life` and `walk`.
    name : of the discrepancy.

    The fast part keeps 0.5^(1 / half-life) from month to month; its innovations, and the drift's steps, are Student's
    t scaled to their standard deviations.
    """
    known = path["month"].to_numpy().astype(int)
    draws, last = path.sizes["draw"], int(known[-1])
    fast, drift = np.zeros((2, draws, max(months, last + 1)))
    fast[:, known], drift[:, known] = path["discrepancy"].to_numpy(), path["drift"].to_numpy()
    count = max(months - last - 1, 0)
    steps = generator(seed, name).standard_t(FREEDOM, (count, 2, draws)) * np.sqrt((FREEDOM - 2) / FREEDOM)
    innovation, walk = path["innovation"].to_numpy(), path["walk"].to_numpy()
    kept = 0.5 ** (1 / path["half-life"].to_numpy())
    fast[:, last + 1 :] = _autoregression(fast[:, last], kept, innovation * steps[:, 0])
    drift[:, last + 1 :] = drift[:, [last]] + np.cumsum(walk * steps[:, 1], axis=0).T
    return Path(fast[:, :months], drift[:, :months])


def _autoregression(start: np.ndarray, kept: np.ndarray, innovations: np.ndarray) -> np.ndarray:
    """Return what follows `start` [draws] by innovations [steps, draws]: [draws, steps]."""
    found = np.empty((len(start), len(innovations)))
    value = start
    for k, step in enumerate(innovations):
        value = kept * value + step
        found[:, k] = value
    return found
