"""Saving a run in the form that a file's suffix names."""

from __future__ import annotations

import importlib.util
import io
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from sdforecast.errors import InputError, MachineError, Problem, nearest

if TYPE_CHECKING:
    import xarray as xr

SUFFIXES = (".csv", ".tab", ".nc", ".parquet")


def check_suffix(path: Path) -> None:
    """Raise `InputError` unless the suffix is one we write, before any work is done."""
    if path.suffix.lower() not in SUFFIXES:
        hint = nearest(path.suffix, SUFFIXES)
        raise InputError(Problem(f"cannot write a file of kind '{path.suffix}'", file=str(path), hint=hint))
    if path.suffix.lower() == ".parquet" and importlib.util.find_spec("pyarrow") is None:
        raise MachineError(Problem("Parquet needs pyarrow", hint="pip install pyarrow, or write .csv or .nc"))
    if path.is_dir():
        raise InputError(Problem("is a folder", file=str(path), hint="name a file"))


def save(runs: xr.Dataset, path: Path) -> None:
    """Write a run: CSV and tab tidy, NetCDF labelled, Parquet tidy. Raises `MachineError`."""
    from sdforecast.forecasting.single import tidy
    from sdforecast.writing import write_bytes, write_text

    suffix = path.suffix.lower()
    if suffix in (".csv", ".tab"):
        table = tidy(runs)
        separator = "," if suffix == ".csv" else "\t"
        write_text(path, table.to_csv(index=False, sep=separator, float_format="%.10g", lineterminator="\n"))
    elif suffix == ".parquet":
        buffer = io.BytesIO()
        tidy(runs).to_parquet(buffer, index=False)
        write_bytes(path, buffer.getvalue())
    else:
        write_bytes(path, _netcdf(runs))


def _netcdf(runs: xr.Dataset) -> bytes:
    handle, name = tempfile.mkstemp(suffix=".nc")
    os.close(handle)
    try:
        runs.to_netcdf(name, engine="scipy", format="NETCDF3_64BIT")
        return Path(name).read_bytes()
    finally:
        Path(name).unlink(missing_ok=True)
