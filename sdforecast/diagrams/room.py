"""Free places in a picture, to the pixel."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from sdforecast.diagrams.parts import Box, Pipe

Floats = NDArray[np.float64]

_GAP = 3.0
"""Least pixels between what is put somewhere and what stands there."""


def along(pipes: Iterable[Pipe]) -> Iterator[Box]:
    """Give the level and upright parts of pipes as boxes."""
    for pipe in pipes:
        for (x0, y0), (x1, y1) in itertools.pairwise(pipe.points):
            yield Box("", "note", (x0 + x1) / 2, (y0 + y1) / 2, abs(x1 - x0) + 10, abs(y1 - y0) + 10)


def free(shape: Box, obstacles: Iterable[Box], step: tuple[int, int]) -> Floats:
    """Return middles, `step` apart, where a box of this shape lies on nothing and within the picture; shape (n, 2)."""
    bounds = np.array([box.edges for box in obstacles])
    (left, top), (right, bottom) = bounds[:, :2].min(axis=0), bounds[:, 2:].max(axis=0)
    w, h = shape.width / 2, shape.height / 2
    xs, ys = np.arange(np.ceil(left + w), right - w, step[0]), np.arange(np.ceil(top + h), bottom - h, step[1])
    grid = np.array([(x, y) for x in xs for y in ys], dtype=float).reshape(-1, 2)
    x, y = grid[:, :1], grid[:, 1:]
    apart = (x + w + _GAP < bounds[:, 0]) | (x - w - _GAP > bounds[:, 2])
    apart |= (y + h + _GAP < bounds[:, 1]) | (y - h - _GAP > bounds[:, 3])
    places: Floats = grid[apart.all(axis=1)]
    return places
