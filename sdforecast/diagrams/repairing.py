"""Arrows that run through a box, mended: each starts at a copy that stands where a clear way leads from."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np

from sdforecast.diagrams import arcs, placing, room
from sdforecast.diagrams.assembling import assembled, copy_box, word
from sdforecast.diagrams.board import COLUMN, ROW, Board
from sdforecast.diagrams.chains import Cell
from sdforecast.diagrams.content import Content
from sdforecast.diagrams.copying import copy_key, end_of, tidied, with_copies
from sdforecast.diagrams.parts import Arrow, Box, Picture
from sdforecast.diagrams.words import variable_of

_ROUNDS = 5
"""Times that this is tried; to mend one arrow may bend another."""
_CELLS, _PLACES = 50, 80
"""Free cells, and places between them, that are tried for a copy, the nearest first."""
_SHORTEST = 24.0
"""Least length of an arrow that can be seen, in pixels."""
_STEP = (24, 12)
"""Pixels between such places."""


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
        fewer = _with_clear_copies(shown, made, copies, starts, picture)
        if fewer == starts:
            break
        starts = fewer
        picture = assembled(shown, made, copies, starts)
        best = min(best, picture, key=lambda each: len(through(each)))
    return cleared(best)


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
            tried = _tried(picture, n, copy_box(key, link.source, cell, shown))
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


def cleared(picture: Picture) -> Picture:
    """Return the picture with copies between the cells for arrows that run through a box, where that helps."""
    for n in sorted(through(picture)):
        arrow = picture.arrows[n]
        source, target = picture.boxes[arrow.source], picture.boxes[arrow.target]
        alone = source.kind in ("shadow", "outside") and [a.source for a in picture.arrows].count(source.key) == 1
        shape = source if alone else _copy_of(picture, source)
        obstacles = [*(box for box in picture.boxes.values() if box.key != shape.key), *room.along(picture.pipes)]
        places = room.free(shape, obstacles, _STEP)
        away = np.hypot(places[:, 0] - target.x, places[:, 1] - target.y)
        near = places[np.argsort(away, kind="stable")][:_PLACES]
        tries = (_tried(picture, n, replace(shape, x=float(x), y=float(y))) for x, y in near)
        picture = next((tried for tried in tries if tried is not None), picture)
    return picture


def _copy_of(picture: Picture, box: Box) -> Box:
    name = variable_of(box.key)
    key = next(key for k in itertools.count(1) if (key := copy_key(name, k)) not in picture.boxes)
    return word(key, f"<{name}>", box.kind if box.kind == "outside" else "shadow", box.x, box.y, box.about)


def _tried(picture: Picture, n: int, copy: Box) -> Picture | None:
    """Return the picture with arrow `n` from a copy and the others bent round it; None if one cannot."""
    old, key = picture.arrows[n], copy.key
    boxes = {**picture.boxes, key: copy}
    others = [arrow for k, arrow in enumerate(picture.arrows) if k != n]
    (new,) = arcs.bent(boxes, picture.pipes, [Arrow(key, old.target, (0, 0), old.polarity, old.initial)], fixed=others)
    seen = arcs.visible(arcs.path(boxes, new), copy, boxes[new.target])
    if np.hypot(*(seen[-1] - seen[0])) < _SHORTEST or arcs.hits(boxes, new):
        return None
    met = [arrow for arrow in others if arcs.inside(arcs.path(boxes, arrow), boxes[key], -1).any()]
    clear = [arrow for arrow in (*others, new) if arrow not in met]
    moved = dict(zip(met, arcs.bent(boxes, picture.pipes, met, fixed=clear), strict=True))
    if any(arcs.hits(boxes, arrow) for arrow in moved.values()):
        return None
    arrows = [moved.get(arrow, arrow) for arrow in picture.arrows]
    return replace(picture, boxes=boxes, arrows=(*arrows[:n], new, *arrows[n + 1 :]))
