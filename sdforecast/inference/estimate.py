"""An estimate on disk: a folder of small tables and a manifest, read without any sampling.

best.csv       parameter, value, position in its prior, kind
sets.csv       one row a parameter set that fits acceptably, one column a parameter; set 0 is the best
starts.csv     where each search ended
residuals.csv  every observation, the model's value, the residual
fit.csv        each target as measured
manifest.json  command, versions, hashes, vintage, the figures of the fit
"""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sdforecast import shipped
from sdforecast.errors import InputError, Problem
from sdforecast.manifest import to_json
from sdforecast.writing import MARKER, replaced_folder, write_text


@dataclass(frozen=True)
class Estimate:
    """The best constants, the sets that fit acceptably, and how they were found.

    Attributes
    ----------
    best : columns parameter, value, position, kind.
    sets : one row a set (index `set`), one column a parameter, values in the parameter's unit.
    starts : columns start, cost, evaluations, message.
    residuals : observations with `model` and `residual`.
    fit : one row a target.
    manifest : how it was made, and `fit`: the figures of :func:`sdforecast.observation.measured_fit`.
    """

    best: pd.DataFrame
    sets: pd.DataFrame
    starts: pd.DataFrame
    residuals: pd.DataFrame
    fit: pd.DataFrame
    manifest: dict[str, Any]


_COLUMNS = {
    "best": ("parameter", "value", "position", "kind"),
    "sets": ("loss",),
    "starts": ("start", "cost", "evaluations", "message"),
    "residuals": (
        "target",
        "title",
        "variable",
        "kind",
        "unit",
        "fitted",
        "start",
        "end",
        "observed",
        "model",
        "residual",
    ),
    "fit": ("target", "title", "fitted", "n", "mape", "bias", "worst_factor", "worst_when", "beyond_two"),
}
_NUMBERS = {
    "best": ("value", "position"),
    "starts": ("cost",),
    "residuals": ("observed", "model", "residual"),
    "fit": ("mape", "bias", "worst_factor"),
}
_TABLES = tuple(_COLUMNS)

HOLDS = (*(f"{name}.csv" for name in _TABLES), MARKER)
"""What the folder of an estimate has in it."""

CARRIED = (
    "created", "model_sha256", "parameters_sha256", "targets_sha256", "history_sha256", "data_vintage",
    "last_observed", "seed", "fit",
)  # fmt: skip
"""What a forecast carries over from the manifest of the estimate that it rests on."""


def write(estimate: Estimate, folder: Path) -> None:
    """Write `estimate` to `folder`, replaced as a whole. Raises `MachineError`."""
    with replaced_folder(folder, HOLDS) as fresh:
        for name in _TABLES:
            table: pd.DataFrame = getattr(estimate, name)
            buffer = io.StringIO()
            table.to_csv(buffer, index=name == "sets", float_format="%.8g", date_format="%Y-%m-%d", lineterminator="\n")
            write_text(fresh / f"{name}.csv", buffer.getvalue())
        write_text(fresh / MARKER, to_json(estimate.manifest))


def load(folder: Path | None = None) -> Estimate:
    """Read an estimate, by default the shipped one. Raises `InputError` where a file is missing or broken."""
    where = folder or shipped.estimate_dir()
    tables = {name: _table(where / f"{name}.csv", name) for name in _TABLES}
    return Estimate(**tables, manifest=_manifest(where / MARKER))


def _table(file: Path, name: str) -> pd.DataFrame:
    try:
        table = pd.read_csv(file, index_col="set" if name == "sets" else None)
        missing = [column for column in _COLUMNS[name] if column not in table]
        if missing or table.empty:
            raise ValueError(f"no column '{missing[0]}'" if missing else "no rows")
        for column in ("start", "end") if name == "residuals" else ():
            table[column] = pd.to_datetime(table[column])
        table = table.astype(dict.fromkeys(table.columns if name == "sets" else _NUMBERS[name], float))
        if name in ("best", "sets") and table.isna().any(axis=None):
            raise ValueError("a value is missing")
        if name in ("best", "sets") and table.isin([float("inf"), float("-inf")]).any(axis=None):
            raise ValueError("a value is not finite")
        return table
    except FileNotFoundError as error:
        raise InputError(Problem("no estimate here", file=str(file), hint="make one: sdforecast calibrate")) from error
    except (OSError, ValueError) as error:  # pandas raises a ValueError for every kind of broken table
        reason = (str(error).splitlines() or ["empty"])[0]
        raise InputError(Problem(f"is not a table of an estimate: {reason}", file=str(file))) from error


def _manifest(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(Problem(f"is not a manifest: {error}", file=str(file))) from error
    missing = [key for key in CARRIED if key not in found] if isinstance(found, dict) else ["fit"]
    if missing:
        raise InputError(Problem(f"is not the manifest of an estimate: '{missing[0]}' is missing", file=str(file)))
    return dict(found)
