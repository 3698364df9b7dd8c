"""Texts in a picture, such as the names of loops: each on a free place among the things that it is about."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from sdforecast.diagrams import arcs, room
from sdforecast.diagrams.parts import Box, Picture
from sdforecast.diagrams.words import SIZE, height_of, variable_of, widest, wrapped

Notes = Mapping[str, Iterable[str]]
"""Texts, and the variables that each is about in the order of their links."""

Floats = NDArray[np.float64]

_FAR = 300.0
"""Pixels beyond which a thing counts no more: a text stands where most of what it is about is, not between."""
_STRUCK = 40.0
"""What an arrow through a text costs, in pixels."""
_NEAR = 25.0
"""How much further off than the best place, in pixels, a text may be that was there before."""
_STEP = (14, 10)
_WIDEST = (240.0, 130.0)  # on one line, or on several


def noted(picture: Picture, notes: Notes, before: Picture | None = None) -> Picture:
    """Return the picture with texts, each where it was `before` if that is free and near, else at the best place."""
    earlier = {" ".join(box.lines): box for box in (before.boxes.values() if before else ()) if box.kind == "note"}
    boxes = dict(picture.boxes)
    lines = [arcs.visible(arcs.path(boxes, a), boxes[a.source], boxes[a.target]) for a in picture.arrows]
    drawn = np.concatenate(lines) if lines else np.empty((0, 2))
    for text, names in notes.items():
        around = _around(picture, tuple(names))
        if not len(around):
            continue
        obstacles = [*boxes.values(), *room.along(picture.pipes)]
        shapes = dict.fromkeys(wrapped(text, width) for width in _WIDEST)
        tries = [_best(_box(text, lines), around, obstacles, drawn) for lines in shapes]
        cost, box = min(tries, key=lambda each: each[0])
        old = earlier.get(text)
        if old is not None:
            shape = min((tried for _, tried in tries), key=lambda tried: abs(tried.width - old.width))
            there = replace(shape, x=old.x, y=old.y)
            taken = any(there.overlaps(each) for each in obstacles)
            if not taken and _costs(there, np.array([[old.x, old.y]]), around, drawn)[0] <= cost + _NEAR:
                box = there
        boxes[box.key] = box
    return replace(picture, boxes=boxes)


def _box(text: str, lines: tuple[str, ...]) -> Box:
    return Box(f"note {text}", "note", 0.0, 0.0, widest(lines, SIZE) + 4, height_of(lines), lines)


def _around(picture: Picture, names: Collection[str]) -> Floats:
    """Return the middles of what a text is about: its variables, and the links between one and the next."""
    places = [(box.x, box.y) for name in names if (box := picture.boxes.get(name)) is not None]
    links = set(itertools.pairwise([*names, *list(names)[:1]]))
    for arrow in picture.arrows:
        if (variable_of(arrow.source), arrow.target.removeprefix("valve ")) in links:
            source, target = picture.boxes[arrow.source], picture.boxes[arrow.target]
            places += [(source.x, source.y), arrow.middle, (target.x, target.y)]
    return np.array(places, dtype=float).reshape(-1, 2)


def _best(shape: Box, around: Floats, obstacles: Collection[Box], drawn: Floats) -> tuple[float, Box]:
    """Return the cost of the best free place for a text, and its box there; below everything if none is free."""
    grid = room.free(shape, obstacles, _STEP)
    if not len(grid):
        bottom = max(box.edges[3] for box in obstacles)
        grid = np.array([[np.rint(around[:, 0].mean()), np.ceil(bottom + shape.height)]])
    costs = _costs(shape, grid, around, drawn)
    best = int(costs.argmin())
    return float(costs[best]), replace(shape, x=float(grid[best, 0]), y=float(grid[best, 1]))


def _costs(shape: Box, grid: Floats, around: Floats, drawn: Floats) -> Floats:
    """Return what each place costs: the mean distance from what the text is about, and arrows through it."""
    away = np.hypot(grid[:, :1] - around[:, 0], grid[:, 1:] - around[:, 1])
    struck = np.abs(grid[:, :1] - drawn[:, 0]) < shape.width / 2 + 2
    struck &= np.abs(grid[:, 1:] - drawn[:, 1]) < shape.height / 2 + 2
    costs: Floats = np.minimum(away, _FAR).mean(axis=1) + _STRUCK * struck.any(axis=1)
    return costs
