"""Copies of variables: what stands in a picture for something computed elsewhere, or far away in the same picture."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Mapping, Sequence

from sdforecast.diagrams import placing
from sdforecast.diagrams.board import COLUMN, ROW, Board
from sdforecast.diagrams.content import Content

_FAR = 3.1
"""Hundreds of pixels beyond which a copy stands in for a variable."""
_NEAR = 2.6
"""How far from each other the targets of one copy may be."""


def foreign(shown: Content, name: str) -> bool:
    """Return whether a name is that of a flow of another sector that is drawn here."""
    return any(flow.name == name and flow.foreign for flow in shown.flows)


def end_of(shown: Content, name: str) -> str:
    """Return the key on the board of a variable: that of its valve for a flow."""
    return next((flow.key for flow in shown.flows if flow.name == name), name)


def with_copies(
    shown: Content,
    made: Board,
    copies: dict[str, str],
    starts: Sequence[str] | None = None,
    forced: Collection[int] = (),
    only: Collection[int] | None = None,
    still: Collection[str] = (),
) -> list[str]:
    """Let copies stand in for what is computed elsewhere or far away; return where each link starts.

    The `forced` links, by number, start at a new copy whatever they started at; with `only` the others stay.
    A word that is used once moves to where it is used, unless it stands `still`.
    """
    found = list(starts or (end_of(shown, link.source) for link in shown.links))
    far: dict[str, list[int]] = {}
    moving: dict[str, None] = {}
    for n, link in enumerate(shown.links):
        start, end = found[n], _place(made, end_of(shown, link.target))
        if end is None or (start in copies and n not in forced) or (only is not None and n not in only):
            continue
        here = _place(made, start)
        if here is None or n in forced or _apart(here, end) > _FAR:
            if start in shown.words and start not in still and len(made.by_end[start]) == 1:
                moving[start] = None  # used here alone: it comes here itself
            else:
                far.setdefault(link.source, []).append(n)
    _add_copies(shown, made, far, copies, found)
    tidied(shown, made, copies, found)
    for key in moving:
        made.clear(made.words.pop(key))
    for key in [*moving, *(key for key in copies if key not in made.words)]:
        placing.settle(made, key)
    return found


def tidied(shown: Content, made: Board, copies: dict[str, str], starts: Sequence[str]) -> None:
    """Take copies that no link starts at any more off the board, and set its links."""
    for key in set(copies) - set(starts):
        if key in made.words:
            made.clear(made.words.pop(key))
        del copies[key]
    made.relink([(start, end_of(shown, link.target)) for start, link in zip(starts, shown.links, strict=True)])


def _add_copies(
    shown: Content, made: Board, far: Mapping[str, Sequence[int]], copies: dict[str, str], found: list[str]
) -> None:
    """Add copies of variables, one for links whose ends are near each other."""
    for name, links in far.items():
        for group in _grouped(links, [made.place(end_of(shown, shown.links[n].target)) or (0, 0) for n in links]):
            key = next(copy_key(name, k) for k in itertools.count(1) if copy_key(name, k) not in copies)
            copies[key] = name
            for n in group:
                found[n] = key


def copy_key(name: str, k: int) -> str:
    """Return the key of a copy of a variable."""
    return f"<{name}> {k}"


def _place(made: Board, key: str) -> tuple[float, float] | None:
    return made.place(key) if key in made.by_end else None


def _apart(a: tuple[float, float], b: tuple[float, float]) -> float:
    return math.hypot((a[0] - b[0]) * COLUMN, (a[1] - b[1]) * ROW) / 100


def _grouped(links: Sequence[int], places: Sequence[tuple[float, float]]) -> list[list[int]]:
    """Put links into groups whose ends lie near each other."""
    groups: list[tuple[list[int], tuple[float, float]]] = []
    for n, place in zip(links, places, strict=True):
        near = next((group for group, first in groups if _apart(first, place) <= _NEAR), None)
        if near is None:
            groups.append(([n], place))
        else:
            near.append(n)
    return [group for group, _ in groups]
