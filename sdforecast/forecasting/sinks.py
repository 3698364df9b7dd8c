"""Where the members of an ensemble go while they are run: an array, quantiles, or a file."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import xarray as xr

from sdforecast.errors import InputError, MachineError, Problem

Labels = Callable[[np.ndarray, str, np.ndarray], xr.Dataset]
"""From values [draw or quantile, scenario, time, column], the name of the first dimension and its labels."""

LARGEST = 2_000_000_000
"""Bytes of one scenario's members beyond which they wait for their quantiles in a temporary file."""


KEPT_TOGETHER = 1_000_000
"""Bytes of a variable that lie together in a file."""


class Sink(Protocol):
    """Takes members as they come."""

    def take(self, scenario: int, rows: slice, values: np.ndarray) -> None:
        """Take the members `rows` of a scenario: values [members, time, column]."""

    def ended(self, scenario: int) -> None:
        """Note that all members of a scenario have come."""

    def result(self) -> xr.Dataset:
        """Return what was made of all."""


def free_memory() -> float:
    """Return the bytes of memory that a program may still take; infinity where the system does not tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return math.inf
    return next((float(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")), math.inf)


class MemorySink:
    """Keeps all members."""

    def __init__(self, shape: tuple[int, int, int, int], labels: Labels) -> None:
        self._labels = labels
        size, free = 8.0 * math.prod(shape), free_memory()
        if size > free:
            what = f"{size / 1e9:.1f} GB of results do not fit into the {free / 1e9:.1f} GB of memory that are free"
            raise MachineError(Problem(what, hint="ask for quantiles, fewer variables, or write them to a file"))
        self._values = np.empty(shape)

    def take(self, scenario: int, rows: slice, values: np.ndarray) -> None:
        """Copy the members."""
        self._values[rows, scenario] = values

    def ended(self, scenario: int) -> None:
        """Nothing is left to do."""

    def result(self) -> xr.Dataset:
        """Return all members."""
        return self._labels(self._values, "draw", np.arange(len(self._values)))


class QuantileSink:
    """Keeps quantiles over the draws, of one scenario after the other."""

    def __init__(self, shape: tuple[int, int, int, int], levels: Sequence[float], labels: Labels) -> None:
        self._levels, self._labels = np.asarray(levels, dtype=float), labels
        if self._levels.ndim != 1 or not len(levels) or not ((self._levels >= 0) & (self._levels <= 1)).all():
            raise InputError(Problem("quantile levels are numbers from 0 to 1"))
        self._values = np.empty((len(self._levels), *shape[1:]))
        self._shape = (shape[0], *shape[2:])
        self._file = tempfile.TemporaryFile() if 8 * np.prod(self._shape) > LARGEST else None  # noqa: SIM115
        self._members: np.ndarray = (
            np.memmap(self._file, dtype=float, mode="w+", shape=self._shape) if self._file else np.empty(self._shape)
        )

    def take(self, scenario: int, rows: slice, values: np.ndarray) -> None:
        """Copy the members."""
        self._members[rows] = values

    def ended(self, scenario: int) -> None:
        """Reduce the scenario, a column at a time."""
        for k in range(self._shape[-1]):
            self._values[:, scenario, :, k] = np.quantile(self._members[..., k], self._levels, axis=0)

    def result(self) -> xr.Dataset:
        """Return the quantiles."""
        if self._file is not None:
            self._file.close()
        return self._labels(self._values, "quantile", self._levels)


class DiskSink:
    """Writes members to a NetCDF file as they come, so that what was run before an interruption is in it.

    The file is begun with one member by xarray, which knows how labels are written, and grows along `draw`.
    """

    def __init__(self, shape: tuple[int, int, int, int], path: Path, labels: Labels) -> None:
        import h5netcdf

        if path.suffix.lower() != ".nc":
            raise InputError(Problem("members are written as NetCDF", file=str(path), hint="name a file .nc"))
        self._path, self._labels, self._shape = path, labels, shape
        one = labels(np.full((1, *shape[1:]), np.nan), "draw", np.arange(1))
        try:
            layout = {
                str(name): {"chunksizes": self._chunk(array)}
                for name, array in one.variables.items()
                if "draw" in array.dims
            }
            one.to_netcdf(path, engine="h5netcdf", unlimited_dims=["draw"], encoding=layout)
            self._file: Any = h5netcdf.File(path, "a")
        except OSError as error:
            raise MachineError(Problem(f"cannot be written: {error}", file=str(path))) from error
        self._file.resize_dimension("draw", shape[0])
        self._file["draw"][:] = np.arange(shape[0])

    def _chunk(self, array: xr.Variable) -> tuple[int, ...]:
        """Return the shape of what HDF5 keeps together: many members of one scenario, for each costs memory."""
        rest = [1 if dim == "scenario" else array.sizes[dim] for dim in array.dims[1:]]
        return max(1, min(self._shape[0], KEPT_TOGETHER // (8 * max(math.prod(rest), 1)))), *rest

    def take(self, scenario: int, rows: slice, values: np.ndarray) -> None:
        """Write the members."""
        whole = np.full((len(values), self._shape[1], *values.shape[1:]), np.nan)
        whole[:, scenario] = values
        for name, array in self._labels(whole, "draw", np.arange(len(values))).data_vars.items():
            if "scenario" in array.dims:
                self._file[str(name)][rows, scenario] = array.isel(scenario=scenario).to_numpy()
            else:
                self._file[str(name)][rows] = array.to_numpy()
        self._file.flush()

    def ended(self, scenario: int) -> None:
        """Nothing is left to do."""

    def result(self) -> xr.Dataset:
        """Return the file, opened but not read."""
        self._file.close()
        return xr.open_dataset(self._path, engine="h5netcdf")
