"""From things on a board to a picture in pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sdforecast.diagrams import arcs, chains
from sdforecast.diagrams.board import COLUMN, ROW, Board
from sdforecast.diagrams.chains import Cell
from sdforecast.diagrams.content import Content, FlowPart, Link
from sdforecast.diagrams.copying import end_of
from sdforecast.diagrams.parts import Arrow, Box, Picture, Pipe
from sdforecast.diagrams.words import SIZE, height_of, size_of, widest, wrapped

TEXT = COLUMN - 22
"""Widest line of a word."""
STOCK = 150.0
"""Width of a stock."""
VALVE = (12.0, 16.0)
CLOUD = (26.0, 18.0)
PIPE = -22.0
"""Height of a pipe above the middle of its cell, so that its word has room below."""
TOP, BOTTOM = -42.0, 24.0
"""Edges of a stock around the middle of its first and last cell."""


def assembled(shown: Content, made: Board, copies: Mapping[str, str], starts: Sequence[str]) -> Picture:
    """Return the picture of a board.

    Parameters
    ----------
    copies : variable of each copy.
    starts : what each link of the content starts at, in its order.
    """
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
    for key, name in sorted(copies.items(), key=lambda copy: made.words[copy[0]]):  # an order that a file can keep
        boxes[key] = copy_box(key, name, made.words[key], shown)
    valves = {flow.name: flow.key for flow in shown.flows if flow.name and not flow.foreign}
    arrows = [
        Arrow(_key(boxes, start, shown), _target(boxes, link, shown), (0, 0), link.polarity, link.initial)
        for start, link in zip(starts, shown.links, strict=True)
        if start != end_of(shown, link.target)
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
    return link.target if link.target in boxes else end_of(shown, link.target)


def stock(name: str, column: int, row: int, count: int, about: str) -> Box:
    """Return the box of a stock that is `count` cells high."""
    top, bottom = row * ROW + TOP, (row + count - 1) * ROW + BOTTOM
    lines = wrapped(name, STOCK - 8, SIZE, bold=True)
    return Box(name, "stock", column * COLUMN, (top + bottom) / 2, STOCK, bottom - top, lines, about)


def word(key: str, text: str, kind: str, x: float, y: float, about: str, *, below: bool = False) -> Box:
    """Return the box of a word around a point, or below it."""
    size, bold = size_of(kind), kind == "flow"
    lines = wrapped(text, TEXT, size, bold=bold)
    if len(lines) > 3:  # rather wider than into the row below
        lines = wrapped(text, TEXT + 14, size, bold=bold)
    height = height_of(lines)
    return Box(key, kind, x, y + height / 2 if below else y, widest(lines, size, bold=bold) + 4, height, lines, about)


def copy_box(key: str, name: str, cell: Cell, shown: Content) -> Box:
    """Return the box of a copy of a variable in a cell."""
    kind = "outside" if name in shown.outside else "shadow"
    return word(key, f"<{name}>", kind, cell[0] * COLUMN, cell[1] * ROW, shown.about.get(name, ""))


def _pipe(flow: FlowPart, block: chains.Block, boxes: dict[str, Box], column: int, row: int) -> Pipe:
    """Put valve, word and cloud of a flow among the boxes and return its pipe."""
    x, y = column * COLUMN, row * ROW + PIPE
    boxes[flow.key] = Box(flow.key, "valve", x, y, *VALVE, (), flow.about)
    if flow.name:
        key, text = (f"<{flow.name}>",) * 2 if flow.foreign else (flow.name, flow.name)
        boxes[key] = word(key, text, "shadow" if flow.foreign else "flow", x, y + 12, flow.about, below=True)
    elif flow.repeats:
        key, text = f"<{flow.repeats}> at {flow.key}", f"<{flow.repeats}>"
        boxes[key] = word(key, text, "shadow", x, y + 12, flow.about, below=True)
    if flow.key in block.lanes:
        return _lane(flow, boxes, y, block.lanes[flow.key] - min(block.lanes.values()))
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


def _lane(flow: FlowPart, boxes: Mapping[str, Box], y: float, k: int) -> Pipe:
    """Return a pipe through lane `k`, counted from the top; lanes leave a stock at places of their own."""
    source, target = boxes[flow.source or ""], boxes[flow.target or ""]
    shift = (60 - 20 * (k % 6)) * (1 if source.x < target.x else -1)
    xs, xt = source.x + shift, target.x - shift
    points = ((xs, source.edges[3]), (xs, y), (xt, y), (xt, target.edges[3]))
    return Pipe(source.key, flow.key, target.key, points, flow.two_way)


def described(shown: Content) -> str:
    """Return a sentence for those who cannot see the picture."""
    named = [flow.name for flow in shown.flows if flow.name]
    stocks = ", ".join(shown.stocks) or "none"
    flows = ", ".join(named) or "none with a name"
    return f"Stock-and-flow diagram of {shown.title}. Stocks: {stocks}. Flows: {flows}."
