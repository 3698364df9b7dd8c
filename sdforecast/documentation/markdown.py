"""Markdown as GitHub shows it: tables, numbers, the anchors of headings."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

from sdforecast import calendar

DIGITS = 4
"""Significant digits of a number in a table for readers."""


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a table; cells are taken as Markdown, their bars and line breaks made harmless."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(_cell(each) for each in line) + " |" for line in lines)


def code(name: str) -> str:
    """Return a name in backticks."""
    return f"`{name}`"


def listed(names: Iterable[str]) -> str:
    """Return names in backticks with commas between; a dash for none."""
    return ", ".join(map(code, names)) or "–"


def number(value: float, digits: int = DIGITS) -> str:
    """Return a number with `digits` significant digits, thousands apart, powers of ten where it is tiny."""
    if value == 0 or value != value:
        return "0" if value == 0 else "?"
    text = f"{value:.{digits}g}"
    if abs(value) >= 10**digits:
        return f"{float(text):,.0f}"
    return text if abs(value) < 1000 or "." in text else f"{float(text):,.0f}"


def dated(time: float) -> str:
    """Return the month in which a model time lies, as `2010-01`."""
    return calendar.month_label(math.floor(time))


def anchor(heading: str) -> str:
    """Return the anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def plain(text: str) -> str:
    """Return text of a file so that Markdown shows it as it is: no tags, no emphasis, no entities."""
    return re.sub(r"([\\`*_<>\[\]|~])", r"\\\1", " ".join(text.split())).replace("&", "&amp;")


def _cell(value: object) -> str:
    return re.sub(r"(?<!\\)\|", r"\\|", " ".join(str(value).split())) or " "
