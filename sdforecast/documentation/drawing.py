"""A small drawing of a table of points, as SVG: the line, its ends, and the range of both axes in numbers.

Figures of results are drawn with matplotlib elsewhere. Here some dozens of lines with a few points each are wanted,
of a thousand bytes and the same on every machine.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from sdforecast.documentation.equations import Equation
from sdforecast.documentation.markdown import dated, number

_WIDTH, _HEIGHT = 420, 130
_LEFT, _RIGHT, _TOP, _BOTTOM = 96, 16, 12, 24
_LINE, _FRAME, _INK = "#0b6fa4", "#8a939b", "#333a40"


def drawn(equation: Equation, until: float) -> str:
    """Return the drawing of a table; one over time is drawn on from its last point to `until`, as it is held there."""
    points = equation.points
    if equation.is_over_time:
        points = [*points, (max(until, points[-1][0]), points[-1][1])]
    xs, ys = [x for x, _ in points], [y for _, y in points]
    low, high = min(0.0, *ys), max(ys)
    high = high if high > low else low + 1
    across = (xs[-1] - xs[0]) or 1
    inner = (_WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM)
    placed = [
        (_LEFT + inner[0] * (x - xs[0]) / across, _TOP + inner[1] * (1 - (y - low) / (high - low))) for x, y in points
    ]
    label = dated if equation.is_over_time else number
    words = f"{equation.name}: {number(ys[0])} at {label(xs[0])}, {number(ys[-1])} at {label(xs[-1])}"
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in placed)
    base, end = _TOP + inner[1], _WIDTH - _RIGHT
    texts = [
        (_LEFT - 6, _TOP + 8, "end", number(high)),
        (_LEFT - 6, base, "end", number(low)),
        (_LEFT, _HEIGHT - 8, "start", label(xs[0])),
        (end, _HEIGHT - 8, "end", label(xs[-1])),
        (_LEFT - 6, (_TOP + base) / 2 + 4, "end", equation.unit),
    ]
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" font-family="sans-serif" font-size="11">',
        f"<title>{escape(words)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        f'<path d="M{_LEFT} {_TOP}V{base}H{end}" fill="none" stroke="{_FRAME}"/>',
        f'<polyline points="{path}" fill="none" stroke="{_LINE}" stroke-width="2"/>',
        *(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{_LINE}"/>' for x, y in placed[: len(equation.points)]),
        *(f'<text x="{x:g}" y="{y:g}" text-anchor="{side}" fill="{_INK}">{escape(text)}</text>'
          for x, y, side, text in texts),
        "</svg>\n",
    ])  # fmt: skip
