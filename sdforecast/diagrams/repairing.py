"""Arrows that run through a box, mended: each starts at a copy that stands where a clear way leads from."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

from sdforecast.diagrams import arcs, placing
from sdforecast.diagrams.assembling import assembled, copy_box
from sdforecast.diagrams.board import COLUMN, ROW, Board
from sdforecast.diagrams.chains import Cell
from sdforecast.diagrams.content import Content
from sdforecast.diagrams.copying import copy_key, end_of, tidied, with_copies
from sdforecast.diagrams.parts import Arrow, Picture

_ROUNDS = 5
"""Times that this is tried; to mend one arrow may bend another."""
_CELLS = 30
"""Free cells that are tried for a copy, the nearest first."""


def repaired(shown: Content, made: Board, copies: dict[str, str], starts: list[str], *, still: bool) -> Picture:
    """Return the picture of a board with as few arrows through boxes as we can.

    Where what is there is to stand `still`, new copies are made and nothing else moves.
    """
    best = picture = assembled(shown, made, copies, starts)
    for _ in range(0 if still else _ROUNDS):
        bad = through(picture)
        if not bad:
            return picture
        starts = with_copies(shown, made, copies, starts, {_links(shown, starts)[n] for n in bad})
        placing.anneal(made, {*shown.words, *copies}, 25, hot=0.25, shift=False)
        picture = assembled(shown, made, copies, starts)
        best = min(best, picture, key=lambda each: len(through(each)))
    for _ in range(_ROUNDS):
        if not through(picture):
            return picture
        starts = _with_clear_copies(shown, made, copies, starts, picture)
        picture = assembled(shown, made, copies, starts)
        best = min(best, picture, key=lambda each: len(through(each)))
    return best


def through(picture: Picture) -> set[int]:
    """Return the numbers of the arrows that run through a box."""
    return {n for n, arrow in enumerate(picture.arrows) if arcs.hits(picture.boxes, arrow)}


def _links(shown: Content, starts: list[str]) -> list[int]:
    """Return for each arrow of a picture the number of its link."""
    return [n for n, link in enumerate(shown.links) if starts[n] != end_of(shown, link.target)]


def _with_clear_copies(
    shown: Content, made: Board, copies: dict[str, str], starts: list[str], picture: Picture
) -> list[str]:
    """Give each arrow that runs through a box a copy with a clear way, if there is one; return where links start."""
    links, found = _links(shown, starts), list(starts)
    for n in sorted(through(picture)):
        link = shown.links[links[n]]
        key = next(
            copy_key(link.source, k) for k in itertools.count(1) if copy_key(link.source, k) not in picture.boxes
        )
        for cell in _near(made, end_of(shown, link.target)):
            tried = _tried(picture, n, key, link.source, cell, shown)
            if tried is not None:
                picture = tried
                made.put(key, cell)
                copies[key] = link.source
                found[links[n]] = key
                break
    tidied(shown, made, copies, found)
    return found


def _near(made: Board, target: str) -> list[Cell]:
    """Return free cells, those nearest to a thing first."""
    x, y = made.place(target) or (0.0, 0.0)
    cells = [(c, r) for c in range(made.columns) for r in range(made.rows) if (c, r) not in made.taken]
    return sorted(cells, key=lambda cell: (math.hypot((cell[0] - x) * COLUMN, (cell[1] - y) * ROW), cell))[:_CELLS]


def _tried(picture: Picture, n: int, key: str, name: str, cell: Cell, shown: Content) -> Picture | None:
    """Return the picture with arrow `n` from a copy in a cell; None where it or another then runs through a box."""
    old = picture.arrows[n]
    boxes = {**picture.boxes, key: copy_box(key, name, cell, shown)}
    others = [arrow for k, arrow in enumerate(picture.arrows) if k != n]
    (new,) = arcs.bent(boxes, picture.pipes, [Arrow(key, old.target, (0, 0), old.polarity, old.initial)], fixed=others)
    if arcs.hits(boxes, new) or any(key in arcs.hits(boxes, arrow) for arrow in others):
        return None
    return replace(picture, boxes=boxes, arrows=(*picture.arrows[:n], new, *picture.arrows[n + 1 :]))
