"""What is in a model file, kept beside PySD's translation of it, so that the next reading need not load PySD."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sdforecast.errors import MachineError
from sdforecast.writing import write_text

COLUMNS = ("name", "kind", "unit", "subscripts", "sector", "value", "comment")


@dataclass(frozen=True)
class Description:
    """What `ModelFile` tells of a file; see there for the meaning of each part."""

    variables: pd.DataFrame
    control: Mapping[str, float]
    time_unit: str


def keep(description: Description, file: Path) -> None:
    """Write a description in one step; where that fails it is made again the next time."""
    record = {
        "variables": {str(column): description.variables[column].tolist() for column in description.variables},
        "control": dict(description.control),
        "time_unit": description.time_unit,
    }
    with contextlib.suppress(MachineError):
        write_text(file, json.dumps(record))


def kept(file: Path, control: tuple[str, ...]) -> Description | None:
    """Return the description that `file` holds, or None if it holds none that is whole."""
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        table = pd.DataFrame({column: record["variables"][column] for column in COLUMNS})
        numbers = {name: float(record["control"][name]) for name in control}
        texts = table.drop(columns="value").map(lambda text: isinstance(text, str))
        if not texts.to_numpy().all() or not isinstance(record["time_unit"], str):
            return None
        return Description(table.astype({"value": float}), numbers, record["time_unit"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
