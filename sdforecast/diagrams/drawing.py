"""A stock-and-flow picture as SVG: boxes, pipes with valves and clouds, arrows with their signs, and a key."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from sdforecast.diagrams import arcs
from sdforecast.diagrams.parts import Arrow, Box, Picture, Pipe
from sdforecast.diagrams.svg import document, element, number, text_of, words
from sdforecast.diagrams.words import LEADING, size_of, width_of

INK, QUIET, GROUND = "#1c1c1c", "#595959", "#eaf0f8"
STOCK_INK, PIPE_INK = "#1f3a6e", "#4d4d4d"
ARROW_INK = {"+": "#1f4e9e", "-": "#b23a1e", "": "#6b7a8c"}
"""Blue and red of different brightness; the sign stands at the head as well, so that no one needs the colour."""
OUTSIDE = "#8a4b00"
MARGIN, HEADING = 36.0, 62.0

STYLE = (
    "text{fill:" + INK + "}.ground{fill:#fff;fill-opacity:.82}"
    ".stock text{font-weight:bold}.input text,.data text,.outside text{fill:" + OUTSIDE + ";font-style:italic}"
    ".shadow text,.constant text,.lookup text{fill:" + QUIET + "}"
    ".flow text{font-weight:600}.heading{font-weight:bold}.note text{fill:" + QUIET + ";font-style:italic}"
)


def drawn(picture: Picture, *, key: bool = True) -> str:
    """Return the picture as the text of an SVG file."""
    picture = shifted(picture, MARGIN, HEADING)
    _, _, right, bottom = _frame(picture)
    entries = list(_entries(picture)) if key else []
    width = max(right + MARGIN, 48 + width_of(picture.title, 22, bold=True), _key_width(entries) if key else 0)
    height = bottom + MARGIN + (34 if entries else 0)
    body = [element("text", text_of(picture.title), x=MARGIN, y=38, font_size=22, class_="heading")]
    body += [_pipe(pipe) for pipe in picture.pipes]
    lines = [_visible(picture, arrow) for arrow in picture.arrows]
    body += [_arrow(arrow, line) for arrow, line in zip(picture.arrows, lines, strict=True)]
    body += [_box(box) for box in picture.boxes.values()]
    body += list(_signs(picture, lines))
    body += list(_key(entries, height - 26))
    return document(math.ceil(width), math.ceil(height), picture.title, picture.about, STYLE, body)


def shifted(picture: Picture, left: float, top: float) -> Picture:
    """Return the picture with its leftmost and topmost edges at these places."""
    frame = _frame(picture)
    dx, dy = left - frame[0], top - frame[1]
    return replace(
        picture,
        boxes={key: replace(box, x=box.x + dx, y=box.y + dy) for key, box in picture.boxes.items()},
        pipes=tuple(replace(p, points=tuple((x + dx, y + dy) for x, y in p.points)) for p in picture.pipes),
        arrows=tuple(replace(a, middle=(a.middle[0] + dx, a.middle[1] + dy)) for a in picture.arrows),
    )


def _frame(picture: Picture) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of all that is drawn."""
    corners = [box.edges[:2] for box in picture.boxes.values()] + [box.edges[2:] for box in picture.boxes.values()]
    corners += [point for pipe in picture.pipes for point in pipe.points]
    for arrow in picture.arrows:
        corners += [(float(x), float(y)) for x, y in _visible(picture, arrow)]
    if not corners:
        return 0.0, 0.0, 300.0, 100.0
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _box(box: Box) -> str:
    about = [element("title", text_of(box.about))] if box.about else []
    if box.kind == "valve":
        return element("g", [*about, _valve(box.x, box.y)], class_="valve")
    if box.kind == "cloud":
        return _cloud(box.x, box.y)
    x, y, _, _ = box.edges
    shape = [element("rect", x=x, y=y, width=box.width, height=box.height, class_="ground")]
    if box.kind == "stock":
        shape = [
            element("rect", x=x, y=y, width=box.width, height=box.height, rx=4, fill=GROUND, stroke=STOCK_INK,
                    stroke_width=2)
        ]  # fmt: skip
    return element("g", [*about, *shape, words(box.x, box.y, box.lines, size_of(box.kind), LEADING)], class_=box.kind)


