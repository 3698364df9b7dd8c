"""What is wrong with a model that PySD refuses: names that nothing defines, initial values that go round in a circle.

PySD stops at the first of them with a bare `KeyError`, or names its own objects instead of the modeller's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sdforecast.errors import Problem, nearest
from sdforecast.model.translating import abstract_model

_START_ONLY = ("initial", "delay_time")
"""Parts of a stock or delay that count at the start."""


def faults(file: Path) -> list[Problem]:
    """Return what is wrong with the equations of a model file as far as it is known here; empty if nothing is."""
    try:
        section = abstract_model(file).sections[0]
    except Exception:  # PySD's parsers raise whatever their libraries raise, and have said so already
        return []
    return _unknown(section, file) or _circle(section, file)


def _clean(name: str) -> str:
    return name.replace(" ", "_").lower()


def _unknown(section: Any, file: Path) -> list[Problem]:
    names = {_clean(element.name): element.name for element in section.elements}
    ranges = {_clean(part) for each in section.subscripts for part in (each.name, *_strings(each.subscripts))}
    missing = {
        (element.name, reference): None
        for element in section.elements
        for component in element.components
        for reference in _references(component.ast)
        if reference not in names and reference not in ranges and reference != "time"
    }
    known = list(names.values())
    return [
        Problem(
            f"'{name}' refers to '{reference.replace('_', ' ')}', which nothing defines",
            file=str(file), hint=nearest(reference.replace("_", " "), known),
        )
        for name, reference in missing
    ]  # fmt: skip


def _strings(subscripts: Any) -> list[str]:
    return subscripts if isinstance(subscripts, list) else []


def _references(tree: Any, *, start: bool = False) -> Iterator[str]:
    """Give the variables that an expression refers to, or only those that its value at the start rests on."""
    kind = type(tree).__name__
    if kind == "ReferenceStructure":
        yield tree.reference
    elif isinstance(tree, tuple | list):
        for part in tree:
            yield from _references(part, start=start)
    elif kind == "CallStructure":
        arguments = tree.arguments
        if start and tree.function.reference == "active_initial":
            arguments = arguments[1:]
        yield from _references(arguments, start=start)
    elif hasattr(tree, "__dict__"):
        parts = vars(tree)
        if start and "initial" in parts:
            parts = {name: part for name, part in parts.items() if name in _START_ONLY}
        for part in parts.values():
            yield from _references(part, start=start)


def _circle(section: Any, file: Path) -> list[Problem]:
    names = {_clean(element.name): element.name for element in section.elements}
    needs = {
        _clean(element.name): list(
            dict.fromkeys(
                reference
                for component in element.components
                for reference in _references(component.ast, start=True)
                if reference in names
            )
        )
        for element in section.elements
    }
    done: set[str] = set()
    for name in needs:
        found = _round(name, needs, done)
        if found:
            path = " → ".join(names[each] for each in found)
            return [Problem(f"the initial values depend on each other in a circle: {path}", file=str(file))]
    return []


def _round(begin: str, needs: Mapping[str, list[str]], done: set[str]) -> list[str]:
    """Return a circle that can be reached from `begin`, or nothing. Walks without recursion: chains may be long."""
    path, waiting = [begin], [iter(needs[begin])]
    while path:
        following = next(waiting[-1], None)
        if following is None:
            done.add(path.pop())
            waiting.pop()
        elif following in path:
            return [*path[path.index(following) :], following]
        elif following not in done:
            path.append(following)
            waiting.append(iter(needs[following]))
    return []
