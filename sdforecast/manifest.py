"""What makes a result again: command, versions, hashes, vintage, seed, time."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from sdforecast.version import __version__

PACKAGES = ("pysd", "llvmlite", "numpy", "scipy", "pandas", "xarray", "matplotlib", "seaborn")


def manifest(command: str, **facts: Any) -> dict[str, Any]:
    """Return the record of a result: `command`, versions, the moment (SOURCE_DATE_EPOCH honoured) and `facts`."""
    return {
        "command": command,
        "sdforecast": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "created": now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        **facts,
    }


def now() -> datetime:
    """Return the moment in UTC, or the one that SOURCE_DATE_EPOCH names."""
    fixed = os.environ.get("SOURCE_DATE_EPOCH", "")
    return datetime.fromtimestamp(int(fixed), UTC) if fixed.isdigit() else datetime.now(UTC)


def hash_of(paths: Iterable[Path]) -> str:
    """Return one SHA-256 over the names and bytes of files, in order of name."""
    digest = hashlib.sha256()
    for path in sorted(paths, key=lambda p: p.name):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def to_json(record: Mapping[str, Any]) -> str:
    """Return the record as JSON text with a final newline."""
    return json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
