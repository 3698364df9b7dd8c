"""The CDC's table of provisional overdose deaths (NCHS, VSRR, data.cdc.gov xkb8-kh2a), as published.

One row a state, month and indicator: deaths in the twelve months that end with the month. As downloaded the columns are
`State, Year, Month, Period, Indicator, Data Value, …`, numbers with thousands commas; the open-data address gives the
same in small letters with underscores, as CSV or JSON.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from sdforecast.errors import InputError, Problem, nearest

INDICATORS = {
    "Number of Drug Overdose Deaths": "all_drug_deaths",
    "Synthetic opioids, excl. methadone (T40.4)": "synthetic_opioid_deaths",
    "Cocaine (T40.5)": "cocaine_deaths",
    "Heroin (T40.1)": "heroin_deaths",
    "Methadone (T40.3)": "methadone_deaths",
    "Natural & semi-synthetic opioids (T40.2)": "natural_semisynthetic_opioid_deaths",
    "Opioids (T40.0-T40.4,T40.6)": "opioid_deaths",
    "Psychostimulants with abuse potential (T43.6)": "psychostimulant_deaths",
    "Percent with drugs specified": "overdose_certificates_naming_a_drug",
}
"""The series that each indicator is of; other indicators are passed over."""

NEEDED = ("state", "year", "month", "indicator", "data_value")
KNOWN = (*NEEDED, "period", "percent_complete", "percent_pending_investigation", "state_name", "footnote",
         "footnote_symbol", "predicted_value")  # fmt: skip
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
          "december")  # fmt: skip
MOST_ROWS = 500_000
MOST_DEATHS = 1_000_000
"""More deaths in twelve months than this cannot be."""

_NUMBER = re.compile(r"\d{1,3}(,\d{3})+(\.\d+)?|\d+(\.\d+)?", re.ASCII)
_EMPTY = ("", "na", "n/a", "nan", "null", "none", "suppressed")
_TWELVE = "12 month-ending"
_MOST_PROBLEMS = 25


@dataclass(frozen=True)
class Published:
    """What a file says of the United States.

    Attributes
    ----------
    rows : one row a series and month: series, period_end, value, predicted (NaN where not given).
    warnings : what is odd but does not stand in the way.
    """

    rows: pd.DataFrame
    warnings: tuple[str, ...]


def read(content: bytes, name: str) -> Published:
    """Return the national rows of a published table.

    Parameters
    ----------
    content : the bytes of a CSV or JSON file.
    name : what it is called in messages.

    Raises `InputError` with the line for what is not that table.
    """
    text = _text(content, name)
    table = _from_json(text, name) if text.lstrip()[:1] == "[" else _from_csv(text, name)
    return _national(table, name)


def _text(content: bytes, name: str) -> str:
    if content[:2] == b"PK":
        raise InputError(Problem("is a spreadsheet or an archive", file=name, hint="save it as CSV"))
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise InputError(Problem("is UTF-16 text", file=name, hint="save it as UTF-8"))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InputError(Problem("is not UTF-8 text", file=name, line=line, hint="save it as UTF-8")) from error
    if "\0" in text:
        raise InputError(Problem("holds a NUL byte, so it is not a text file", file=name))
    if text.lstrip()[:1] == "<":
        raise InputError(Problem("is a web page, not a table", file=name, hint="download the table as CSV"))
    if not text.strip():
        raise InputError(Problem("is empty", file=name))
    return text


_Rows = list[tuple[int, dict[str, str]]]
"""Line and cells of each row, by the columns' plain names."""


def _from_csv(text: str, name: str) -> _Rows:
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    found: _Rows = []
    try:
        header = [_plain(cell) for cell in next(lines)]
        _columns(header, name)
        for cells in lines:
            if len(cells) == len(header):
                found.append((lines.line_num, dict(zip(header, cells, strict=True))))
            elif cells:
                what = f"has {len(cells)} cells instead of {len(header)}"
                raise InputError(Problem(what, file=name, line=lines.line_num))
            if len(found) > MOST_ROWS:
                raise InputError(Problem(f"has more than {MOST_ROWS:,} rows", file=name))
    except csv.Error as error:
        raise InputError(Problem(f"is not readable as CSV: {error}", file=name, line=lines.line_num)) from error
    return found


def _from_json(text: str, name: str) -> _Rows:
    try:
        records = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InputError(Problem(f"is not readable as JSON: {str(error)[:80]}", file=name)) from error
    if not records or not all(isinstance(record, dict) for record in records) or len(records) > MOST_ROWS:
        raise InputError(Problem("is not a list of objects, one a row", file=name))
    _columns(list(dict.fromkeys(_plain(key) for record in records for key in record)), name)
    return [
        (k, {_plain(key): "" if value is None else str(value) for key, value in record.items()})
        for k, record in enumerate(records, 1)
    ]


