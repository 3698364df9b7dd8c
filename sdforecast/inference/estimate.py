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
from sdforecast.writing import replaced_folder, write_text


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


_TABLES = ("best", "sets", "starts", "residuals", "fit")


def write(estimate: Estimate, folder: Path) -> None:
    """Write `estimate` to `folder`, replaced as a whole. Raises `MachineError`."""
    with replaced_folder(folder) as fresh:
        for name in _TABLES:
            table: pd.DataFrame = getattr(estimate, name)
            buffer = io.StringIO()
            table.to_csv(buffer, index=name == "sets", float_format="%.8g", date_format="%Y-%m-%d", lineterminator="\n")
            write_text(fresh / f"{name}.csv", buffer.getvalue())
        write_text(fresh / "manifest.json", to_json(estimate.manifest))


def load(folder: Path | None = None) -> Estimate:
    """Read an estimate, by default the shipped one. Raises `InputError` where a file is missing or broken."""
    where = folder or shipped.estimate_dir()
    tables: dict[str, pd.DataFrame] = {}
    for name in _TABLES:
        file = where / f"{name}.csv"
        try:
            tables[name] = pd.read_csv(file, index_col="set" if name == "sets" else None)
        except FileNotFoundError as error:
            raise InputError(
                Problem("no estimate here", file=str(file), hint="make one: sdforecast calibrate")
            ) from error
        except (OSError, ValueError) as error:  # pandas raises a ValueError for every kind of broken table
            raise InputError(Problem(f"is not a table of an estimate: {error}", file=str(file))) from error
    for column in ("start", "end"):
        tables["residuals"][column] = pd.to_datetime(tables["residuals"][column])
    file = where / "manifest.json"
    try:
        manifest = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(Problem(f"is not a manifest: {error}", file=str(file))) from error
    return Estimate(**tables, manifest=manifest)
