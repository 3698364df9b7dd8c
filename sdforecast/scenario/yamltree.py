"""YAML text, possibly hostile, into plain data with the place of every key and value.

The text goes through ruamel.yaml's event stream first, which does not recurse and builds nothing: aliases,
tags, directives, a second document and deep nesting are refused there. What is left is composed into nodes and
turned into `dict, list, str, int, float, bool, None` here, so that no constructor of a library ever runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StreamMark, YAMLError
from ruamel.yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    NodeEvent,
)
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from sdforecast.errors import InputError, Problem

MAX_DEPTH = 8
"""Deepest nesting of lists and mappings; a scenario has three levels."""

_ADVICE = {
    "mapping values are not allowed here": "put text with a colon in quotes",
    "found character '\\t' that cannot start any token": "indent with spaces, not tabs",
    "found unexpected end of stream": "a quote or bracket is not closed",
}
"""What to do about the commonest messages of the YAML library."""

_NUMBER = re.compile(r"[-+]?(\d{1,20}(\.\d{0,20})?|\.\d{1,20})([eE][-+]?\d{1,3})?")
_WHOLE = re.compile(r"[-+]?\d{1,20}")

Location = tuple[str | int, ...]
"""Where in the data: keys and positions from the top, such as `("instruments", 0, "start")`."""

Place = tuple[int, int]


@dataclass
class Tree:
    """What a YAML text holds.

    Attributes
    ----------
    data : plain data.
    values, keys : 1-based line and column of each value and each key of a mapping, by location from the top.
    problems : what is wrong with single keys or values: repeated keys, numbers that are not plain.
    spoilt : locations whose value could not be read; `data` has None there.
    """

    file: str
    data: Any = None
    values: dict[Location, Place] = field(default_factory=dict)
    keys: dict[Location, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    spoilt: set[Location] = field(default_factory=set)

    def problem(self, where: Location, what: str, hint: str | None = None, *, at_key: bool = False) -> Problem:
        """Return a problem placed at `where`, or at the nearest thing around it that has a place."""
        place = self.keys.get(where) if at_key else None
        while place is None:
            place = self.values.get(where)
            if place is None and not where:
                place = (1, 1)
            where = where[:-1]
        return Problem(what, file=self.file, line=place[0], column=place[1], hint=hint)


def parse(text: str, file: str) -> Tree:
    """Return the tree of a YAML `text`; `file` names it in messages.

    Raises `InputError` for what is not YAML and for what a scenario file has no use for.
    """
    tree = Tree(file)
    try:
        _refuse(YAML(typ="safe", pure=True).parse(text), file)
        node = YAML(typ="safe", pure=True).compose(text)
    except ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - before.rfind("\n")
        raise InputError(Problem("holds a character that YAML does not allow", file, line, column)) from error
    except MarkedYAMLError as error:
        said = (error.problem or error.context or "cannot be read").strip()
        mark = error.problem_mark or error.context_mark
        raise InputError(_at(mark, file, f"is not YAML: {said}", _ADVICE.get(said))) from error
    except (YAMLError, ValueError) as error:
        raise InputError(Problem(f"is not YAML: {error}", file)) from error
    if node is not None:
        tree.data = _build(node, (), tree)
    return tree


def shown(value: Any) -> str:
    """Return `value` for a message: text in quotes, shortened and without control characters."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            short = value if len(value) <= 40 else value[:39] + "…"
            return "'" + "".join(c if c.isprintable() else "?" for c in short) + "'"
        case int() | float():
            return str(value)
        case list():
            return "a list"
        case _:
            return "a mapping"


def _at(mark: StreamMark | None, file: str, what: str, hint: str | None = None) -> Problem:
    if mark is None:
        return Problem(what, file, hint=hint)
    return Problem(what, file, mark.line + 1, mark.column + 1, hint)


def _refuse(events: Any, file: str) -> None:
    """Walk through the events and raise `InputError` at the first thing that is not for scenario files."""
    depth = documents = 0
    event: Event
    for event in events:
        what = hint = None
        depth += isinstance(event, CollectionStartEvent) - isinstance(event, CollectionEndEvent)
        documents += isinstance(event, DocumentStartEvent)
        if depth > MAX_DEPTH:
            what = f"is nested more than {MAX_DEPTH} deep"
        elif documents > 1:
            what, hint = "a second document starts here", "one scenario a file"
        elif isinstance(event, DocumentStartEvent) and (event.version or event.tags):
            what, hint = "YAML directives are not used in scenario files", "remove the line with %"
        elif getattr(event, "anchor", None):  # an alias carries the name of its anchor
            what, hint = (
                "anchors (&) and aliases (*) are not used in scenario files",
                "write the value out, or quote it",
            )
        elif isinstance(event, NodeEvent) and getattr(event, "tag", None):
            what, hint = "tags (!) are not used in scenario files", "write the plain value, or quote it"
        if what:
            raise InputError(_at(event.start_mark, file, what, hint))


def _build(node: Node, where: Location, tree: Tree) -> Any:
    tree.values[where] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if isinstance(node, MappingNode):
        return _mapping(node, where, tree)
    if isinstance(node, SequenceNode):
        return [_build(item, (*where, position), tree) for position, item in enumerate(node.value)]
    assert isinstance(node, ScalarNode)  # the only other kind of node there is
    return _scalar(node, where, tree)


def _mapping(node: MappingNode, where: Location, tree: Tree) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        place = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        if not isinstance(key_node, ScalarNode) or _kind(key_node) not in ("str", "merge", "timestamp"):
            tree.problems.append(Problem("a key must be text", tree.file, *place, hint="quote it"))
            continue
        key = key_node.value
        if key in result:
            first = tree.keys[(*where, key)][0]
            tree.problems.append(Problem(f"{shown(key)} is given twice, first in line {first}", tree.file, *place))
            continue
        tree.keys[(*where, key)] = place
        result[key] = _build(value_node, (*where, key), tree)
        if result[key] is None and not value_node.value:
            tree.values[(*where, key)] = place  # nothing stands there; YAML would point at what comes next
    return result


def _kind(node: ScalarNode) -> str:
    return str(node.tag).rpartition(":")[2]


def _scalar(node: ScalarNode, where: Location, tree: Tree) -> Any:
    kind, text = _kind(node), node.value
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    if kind not in ("int", "float"):
        return text
    if _WHOLE.fullmatch(text):
        return int(text)
    if _NUMBER.fullmatch(text):
        return float(text)
    tree.spoilt.add(where)
    tree.problems.append(
        tree.problem(where, f"{text[:40]} is not a plain number", "write it in decimals, such as 0.25")
    )
    return None


def text_of(path: Path, largest: int, kind: str) -> str:
    """Return the text of a file of at most `largest` bytes; `kind` is what it should be, for the message.

    Raises `InputError` for what cannot be read, is too large or is not UTF-8.
    """
    name = str(path)
    try:
        if path.exists() and not path.is_file():
            raise InputError(Problem("is not a file", file=name))
        with path.open("rb") as stream:
            content = stream.read(largest + 1)
    except OSError as error:
        raise InputError(Problem(f"cannot be read: {error.strerror or error}", file=name)) from error
    if len(content) > largest:
        raise InputError(Problem(f"is larger than {largest:,} bytes; that is not {kind}", file=name))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(Problem("is not UTF-8 text", file=name, line=line)) from error
