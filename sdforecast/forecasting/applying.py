"""What a discrepancy does to a run: a factor on the flow that it is of, the same change in the sums that contain it."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import xarray as xr

from sdforecast import calendar
from sdforecast.forecasting.propagating import Path
from sdforecast.inference.covariance import MEAN_MONTH, season_waves
from sdforecast.observation.errors import Discrepancy

OF_THE_MODEL = " of the model"
"""What is added to the name of a flow for what the model alone gives."""


def factor(path: Path, season: np.ndarray | None, month_lengths: bool) -> np.ndarray:
    """Return what each month's flow is multiplied by [draws, months].

    exp(fast + drift + season), times the days of the month over those of a mean month where counts follow them.

    Parameters
    ----------
    season : coefficients of the two harmonics of the year [draws, 4]; None where there is none.
    """
    months = np.arange(path.fast.shape[1])
    logarithm = path.total if season is None else path.total + season @ season_waves(months).T
    found: np.ndarray = np.exp(logarithm)
    if month_lengths:
        ends = calendar.month_ends(0, len(months) - 1)
        found = found * ends.day.to_numpy() / MEAN_MONTH
    return found


def applied(runs: xr.Dataset, of: Discrepancy, flows: Iterable[str], by: np.ndarray) -> xr.Dataset:
    """Return runs with a discrepancy in them.

    Parameters
    ----------
    runs : (draw, scenario, time) by month from month 0, the flows among them.
    flows : monthly flows that the discrepancy is of. Beside each there will be `<flow> of the model`, as it was.
    by : factor [draws, months], the same under every scenario.

    What contains a flow (`contained_in`) changes by as many as the flow does, and parts of a flow stay as the model
    has them. The attribute `discrepancy` says of each variable what is in it.
    """
    found = dict(runs.data_vars)
    across = xr.DataArray(by, dims=("draw", "time"))
    for flow in flows:
        alone = runs[flow]
        found[flow] = _told(alone * across, alone, _words(of))
        found[f"{flow}{OF_THE_MODEL}"] = _told(alone, alone, "none: as the model gives it")
        for name in of.contained_in:
            if name in found:
                found[name] = _told(found[name] + (found[flow] - alone), runs[name], f"that of {flow}: {_words(of)}")
    return xr.Dataset(found, runs.coords, runs.attrs)


def _words(of: Discrepancy) -> str:
    parts = ["fast part", "drift", *(["season"] if of.season else []), *(["month lengths"] if of.month_lengths else [])]
    return f"'{of.name}': {', '.join(parts)}"


def _told(array: xr.DataArray, like: xr.DataArray, words: str) -> xr.DataArray:
    return array.transpose(*like.dims).assign_attrs({**like.attrs, "discrepancy": words})
