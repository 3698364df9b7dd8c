"""Writing SVG as plain text: the same picture gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from xml.sax.saxutils import escape, quoteattr

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FONTS = "Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


def number(value: float) -> str:
    """Write a length with one decimal at most."""
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def text_of(value: str) -> str:
    """Return a text as it stands between tags; what XML forbids is left out."""
    return escape(_FORBIDDEN.sub("", value))


def element(name: str, content: str | Iterable[str] = "", /, **attributes: str | float) -> str:
    """Return an element; `_` in an attribute's name is written as `-`, a last one is left out."""
    pairs = "".join(
        f" {key.rstrip('_').replace('_', '-')}={_quoted(value if isinstance(value, str) else number(value))}"
        for key, value in attributes.items()
    )
    inside = content if isinstance(content, str) else "\n".join(content)
    return f"<{name}{pairs}>{inside}</{name}>" if inside else f"<{name}{pairs}/>"


def _quoted(value: str) -> str:
    return quoteattr(_FORBIDDEN.sub("", value))


def words(x: float, y: float, lines: Iterable[str], size: float, leading: float, **attributes: str | float) -> str:
    """Return lines of text around a point, each in the middle."""
    rows = list(lines)
    first = y - (len(rows) - 1) * size * leading / 2 + size * 0.35
    spans = [element("tspan", text_of(line), x=x, y=first + k * size * leading) for k, line in enumerate(rows)]
    return element("text", "".join(spans), text_anchor="middle", font_size=size, **attributes)


def document(width: float, height: float, title: str, about: str, style: str, body: Iterable[str]) -> str:
    """Return a whole file with a white ground, a title and a description for those who hear it read."""
    parts = [
        element("title", text_of(title), id="title"),
        element("desc", text_of(about), id="about"),
        element("style", style),
        element("rect", width=width, height=height, fill="#ffffff"),
        *body,
    ]
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + element(
        "svg", ["", *parts, ""], xmlns="http://www.w3.org/2000/svg", width=width, height=height,
        viewBox=f"0 0 {number(width)} {number(height)}", role="img", aria_labelledby="title about", font_family=FONTS,
    ) + "\n"  # fmt: skip