def _valve(x: float, y: float) -> str:
    points = f"{number(x - 7)},{number(y - 8)} {number(x + 7)},{number(y - 8)} {number(x - 7)},{number(y + 8)} "
    points += f"{number(x + 7)},{number(y + 8)}"
    return element("polygon", points=points, fill="#fff", stroke=PIPE_INK, stroke_width=1.8, stroke_linejoin="round")


def _cloud(x: float, y: float) -> str:
    bumps = ((-8, 2, 5), (-3, -4, 5.5), (4, -3, 5), (8, 2, 4.5), (0, 3, 6))
    rim = [element("circle", cx=x + dx, cy=y + dy, r=r, stroke=QUIET, stroke_width=1.6) for dx, dy, r in bumps]
    fill = [element("circle", cx=x + dx, cy=y + dy, r=r) for dx, dy, r in bumps]
    return element("g", [*rim, *fill], class_="cloud", fill="#fff")


def _pipe(pipe: Pipe) -> str:
    points = list(pipe.points)
    track = " ".join(f"{number(x)},{number(y)}" for x, y in _shortened(points, 9, pipe.two_way))
    lines = [
        element("polyline", points=track, fill="none", stroke=colour, stroke_width=width, stroke_linejoin="round")
        for colour, width in ((PIPE_INK, 7), ("#fff", 4))
    ]
    heads = [_head(points[-2], points[-1], 12, 8, PIPE_INK)]
    if pipe.two_way:
        heads.append(_head(points[1], points[0], 12, 8, PIPE_INK))
    return element("g", [*lines, *heads], class_="pipe")


def _shortened(points: list[tuple[float, float]], by: float, both: bool) -> list[tuple[float, float]]:
    short = [*points[:-1], _back(points[-2], points[-1], by)]
    return [_back(points[1], points[0], by), *short[1:]] if both else short


def _back(before: tuple[float, float], end: tuple[float, float], by: float) -> tuple[float, float]:
    length = math.hypot(end[0] - before[0], end[1] - before[1]) or 1.0
    return end[0] - (end[0] - before[0]) / length * by, end[1] - (end[1] - before[1]) / length * by


def _head(before: tuple[float, float], tip: tuple[float, float], length: float, half: float, colour: str) -> str:
    size = math.hypot(tip[0] - before[0], tip[1] - before[1]) or 1.0
    ux, uy = (tip[0] - before[0]) / size, (tip[1] - before[1]) / size
    bx, by = tip[0] - ux * length, tip[1] - uy * length
    corners = (tip, (bx - uy * half, by + ux * half), (bx + uy * half, by - ux * half))
    return element("polygon", points=" ".join(f"{number(x)},{number(y)}" for x, y in corners), fill=colour)


def _visible(picture: Picture, arrow: Arrow) -> arcs.Floats:
    return arcs.visible(arcs.path(picture.boxes, arrow), picture.boxes[arrow.source], picture.boxes[arrow.target])


def _arrow(arrow: Arrow, line: arcs.Floats) -> str:
    return element("g", list(stroke(line, ARROW_INK[arrow.polarity], dashed=arrow.initial)), class_="arrow")


def stroke(line: arcs.Floats, colour: str, *, dashed: bool = False, width: float = 1.5) -> Iterator[str]:
    """Give an arrow along the points of a line."""
    points = [(float(x), float(y)) for x, y in line]
    end, back = points[-1], points[max(-4, -len(points))]
    track = "M" + " L".join(f"{number(x)},{number(y)}" for x, y in [*points[:-1], _back(back, end, 4)])
    dash = {"stroke_dasharray": "4 3"} if dashed else {}
    yield element("path", d=track, fill="none", stroke=colour, stroke_width=width, **dash)
    yield _head(back, end, 5 + 2.4 * width, 1.8 + 1.4 * width, colour)


def sign(x: float, y: float, polarity: str, size: float = 15) -> str:
    """Return the mark of a link's polarity around a point."""
    colour = ARROW_INK[polarity]
    return words(x, y, ["+" if polarity == "+" else "−"], size, 1, font_weight="bold", style=f"fill:{colour}")


