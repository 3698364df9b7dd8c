"""How wide words are, and where they break; measured for DejaVu Sans, the widest of the fonts that we ask for."""

from __future__ import annotations

import re
from functools import lru_cache

SIZE = 13.0
"""Height of the letters of a variable."""

FLOW = 12.0
"""Height of the letters of a flow, which are bold: no wider than other words, so that they stay clear of the stock."""

LEADING = 1.22
"""Distance of lines, in heights of letters."""

_NARROW = dict.fromkeys("ijlI.,:;'|!()[]ftr- /", 0.37)
_WIDE = dict.fromkeys("mwMW%@", 0.93)
_WIDTHS = {**_NARROW, **_WIDE, "<": 0.84, ">": 0.84, "+": 0.84}


def size_of(kind: str) -> float:
    """Return the height of the letters of a kind of box."""
    return FLOW if kind == "flow" else SIZE


def width_of(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """Return about how wide a text is, in pixels; a little more rather than less."""
    letters = sum(_WIDTHS.get(letter, 0.73 if letter.isupper() else 0.62) for letter in text)
    return letters * size * (1.12 if bold else 1.0)


@lru_cache(maxsize=4096)
def wrapped(text: str, width: float, size: float = SIZE, *, bold: bool = False) -> tuple[str, ...]:
    """Break a text into as few lines as fit into `width` pixels, of lengths as even as can be."""
    fewest = _broken(text, width, size, bold)
    narrower = width
    longest = max((width_of(word, size, bold=bold) for word in text.split()), default=0.0)
    while narrower - 6 > longest:  # the same number of lines, but not a long one and a short one
        narrower -= 6
        tried = _broken(text, narrower, size, bold)
        if len(tried) > len(fewest) or widest(tried, size, bold=bold) > narrower:
            break
        fewest = tried
    return fewest


def _broken(text: str, width: float, size: float, bold: bool) -> tuple[str, ...]:
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.extend(_pieces(word, width, size, bold))
    return tuple(lines)


def _pieces(word: str, width: float, size: float, bold: bool) -> list[str]:
    """Cut a word that is wider than the line."""
    pieces = [""]
    for letter in word:
        if pieces[-1] and width_of(pieces[-1] + letter, size, bold=bold) > width:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def widest(lines: tuple[str, ...], size: float = SIZE, *, bold: bool = False) -> float:
    """Return the width of the widest of some lines."""
    return max((width_of(line, size, bold=bold) for line in lines), default=0.0)


def height_of(lines: tuple[str, ...], size: float = SIZE) -> float:
    """Return the height of some lines one below the other."""
    return len(lines) * size * LEADING


def variable_of(key: str) -> str:
    """Return the variable that a box stands for: that in angle brackets of a copy, else the key itself."""
    match = re.match(r"<(.*)>(?: \d+| at valve .*)?$", key)
    return match[1] if match else key
