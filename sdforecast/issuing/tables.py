"""The rows of model output: quantiles over the draws, and paired trajectories."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.evaluation import spreadsheet
from sdforecast.evaluation.levels import HUB_LEVELS
from sdforecast.issuing.counts import Counts, months_after

TASK_IDS = ("reference_date", "target", "target_end_date", "horizon", "location", "scenario_id")
COLUMNS = (*TASK_IDS, "output_type", "output_type_id", "value")
"""Columns of a file of model output."""

LOCATION = "US"
PAIRED = 100
"""Trajectories of each scenario."""

DECIMALS = 1


def quantiles(counts: Counts) -> pd.DataFrame:
    """Return the 23 quantiles of every target, scenario and month: one row each, in the columns of the hub."""
    parts = []
    for target, paths in counts.paths.items():
        values = np.quantile(paths.to_numpy(), HUB_LEVELS, axis=0)  # (level, scenario, time)
        parts.append(_rows(counts, target, paths, np.moveaxis(values, 0, -1), np.array(HUB_LEVELS), "quantile"))
    return pd.concat(parts, ignore_index=True)


def samples(counts: Counts) -> pd.DataFrame:
    """Return 100 trajectories of every target and scenario, evenly spaced among the draws.

    The same index is the same draw in each scenario and for each target.
    """
    parts = []
    for target, paths in counts.paths.items():
        draws = paths.sizes["draw"]
        chosen = np.linspace(0, draws - 1, min(PAIRED, draws)).round().astype(int)
        values = np.moveaxis(paths.to_numpy()[chosen], 0, -1)
        parts.append(_rows(counts, target, paths, values, np.arange(len(chosen), dtype=float), "sample"))
    return pd.concat(parts, ignore_index=True)


def baseline(counts: Counts, scenario: str, sums: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """Return quantiles of repeating the last of the known 12-month sums (by target, in order of time)."""
    parts = []
    for target, known in sums.items():
        paths = counts.paths[target].sel(scenario=[scenario]).isel(time=counts.horizons(target) > 0)
        horizons = [int(k) for k in months_after(counts.reference, paths["time"].to_numpy())]
        found = spreadsheet.quantiles("last value", known, horizons)
        values = np.stack([found[k] for k in horizons])[None]
        parts.append(_rows(counts, target, paths, values, np.array(HUB_LEVELS), "quantile"))
    return pd.concat(parts, ignore_index=True)


def _rows(
    counts: Counts, target: str, paths: xr.DataArray, values: np.ndarray, ids: np.ndarray, kind: str
) -> pd.DataFrame:
    """Return rows of values [scenario, time, id]."""
    shape = values.shape
    scenarios, ends = paths["scenario"].to_numpy().astype(str), pd.DatetimeIndex(paths["time"].to_numpy())

    def over(labels: np.ndarray, axis: int) -> np.ndarray:
        wide = [1, 1, 1]
        wide[axis] = len(labels)
        return np.broadcast_to(labels.reshape(wide), shape).ravel()

    found = pd.DataFrame(
        {
            "reference_date": f"{counts.reference:%Y-%m-%d}",
            "target": target,
            "target_end_date": over(ends.strftime("%Y-%m-%d").to_numpy(), 1),
            "horizon": over(months_after(counts.reference, paths["time"].to_numpy()), 1),
            "location": LOCATION,
            "scenario_id": over(scenarios, 0),
            "output_type": kind,
            "output_type_id": over(ids, 2),
            "value": values.round(DECIMALS).ravel(),
        }
    )
    return found[list(COLUMNS)]