def _plain(column: str) -> str:
    """Return a column's name as the open-data address writes it."""
    return re.sub(r"[\s_]+", "_", column.strip().casefold())


def _columns(found: list[str], name: str) -> None:
    missing = [column for column in NEEDED if column not in found]
    shown = ", ".join(column[:30] for column in found[:12])
    if missing:
        words = ", ".join(f"'{column}'" for column in missing)
        what = f"is not the CDC's table of provisional overdose deaths: it has no column {words}"
        close = nearest(missing[0], found) if len(missing) < len(NEEDED) else ""
        raise InputError(Problem(what, file=name, line=1, hint=close if close.endswith("?") else f"it has {shown}"))
    if len(set(found)) != len(found):
        raise InputError(Problem("a column stands twice in the header", file=name, line=1))


def _national(table: _Rows, name: str) -> Published:
    problems: list[Problem] = []
    seen: dict[tuple[str, pd.Timestamp], tuple[float, float, int]] = {}
    again = suppressed = 0
    unknown: dict[str, None] = {}
    for line, cells in table:
        if cells.get("state", "").strip() != "US" or cells.get("period", _TWELVE).strip().casefold() != _TWELVE:
            continue
        series = INDICATORS.get(cells.get("indicator", "").strip())
        if series is None:
            unknown[cells.get("indicator", "")[:60]] = None
            continue
        try:
            end = _month(cells)
            value = _number(cells, "data_value", series)
            predicted = _number(cells, "predicted_value", series)
        except _CellError as error:
            problems.append(Problem(str(error), file=name, line=line))
            continue
        if value != value:
            suppressed += 1
            continue
        before = seen.setdefault((series, end), (value, predicted, line))
        if before[2] != line:
            again += 1
            if before[0] != value:
                what = f"{series} {end:%Y-%m} stands twice, as {before[0]:g} (line {before[2]}) and as {value:g}"
                problems.append(Problem(what, file=name, line=line))
    if problems:
        more = len(problems) - _MOST_PROBLEMS
        raise InputError(*problems[:_MOST_PROBLEMS], *([Problem(f"and {more} more problems")] if more > 0 else []))
    if not seen:
        hint = "rows of state US, period 12 month-ending, and one of the indicators"
        raise InputError(Problem("has no national rows", file=name, hint=hint))
    return Published(_frame(seen), tuple(_odd(again, suppressed, list(unknown))))


def _frame(seen: dict[tuple[str, pd.Timestamp], tuple[float, float, int]]) -> pd.DataFrame:
    rows = [(series, end, value, predicted) for (series, end), (value, predicted, _) in seen.items()]
    frame = pd.DataFrame(rows, columns=["series", "period_end", "value", "predicted"])
    return frame.sort_values(["series", "period_end"], ignore_index=True)


_PASSED_OVER = ("Number of Deaths", "Natural, semi-synthetic, & synthetic opioids, incl. methadone (T40.2-T40.4)",
                "Natural & semi-synthetic opioids, incl. methadone (T40.2, T40.3)")  # fmt: skip


def _odd(again: int, suppressed: int, unknown: list[str]) -> Iterator[str]:
    if again:
        yield f"{again} rows stand twice with the same value"
    if suppressed:
        yield f"{suppressed} national values are suppressed or empty"
    strange = [word for word in unknown if word not in _PASSED_OVER]
    if strange:
        yield f"{len(strange)} unknown indicators are passed over, as '{strange[0]}'"


class _CellError(Exception):
    pass


def _month(cells: dict[str, str]) -> pd.Timestamp:
    year, month = cells.get("year", "").strip(), cells.get("month", "").strip().casefold()
    if not re.fullmatch(r"20\d\d(\.0)?", year, re.ASCII):
        raise _CellError(f"year: {cells.get('year', '')[:20]!r} is not a year from 2000 to 2099")
    if month not in MONTHS:
        raise _CellError(f"month: {cells.get('month', '')[:20]!r} is not the name of a month")
    return pd.Timestamp(int(year[:4]), MONTHS.index(month) + 1, 1) + pd.offsets.MonthEnd(0)


def _number(cells: dict[str, str], column: str, series: str) -> float:
    text = cells.get(column, "").strip()
    if text.casefold() in _EMPTY:
        return float("nan")
    if not _NUMBER.fullmatch(text) or len(text) > 20:
        raise _CellError(f"{column}: {text[:30]!r} is not a number that can be a count")
    value = float(text.replace(",", ""))
    most = 100 if series == "overdose_certificates_naming_a_drug" else MOST_DEATHS
    if value > most:
        raise _CellError(f"{column}: {text[:30]!r} is more than {most:,}")
    return value
