"""Results of a back-test as files, a pair an origin, so that what is done is not done again.

`2019-12.csv` has the forecasts of all methods, one quantile a row; `2019-12.json` what they were made from and how. The
second is written last: it says that the origin is done, and the hash in it that the first is as it was written.

An origin counts as done for a model, a plan and a state of knowledge: the hash `known_sha256` is of all that a fit is
given at the origin (history, priors, targets, inputs), so that new months in the history make no old origin new.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from sdforecast import shipped
from sdforecast.backtesting.dates import origin_of
from sdforecast.backtesting.knowing import Known
from sdforecast.errors import InputError, Problem
from sdforecast.evaluation import tables
from sdforecast.evaluation.levels import COLUMNS
from sdforecast.forecasting.structures import Structure
from sdforecast.inference.studying import Sources
from sdforecast.manifest import hash_of, manifest, to_json
from sdforecast.model import ModelFile
from sdforecast.model import read as read_model
from sdforecast.writing import write_text

if TYPE_CHECKING:
    from sdforecast.inference.methods import Plan  # waits for PyMC

DECIMALS = 2
"""Decimals of a quantile in a file: seven digits of a year's deaths."""

DECIDING = ("model_sha256", "known_sha256", "plan", "variant", "noise", "horizons", "structures")
"""Facts that must agree for an origin to be done."""

MOST_BYTES = 20_000_000
_PLAN = ("method", "chains", "draws", "tune", "seed", "target_accept")
_OF_SAMPLING = ("tune", "target_accept")
_AGAIN = "and its origin is done again"
_DELETE = f"delete it, {_AGAIN}"


@dataclass(frozen=True, eq=False)
class Done:
    """The result at an origin.

    Attributes
    ----------
    forecasts : of all methods, in the columns of :mod:`sdforecast.evaluation`.
    facts : what they were made from, how, and the mode that was found.
    """

    origin: pd.Timestamp
    forecasts: pd.DataFrame
    facts: Mapping[str, Any]

    def agrees(self, identity: Mapping[str, Any]) -> bool:
        """Return whether the result is of this model, plan and knowledge."""
        return all(self.facts.get(name) == identity[name] for name in DECIDING)


# --- What decides a result ------------------------------------------------------------------------------------------


def identity(
    known: Known,
    model: ModelFile,
    plan: Plan,
    sources: Sources,
    hindsight: Path | None,
    noise: int,
    horizons: Sequence[int],
    structures: Sequence[Structure] = (),
) -> dict[str, Any]:
    """Return the facts that decide the result at an origin, and hashes of the files behind them."""
    calibration = shipped.calibration_dir()
    files = {
        "parameters": [sources.parameters or calibration / "parameters.toml"],
        "targets": [sources.targets or calibration / "targets.toml"],
        "hindsight": [hindsight or calibration / "hindsight.toml"],
        "history": sorted(known.folder.glob("*.csv")),
    }
    sampled = plan.method != "laplace"
    return {
        "origin": f"{known.origin:%Y-%m-%d}",
        "model_sha256": model.sha256,
        "known_sha256": digest(known, sources),
        "plan": {name: getattr(plan, name) for name in _PLAN if sampled or name not in _OF_SAMPLING},
        "variant": known.variant,
        "noise": noise,
        "horizons": list(horizons),
        "structures": [_of(each, known, sources) for each in structures],
        **{f"{name}_sha256": hash_of(paths) for name, paths in files.items()},
    }


def _of(structure: Structure, known: Known, sources: Sources) -> dict[str, Any]:
    """Return what decides the part of a structure."""
    return {
        "name": structure.name,
        "weight": structure.weight,
        "model_sha256": read_model(structure.model).sha256,
        "known_sha256": digest(known, structure.sources(sources.folder)),
        "held": dict(structure.hold),
    }


def digest(known: Known, sources: Sources) -> str:
    """Return a SHA-256 over all that a fit and a forecast at an origin are given."""
    with tempfile.TemporaryDirectory() as folder:
        known.write(Path(folder), sources)
        parts = [hash_of(path for path in Path(folder).iterdir() if path.is_file())]
    parts += [f"{name}\n{known.tables[name].to_csv()}" for name in sorted(known.tables)]
    parts.append(json.dumps([known.held, dict(known.deaths_from), f"{known.released} {known.day}"], sort_keys=True))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


