"""Runs against a reference: another scenario, or a run that was saved earlier."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.runfiles import Run

_ROUNDING = 1e-9
"""Of times, and of values against their size: a file has ten digits."""


def reference_for(runs: xr.Dataset, earlier: Mapping[str, Run], label: str) -> xr.Dataset:
    """Return reference values laid out as `runs`, for the times and variables that both have.

    Parameters
    ----------
    runs : over (scenario, time) or time.
    earlier : runs by scenario. One alone is the reference of every scenario; of several each has the one of its name.
    label : what `earlier` is, for messages: a file, a scenario.

    Raises
    ------
    InputError : no time or no variable is in both, or a scenario has no reference.
    """
    scenarios = [str(name) for name in runs["scenario"].to_numpy()] if "scenario" in runs.dims else [""]
    alone = next(iter(earlier.values())) if len(earlier) == 1 else None
    if alone is None and (lacking := next((name for name in scenarios if name not in earlier), None)) is not None:
        what = f"holds several scenarios, but not '{lacking}'" if lacking else "holds several scenarios"
        raise InputError(Problem(what, file=label, hint=nearest(lacking, earlier)))
    sides = [_folded(alone if alone is not None else earlier[name]) for name in scenarios]
    times = pd.Index(runs["time"].to_numpy())
    for side in sides:
        if any((series.index.dtype.kind == "M") != (times.dtype.kind == "M") for series in side.values()):
            raise InputError(Problem("counts time otherwise than this run: months are not model times", file=label))
    found = {name: _like(array, sides, times) for name, array in runs.data_vars.items()}
    shared = [name for name, values in found.items() if np.isfinite(values).any()]
    if not shared:
        raise InputError(Problem("has no variable at a time that this run has, too", file=label))
    reference = xr.Dataset(
        {name: (runs[name].dims, found[name], runs[name].attrs) for name in shared}, coords=runs.coords
    )
    return reference.dropna("time", how="all")


def difference(runs: xr.Dataset, reference: xr.Dataset) -> xr.Dataset:
    """Return `runs` minus `reference` where there is one, with the attributes of the runs; rounding counts as none."""
    found = {}
    for name in [name for name in runs.data_vars if name in reference]:
        array = runs[name].sel(time=reference["time"])
        rest = array - reference[name]
        told = abs(rest) > _ROUNDING * abs(array)
        found[name] = rest.where(told | rest.isnull(), 0.0).assign_attrs(array.attrs)
    return xr.Dataset(found, attrs=runs.attrs)


def _folded(run: Run) -> dict[str, pd.Series]:
    return {_fold(key): series for key, series in run.items()}


def _fold(key: str) -> str:
    return key.replace("_", " ").casefold()


def _like(array: xr.DataArray, sides: list[dict[str, pd.Series]], times: pd.Index) -> np.ndarray:
    """Return the reference of one variable in its own layout; NaN where there is none."""
    order = [*(dim for dim in ("scenario", "time") if dim in array.dims)]
    own = [dim for dim in array.dims if dim not in order]
    laid_out = array.transpose(*order, *own)
    values = np.full(laid_out.shape, np.nan)
    for place, key in _cells(str(array.name), laid_out, own):
        for k, side in enumerate(sides):
            if (series := side.get(_fold(key))) is not None:
                part: Any = values[k] if "scenario" in order else values
                part[(slice(None), *place)] = _at(series, times)
    return laid_out.copy(data=values).transpose(*array.dims).to_numpy()


def _cells(name: str, array: xr.DataArray, own: list[Hashable]) -> Iterator[tuple[tuple[int, ...], str]]:
    for place in np.ndindex(*(array.sizes[dim] for dim in own)):
        words = [str(array[dim].to_numpy()[k]) for dim, k in zip(own, place, strict=True)]
        yield place, f"{name}[{', '.join(words)}]" if words else name


def _at(series: pd.Series, times: pd.Index) -> np.ndarray:
    if times.dtype.kind == "M":
        return series.reindex(times).to_numpy(float)
    return series.reindex(times, method="nearest", tolerance=_ROUNDING).to_numpy(float)
