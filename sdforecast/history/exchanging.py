"""Writing rows into history files: appended, or in the place of others, every other line as it was."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pandas as pd

from sdforecast.history.vocabulary import COLUMNS


def _line(row: dict[str, object]) -> list[str]:
    """Return the cells of a row as our files write them."""
    cells = []
    for name in COLUMNS:
        value = row.get(name)
        if isinstance(value, pd.Timestamp):
            cells.append(f"{value:%Y-%m-%d}")
        elif isinstance(value, float):
            cells.append("" if value != value else f"{value:.10g}")
        else:
            cells.append("" if value is None else str(value))
    return cells


def _written(lines: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()


def _lines(rows: pd.DataFrame) -> list[list[str]]:
    return [_line({str(key): value for key, value in row.items()}) for row in rows.to_dict("records")]


def appended(path: Path, rows: pd.DataFrame) -> str:
    """Return the text of a file with rows added at its end."""
    text = path.read_text(encoding="utf-8-sig") if path.exists() else _written([list(COLUMNS)])
    return text + ("" if text.endswith("\n") else "\n") + _written(_ordered(text, _lines(rows)))


def _ordered(text: str, lines: list[list[str]]) -> list[list[str]]:
    """Return lines with their cells in the order of a file's header."""
    header = next(csv.reader(io.StringIO(text)))
    return [[line[COLUMNS.index(name)] for name in header] for line in lines]


def exchanged(path: Path, old: pd.DataFrame, fresh: pd.DataFrame) -> str:
    """Return a file with new rows in the place of old ones, series by series; other lines stay as they are."""
    text = path.read_text(encoding="utf-8-sig")
    reader = csv.reader(io.StringIO(text, newline=""))
    header = next(reader)
    away = set(old["line"])
    waiting = {str(series): rows for series, rows in fresh.groupby("series", sort=False)}
    at = header.index("series")
    out = [header]
    for cells in reader:
        if reader.line_num not in away:
            out.append(cells)
        elif cells[at] in waiting:
            out += _ordered(text, _lines(waiting.pop(cells[at])))
    for rows in waiting.values():
        out += _ordered(text, _lines(rows))
    return _written(out)