# --- Files ----------------------------------------------------------------------------------------------------------


def keep(folder: Path, done: Done) -> None:
    """Write the result at an origin. Raises `MachineError` where the folder cannot be written."""
    table, facts = _paths(folder, done.origin)
    facts.unlink(missing_ok=True)  # until the new pair is whole, there is none
    text = to_csv(done.forecasts)
    write_text(table, text)
    record = {**manifest(f"sdforecast backtest --origins {done.origin:%Y-%m}"), **done.facts}
    write_text(facts, to_json({**record, "forecasts_sha256": sha(text.encode())}))


def to_csv(forecasts: pd.DataFrame) -> str:
    """Return a table of forecasts as it is kept. Raises `InputError` for what is none."""
    table = tables.tidy(tables.wide(forecasts))
    table = table.assign(value=table["value"].round(DECIMALS))
    return table.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n")


def read(folder: Path, origin: pd.Timestamp) -> Done | None:
    """Return the result kept of an origin, None where there is none. Raises `InputError` that names a damaged file."""
    table, facts = _paths(folder, origin)
    if not facts.exists():
        return None
    record = _record(facts)
    try:
        content = _content(table)
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", str(table))) from error
    if record.get("forecasts_sha256") != sha(content):
        raise InputError(Problem("is not the file that was written", str(table), hint=f"delete {facts.name}, {_AGAIN}"))
    try:
        found = pd.read_csv(io.BytesIO(content), float_precision="round_trip")
        forecasts = tables.tidy(tables.wide(found[list(COLUMNS)]))
    except (ValueError, KeyError, InputError) as error:
        raise InputError(Problem(f"is no table of forecasts: {error}", str(table))) from error
    if set(forecasts["origin"]) != {origin}:
        raise InputError(Problem(f"has forecasts from another month than {origin:%Y-%m}", str(table)))
    return Done(origin, forecasts, record)


def read_all(folder: Path) -> list[Done]:
    """Return all results in a folder, in order of origins. Raises `InputError` for a damaged file or no results."""
    found = [done for done in (read(folder, origin) for origin in origins_in(folder)) if done is not None]
    if not found:
        what = "holds no results of a back-test" if folder.is_dir() else "no such folder"
        raise InputError(Problem(what, str(folder), hint="make some: sdforecast backtest"))
    return found


def origins_in(folder: Path) -> list[pd.Timestamp]:
    """Return the origins of which a folder holds results, in order."""
    found = []
    for path in folder.glob("[12][0-9][0-9][0-9]-[01][0-9].json") if folder.is_dir() else ():
        try:
            found.append(origin_of(path.stem))
        except InputError:
            continue
    return sorted(found)


def modes(folder: Path) -> dict[pd.Timestamp, dict[str, float]]:
    """Return the modes kept in a folder by origin; a file that tells none is passed over."""
    found = {}
    for origin in origins_in(folder):
        try:
            mode = _record(_paths(folder, origin)[1]).get("mode")
        except InputError:
            continue
        if isinstance(mode, dict) and all(_is_number(value) for value in mode.values()):
            found[origin] = {str(label): float(value) for label, value in mode.items()}
    return found


def _paths(folder: Path, origin: pd.Timestamp) -> tuple[Path, Path]:
    return folder / f"{origin:%Y-%m}.csv", folder / f"{origin:%Y-%m}.json"


def _record(path: Path) -> dict[str, Any]:
    try:
        record = json.loads(_content(path).decode("utf-8"))
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", str(path))) from error
    except (ValueError, RecursionError) as error:
        raise InputError(Problem("is damaged: not readable as JSON", str(path), hint=_DELETE)) from error
    if not isinstance(record, dict) or "forecasts_sha256" not in record:
        raise InputError(Problem("is damaged: not the record of an origin", str(path), hint=_DELETE))
    return record


def _content(path: Path) -> bytes:
    if path.stat().st_size > MOST_BYTES:
        raise InputError(Problem("is larger than a result can be", str(path)))
    return path.read_bytes()


def sha(content: bytes) -> str:
    """Return the SHA-256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))
