"""Reading the files of a hub that others wrote: nothing too large, no links that lead out, no code in YAML."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sdforecast.errors import InputError, MachineError, Problem

MOST_BYTES = 200_000_000
"""Larger files are refused."""


class UnreadableError(Exception):
    """A file that cannot be read; the text says why."""


def content(path: Path) -> bytes:
    """Return the bytes of a file. Raises `UnreadableError`."""
    try:
        if path.is_symlink() or not path.is_file():
            raise UnreadableError("is not a file")
        if (size := path.stat().st_size) > MOST_BYTES:
            raise UnreadableError(f"has {size / 1e6:.0f} MB, more than {MOST_BYTES / 1e6:.0f}")
        return path.read_bytes()
    except OSError as error:
        raise UnreadableError(f"cannot be read: {error.strerror or error}") from error


def text(path: Path) -> str:
    """Return the text of a file. Raises `UnreadableError`."""
    try:
        return content(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableError("is not UTF-8 text") from error


def json_object(path: Path) -> dict[str, Any]:
    """Return the object of a JSON file. Raises `UnreadableError`."""
    try:
        found = json.loads(text(path))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(f"is not JSON: {str(error)[:80]}") from error
    if not isinstance(found, dict):
        raise UnreadableError("is not a JSON object")
    return found


def yaml_mapping(path: Path) -> dict[str, Any]:
    """Return the mapping of a YAML file. Raises `UnreadableError`."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = YAML(typ="safe", pure=True).load(text(path))
    except (YAMLError, ValueError, RecursionError) as error:
        raise UnreadableError("is not YAML") from error
    if not isinstance(found, dict):
        raise UnreadableError("is not a mapping")
    return found


def csv_table(path: Path) -> pd.DataFrame:
    """Return the cells of a CSV file as text. Raises `UnreadableError`."""
    import io

    words = text(path)
    try:
        found = pd.read_csv(io.StringIO(words), dtype=str, keep_default_na=False, on_bad_lines="error")
    except (ValueError, pd.errors.ParserError) as error:
        raise UnreadableError(f"is not CSV: {' '.join(str(error).split())[:80]}") from error
    return found


def parquet_table(path: Path) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the cells of a Parquet file as text, and the type of each column. Raises `UnreadableError`."""
    import io

    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise MachineError(Problem("Parquet needs pyarrow", hint="pip install pyarrow")) from error
    try:
        found = pq.read_table(io.BytesIO(content(path)))
    except (pa.ArrowException, ValueError, OSError) as error:
        raise UnreadableError("is not Parquet") from error
    types = {field.name: str(field.type) for field in found.schema}
    frame = found.to_pandas()
    return pd.DataFrame({name: _as_text(frame[name]) for name in frame}), types


def _as_text(column: pd.Series) -> pd.Series:
    codes, cells = pd.factorize(column, use_na_sentinel=False)
    words = np.array([_cell(cell) for cell in cells], dtype=object)
    return pd.Series(words[codes] if len(words) else [], dtype=object)


def _cell(cell: object) -> str:
    if cell is None or cell is pd.NaT or cell != cell:
        return ""
    return f"{cell:.15g}" if isinstance(cell, float) else str(cell)


def folder(path: Path) -> Path:
    """Return the folder of a hub. Raises `InputError` for what is none."""
    if not (path / "hub-config").is_dir():
        raise InputError(Problem("is not a hub: it has no folder hub-config", file=str(path)))
    return path
