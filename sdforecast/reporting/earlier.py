"""An earlier report, or an edition of the archive, to compare a new one with."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from sdforecast.errors import InputError, Problem
from sdforecast.issuing import FOLDER, Edition, described
from sdforecast.writing import MARKER


def edition(folder: Path) -> Edition:
    """Return what stands in a folder as an edition: one of the archive, or a report with its hub.

    Raises `InputError` for a folder that is neither, or a report without a hub.
    """
    try:
        content = (folder / MARKER).read_bytes()
        record = json.loads(content)
    except (OSError, ValueError) as error:
        hint = "name the folder of an earlier report, or an edition of the archive"
        raise InputError(Problem("is not the folder of a report", file=str(folder), hint=hint)) from error
    if not isinstance(record, dict) or not (folder / FOLDER).is_dir():
        hint = "a report has a hub from 100 draws on"
        raise InputError(Problem("has no hub to compare with", file=str(folder), hint=hint))
    digest = hashlib.sha256(content).hexdigest()
    if isinstance(record.get("edition"), str) and isinstance(record.get("forecast"), dict):
        return Edition(record["edition"], folder, record, digest)
    return Edition(str(record.get("created", ""))[:10], folder, _described(record, folder), digest)


def _described(record: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return what an edition would say of itself, from the manifest of a report and the name of its hub's file."""
    dates = sorted(path.name[:10] for path in (folder / FOLDER / "model-output").glob("*/*.csv"))
    mixes = record.get("scenarios")
    if not dates or not isinstance(mixes, list) or not mixes:
        raise InputError(Problem("is not the manifest of a report", file=str(folder / MARKER)))
    return described(record, dates[-1], str(mixes[0]))
