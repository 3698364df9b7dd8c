"""Runs as files: reading back what `sdforecast run -o` wrote, or a table of a user's own.

A tidy table has the columns time, variable and value (and scenario, unit); a wide one has time and one column a
variable. Times are model time as numbers, or the last days of months.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.errors import InputError, MachineError, Problem, nearest

SUFFIXES = (".csv", ".tab", ".nc", ".parquet")

LARGEST = 500_000_000
"""Bytes beyond which a file is refused: a run of our model with all its variables has below a tenth of it."""

Run = Mapping[str, pd.Series]
"""Values by variable, or `variable[element]`, over time: floats, or days as timestamps."""


def is_run_file(word: str) -> bool:
    """Return whether `word` names a file of a run by its suffix."""
    return Path(word).suffix.lower() in SUFFIXES


def read(path: Path) -> dict[str, Run]:
    """Return the runs in a file by scenario; one without a scenario is under the empty name.

    Raises `InputError` if the file is no such table, is too large, holds times that are none or stand twice, or values
    that are no numbers; `MachineError` where Parquet's library is missing.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InputError(Problem("is not a file of a run", file=str(path), hint=nearest(suffix, SUFFIXES)))
    if not path.is_file():
        raise InputError(Problem("no such file", file=str(path)))
    if path.stat().st_size > LARGEST:
        raise InputError(Problem(f"is larger than {LARGEST // 1_000_000} MB", file=str(path)))
    if suffix == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise MachineError(Problem("Parquet needs pyarrow", hint="pip install pyarrow, or use .csv or .nc"))
    try:
        if suffix == ".nc":
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                runs = xr.load_dataset(path, engine="scipy")
            return by_scenario(runs, str(path))
        if suffix == ".parquet":
            return _of_table(pd.read_parquet(path), str(path))
        separator = "," if suffix == ".csv" else "\t"
        return _of_table(pd.read_csv(path, sep=separator, float_precision="round_trip"), str(path))
    except (OSError, ValueError, TypeError, KeyError, IndexError) as error:  # whatever a library makes of a broken file
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise InputError(Problem(f"is not a readable run: {reason}", file=str(path))) from error


def by_scenario(runs: xr.Dataset, file: str | None = None) -> dict[str, Run]:
    """Return the runs in a Dataset over `time` (and `scenario`) by scenario. Raises `InputError` if it has no time."""
    if "time" not in runs.dims or "time" not in runs.coords:
        raise InputError(Problem("holds no values over time", file=file))
    if "scenario" not in runs.dims:
        return {"": by_key(runs, file)}
    return {str(name): by_key(runs.sel(scenario=name), file) for name in runs["scenario"].to_numpy()}


def by_key(runs: xr.Dataset, file: str | None = None) -> dict[str, pd.Series]:
    """Return each cell of each variable of one run as a Series over time; cells without any value are left out."""
    index = _times(runs["time"].to_numpy(), file)
    found = {}
    for key, values in _cells(runs):
        if not np.isnan(values).all():
            found[key] = pd.Series(values, index=index)
    return found


def _cells(runs: xr.Dataset) -> Iterator[tuple[str, np.ndarray]]:
    for name in runs.data_vars:
        array = runs[name]
        if "time" not in array.dims or array.dtype.kind not in "fiu":
            continue
        own = [dim for dim in array.dims if dim != "time"]
        values = array.transpose("time", *own).to_numpy().astype(float)
        for place in np.ndindex(*values.shape[1:]):
            words = [str(array[dim].to_numpy()[k]) for dim, k in zip(own, place, strict=True)]
            yield (f"{name}[{', '.join(words)}]" if words else str(name)), values[(slice(None), *place)]


def _of_table(table: pd.DataFrame, file: str) -> dict[str, Run]:
    if "time" not in table:
        raise InputError(Problem("has no column 'time'", file=file))
    if "scenario" not in table:
        table = table.assign(scenario="")
    runs = {}
    for name, rows in table.groupby(table["scenario"].fillna("").astype(str), sort=False):
        runs[str(name)] = _tidy(rows, file) if {"variable", "value"} <= set(table) else _wide(rows, file)
    if not runs:
        raise InputError(Problem("has no rows", file=file))
    return runs


def _tidy(rows: pd.DataFrame, file: str) -> Run:
    rows = rows.assign(time=_times(rows["time"].to_numpy(), file), value=_numbers(rows["value"], "value", file))
    twice = rows.duplicated(["variable", "time"])
    if twice.any():
        row = rows[twice].iloc[0]
        raise InputError(Problem(f"'{row['variable']}' stands twice at {str(row['time'])[:10]}", file=file))
    return {
        str(name): part.set_index("time")["value"].sort_index() for name, part in rows.groupby("variable", sort=False)
    }


def _wide(rows: pd.DataFrame, file: str) -> Run:
    index = _times(rows["time"].to_numpy(), file)
    if index.duplicated().any():
        raise InputError(Problem(f"time {str(index[index.duplicated()][0])[:10]} stands twice", file=file))
    names = [str(name) for name in rows if name not in ("time", "scenario")]
    return {name: pd.Series(_numbers(rows[name], name, file), index=index).sort_index() for name in names}


def _numbers(values: Any, name: str, file: str) -> np.ndarray:
    found = pd.to_numeric(values, errors="coerce").to_numpy(float)
    broken = np.isnan(found) & values.notna().to_numpy()
    if broken.any():
        shown = str(values.to_numpy()[broken][0])[:40]
        raise InputError(Problem(f"column '{name}' holds {shown!r}, which is no number", file=file))
    return np.asarray(found)


def _times(values: np.ndarray, file: str | None) -> pd.Index:
    """Return times as floats where all are numbers, else as days."""
    times: pd.Index
    if values.dtype.kind in "fiu":
        times = pd.Index(values.astype(float))
    else:
        try:
            times = pd.DatetimeIndex(pd.to_datetime(values, format=None if values.dtype.kind == "M" else "%Y-%m-%d"))
        except ValueError as error:
            what = "holds times that are neither numbers nor days as YYYY-MM-DD"
            raise InputError(Problem(what, file=file)) from error
    if times.hasnans or (times.dtype.kind == "f" and not np.isfinite(times.to_numpy()).all()):
        raise InputError(Problem("holds rows without a time", file=file))
    return times
