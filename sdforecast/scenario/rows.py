"""Reading a small table of the folder with historical data whose columns are fixed."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from sdforecast.errors import InputError, Problem

_LIMIT = 5_000_000  # bytes; the shipped tables have fewer than 100,000


def rows(path: Path, columns: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Return line numbers and rows of a CSV file that must have exactly `columns`.

    Raises `InputError` with file and line for a file that cannot be read, is too large, is no UTF-8 text or no CSV,
    or has other columns.
    """
    try:
        if path.stat().st_size > _LIMIT:
            raise InputError(Problem(f"is larger than {_LIMIT:,} bytes", file=str(path)))
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", file=str(path))) from error
    except UnicodeDecodeError as error:
        raise InputError(Problem(f"is not UTF-8 text (byte {error.start + 1})", file=str(path))) from error
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found = []
    try:
        header = next(reader, [])
        if tuple(header) != columns:
            raise InputError(Problem(f"needs the columns {', '.join(columns)}", file=str(path), line=1))
        for cells in reader:
            if len(cells) != len(columns):
                what = f"has {len(cells)} fields instead of {len(columns)}"
                raise InputError(Problem(what, file=str(path), line=reader.line_num))
            found.append((reader.line_num, dict(zip(columns, cells, strict=True))))
    except csv.Error as error:
        raise InputError(Problem(f"is not CSV: {error}", file=str(path), line=reader.line_num)) from error
    return found
