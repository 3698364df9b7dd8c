"""From what a picture shows to where everything stands."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping, Sequence

from sdforecast.diagrams import arcs, chains, placing
from sdforecast.diagrams.board import COLUMN, ROW, Board
from sdforecast.diagrams.content import Content, FlowPart, Link
from sdforecast.diagrams.parts import Arrow, Box, Picture, Pipe
from sdforecast.diagrams.words import SIZE, height_of, widest, wrapped

TEXT = COLUMN - 22
"""Widest line of a word."""
STOCK = 150.0
"""Width of a stock."""
VALVE = (12.0, 16.0)
CLOUD = (26.0, 18.0)
_PIPE = -22.0  # height of a pipe above the middle of its cell, so that its word has room below
_TOP, _BOTTOM = -42.0, 14.0  # a stock around the middle of its first and last cell
_FAR = 3.1  # hundreds of pixels beyond which a copy stands in for a variable
_REPAIRS = 3  # times that copies are made for arrows that would run through a box
_NEAR = 2.6  # how far from each other the targets of one copy may be


def laid_out(shown: Content) -> Picture:
    """Return the picture of a content, laid out by itself."""
    rigid = chains.blocks(shown)
    plain = [(link.source, _end(shown, link.target)) for link in shown.links]
    inner = [(_end(shown, a), b) for a, b in plain if a in shown.own or _foreign(shown, a)]
    outside = {a for a, b in plain} - shown.own - {flow.name for flow in shown.flows if flow.foreign}
    made = placing.board(rigid, shown.words, inner, shadows=round(len(outside) * 1.5 + len(inner) * 0.08))
    placing.anneal(made, set(shown.words), 60)
    copies: dict[str, str] = {}  # copy: variable
    starts = _with_copies(shown, made, copies)
    placing.anneal(made, {*shown.words, *copies}, 80, hot=1.2)
    starts = _with_copies(shown, made, copies, starts)
    placing.anneal(made, {*shown.words, *copies}, 60, hot=0.5)
    picture = _picture(shown, made, copies, starts)
    for _ in range(_REPAIRS):
        bad = {n for n, arrow in enumerate(picture.arrows) if arcs.hits(picture.boxes, arrow)}
        if not bad:
            break
        kept = [n for n, link in enumerate(shown.links) if starts[n] != _end(shown, link.target)]
        starts = _with_copies(shown, made, copies, starts, {kept[n] for n in bad})
        placing.anneal(made, {*shown.words, *copies}, 25, hot=0.25, shift=False)
        picture = _picture(shown, made, copies, starts)
    return picture


def _foreign(shown: Content, name: str) -> bool:
    return any(flow.name == name and flow.foreign for flow in shown.flows)


def _end(shown: Content, name: str) -> str:
    """Return the key on the board of a variable: that of its valve for a flow."""
    return next((flow.key for flow in shown.flows if flow.name == name), name)


def _with_copies(
    shown: Content,
    made: Board,
    copies: dict[str, str],
    starts: Sequence[str] | None = None,
    forced: Collection[int] = (),
) -> list[str]:
    """Let copies stand in for what is computed elsewhere or far away; return where each link starts.

    The `forced` links, by number, start at a new copy whatever they started at.
    """
    found = list(starts or (_end(shown, link.source) for link in shown.links))
    far: dict[str, list[int]] = {}
    for n, link in enumerate(shown.links):
        start, end = found[n], made.place(_end(shown, link.target)) if _known(made, _end(shown, link.target)) else None
        if end is None or (start in copies and n not in forced):
            continue
        here = made.place(start) if _known(made, start) else None
        if here is None or n in forced or _apart(here, end) > _FAR:
            far.setdefault(link.source, []).append(n)
    for name, links in far.items():
        for group in _grouped(links, [made.place(_end(shown, shown.links[n].target)) or (0, 0) for n in links]):
            key = next(_copy(name, k) for k in itertools.count(1) if _copy(name, k) not in copies)
            copies[key] = name
            for n in group:
                found[n] = key
    for key in set(copies) - set(found):  # no link starts there any more
        made.clear(made.words.pop(key))
        del copies[key]
    made.relink([(start, _end(shown, link.target)) for start, link in zip(found, shown.links, strict=True)])
    for key in copies:
        if key not in made.words:
            placing.settle(made, key)
    return found


def _copy(name: str, k: int) -> str:
    return f"<{name}> {k}"


def _known(made: Board, key: str) -> bool:
    return key in made.by_end


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


def _picture(shown: Content, made: Board, copies: Mapping[str, str], starts: Sequence[str]) -> Picture:
    boxes: dict[str, Box] = {}
    pipes = []
    parts = {flow.key: flow for flow in shown.flows}
    for k, block in enumerate(made.blocks):
        left, top = made.corners[k]
        for name, (column, row, count) in block.stocks.items():
            boxes[name] = stock(name, left + column, top + row, count, shown.about.get(name, ""))
        for key, (column, row) in block.valves.items():
            pipes.append(_pipe(parts[key], block, boxes, left + column, top + row))
    for name, kind in shown.words.items():
        column, row = made.words[name]
        boxes[name] = word(name, name, kind, column * COLUMN, row * ROW, shown.about.get(name, ""))
    for key, name in copies.items():
        column, row = made.words[key]
        kind = "outside" if name in shown.outside else "shadow"
        boxes[key] = word(key, f"<{name}>", kind, column * COLUMN, row * ROW, shown.about.get(name, ""))
    valves = {flow.name: flow.key for flow in shown.flows if flow.name and not flow.foreign}
    arrows = [
        Arrow(_key(boxes, start, shown), _target(boxes, link, shown), (0, 0), link.polarity, link.initial)
        for start, link in zip(starts, shown.links, strict=True)
        if start != _end(shown, link.target)
    ]
    bent = arcs.bent(boxes, pipes, arrows, valves)
    return Picture(shown.title, described(shown), boxes, tuple(pipes), bent)


def _key(boxes: Mapping[str, Box], start: str, shown: Content) -> str:
    """Return the box at which a link starts: the word of a flow, not its valve."""
    name = next((flow.name for flow in shown.flows if flow.key == start), "")
    if not name:
        return start
    return name if name in boxes else f"<{name}>"


def _target(boxes: Mapping[str, Box], link: Link, shown: Content) -> str:
    return link.target if link.target in boxes else _end(shown, link.target)


def stock(name: str, column: int, row: int, count: int, about: str) -> Box:
    """Return the box of a stock that is `count` cells high."""
    top, bottom = row * ROW + _TOP, (row + count - 1) * ROW + _BOTTOM
    lines = wrapped(name, STOCK - 8, SIZE, bold=True)
    return Box(name, "stock", column * COLUMN, (top + bottom) / 2, STOCK, bottom - top, lines, about)


def word(key: str, text: str, kind: str, x: float, y: float, about: str, *, below: bool = False) -> Box:
    """Return the box of a word around a point, or below it."""
    lines = wrapped(text, TEXT)
    height = height_of(lines)
    return Box(key, kind, x, y + height / 2 if below else y, widest(lines) + 4, height, lines, about)


def _pipe(flow: FlowPart, block: chains.Block, boxes: dict[str, Box], column: int, row: int) -> Pipe:
    """Put valve, word and cloud of a flow among the boxes and return its pipe."""
    x, y = column * COLUMN, row * ROW + _PIPE
    boxes[flow.key] = Box(flow.key, "valve", x, y, *VALVE, (), flow.about)
    if flow.name:
        key, text = (f"<{flow.name}>",) * 2 if flow.foreign else (flow.name, flow.name)
        boxes[key] = word(key, text, "shadow" if flow.foreign else "flow", x, y + 12, flow.about, below=True)
    if flow.key in block.lanes:
        return _lane(flow, boxes, y)
    ends = []
    for name, sign in ((flow.source, -1), (flow.target, 1)):
        if name is None or (flow.source == flow.target and sign == 1):
            side = block.sides.get(flow.key, sign)
            key = f"cloud of {flow.key}"
            boxes[key] = Box(key, "cloud", x + side * 58, y, *CLOUD)
            ends.append((key, (x + side * (58 - CLOUD[0] / 2), y)))
        else:
            box = boxes[name]
            ends.append((name, (box.edges[0] if box.x > x else box.edges[2], y)))
    (source, start), (target, end) = ends
    return Pipe(source, flow.key, target, (start, end), flow.two_way)


def _lane(flow: FlowPart, boxes: Mapping[str, Box], y: float) -> Pipe:
    source, target = boxes[flow.source or ""], boxes[flow.target or ""]
    shift = 18 * (1 if source.x < target.x else -1)
    xs, xt = source.x + shift, target.x - shift
    points = ((xs, source.edges[3]), (xs, y), (xt, y), (xt, target.edges[3]))
    return Pipe(source.key, flow.key, target.key, points, flow.two_way)


def described(shown: Content) -> str:
    """Return a sentence for those who cannot see the picture."""
    named = [flow.name for flow in shown.flows if flow.name]
    stocks = ", ".join(shown.stocks) or "none"
    flows = ", ".join(named) or "none with a name"
    return f"Stock-and-flow diagram of {shown.title}. Stocks: {stocks}. Flows: {flows}."


def moved(boxes: Iterable[Box]) -> tuple[float, float, float, float]:
    """Return the edges of all boxes together."""
    edges = [box.edges for box in boxes]
    return (
        min(e[0] for e in edges), min(e[1] for e in edges), max(e[2] for e in edges), max(e[3] for e in edges)
    )  # fmt: skip
