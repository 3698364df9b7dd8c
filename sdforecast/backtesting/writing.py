"""The files of what was known: a history, a table of parameters and a table of targets that a study reads."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sdforecast import history as observed
from sdforecast import observation, shipped
from sdforecast import parameters as constants
from sdforecast.errors import InputError
from sdforecast.history import COLUMNS
from sdforecast.parameters import Parameter
from sdforecast.scenario.instruments import HISTORY_COLUMNS

_DESCRIPTIONS = "series.toml"
_TABLE = re.compile(r"^(?=\[)", re.MULTILINE)


def history(folder: Path, rows: pd.DataFrame, vintages: pd.DataFrame, described_in: Path) -> None:
    """Write a history with its vintages and its descriptions into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in (("known.csv", rows), ("known_vintages.csv", vintages)):
        table[list(COLUMNS)].to_csv(folder / name, index=False, date_format="%Y-%m-%d", lineterminator="\n")
    words = described_in / _DESCRIPTIONS
    shutil.copyfile(words if words.is_file() else shipped.history_dir() / _DESCRIPTIONS, folder / _DESCRIPTIONS)


def instruments(folder: Path, knots: pd.DataFrame) -> None:
    """Write the history of the instruments into a folder."""
    knots[list(HISTORY_COLUMNS)].to_csv(folder / "instruments.csv", index=False, lineterminator="\n")


def table(path: Path | None) -> list[Parameter]:
    """Return a table of parameters, by default the shipped one."""
    return constants.load(path)


def parameters(folder: Path, known: Sequence[Parameter]) -> Path:
    """Write a table of parameters into a folder and return its file."""
    path = folder / "parameters.toml"
    path.write_text("\n".join(_parameter(each) for each in known), encoding="utf-8")
    return path


def _parameter(each: Parameter) -> str:
    entries: dict[str, str | float] = {"name": each.name, "unit": each.unit, "kind": each.kind, "value": each.value}
    if each.spread > 0:
        entries |= {"distribution": each.distribution, "spread": each.spread, "low": each.low, "high": each.high}
    entries |= {"source": each.source, "grade": each.grade, "narrowed_by": each.narrowed_by}
    if each.fixed_because:
        entries["fixed_because"] = each.fixed_because
    # A JSON string or number is one of TOML, too.
    return "\n".join(["[[parameter]]", *(f"{key} = {json.dumps(value)}" for key, value in entries.items()), ""])


def targets(folder: Path, path: Path | None, rows: pd.DataFrame, of: Path) -> Path:
    """Write the targets that find an observation in `rows` into a folder and return their file.

    A target that finds none in the whole history (the folder `of`) either is kept, so that a study tells it.
    """
    told = observation.load(path)
    missing = [each for each in told if not _finds(each, rows)]
    whole = observed.load(of) if missing else rows
    lost = {each.name for each in missing if _finds(each, whole)}
    file = path or shipped.calibration_dir() / "targets.toml"
    kept = [part for part in _TABLE.split(file.read_text(encoding="utf-8")) if _name(part) not in lost]
    out = folder / "targets.toml"
    out.write_text("".join(kept), encoding="utf-8")
    return out


def _finds(target: observation.Target, rows: pd.DataFrame) -> bool:
    try:
        return len(observation.observations([target], rows)) > 0
    except InputError:
        return False


def _name(part: str) -> str | None:
    """Return the name of the target that a part of the file is, None where it is none."""
    if not re.match(r"\[\[ *target *\]\]", part):
        return None
    found = re.search(r"""^\s*name\s*=\s*(".*"|'.*')\s*(#.*)?$""", part, re.MULTILINE)
    return found[1][1:-1] if found else None
