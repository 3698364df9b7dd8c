"""A posterior on disk: a folder that any program for NetCDF and CSV opens, read without any sampling.

posterior.nc     the draws, NetCDF 4 in ArviZ's groups; see :mod:`.posterior_layout`
residuals.csv    every observation, the posterior median of the model's value, the residual
fit.csv          each target as measured
learned.csv      what the data taught of each parameter
diagnostics.csv  how well the chains agree
starts.csv       where each search for the mode ended
manifest.json    command, versions, hashes, fingerprints, vintage, the figures of the fit

The same posterior is written as the same bytes. Numbers are rounded to so many binary digits that what is lost is far
below the error of a thousand draws, since digits of noise do not compress.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import shipped
from sdforecast.errors import InputError, Problem
from sdforecast.inference.posterior import Posterior
from sdforecast.inference.posterior_layout import GROUPS, NEEDED, check
from sdforecast.manifest import hash_of, to_json
from sdforecast.writing import MARKER, replaced_folder, write_text

DRAWS = "posterior.nc"

_COLUMNS = {
    "residuals": (
        "target", "title", "variable", "kind", "unit", "fitted", "start", "end", "observed", "model", "residual",
    ),
    "fit": ("target", "title", "fitted", "n", "mape", "bias", "worst_factor", "worst_when", "beyond_two"),
    "learned": ("parameter",),
    "diagnostics": (),
    "starts": ("start",),
}  # fmt: skip
_NUMBERS = {"residuals": ("observed", "model", "residual"), "fit": ("mape", "bias", "worst_factor")}

HOLDS = (DRAWS, *(f"{name}.csv" for name in _COLUMNS), MARKER)
"""What the folder of a posterior has in it."""

CARRIED = (
    "created", "model_sha256", "parameters_sha256", "targets_sha256", "history_sha256", "fingerprints",
    "data_vintage", "last_observed", "seed", "fit",
)  # fmt: skip
"""What a forecast carries over from the manifest of the posterior that it rests on."""

_HASH = "draws_sha256"
"""Key of the manifest on disk, so that its figures are never taken for those of other draws."""

LARGEST = 2_000_000_000
"""Bytes of memory beyond which a posterior is refused: ours needs ten million."""

LARGEST_TABLE = 50_000_000
"""Bytes beyond which a table or a manifest is refused."""

_DIGITS = {"constants": 24, "position": 16}
_OTHER_DIGITS = 12
"""Significant binary digits kept: 24 are all that a 32-bit number has, 16 are 5 decimal ones, 12 are 3.6."""


def write(posterior: Posterior, folder: Path) -> None:
    """Write `posterior` to `folder`, replaced as a whole.

    Tables and manifest are read again before they take their place. Raises `InputError` where tree, tables or manifest
    are not those of a posterior, `MachineError` where it cannot be written.
    """
    check(posterior.tree)
    with replaced_folder(folder, HOLDS) as fresh:
        _write_tree(posterior.tree, fresh / DRAWS)
        for name in _COLUMNS:
            table: pd.DataFrame = getattr(posterior, name)
            buffer = io.StringIO()
            table.to_csv(buffer, index=False, float_format="%.8g", date_format="%Y-%m-%d", lineterminator="\n")
            write_text(fresh / f"{name}.csv", buffer.getvalue())
        write_text(fresh / MARKER, to_json(posterior.manifest | {_HASH: hash_of([fresh / DRAWS])}))
        _manifest(fresh / MARKER)
        for name in _COLUMNS:
            _table(fresh / f"{name}.csv", name)


def load(folder: Path | None = None, *, whole: bool = True) -> Posterior:
    """Read a posterior, by default the shipped one.

    Parameters
    ----------
    whole : read every group; otherwise only those that a forecast needs, in two thirds of the time.

    Raises
    ------
    InputError : a file is missing, broken or not what it should be.
    """
    where = folder or shipped.calibration_dir() / "posterior"
    if not (where / MARKER).is_file():
        raise InputError(Problem("no posterior here", file=str(where), hint="make one: sdforecast calibrate"))
    manifest = _manifest(where / MARKER)
    tables = {name: _table(where / f"{name}.csv", name) for name in _COLUMNS}
    tree = _tree(where / DRAWS, whole)
    if hash_of([where / DRAWS]) != manifest[_HASH]:
        raise InputError(Problem(f"is not the file that {MARKER} was written with", file=str(where / DRAWS)))
    return Posterior(tree=tree, **tables, manifest=manifest)


def _write_tree(tree: xr.DataTree, file: Path) -> None:
    groups = {f"/{name}": _compact(group.to_dataset()) for name, group in tree.children.items()}
    packed = {"zlib": True, "complevel": 6, "shuffle": True, "fletcher32": True}
    encoding = {
        name: {str(key): {**packed, "chunksizes": array.shape} for key, array in group.items() if array.ndim > 1}
        for name, group in groups.items()
    }
    xr.DataTree.from_dict(groups).to_netcdf(file, engine="h5netcdf", encoding=encoding)


def _compact(group: xr.Dataset) -> xr.Dataset:
    """Return a group with what is drawn as 32-bit numbers, rounded, and nothing that an earlier file left behind."""
    group = group.copy().drop_encoding()
    group.attrs = {}
    for name, array in group.data_vars.items():
        drawn = array.dims[:2] == ("chain", "draw") and array.ndim > 2 and array.dtype.kind == "f"
        values = _rounded(array.to_numpy(), _DIGITS.get(str(name), _OTHER_DIGITS)) if drawn else array.to_numpy()
        group[name] = (array.dims, values)
    return group


def _rounded(values: np.ndarray, digits: int) -> np.ndarray:
    """Return 32-bit numbers of so many significant binary digits, halves to the even one.

    The digits that go are zeros, which compress; that is "bit rounding" (Klöwer et al. 2021,
    doi 10.1038/s43588-021-00156-2). Rounding twice is rounding once.
    """
    single = np.ascontiguousarray(values, dtype=np.float32)
    dropped = 24 - digits
    if dropped == 0:
        return single
    bits = single.view(np.uint32)
    half = np.uint32((1 << (dropped - 1)) - 1) + ((bits >> np.uint32(dropped)) & np.uint32(1))
    kept = np.uint32(0xFFFFFFFF ^ ((1 << dropped) - 1))
    return np.asarray(((bits + half) & kept).view(np.float32))


def _tree(file: Path, whole: bool) -> xr.DataTree:
    try:
        if file.stat().st_size > LARGEST:
            raise ValueError(f"has more than {LARGEST // 1_000_000:,} MB")
        wanted = [name for name in _groups(file) if whole or name in NEEDED]
        tree = xr.DataTree.from_dict({f"/{name}": _group(file, name) for name in wanted})
    except FileNotFoundError as error:
        raise InputError(Problem("no such file in this posterior", file=str(file))) from error
    except Exception as error:  # a broken file may fail anywhere in three libraries
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise InputError(Problem(f"is not a readable posterior: {reason}", file=str(file))) from error
    check(tree, str(file))
    return tree


def _group(file: Path, name: str) -> xr.Dataset:
    with xr.open_dataset(file, engine="h5netcdf", group=name, phony_dims="access") as opened:
        needed = sum(array.nbytes for array in opened.variables.values())
        if needed > LARGEST:
            raise ValueError(f"/{name} needs {needed // 1_000_000:,} MB of memory, more than {LARGEST // 1_000_000:,}")
        return opened.load()


def _groups(file: Path) -> list[str]:
    """Return the names of the groups of an HDF5 file.

    Raises `ValueError` where data are elsewhere, or groups deeper than ours, which could be without end.
    """
    import h5py

    with h5py.File(file, "r") as opened:
        if len(opened) > len(GROUPS):
            raise ValueError(f"has {len(opened)} groups")
        for group in _members(opened):
            if not isinstance(group, h5py.Group):
                raise ValueError("holds data outside of its groups")
            for member in _members(group):
                if not isinstance(member, h5py.Dataset):
                    raise ValueError(f"{group.name} has groups within it")
                if member.external or member.is_virtual:
                    raise ValueError("holds data that are in another file")
        return list(opened)


def _members(group: Any) -> list[Any]:
    """Return what is in an HDF5 group; `ValueError` where a member is only a link to somewhere else."""
    import h5py

    if not all(isinstance(group.get(name, getlink=True), h5py.HardLink) for name in group):
        raise ValueError("holds links to somewhere else")
    return [group[name] for name in group]


def _table(file: Path, name: str) -> pd.DataFrame:
    try:
        _not_too_large(file)
        table = pd.read_csv(file)
        missing = [column for column in _COLUMNS[name] if column not in table]
        if missing or table.empty:
            raise ValueError(f"no column '{missing[0]}'" if missing else "no rows")
        numbers = _NUMBERS.get(name, ())
        table = table.astype(dict.fromkeys(numbers, float))
        if not np.isfinite(table[list(numbers)].to_numpy(float)).all():
            raise ValueError("a value is missing or not finite")
        for column in ("start", "end") if name == "residuals" else ():
            table[column] = _days(table[column])
        return table
    except FileNotFoundError as error:
        raise InputError(Problem("no such file in this posterior", file=str(file))) from error
    except (OSError, ValueError) as error:  # pandas raises a ValueError for every kind of broken table
        reason = (str(error).splitlines() or ["empty"])[0][:200]
        raise InputError(Problem(f"is not a table of a posterior: {reason}", file=str(file))) from error


def _days(column: pd.Series) -> pd.Series:
    """Return days written as YYYY-MM-DD; pandas alone would take `today` for one. Raises `ValueError`."""
    strange = column[~column.astype(str).str.fullmatch(r"\d{4}-\d{2}-\d{2}")]
    if not strange.empty:
        raise ValueError(f"{str(strange.iloc[0])[:40]!r} is not a day as YYYY-MM-DD")
    return pd.to_datetime(column, format="%Y-%m-%d")


def _manifest(file: Path) -> dict[str, Any]:
    try:
        _not_too_large(file)
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(Problem(f"is not a manifest: {error}", file=str(file))) from error
    missing = [key for key in (*CARRIED, _HASH) if key not in found] if isinstance(found, dict) else ["fit"]
    if missing:
        raise InputError(Problem(f"is not the manifest of a posterior: '{missing[0]}' is missing", file=str(file)))
    return dict(found)


def _not_too_large(file: Path) -> None:
    if file.stat().st_size > LARGEST_TABLE:
        raise ValueError(f"has more than {LARGEST_TABLE // 1_000_000} MB")
