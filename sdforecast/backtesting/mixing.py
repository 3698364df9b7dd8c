"""The forecast at an origin: every structure estimated anew, their draws mixed by weight, and each beside the whole.

As :func:`sdforecast.forecasting.forecast` does with the posteriors on disk. There is one scenario, so that a structure
without policies borrows nothing but what is counted beside its deaths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.backtesting.knowing import Known
from sdforecast.backtesting.names import OURS
from sdforecast.backtesting.refitting import Refit
from sdforecast.evaluation.levels import HUB_LEVELS, SYNTHETIC_OPIOIDS, TARGETS, later
from sdforecast.forecasting.pooling import borrowed, hosts_of, together
from sdforecast.forecasting.structures import Structure, shares
from sdforecast.issuing.counts import counts


@dataclass(frozen=True)
class Mixed:
    """Forecasts of the whole and of each structure, in the columns of :mod:`sdforecast.evaluation`."""

    forecasts: pd.DataFrame
    draws: Mapping[str, int]


def mixed(known: Known, structures: Sequence[Structure], refits: Sequence[Refit], horizons: Sequence[int]) -> Mixed:
    """Return what the structures say together, under :data:`.names.OURS`, and each alone if there are several.

    As many draws are mixed as the weights allow without taking one twice.
    """
    completed = _completed(structures, refits)
    paths = [counts(replace(refits[0].forecast, trajectories=each), known.vintages).paths for each in completed]
    sizes = [each.sizes["draw"] for each in completed]
    most = int(min(size / of.weight for size, of in zip(sizes, structures, strict=True)) * _total(structures) + 1e-6)
    share = shares(structures, max(most, len(structures)))
    parts = []
    for target in TARGETS:
        each_alone = [path[target].isel(scenario=0) for path in paths]
        mix = xr.concat(
            [path.isel(draw=_evenly(path.sizes["draw"], n)) for path, n in zip(each_alone, share, strict=True)], "draw"
        )
        parts.append(_quantiles(mix, known, target, horizons, OURS))
        if len(structures) > 1:
            parts += [
                _quantiles(path, known, target, horizons, of.name)
                for of, path in zip(structures, each_alone, strict=True)
            ]
    draws = {of.name: n for of, n in zip(structures, share, strict=True)}
    return Mixed(pd.concat(parts, ignore_index=True), draws)


def _total(structures: Sequence[Structure]) -> float:
    return sum(of.weight for of in structures)


def _completed(structures: Sequence[Structure], refits: Sequence[Refit]) -> list[xr.Dataset]:
    """Return the runs of all structures, those without policies completed by a host's."""
    own = [k for k, of in enumerate(structures) if not of.borrows]
    made = {k: refits[k].forecast.trajectories for k in own}
    if len(own) < len(structures):
        hosts, sums = together([made[k] for k in own]), refits[own[0]].sums
        for k, of in enumerate(structures):
            if of.borrows:
                alone = refits[k].forecast.trajectories.isel(scenario=0, drop=True)
                place = hosts_of(alone.sizes["draw"], hosts.sizes["draw"])
                made[k] = borrowed(hosts, alone, SYNTHETIC_OPIOIDS, sums, 0, place)
    return [made[k] for k in range(len(structures))]


def _evenly(there: int, wanted: int) -> np.ndarray:
    return (np.arange(wanted) * there) // wanted


def _quantiles(paths: xr.DataArray, known: Known, target: str, horizons: Sequence[int], method: str) -> pd.DataFrame:
    parts = []
    for horizon in horizons:
        end = later(known.origin, horizon)
        row = {
            "method": method, "target": target, "origin": known.origin, "horizon": horizon, "target_end_date": end,
            "quantile": HUB_LEVELS, "value": np.quantile(paths.sel(time=end).to_numpy(), HUB_LEVELS),
        }  # fmt: skip
        parts.append(pd.DataFrame(row))
    return pd.concat(parts, ignore_index=True)
