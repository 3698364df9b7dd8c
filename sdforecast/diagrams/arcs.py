"""The arcs of arrows: bent so that they run through no box and cross as little as can be.

An arc is a quadratic Bézier curve, told by the point half way that it passes through. For each arrow, the short ones
first, several bends are tried and the one that meets least is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdforecast.diagrams.parts import Arrow, Box, Pipe

Floats = NDArray[np.float64]

_BENDS = (0.14, -0.14, 0.0, 0.24, -0.24, 0.36, -0.36, 0.5, -0.5, 0.68, -0.68, 0.9, -0.9)
_PARTS = np.linspace(0.0, 1.0, 41)[:, None]
_HIT, _PIPE, _ALONG, _ARC, _BEND, _OUT = 30.0, 3.0, 0.6, 2.0, 3.0, 2.0
GAP = 3.0
"""Pixels between a word and the arrow that ends at it."""


def curve(start: tuple[float, float], middle: tuple[float, float], end: tuple[float, float]) -> Floats:
    """Return points along the arc from `start` to `end` through `middle`; shape (41, 2)."""
    p, m, q = np.array(start), np.array(middle), np.array(end)
    control = 2 * m - (p + q) / 2
    points: Floats = (1 - _PARTS) ** 2 * p + 2 * (1 - _PARTS) * _PARTS * control + _PARTS**2 * q
    return points


def inside(points: Floats, box: Box, gap: float) -> NDArray[np.bool_]:
    """Return which points lie in a box made larger by `gap`."""
    x, y = points[:, 0] - box.x, points[:, 1] - box.y
    return (np.abs(x) < box.width / 2 + gap) & (np.abs(y) < box.height / 2 + gap)


def visible(points: Floats, source: Box, target: Box) -> Floats:
    """Return the part of a line between two boxes that lies outside both; at least its two middle points."""
    out = ~inside(points, source, GAP) & ~inside(points, target, GAP)
    first = int(np.flatnonzero(inside(points, source, GAP)).max(initial=-1)) + 1
    rest = np.flatnonzero(inside(points, target, GAP) & (np.arange(len(points)) >= first))
    last = int(rest.min(initial=len(points)))
    if last - first < 2 or not out.any():
        return points[len(points) // 2 - 1 : len(points) // 2 + 1]
    return points[first:last]


@dataclass
class _Drawn:
    """What has been drawn already, as straight pieces: starts and ends, shape (n, 2)."""

    starts: Floats
    ends: Floats

    def crossings(self, line: Floats) -> int:
        """Return how often a line crosses the pieces."""
        if not len(self.starts) or len(line) < 2:
            return 0
        p, r = line[:-1, None, :], (line[1:] - line[:-1])[:, None, :]
        q, s = self.starts[None], (self.ends - self.starts)[None]
        cross = r[..., 0] * s[..., 1] - r[..., 1] * s[..., 0]
        with np.errstate(divide="ignore", invalid="ignore"):
            t = ((q - p)[..., 0] * s[..., 1] - (q - p)[..., 1] * s[..., 0]) / cross
            u = ((q - p)[..., 0] * r[..., 1] - (q - p)[..., 1] * r[..., 0]) / cross
        return int(((t > 0) & (t < 1) & (u > 0) & (u < 1)).sum())

    def along(self, line: Floats, near: float = 6.0) -> int:
        """Return how many points of a line lie on the pieces."""
        if not len(self.starts):
            return 0
        p, s = line[:, None, :] - self.starts[None], (self.ends - self.starts)[None]
        part = np.clip((p * s).sum(axis=2) / np.maximum((s * s).sum(axis=2), 1e-9), 0, 1)
        away = np.hypot(*np.moveaxis(p - part[..., None] * s, 2, 0))
        return int((away < near).any(axis=1).sum())

    def add(self, line: Floats) -> None:
        """Add a line."""
        self.starts = np.concatenate([self.starts, line[:-1]])
        self.ends = np.concatenate([self.ends, line[1:]])


def _pieces(pipes: Iterable[Pipe]) -> _Drawn:
    drawn = _Drawn(np.empty((0, 2)), np.empty((0, 2)))
    for pipe in pipes:
        drawn.add(np.array(pipe.points))
    return drawn


def bent(
    boxes: Mapping[str, Box],
    pipes: Sequence[Pipe],
    arrows: Sequence[Arrow],
    valves: Mapping[str, str] | None = None,
    fixed: Iterable[Arrow] = (),
) -> tuple[Arrow, ...]:
    """Return the arrows with their arcs, in the order given.

    Parameters
    ----------
    valves : the valve of a flow's word; an arrow to the word may end at the valve, if that is the better way.
    fixed : other arrows that have their arcs.
    """
    every = list(boxes.values())
    bounds = np.array([[box.x, box.y, box.width / 2, box.height / 2] for box in every]).reshape(-1, 4)
    edges = np.array([box.edges for box in every]).reshape(-1, 4)
    frame = (edges[:, :2].min(axis=0, initial=0) - 8, edges[:, 2:].max(axis=0, initial=0) + 8)
    place = {key: k for k, key in enumerate(boxes)}
    of_pipes, of_arcs = _pieces(pipes), _pieces(())
    for arrow in fixed:
        of_arcs.add(_rough(visible(path(boxes, arrow), boxes[arrow.source], boxes[arrow.target])))

    def length(arrow: Arrow) -> float:
        a, b = boxes[arrow.source], boxes[arrow.target]
        return float(np.hypot(a.x - b.x, a.y - b.y))

    found: dict[int, Arrow] = {}
    for n in sorted(range(len(arrows)), key=lambda n: (length(arrows[n]), n)):
        arrow = arrows[n]
        valve = (valves or {}).get(arrow.target, "")
        tries = []
        for target in (arrow.target, valve) if valve else (arrow.target,):
            others = np.delete(bounds, [place[arrow.source], place[target]], axis=0)
            tries.append((target, _best(boxes[arrow.source], boxes[target], others, of_pipes, of_arcs, frame)))
        target, (_, middle, line) = min(tries, key=lambda each: each[1][0])
        of_arcs.add(_rough(line))
        found[n] = Arrow(arrow.source, target, middle, arrow.polarity, arrow.initial)
    return tuple(found[n] for n in range(len(arrows)))


def _best(
    a: Box, b: Box, others: Floats, of_pipes: _Drawn, of_arcs: _Drawn, frame: tuple[Floats, Floats]
) -> tuple[float, tuple[float, float], Floats]:
    """Return the cost of the best arc between two boxes, the point that it passes through, and its visible part."""
    start, end = np.array([a.x, a.y]), np.array([b.x, b.y])
    if a.kind == "stock":  # a tall stock is left at the height of what it acts on
        start[1] = np.clip(end[1], a.edges[1] + 12, a.edges[3] - 12)
    if b.kind == "stock":
        end[1] = np.clip(start[1], b.edges[1] + 12, b.edges[3] - 12)
    across = np.array([-(end - start)[1], (end - start)[0]])
    best: tuple[float, tuple[float, float], Floats] | None = None
    for bend in _BENDS:
        if best is not None and best[0] <= _BEND * abs(bend):
            break  # no stronger bend can be better
        middle = (start + end) / 2 + across * bend / 2
        line = visible(curve(tuple(start), tuple(middle), tuple(end)), a, b)
        cost = _HIT * _hits(line, others) + _BEND * abs(bend)
        cost += _OUT * int(((line < frame[0]) | (line > frame[1])).any(axis=1).sum())
        if best is None or cost < best[0]:
            rough = _rough(line)
            cost += _PIPE * of_pipes.crossings(rough) + _ALONG * of_pipes.along(line) + _ARC * of_arcs.crossings(rough)
        if best is None or cost < best[0]:
            best = (cost, (round(float(middle[0]), 1), round(float(middle[1]), 1)), line)
    assert best is not None
    return best


def _rough(line: Floats) -> Floats:
    """Return every fifth point of a line, and its last."""
    return np.concatenate([line[:-1:5], line[-1:]])


def _hits(line: Floats, bounds: Floats) -> int:
    x = np.abs(line[:, None, 0] - bounds[None, :, 0]) < bounds[None, :, 2] + 2
    y = np.abs(line[:, None, 1] - bounds[None, :, 1]) < bounds[None, :, 3] + 1
    return int((x & y).any(axis=0).sum())


def freed(boxes: Mapping[str, Box], pipes: Sequence[Pipe], arrows: Sequence[Arrow]) -> tuple[Arrow, ...]:
    """Return the arrows with those that run through a box bent anew, around it if there is a way."""
    bad = {n for n, arrow in enumerate(arrows) if hits(boxes, arrow)}
    anew = iter(
        bent(boxes, pipes, [arrows[n] for n in sorted(bad)], fixed=(a for n, a in enumerate(arrows) if n not in bad))
    )
    return tuple(next(anew) if n in bad else arrow for n, arrow in enumerate(arrows))


def hits(boxes: Mapping[str, Box], arrow: Arrow) -> list[str]:
    """Return the keys of the boxes that an arrow runs through."""
    a, b = boxes[arrow.source], boxes[arrow.target]
    line = visible(path(boxes, arrow), a, b)
    x, y = line[:, 0], line[:, 1]
    left, top, right, bottom = x.min(), y.min(), x.max(), y.max()
    return [
        key
        for key, box in boxes.items()
        if abs(box.x - (left + right) / 2) < (box.width + right - left) / 2
        and abs(box.y - (top + bottom) / 2) < (box.height + bottom - top) / 2
        and key not in (arrow.source, arrow.target)
        and inside(line, box, -1).any()
    ]


def path(boxes: Mapping[str, Box], arrow: Arrow) -> Floats:
    """Return points along an arrow from middle to middle of its boxes; shape (41, 2)."""
    a, b = boxes[arrow.source], boxes[arrow.target]
    start, end = [a.x, a.y], [b.x, b.y]
    if a.kind == "stock":
        start[1] = float(np.clip(end[1], a.edges[1] + 12, a.edges[3] - 12))
    if b.kind == "stock":
        end[1] = float(np.clip(start[1], b.edges[1] + 12, b.edges[3] - 12))
    return curve((start[0], start[1]), arrow.middle, (end[0], end[1]))
