"""A causal loop as a ring: its variables around an ellipse, arcs with their signs, its mark and name in the middle.

A chain that does not close is drawn around the same ellipse with a gap at the top, where it begins and ends.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from sdforecast.diagrams import arcs
from sdforecast.diagrams.drawing import ARROW_INK, INK, QUIET, sign, stroke
from sdforecast.diagrams.named_loops import NamedLoop
from sdforecast.diagrams.parts import Box
from sdforecast.diagrams.svg import document, element, text_of, words
from sdforecast.diagrams.words import LEADING, height_of, widest, wrapped

SIZE = 17.0
MARGIN, HEADING = 40.0, 70.0
MARKS = {"reinforcing": "R", "balancing": "B", "open": "→"}
SAID = {"reinforcing": "reinforcing loop", "balancing": "balancing loop", "open": "chain of responses, not closed"}
STYLE = "text{fill:" + INK + "}.quiet{fill:" + QUIET + "}.strong{font-weight:bold}"


def drawn(loop: NamedLoop, signs: Mapping[tuple[str, str], str], stocks: frozenset[str] = frozenset()) -> str:
    """Return the loop as the text of an SVG file.

    Parameters
    ----------
    signs : polarity of links; one that is not in it is drawn without a sign.
    stocks : names to stand in boxes.
    """
    size = SIZE if len(loop.path) <= 12 else SIZE - 2
    boxes = _boxes(loop, size, stocks)
    left = min(box.edges[0] for box in boxes) - MARGIN
    top = min(box.edges[1] for box in boxes) - HEADING - 20
    width = max(box.edges[2] for box in boxes) + MARGIN - left
    lowest = math.hypot(boxes[0].x / 1.55, boxes[0].y) if len(boxes) > 1 else 0.0  # an arc may hang below all words
    height = max(*(box.edges[3] for box in boxes), lowest + 20) + MARGIN - top
    title = f"{loop.id}  {loop.name}"
    body = [element("text", text_of(title), x=MARGIN, y=44, font_size=26, class_="strong")]
    inside = [_word(box, size, box.key in stocks) for box in boxes]
    for a, b in loop.links:
        inside += _link(boxes, loop.path.index(a), loop.path.index(b), signs.get((a, b), ""))
    inside += _middle(loop, boxes)
    body.append(element("g", inside, transform=f"translate({-left:.1f} {-top:.1f})"))
    return document(math.ceil(width), math.ceil(height), title, _said(loop, signs), STYLE, body)


def _boxes(loop: NamedLoop, size: float, stocks: frozenset[str]) -> list[Box]:
    """Return the words around an ellipse that is large enough for none to touch another."""
    texts = [wrapped(name, 170.0, size, bold=name in stocks) for name in loop.path]
    plain = [
        (widest(lines, size, bold=name in stocks) + 16, height_of(lines, size) + 12)
        for name, lines in zip(loop.path, texts, strict=True)
    ]
    n = len(loop.path)
    gap = 1 if loop.polarity == "open" else 0
    radius = 110.0 + 13.0 * n
    while True:
        boxes = []
        for k, (name, lines, (width, height)) in enumerate(zip(loop.path, texts, plain, strict=True)):
            angle = 2 * math.pi * (k + gap / 2) / (n + gap) - math.pi / 2
            x, y = 1.55 * radius * math.cos(angle), radius * math.sin(angle)
            boxes.append(Box(name, "stock" if name in stocks else "auxiliary", x, y, width, height, lines))
        if not any(a.overlaps(b, 22.0) for k, a in enumerate(boxes) for b in boxes[:k]):
            return boxes
        radius *= 1.06


def _link(boxes: Sequence[Box], k: int, m: int, polarity: str) -> list[str]:
    a, b = boxes[k], boxes[m]
    start, end = np.array([a.x, a.y]), np.array([b.x, b.y])
    middle = (start + end) / 2
    radius = math.hypot(boxes[0].x / 1.55, boxes[0].y)
    round_ = np.hypot(middle[0] / 1.55, middle[1]) or 1.0
    out = middle * (radius / round_ - 1.0)
    chord = float(np.hypot(*(end - start)))
    push = out * min(0.9, 0.3 * chord / (float(np.hypot(*out)) or 1.0))
    if len(boxes) == 2:  # two variables: two arcs, one on either side
        push = np.array([-(end - start)[1], (end - start)[0]]) * -0.22
    line = arcs.visible(arcs.curve((a.x, a.y), tuple(middle + push), (b.x, b.y)), a, b)
    parts = list(stroke(line, ARROW_INK[polarity], width=2.4))
    if polarity:
        tip, back = line[-1], line[max(-8, -len(line))]
        ux, uy = (tip - back) / (np.hypot(*(tip - back)) or 1.0)
        side = 1.0 if np.dot([-uy, ux], tip) > 0 else -1.0  # outside the ring
        marks = [
            Box("", "note", tip[0] - ux * behind - uy * 15 * side, tip[1] - uy * behind + ux * 15 * side, 18, 18)
            for behind in (21, 27, 33, 39)
        ]
        mark = next((mark for mark in marks if not mark.overlaps(b)), marks[0])
        parts.append(sign(mark.x, mark.y, polarity, 24))
    return parts


def _word(box: Box, size: float, stock: bool) -> str:
    parts = []
    if stock:
        x, y, _, _ = box.edges
        parts.append(
            element("rect", x=x, y=y, width=box.width, height=box.height, rx=4, fill="#eaf0f8", stroke="#1f3a6e",
                    stroke_width=2)
        )  # fmt: skip
    weight = {"class_": "strong"} if stock else {}
    return element("g", [*parts, words(box.x, box.y, box.lines, size, LEADING, **weight)])


def _middle(loop: NamedLoop, boxes: Sequence[Box]) -> list[str]:
    """Return the mark of the loop with an arrow around it, its name and its delay."""
    room = _room(boxes)
    does = wrapped(loop.does, room, 15)
    delay = wrapped("Delay: " + loop.delay.replace("`", ""), room, 14)
    height = 62 + height_of(does, 15) + 10 + height_of(delay, 14)
    y = -height / 2
    parts = [words(0, y + 24, [MARKS[loop.polarity]], 34, 1, class_="strong")]
    if loop.polarity != "open":
        points = np.array([
            (30 * math.cos(t), y + 24 + 26 * math.sin(t)) for t in np.linspace(-0.3 * math.pi, 1.15 * math.pi, 24)
        ])  # fmt: skip
        parts += list(stroke(points, QUIET, width=2))
    parts.append(words(0, y + 62 + height_of(does, 15) / 2, does, 15, LEADING))
    parts.append(words(0, y + 72 + height_of(does, 15) + height_of(delay, 14) / 2, delay, 14, LEADING, class_="quiet"))
    return parts


def _room(boxes: Sequence[Box]) -> float:
    """Return the width that is free in the middle of the ring."""
    near = [abs(box.x) - box.width / 2 for box in boxes if abs(box.y) < 70]
    return max(150.0, min([2 * side - 70 for side in near if side > 0], default=300.0))


def _said(loop: NamedLoop, signs: Mapping[tuple[str, str], str]) -> str:
    way = {"+": "raises", "-": "lowers", "": "acts on"}
    steps = "; ".join(f"{a} {way[signs.get((a, b), '')]} {b}" for a, b in loop.links)
    return f"{loop.id} {loop.name}, {SAID[loop.polarity]}. {loop.does} {steps}."
