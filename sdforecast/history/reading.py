"""Reading history tables: every cell is checked once, here, with the file and the line of each fault."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pandas as pd

from sdforecast import shipped
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.history.vocabulary import AGGREGATIONS, COLUMNS, GRADES, STATUSES
from sdforecast.history.words import FILE, TABLE, Words, load_words

OTHER_TABLES = ("events.csv", "instruments.csv", "instrument_scale.csv")
"""CSV files of the folder that are not observations."""

VINTAGES = "_vintages.csv"
"""End of the names of files that hold what was known at several dates: read by `load_vintages` only."""

MOST_BYTES = 50_000_000
"""Larger files are refused: the shipped ones have less than one megabyte."""

MOST_PROBLEMS = 25
"""So many problems of one call are told, the rest are counted."""

Cells = dict[str, Callable[[str], object]]
"""What reads the cells of each column."""

_ADDED = f"Or add it to [{TABLE}] of {FILE}"
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_MISSING = frozenset(("", "na", "n/a", "nan", "null", "none", ".", "-"))
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_VINTAGE = re.compile(r"((19|20)\d{2}(-(0[1-9]|1[0-2]))?)?", re.ASCII)
_WORD = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


def load(folder: Path | None = None) -> pd.DataFrame:
    """Return the observations of all history files of `folder` (the shipped ones by default).

    One row an observation, in the order of the files: text columns as in `COLUMNS`, `period_start` and
    `period_end` as dates (both days included), `value`, `low`, `high` as floats (`low` and `high` may be
    NaN), and `file` and `line` where the row stands. Files of vintages and of other tables are left out.

    Raises `InputError` with file and line for everything that is not such a table.
    """
    return _load(folder, vintages=False)


def load_vintages(folder: Path | None = None) -> pd.DataFrame:
    """Return what was known when: the rows of the `*_vintages.csv` files, in the form of `load`.

    A period stands here once for each vintage. Raises `InputError` as `load` does.
    """
    return _load(folder, vintages=True)


def _load(folder: Path | None, *, vintages: bool) -> pd.DataFrame:
    folder = folder or shipped.history_dir()
    rows: list[list[object]] = []
    problems: list[Problem] = []
    paths = _files(folder, vintages=vintages)
    cells = _cells(load_words(folder))
    for path in paths:
        try:
            rows.extend(_rows(path, cells))
        except InputError as error:
            problems.extend(error.problems)
    if problems:
        raise InputError(*_told(problems))
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "file", "line"])
    days = {"period_start": "datetime64[ns]", "period_end": "datetime64[ns]"}
    return frame.astype({**days, "value": "float64", "low": "float64", "high": "float64", "line": "int64"})


def _files(folder: Path, *, vintages: bool) -> list[Path]:
    if not folder.is_dir():
        raise InputError(Problem("is not a folder", str(folder), hint="name a folder with history files (*.csv)"))
    found = [path for path in sorted(folder.glob("*.csv")) if path.name not in OTHER_TABLES]
    wanted = [path for path in found if path.name.endswith(VINTAGES) == vintages]
    if not wanted and not vintages:
        raise InputError(Problem("holds no history files", str(folder), hint="expected *.csv"))
    return wanted


def _told(problems: list[Problem]) -> list[Problem]:
    more = len(problems) - MOST_PROBLEMS
    return [*problems[:MOST_PROBLEMS], Problem(f"and {more} more problems")] if more > 0 else problems


def _text(path: Path) -> str:
    """Return the text of a file; refuse what is too large, not UTF-8, or binary."""
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise InputError(Problem(f"has {size / 1e6:.0f} MB, more than {MOST_BYTES / 1e6:.0f}", str(path)))
        content = path.read_bytes()
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", str(path))) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(Problem("is not UTF-8 text", str(path), line, hint="save it as UTF-8")) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(Problem("holds a NUL byte, so it is not a text file", str(path), line))
    return text


def _rows(path: Path, read: Cells) -> Iterator[list[object]]:
    """Yield the checked rows of one file. Raises `InputError` with all its problems."""
    lines = csv.reader(io.StringIO(_text(path), newline=""), strict=True)
    problems: list[Problem] = []
    empty = _Empty()
    try:
        order = _header(path, next(lines, []))
        for cells in lines:
            if cells:
                row, faults = _row(cells, order, read)
                empty.saw(cells, order, lines.line_num)
                problems.extend(Problem(what, str(path), lines.line_num, hint=hint) for what, hint in faults)
                yield [*row, str(path), lines.line_num]
    except csv.Error as error:
        problems.append(Problem(f"is not a readable CSV file: {error}", str(path), lines.line_num))
    if problems:
        raise InputError(*empty.in_one(problems, str(path)))


class _Empty:
    """Notes series that have no value at all, so that this is told once and not for each row."""

    def __init__(self) -> None:
        self.without: dict[str, list[int]] = {}  # by series, the lines of its rows without a value
        self.having: set[str] = set()

    def saw(self, cells: list[str], order: list[int], line: int) -> None:
        """Note one row."""
        if len(cells) == len(order):
            series, value = cells[order[COLUMNS.index("series")]], cells[order[COLUMNS.index("value")]]
            if value.strip().casefold() in _MISSING:
                self.without.setdefault(series, []).append(line)
            else:
                self.having.add(series)

    def in_one(self, problems: list[Problem], path: str) -> list[Problem]:
        """Return the problems with those of rows of an empty series replaced by one."""
        empty = {series: lines for series, lines in self.without.items() if series not in self.having}
        told = {line for lines in empty.values() for line in lines}
        kept = [each for each in problems if not (each.line in told and each.what.startswith("value: "))]
        for series, lines in empty.items():
            values = "its only value is" if len(lines) == 1 else f"all {len(lines)} values are"
            kept.append(Problem(f"series {_shown(series)}: {values} missing", path, lines[0]))
        return kept


def _header(path: Path, header: list[str]) -> list[int]:
    """Return where each of `COLUMNS` stands in the header."""
    missing = [name for name in COLUMNS if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    faults = [Problem(f"the column '{name}' is missing", str(path), 1) for name in missing]
    faults += [Problem(f"unknown column '{n}'", str(path), 1, hint=nearest(n, COLUMNS)) for n in unknown]
    if not faults and len(header) != len(COLUMNS):
        faults = [Problem("a column stands twice in the header", str(path), 1)]
    if faults:
        raise InputError(*faults)
    return [header.index(name) for name in COLUMNS]


def _row(cells: list[str], order: list[int], read: Cells) -> tuple[list[object], list[tuple[str, str | None]]]:
    """Return one row in the order of `COLUMNS`, and its faults as (what, hint)."""
    if len(cells) != len(order):
        return [], [(f"has {len(cells)} cells instead of {len(order)}", "a comma in a text needs quotes around it")]
    row: list[object] = []
    faults: list[tuple[str, str | None]] = []
    for name, position in zip(COLUMNS, order, strict=True):
        try:
            row.append(read[name](cells[position]))
        except _CellError as fault:
            faults.append((f"{name}: {fault.what}", fault.hint))
    return row, faults


class _CellError(Exception):
    def __init__(self, what: str, hint: str | None = None) -> None:
        self.what, self.hint = what, hint


def _shown(cell: str) -> str:
    """Return a cell as a message may show it: short, and without control characters."""
    return repr(cell if len(cell) <= 40 else cell[:39] + "…")


def _one_of(choices: tuple[str, ...], more: str = "") -> Callable[[str], str]:
    interned = {choice: choice for choice in choices}

    def cell(text: str) -> str:
        if text not in interned:
            raise _CellError(f"unknown word {_shown(text)}", _hint(text, choices, more))
        return interned[text]

    return cell


def _hint(text: str, choices: tuple[str, ...], more: str) -> str:
    close = nearest(text[:80], choices)
    return f"{close}{'' if close.endswith('?') else '.'} {more}" if more else close


def _number(text: str) -> float:
    if text.strip().casefold() in _MISSING:
        raise _CellError(f"{_shown(text)} is not a number", "leave the row out where nothing was observed")
    if not _NUMBER.fullmatch(text) or abs(value := float(text)) == float("inf"):
        raise _CellError(f"{_shown(text)} is not a number", "write digits and a decimal point, as in 1234.5")
    return value


def _number_or_nothing(text: str) -> float:
    return _number(text) if text else float("nan")


def _day(text: str) -> date:
    try:
        if not _DAY.fullmatch(text):
            raise ValueError(text)
        day = date.fromisoformat(text)
    except ValueError as error:
        raise _CellError(f"{_shown(text)} is not a date", "write YYYY-MM-DD") from error
    if not 1900 <= day.year <= 2100:
        raise _CellError(f"{_shown(text)} is not in the years 1900 to 2100")
    return day


def _vintage(text: str) -> str:
    if len(text) == 10:
        _day(text)
    elif not _VINTAGE.fullmatch(text):
        raise _CellError(f"{_shown(text)} is not a date", "write YYYY, YYYY-MM or YYYY-MM-DD, or leave it empty")
    return text


def _identifier(text: str) -> str:
    if not _WORD.fullmatch(text):
        raise _CellError(f"{_shown(text)} is not a series name", "write small letters, digits and _")
    return text


def _prose(text: str) -> str:
    if not text.strip():
        raise _CellError("is empty")
    # Line breaks, escape sequences and direction marks could disguise a row where it is printed.
    if not text.isprintable():
        raise _CellError(f"{_shown(text)} holds control characters")
    return text


def _cells(words: Words) -> Cells:
    """Return what reads the cells of each column in a folder that uses these words."""
    return {
        "series": _identifier,
        "period_start": _day,
        "period_end": _day,
        "aggregation": _one_of(AGGREGATIONS),
        "geography": _one_of(words.geography, _ADDED),
        "breakdown": _prose,
        "value": _number,
        "low": _number_or_nothing,
        "high": _number_or_nothing,
        "unit": _one_of(words.unit, _ADDED),
        "status": _one_of(STATUSES),
        "vintage": _vintage,
        "source": _prose,
        "licence": _one_of(words.licence, _ADDED),
        "grade": _one_of(GRADES),
    }
