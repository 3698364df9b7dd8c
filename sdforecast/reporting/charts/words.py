"""How wide words are, without asking a font: broad enough for the fonts that a page may meet."""

from __future__ import annotations

WIDTH, BOLD = 0.58, 0.64
"""Mean width of a letter as a share of the size, as in DejaVu Sans, the widest of our fonts."""


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return about how wide a text is."""
    return len(text) * size * (BOLD if bold else WIDTH)


def wrapped(text: str, room: float, size: float, *, bold: bool = False, lines: int = 99) -> list[str]:
    """Break a text into lines of at most `room`; what is beyond the last line is cut and told by an ellipsis."""
    found: list[str] = []
    most = max(8, int(room / (size * (BOLD if bold else WIDTH))))
    for word in text.split():
        while len(word) > most:  # a title without a space is still not to leave the figure
            found.append(word[:most])
            word = word[most:]
        if found and len(found[-1]) + 1 + len(word) <= most:
            found[-1] += f" {word}"
        else:
            found.append(word)
    if len(found) > lines:
        found = [*found[: lines - 1], f"{found[lines - 1][: most - 1].rstrip()}…"]
    return found


def apart(wanted: list[float], gap: float, low: float, high: float) -> list[float]:
    """Return places near the wanted ones, in their order, at least `gap` apart and inside the bounds."""
    from sdforecast.plot.labels import apart as placed

    return placed(wanted, gap, low, high)
