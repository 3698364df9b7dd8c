"""The named feedback loops of the model (`models/loops.yaml`)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from sdforecast.documentation.markdown import code
from sdforecast.errors import InputError, Problem, nearest

POLARITIES = ("reinforcing", "balancing", "open")
_LARGEST = 1_000_000
_NEEDED = ("id", "name", "polarity", "path", "delay", "cut")


@dataclass(frozen=True)
class Loop:
    """A named loop.

    Attributes
    ----------
    id, name : `R1`, and what a reader calls it.
    polarity : one of `POLARITIES`; open for a chain of responses that does not close.
    path : variables in the order of cause; the last acts on the first.
    delay : what makes it slow, as Markdown: words, and names in backticks.
    cut : constants and the values at which the loop is open, as Markdown.
    does : what the loop does, in a sentence; may be empty.
    """

    id: str
    name: str
    polarity: str
    path: tuple[str, ...]
    delay: str
    cut: str
    does: str = ""


def load(file: Path, names: Collection[str]) -> list[Loop]:
    """Return the loops of a file in its order. Raises `InputError` with everything that is wrong in it.

    The file is a list, or a mapping with the one key `loops`. `names` are the variables that a path may have.
    """
    try:
        content = file.read_bytes()
        if len(content) > _LARGEST:
            raise InputError(Problem("is larger than a megabyte", file=str(file)))
        tree = YAML(typ="safe", pure=True).load(content.decode("utf-8"))
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", file=str(file))) from error
    except (YAMLError, UnicodeDecodeError, RecursionError, ValueError) as error:
        reason = (str(error).splitlines() or ["broken"])[0]
        raise InputError(Problem(f"is not readable YAML: {reason}", file=str(file))) from error
    entries = tree.get("loops") if isinstance(tree, dict) else tree
    if not isinstance(entries, list) or not entries:
        raise InputError(Problem("has no list of loops", file=str(file)))
    problems = [
        Problem(what, file=str(file), hint=hint) for entry in entries for what, hint in _faults(entry, set(names))
    ]
    ids = [str(entry.get("id")) for entry in entries if isinstance(entry, dict)]
    problems += [
        Problem(f"loop '{each}' stands twice", file=str(file)) for each in {i for i in ids if ids.count(i) > 1}
    ]
    if problems:
        raise InputError(*problems)
    return [_loop(entry) for entry in entries]


def _faults(entry: Any, names: Collection[str]) -> Iterator[tuple[str, str | None]]:
    if not isinstance(entry, dict):
        yield "an entry is no loop", "each needs " + ", ".join(_NEEDED)
        return
    label = f"loop '{entry.get('id', '?')}'"
    for key in _NEEDED:
        if entry.get(key) in (None, "", [], {}):
            yield f"{label}: '{key}' is missing", None
    if entry.get("polarity") not in (*POLARITIES, None):
        yield f"{label}: '{entry['polarity']}' is no polarity", nearest(str(entry["polarity"]), POLARITIES)
    path = entry.get("path", [])
    for name in path if isinstance(path, list) else []:
        if name not in names:
            yield f"{label}: the model has no variable '{name}'", nearest(str(name), names)


def _loop(entry: Mapping[str, Any]) -> Loop:
    does = entry.get("does") or entry.get("text") or entry.get("what") or ""
    return Loop(
        id=str(entry["id"]), name=str(entry["name"]), polarity=str(entry["polarity"]),
        path=tuple(map(str, entry["path"])), delay=_words(entry["delay"]), cut=_words(entry["cut"]), does=str(does),
    )  # fmt: skip


def _words(value: Any) -> str:
    """Return a text as it is, a list with commas, a mapping with its keys as code: `name` = value."""
    if isinstance(value, dict):
        return ", ".join(f"{code(str(key))} = {_words(each)}" for key, each in value.items())
    if isinstance(value, list):
        return ", ".join(map(_words, value))
    return f"{value:g}" if isinstance(value, float | int) else " ".join(str(value).split())