def _signs(picture: Picture, lines: Sequence[arcs.Floats]) -> Iterator[str]:
    """Give the signs, each beside the head of its arrow where it lies on nothing else, if there is such a place."""
    taken = [box for box in picture.boxes.values() if box.kind != "cloud"]
    for arrow, line in zip(picture.arrows, lines, strict=True):
        if not arrow.polarity:
            continue
        marks = [Box("", "note", *place, 9, 9) for place in _beside(line)]
        crowd = [sum(mark.overlaps(box) for box in taken) + _on_pipes(picture, mark) for mark in marks]
        mark = marks[crowd.index(min(crowd))]
        taken.append(mark)
        yield sign(mark.x, mark.y, arrow.polarity)


def _on_pipes(picture: Picture, mark: Box) -> int:
    count = 0
    for pipe in picture.pipes:
        for (x0, y0), (x1, y1) in itertools.pairwise(pipe.points):
            piece = Box("", "note", (x0 + x1) / 2, (y0 + y1) / 2, abs(x1 - x0) + 7, abs(y1 - y0) + 7)
            count += mark.overlaps(piece)
    return count


def _beside(line: arcs.Floats, away: float = 10.0) -> Iterator[tuple[float, float]]:
    """Give places for a sign: beside the head, first on the outer side of the bend, then further back."""
    tip, back = line[-1], line[max(-8, -len(line))]
    ux, uy = (tip - back) / (np.hypot(*(tip - back)) or 1.0)
    chord, mid = line[-1] - line[0], line[len(line) // 2] - line[0]
    outer = -1.0 if chord[0] * mid[1] - chord[1] * mid[0] > 0 else 1.0
    for behind in (10.0, 17.0, 25.0):
        for side in (outer, -outer):
            yield float(tip[0] - ux * behind - uy * away * side), float(tip[1] - uy * behind + ux * away * side)


Entry = tuple[str, str, str]
"""What the key shows: the kind of sample, its class or sign, the words."""


def _entries(picture: Picture) -> Iterator[Entry]:
    kinds = {box.kind for box in picture.boxes.values()}
    if "stock" in kinds:
        yield "stock", "", "stock"
    if picture.pipes:
        yield "pipe", "", "flow"
    if "cloud" in kinds:
        yield "cloud", "", "outside the picture"
    if kinds & {"input", "data", "outside"}:
        yield "word", "input", "from outside the model"
    if kinds & {"shadow", "outside"}:
        yield "word", "shadow", "<copy of a variable>"
    if kinds & {"constant", "lookup"}:
        yield "word", "constant", "constant"
    signs = {arrow.polarity for arrow in picture.arrows}
    if "+" in signs:
        yield "arrow", "+", "+ more gives more"
    if "-" in signs:
        yield "arrow", "-", "− more gives less"
    if "" in signs:
        yield "arrow", "", "acts on" if signs == {""} else "either way"


def _room(entry: Entry) -> float:
    return (0 if entry[0] == "word" else 50) + width_of(entry[2], 12) + 26


def _key_width(entries: Sequence[Entry]) -> float:
    return 2 * MARGIN + sum(_room(entry) for entry in entries)


def _key(entries: Sequence[Entry], y: float) -> Iterator[str]:
    x = MARGIN
    for kind, which, text in entries:
        if kind == "stock":
            yield element(
                "rect", x=x, y=y - 9, width=36, height=18, rx=3, fill=GROUND, stroke=STOCK_INK, stroke_width=2
            )
        elif kind == "pipe":
            yield _pipe(Pipe("", "", "", ((x, y), (x + 38, y)))) + _valve(x + 16, y)
        elif kind == "cloud":
            yield _cloud(x + 20, y)
        elif kind == "arrow":
            line = np.linspace((x, y), (x + 36, y), 12)
            yield element("g", list(stroke(line, ARROW_INK[which])))
        shift = 0 if kind == "word" else 46
        yield element(
            "g",
            element("text", text_of(text), x=x + shift, y=y + 4, font_size=12),
            class_=which if kind == "word" else "key",
        )
        x += _room((kind, which, text))
