"""The hash of our own passes: what they have made is kept under it, so that changed code never meets old results."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def source_hash(*names: str) -> str:
    """Return a hash of the texts of modules and packages of this folder, by name."""
    digest, here = hashlib.sha256(), Path(__file__).parent
    for name in names:
        files = sorted((here / name).glob("*.py")) if (here / name).is_dir() else [here / f"{name}.py"]
        for file in files:
            digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
