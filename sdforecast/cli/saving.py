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


def check_draws(path: Path) -> None:
    """Raise `InputError` unless draws can be written to a file of this kind, before any work is done."""
    if path.suffix.lower() not in (".nc", ".parquet"):
        hint = "name a file .nc or .parquet"
        raise InputError(Problem(f"cannot write draws to a file of kind '{path.suffix}'", file=str(path), hint=hint))
    check_suffix(path)


def save_draws(draws: xr.Dataset, path: Path) -> None:
    """Write all draws (draw, scenario, time): NetCDF 4, compressed, or Parquet with a column a variable.

    Numbers are rounded to single precision, which is far finer than anything known. Raises `MachineError`.
    """
    from sdforecast.writing import write_bytes

    single = draws.astype("float32")
    for name, array in draws.data_vars.items():
        single[name].attrs = dict(array.attrs)
    if path.suffix.lower() == ".parquet":
        buffer = io.BytesIO()
        single.to_dataframe().reset_index().to_parquet(buffer, index=False, compression="zstd")
        write_bytes(path, buffer.getvalue())
        return
    handle, temporary = tempfile.mkstemp(suffix=".nc")
    os.close(handle)
    try:
        packed = {str(name): {"zlib": True, "complevel": 4} for name in single.data_vars}
        single.to_netcdf(temporary, engine="h5netcdf", encoding=packed)
        write_bytes(path, Path(temporary).read_bytes())
    finally:
        Path(temporary).unlink(missing_ok=True)
