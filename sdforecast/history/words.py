"""The words that a folder of history may use: the shipped ones, and what its `series.toml` adds in `[vocabulary]`.

    [vocabulary]
    unit = ["boys"]
    geography = ["England"]
    licence = ["CC0-1.0"]

Words stay closed lists, so that a typing error is found; a folder about another subject says once which of its own
it uses. What a status, a grade or a kind of period means is the same for everybody and cannot be added to.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdforecast import shipped
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.history.vocabulary import GEOGRAPHIES, LICENCES, UNITS

FILE = "series.toml"
"""Name of the file of descriptions in a history folder."""

TABLE = "vocabulary"
"""Name of its table of words, which is therefore no name of a series."""

LONGEST = 60
"""Letters that a word may have."""


@dataclass(frozen=True)
class Words:
    """The words that the columns `unit`, `geography` and `licence` may hold."""

    unit: tuple[str, ...] = UNITS
    geography: tuple[str, ...] = GEOGRAPHIES
    licence: tuple[str, ...] = LICENCES


_COLUMNS = ("unit", "geography", "licence")


def file_of(folder: Path | None) -> Path:
    """Return the descriptions of a folder: its own or, where it has none, the shipped ones."""
    path = (folder or shipped.history_dir()) / FILE
    return path if path.is_file() else shipped.history_dir() / FILE


def parse(path: Path) -> dict[str, Any]:
    """Return the tables of a `series.toml`. Raises `InputError` (file, and line for a syntax error)."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", str(path))) from error
    except UnicodeDecodeError as error:
        raise InputError(Problem("is not UTF-8 text", str(path))) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r"line (\d+), column (\d+)", str(error))
        line, column = (int(place[1]), int(place[2])) if place else (None, None)
        what = re.sub(r" \(at .*\)$", "", str(error))
        raise InputError(Problem(f"is not valid TOML: {what}", str(path), line, column)) from error


def load_words(folder: Path | None = None) -> Words:
    """Return the words that the files of a folder may use. Raises `InputError`."""
    path = file_of(folder)
    return words_of(parse(path), path)


def words_of(tables: Mapping[str, Any], path: Path) -> Words:
    """Return the shipped words and those of the table `[vocabulary]`. Raises `InputError` with all its faults."""
    added = tables.get(TABLE, {})
    faults = list(_faults(added))
    if faults:
        raise InputError(*(Problem(f"[{TABLE}]: {what}", str(path), hint=hint) for what, hint in faults))
    known = Words()
    return Words(*((*getattr(known, column), *added.get(column, ())) for column in _COLUMNS))


def _faults(table: object) -> Iterator[tuple[str, str | None]]:
    if not isinstance(table, Mapping):
        yield "is not a table", 'write [vocabulary] and below it unit = ["boys"]'
        return
    for column, words in table.items():
        if column not in _COLUMNS:
            yield f"words of '{column}' cannot be added", nearest(str(column), _COLUMNS)
        elif not isinstance(words, list) or not words or not all(map(_is_word, words)):
            yield f"'{column}' is not a list of words", f'write {column} = ["word"], each of at most {LONGEST} letters'


def _is_word(word: object) -> bool:
    # Control characters and direction marks could disguise a row where it is printed.
    return isinstance(word, str) and word == word.strip() != "" and len(word) <= LONGEST and word.isprintable()
