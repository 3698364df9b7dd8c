"""A chart as SVG: places in pixels, colours as classes, so that one drawing serves dark, light and paper.

The drawing has the chart's title above and its note below, for those who take it away; on a page that says both itself,
the view box leaves them out.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

import numpy as np

from sdforecast.reporting.charts.marks import (
    Axis,
    Band,
    Chart,
    Dots,
    Line,
    Mark,
    Note,
    Numbers,
    Panel,
    Rows,
    Rule,
    Span,
)
from sdforecast.reporting.charts.words import apart, width, wrapped

WIDE, NARROW = 720.0, 344.0
"""Widths in pixels: for pages and screens, and for telephones."""

_TITLE, _HEAD, _TEXT, _SMALL = 17.0, 13.0, 12.0, 11.0
_GAP = 22.0


@dataclass(frozen=True)
class Drawing:
    """What stands inside `<svg>`, its size with all words, and how much of its height is title and note."""

    inner: str
    width: float
    height: float
    above: float
    below: float

    @property
    def view(self) -> str:
        """The view box of the panels alone."""
        return f"0 {self.above:g} {self.width:g} {self.height - self.above - self.below:g}"

    @property
    def whole(self) -> str:
        """The view box with title and note."""
        return f"0 0 {self.width:g} {self.height:g}"


def draw(chart: Chart, *, narrow: bool = False) -> Drawing:
    """Return the drawing of a chart in one of its two forms."""
    across = NARROW if narrow else WIDE
    if (
        narrow and len(chart.scenarios) > 1
    ):  # the key names them; beside the lines their titles would take half the room
        chart = replace(chart, panels=[_without_beside(panel) for panel in chart.panels])
    columns = 1 if narrow else max(1, min(chart.columns, len(chart.panels)))
    each = (across - _GAP * (columns - 1)) / columns
    title = wrapped(chart.title, across - 8, _TITLE, bold=True)
    parts = [_text(2, 20 + 22 * k, line, _TITLE, "ink", bold=True) for k, line in enumerate(title)]
    top = above = 22.0 * len(title) + 14
    if len(chart.scenarios) > 1:
        keyed, top = _key(chart, across, top)
        parts += keyed
        above = top
    for row in range(0, len(chart.panels), columns):
        inside = chart.panels[row : row + columns]
        frames = [_frame(panel, chart, each, narrow) for panel in inside]
        head, foot = max(f.head for f in frames), max(f.foot for f in frames)
        tall = max(f.tall for f in frames)
        for k, (panel, frame) in enumerate(zip(inside, frames, strict=True)):
            box = _Box(k * (each + _GAP) + frame.left, top + head, each - frame.left - frame.right, tall)
            parts.append(_panel(panel, box, k * (each + _GAP), top, each))
        top += head + tall + foot
    note = wrapped(chart.note, across - 8, _SMALL)
    parts += [_text(2, top + 16 + 15 * k, line, _SMALL, "quiet") for k, line in enumerate(note)]
    below = 15.0 * len(note) + 12
    return Drawing("".join(parts), across, top + below, above, below)


def _without_beside(panel: Panel) -> Panel:
    return replace(panel, marks=[mark for mark in panel.marks if not (isinstance(mark, Note) and mark.beside)])


@dataclass(frozen=True)
class _Frame:
    left: float
    right: float
    head: float
    foot: float
    tall: float


@dataclass(frozen=True)
class _Box:
    left: float
    top: float
    wide: float
    tall: float


def _frame(panel: Panel, chart: Chart, each: float, narrow: bool) -> _Frame:
    """Return the room that words take around a panel."""
    head = 17.0 * len(_title(panel, each)) + 15.0 * len(_unit(panel, each)) + 8
    beside = [width(mark.text, _SMALL) for mark in panel.marks if isinstance(mark, Note) and mark.beside]
    right = min(max(beside) + 22, 0.42 * each) if beside else 10.0
    if isinstance(panel.y, Rows):
        return _Frame(2.0, 10.0, head + 4, 34.0, (46.0 if not narrow else 62.0) * len(panel.y.names))
    left = max((width(text, _SMALL) for _, text in panel.y.ticks), default=20.0) + 10
    return _Frame(left, right, head, 32.0, chart.height)


def _title(panel: Panel, each: float) -> list[str]:
    return wrapped(panel.title, each - 6, _HEAD, bold=True, lines=2) if panel.title else []


def _unit(panel: Panel, each: float) -> list[str]:
    return wrapped(panel.unit, each - 6, _SMALL, lines=2) if panel.unit else []


def _panel(panel: Panel, box: _Box, left: float, top: float, each: float) -> str:
    title, unit = _title(panel, each), _unit(panel, each)
    parts = [_text(left + 2, top + 14 + 17 * k, line, _HEAD, "ink", bold=True) for k, line in enumerate(title)]
    start = top + 17 * len(title)
    parts += [_text(left + 2, start + 12 + 15 * k, line, _SMALL, "quiet") for k, line in enumerate(unit)]
    rows = isinstance(panel.y, Rows)
    vertical = Axis(0, len(panel.y.names)) if isinstance(panel.y, Rows) else panel.y
    place = _Places(panel.x, vertical, box, down=rows)
    parts += _grid(panel, place, vertical)
    for mark in panel.marks:
        if not isinstance(mark, Note):
            parts.append(_mark(mark, place))
    if isinstance(panel.y, Rows):
        parts += _names(panel.y, place)
    parts += _notes([mark for mark in panel.marks if isinstance(mark, Note)], place)
    about = "" if not panel.dated or rows else (
        f' data-panel="{escape(panel.key)}" data-x0="{panel.x.low:g}" data-x1="{panel.x.high:g}"'
        f' data-box="{box.left:.1f} {box.top:.1f} {box.wide:.1f} {box.tall:.1f}"'
    )  # fmt: skip
    return f'<g class="panel"{about}>{"".join(parts)}</g>'


class _Places:
    """From values to pixels."""

    def __init__(self, x: Axis, y: Axis, box: _Box, *, down: bool) -> None:
        self.box, self._x, self._y, self._down = box, x, y, down

    def x(self, values: Numbers) -> np.ndarray:
        share = (np.asarray(values, dtype=float) - self._x.low) / (self._x.high - self._x.low)
        return self.box.left + self.box.wide * share

    def y(self, values: Numbers) -> np.ndarray:
        share = (np.asarray(values, dtype=float) - self._y.low) / (self._y.high - self._y.low)
        return self.box.top + self.box.tall * (share if self._down else 1 - share)


def _grid(panel: Panel, place: _Places, vertical: Axis) -> list[str]:
    box, bottom = place.box, place.box.top + place.box.tall
    parts = []
    for value, text in vertical.ticks:
        y = float(place.y([value])[0])
        parts.append(_stroke(box.left, y, box.left + box.wide, y, "rule", 1))
        parts.append(_text(box.left - 6, y + 4, text, _SMALL, "quiet", anchor="end"))
    for value, text in _thinned(panel.x, box):
        x = float(place.x([value])[0])
        top = box.top if isinstance(panel.y, Rows) else bottom
        parts.append(_stroke(x, top, x, bottom + 4, "rule", 1))
        lines = text.split("\n")
        anchor = "end" if x > box.left + box.wide - 8 else "middle"
        parts += [_text(x, bottom + 17 + 12 * k, line, _SMALL, "quiet", anchor=anchor) for k, line in enumerate(lines)]
    parts.append(_stroke(box.left, bottom, box.left + box.wide, bottom, "axis", 1))
    return parts


def _thinned(axis: Axis, box: _Box) -> Sequence[tuple[float, str]]:
    """Return every, every second, … tick of an axis, so that no two texts touch."""
    widest = max((width(line, _SMALL) for _, text in axis.ticks for line in text.split("\n")), default=0.0)
    room = box.wide / (axis.high - axis.low)
    steps = [after - before for (before, _), (after, _) in itertools.pairwise(axis.ticks)]
    apart_ = min(steps, default=1.0) * room
    return axis.ticks[:: max(1, -(-int(widest + 12) // max(1, int(apart_))))]


def _mark(mark: Mark, place: _Places) -> str:
    match mark:
        case Line():
            dashes = f' stroke-dasharray="{" ".join(f"{d:g}" for d in mark.dashes)}"' if mark.dashes else ""
            path = _path(place.x(mark.x), place.y(mark.y))
            drawn = f'<path class="l {mark.look}" d="{path}" stroke-width="{mark.width:g}"{dashes}/>'
            return _of(mark.scenario, drawn)
        case Band():
            xs = place.x(mark.x)
            path = _path(np.concatenate([xs, xs[::-1]]), np.concatenate([place.y(mark.low), place.y(mark.high)[::-1]]))
            return _of(mark.scenario, f'<path class="a {mark.look}" d="{path}Z" fill-opacity="{mark.strength:g}"/>')
        case Dots():
            kind = "o" if mark.open else "d"
            points = zip(place.x(mark.x), place.y(mark.y), strict=True)
            drawn = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{mark.radius:g}"/>' for x, y in points if y == y)
            return _of(mark.scenario, f'<g class="{kind} {mark.look}">{drawn}</g>')
        case Span():
            ends = zip(place.x(mark.x0), place.y(mark.y0), place.x(mark.x1), place.y(mark.y1), strict=True)
            path = "".join(f"M{a:.1f} {b:.1f}L{c:.1f} {d:.1f}" for a, b, c, d in ends)
            opacity = "" if mark.strength == 1 else f' stroke-opacity="{mark.strength:g}"'
            drawn = f'<path class="l {mark.look}" d="{path}" stroke-width="{mark.width:g}"{opacity}/>'
            return _of(mark.scenario, drawn)
        case Rule():
            return _rule(mark, place)
        case _:
            return ""


def _rule(mark: Rule, place: _Places) -> str:
    box = place.box
    if mark.y is not None:
        y = float(place.y([mark.y])[0])
        return _stroke(box.left, y, box.left + box.wide, y, "axis", 1.2, dashed=mark.dashed)
    x = float(place.x([mark.x or 0.0])[0])
    lines = mark.text.split("\n") if mark.text else []
    words = "".join(_text(x + 5, box.top + 10 + 13 * k, line, _SMALL, "quiet") for k, line in enumerate(lines))
    return _stroke(x, box.top, x, box.top + box.tall, "axis", 1.2, dashed=mark.dashed) + words


def _names(rows: Rows, place: _Places) -> list[str]:
    """Write the name of each row above its marks, with what stands beside it."""
    parts = []
    for k, (name, beside, scenario) in enumerate(rows.names):
        y = float(place.y([k])[0])
        room = place.box.wide - 6
        fits = width(name, _TEXT, bold=True) + width(beside, _TEXT) + 12 < room
        (short,) = wrapped(name, room, _TEXT, bold=True, lines=1) or [""]
        text = _text(2, y + 14, short, _TEXT, "ink", bold=True)
        if beside and fits:  # the browser knows how wide the name is
            text = text.replace(
                "</text>", f'<tspan class="t quiet" dx="9" font-weight="normal">{escape(beside)}</tspan></text>'
            )
        elif beside:
            text += _text(2, y + 29, beside, _SMALL, "quiet")
        parts.append(_of(scenario, text))
    return parts


def _notes(notes: Sequence[Note], place: _Places) -> list[str]:
    parts = []
    for note in [note for note in notes if not note.beside]:
        x, y = float(place.x([note.x])[0]), float(place.y([note.y])[0])
        lines = note.text.split("\n")
        drawn = "".join(
            _text(x, y + 13 * k, line, _SMALL, note.look, anchor=note.anchor, bold=note.bold)
            for k, line in enumerate(lines)
        )
        parts.append(_of(note.scenario, drawn))
    outside = [note for note in notes if note.beside]
    wanted = [float(place.y([note.y])[0]) for note in outside]
    edge = place.box.left + place.box.wide
    for note, was, y in zip(
        outside, wanted, apart(wanted, 14, place.box.top, place.box.top + place.box.tall), strict=True
    ):
        tie = _stroke(edge, was, edge + 12, y, note.look, 1)
        words = _text(edge + 16, y + 4, note.text, _SMALL, "ink" if note.look == "ink" else "quiet", bold=note.bold)
        parts.append(_of(note.scenario, tie + words))
    return parts


def _key(chart: Chart, across: float, top: float) -> tuple[list[str], float]:
    """Return the key of the scenarios for who takes the figure away; a page writes its own."""
    parts, x, y = [], 2.0, top + 4
    for name, title, look in chart.scenarios:
        (short,) = wrapped(title, across - 40, _SMALL, lines=1) or [""]
        wide = 24 + width(short, _SMALL) + 16
        if x + wide > across and x > 2:
            x, y = 2.0, y + 17
        drawn = f'<rect class="f {look}" x="{x:.1f}" y="{y - 6:.1f}" width="16" height="4"/>'
        parts.append(_of(name, drawn + _text(x + 21, y, short, _SMALL, "ink")))
        x += wide
    return parts, y + 14


def _path(xs: np.ndarray, ys: np.ndarray) -> str:
    """Return a path through points to a tenth of a pixel; points that are not numbers part it."""
    parts, pen = [], "M"
    for x, y in zip(xs.tolist(), ys.tolist(), strict=True):
        if x != x or y != y:
            pen = "M"
            continue
        parts.append(f"{pen}{x:.1f} {y:.1f}")
        pen = "L"
    return "".join(parts)


def _of(scenario: str, drawn: str) -> str:
    return f'<g data-scenario="{escape(scenario)}">{drawn}</g>' if scenario else drawn


def _stroke(x0: float, y0: float, x1: float, y1: float, look: str, wide: float, *, dashed: bool = False) -> str:
    dashes = ' stroke-dasharray="4 3"' if dashed else ""
    return f'<path class="l {look}" d="M{x0:.1f} {y0:.1f}L{x1:.1f} {y1:.1f}" stroke-width="{wide:g}"{dashes}/>'


def _text(x: float, y: float, text: str, size: float, look: str, *, anchor: str = "start", bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    side = f' text-anchor="{anchor}"' if anchor != "start" else ""
    return f'<text class="t {look}" x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{side}{weight}>{escape(text)}</text>'
