"""What each series is: title, publisher, unit, definition, known breaks (`series.toml`)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.history.vocabulary import AGGREGATIONS, KINDS
from sdforecast.history.words import TABLE, Words, file_of, parse, words_of

LONGEST_LAG = 120
"""Months that a publication may take."""


@dataclass(frozen=True)
class Break:
    """A month (`YYYY-MM`) from which a series means something else, and what changed."""

    at: str
    what: str


@dataclass(frozen=True)
class Series:
    """One series of the history.

    Attributes
    ----------
    name, title : its key in the tables, and what a reader calls it.
    publisher : who publishes it first.
    unit, kind : unit of every value, and what the value is over its period (`KINDS`).
    definition : what is counted, and how.
    breakdowns : the words its column `breakdown` may hold.
    regular : the aggregations in which no period may be missing between the first and the last.
    breaks : where it changes its meaning.
    not_spliced_with : series that look like its continuation and are not.
    published_after_months : from the month in which a period ends to that in which its value was out; None: not known.
    """

    name: str
    title: str
    publisher: str
    unit: str
    kind: str
    definition: str
    breakdowns: tuple[str, ...] = ("all",)
    regular: tuple[str, ...] = ()
    breaks: tuple[Break, ...] = ()
    not_spliced_with: tuple[str, ...] = ()
    published_after_months: int | None = None


def load_descriptions(folder: Path | None = None) -> dict[str, Series]:
    """Return the described series by name, from `folder` or, where it has none, from the shipped history.

    Raises `InputError` (file, and line for a syntax error) with all problems of the file.
    """
    path = file_of(folder)
    tables = parse(path)
    words = words_of(tables, path)
    tables.pop(TABLE, None)
    problems: list[Problem] = []
    described: dict[str, Series] = {}
    for name, table in tables.items():
        found = _faults(table, tables, words)
        faults = [Problem(f"series '{name}': {what}", str(path), hint=hint) for what, hint in found]
        problems.extend(faults)
        if not faults:
            described[name] = _series(name, table)
    if problems:
        raise InputError(*problems)
    return described


def _faults(table: object, names: dict[str, Any], words: Words) -> Iterator[tuple[str, str | None]]:
    """Yield what is wrong with one table, with a hint."""
    if not isinstance(table, dict):
        yield "is not a table", "write it as [name_of_the_series]"
        return
    known = [f.name for f in fields(Series) if f.name != "name"]
    yield from ((f"unknown key '{key}'", nearest(key, known)) for key in table if key not in known)
    for key in ("title", "publisher", "unit", "kind", "definition"):
        if not isinstance(table.get(key), str) or not table[key]:
            yield f"'{key}' is missing or is not text", None
    if not _is_lag(table.get("published_after_months", 0)):
        what = f"'published_after_months' is not a whole number of months from 0 to {LONGEST_LAG}"
        yield what, "write published_after_months = 12"
    for key in ("breakdowns", "regular", "not_spliced_with"):
        if not _is_text_list(table.get(key, [])):
            yield f"'{key}' is not a list of texts", None
            return
    yield from _unknown_words(table, names, words)
    yield from _break_faults(table.get("breaks", []))


def _unknown_words(table: dict[str, Any], names: dict[str, Any], known: Words) -> Iterator[tuple[str, str]]:
    wanted = [("unit", [table.get("unit")], known.unit), ("kind", [table.get("kind")], KINDS)]
    wanted.append(("regular", table.get("regular", []), AGGREGATIONS))
    wanted.append(("not_spliced_with", table.get("not_spliced_with", []), tuple(names)))
    for key, words, choices in wanted:
        for word in words:
            if isinstance(word, str) and word not in choices:
                yield f"'{key}' has the unknown word '{word}'", nearest(word, choices)


def _break_faults(breaks: object) -> Iterator[tuple[str, str | None]]:
    for entry in breaks if isinstance(breaks, list) else [None]:
        if not _is_break(entry):
            yield "'breaks' is not a list of { at, what }", 'write breaks = [{ at = "2015-01", what = "…" }]'


def _is_break(entry: object) -> bool:
    if not isinstance(entry, dict) or set(entry) != {"at", "what"} or not all(map(_is_text, entry.values())):
        return False
    return re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", entry["at"]) is not None


def _is_lag(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONGEST_LAG


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value)


def _is_text_list(value: object) -> bool:
    return isinstance(value, list) and all(_is_text(item) for item in value)


def _series(name: str, table: dict[str, Any]) -> Series:
    made: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    made["breaks"] = tuple(Break(**entry) for entry in table.get("breaks", []))
    return Series(name=name, **made)
