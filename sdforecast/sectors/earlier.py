"""An earlier run as inputs of a sector: from what was saved to a value at each step, within the time that was saved."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import calendar, runfiles
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model import ModelFile
from sdforecast.observation.predicting import CUMULATIVE
from sdforecast.sectors import observed

_DIGITS = 9


def load(given: str | Path | xr.Dataset, scenario: str) -> tuple[runfiles.Run, str | None]:
    """Return the run that a file or a Dataset holds, of the scenario where it holds several, and the file.

    Raises `InputError` if the file is none, or holds no such scenario.
    """
    if isinstance(given, xr.Dataset):
        return _one(runfiles.by_scenario(given), scenario, None), None
    return _one(runfiles.read(Path(given)), scenario, str(given)), str(given)


def _one(runs: Mapping[str, runfiles.Run], scenario: str, where: str | None) -> runfiles.Run:
    if len(runs) == 1:
        return next(iter(runs.values()))
    if scenario not in runs:
        raise InputError(Problem(f"holds no scenario '{scenario}'", file=where, hint=nearest(scenario, runs)))
    return runs[scenario]


def path(
    model: ModelFile, key: str, values: pd.Series, times: np.ndarray, *, monthly: bool, where: str | None
) -> tuple[np.ndarray, tuple[str, str]]:
    """Return saved values at `times` [n], NaN outside the time that was saved, and that time in words.

    Parameters
    ----------
    key : the variable, or one element of it.
    values : over model time; or, if `monthly`, over the last days of months: sums of a flow that is counted, of all
        else the level at the month's end.

    Raises
    ------
    InputError : values that are not finite; days, where the model does not count months.
    """
    name = key.partition("[")[0]
    if not np.isfinite(values.to_numpy(float)).all():
        raise InputError(Problem(f"the values of '{key}' are not finite", file=where))
    if not isinstance(values.index, pd.DatetimeIndex):
        known = values.index.to_numpy(float)
        return _between(known, values.to_numpy(float), times), (f"{known[0]:g}", f"{known[-1]:g}")
    if not monthly:
        what = f"gives '{name}' by days, and the model does not count months from January 2010"
        raise InputError(Problem(what, file=where, hint="give the model's own times"))
    days = values.index
    months = ((days.year - calendar.FIRST_YEAR) * 12 + days.month - 1).to_numpy(float)
    span = (calendar.month_label(int(months[0])), calendar.month_label(int(months[-1])))
    if (CUMULATIVE + name).casefold() in {known.casefold() for known in model.names}:
        return observed.flow(months, months, values.to_numpy(float), times), span
    return _between(months + 1, values.to_numpy(float), times), span


def _between(known: np.ndarray, values: np.ndarray, times: np.ndarray) -> np.ndarray:
    times = np.round(times, _DIGITS)  # sums of steps; what was saved is rounded
    inside = (times >= known[0]) & (times <= known[-1])
    return np.where(inside, np.interp(times, known, values), np.nan)
