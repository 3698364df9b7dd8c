"""From trajectories to quantiles over the draws, and to 12-month sums."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Levels of the quantiles that are written: over draws of one model, not a probability of what will happen."""


def quantile_table(trajectories: xr.Dataset, levels: Sequence[float] = LEVELS) -> pd.DataFrame:
    """Return the tidy table of `trajectories.csv`.

    Columns `scenario, time (YYYY-MM-DD), variable, unit, quantile, value`; flows are per month. With a single draw
    only the level 0.5, its value, is given.
    """
    chosen = list(levels) if trajectories.sizes["draw"] > 1 else [0.5]
    days = pd.DatetimeIndex(trajectories["time"].to_numpy()).strftime("%Y-%m-%d").to_numpy()
    scenarios = trajectories["scenario"].to_numpy()
    shape = (len(scenarios), len(days), len(chosen))
    parts = []
    for name, array in trajectories.data_vars.items():
        values = np.quantile(array.to_numpy(), chosen, axis=0)  # (quantile, scenario, time)
        parts.append(
            pd.DataFrame(
                {
                    "scenario": np.broadcast_to(scenarios[:, None, None], shape).ravel(),
                    "time": np.broadcast_to(days[None, :, None], shape).ravel(),
                    "variable": str(name),
                    "unit": array.attrs["unit"],
                    "quantile": np.broadcast_to(np.array(chosen), shape).ravel(),
                    "value": np.moveaxis(values, 0, -1).ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def twelve_month_sums(flow: xr.DataArray) -> xr.DataArray:
    """Return the sum of each month and the eleven before it; the first eleven months are dropped."""
    return flow.rolling(time=12).sum().isel(time=slice(11, None))
