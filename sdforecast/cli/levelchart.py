"""The levels of instruments over time as rows of bars in a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from sdforecast.cli.tables import width

if TYPE_CHECKING:
    import pandas as pd

_BARS = "▁▂▃▄▅▆▇█"
_PLAIN_BARS = "_.:-=+*#"
"""The same eight heights where the terminal's encoding lacks the blocks."""

_ENDS = len(" 0.00  0.00")
_SHORTEST = 11


def print_levels(table: pd.DataFrame, base: pd.DataFrame, names: Sequence[str], first: int, last: int) -> None:
    """Draw a row for each instrument of `names`, from month `first` to `last` of model time.

    A column stands for a whole number of months and shows their mean level; where it differs from `base`, the same
    instruments on the current course, it is coloured unless NO_COLOR is set or the output is no terminal.
    """
    bars = _BARS if _writes(_BARS) else _PLAIN_BARS
    label = max(len(name) for name in names)
    room = max(_SHORTEST, width() - label - _ENDS - 2)
    months = _months_a_column(last - first + 1, room)
    edges = range(first, last + 1, months)
    click.echo(f"{'instrument'.ljust(label)}  from  {_axis(edges, first)}  to")
    for name in names:
        level, other = table[name], base[name]
        cells = [_cell(level[k : k + months], other[k : k + months], bars, last - k + 1) for k in edges]
        drawn = "".join(click.style(text, fg="cyan") if differs and _coloured() else text for text, differs in cells)
        click.echo(f"{name.ljust(label)}  {level[first]:.2f}  {drawn}  {level[last]:.2f}")
    count = "month" if months == 1 else f"{months} months"
    click.echo(f"{bars[0]} is 0, {bars[-1]} is 1; a column is the mean over {count}.")


def _cell(level: pd.Series, other: pd.Series, bars: str, left: int) -> tuple[str, bool]:
    level, other = level.iloc[:left], other.iloc[:left]
    height = round(float(level.mean()) * (len(bars) - 1))
    return bars[min(max(height, 0), len(bars) - 1)], bool(abs(level - other).max() > 1e-9)


def _months_a_column(months: int, room: int) -> int:
    """Return the fewest months a column for the row to fit: a divisor of the year, so that years stay in line."""
    return next((each for each in (1, 2, 3, 4, 6, 12, 24, 60) if -(-months // each) <= room), 120)


def _axis(edges: range, first: int) -> str:
    """Return years above the columns in which they begin, as many as there is room for."""
    from sdforecast.calendar import FIRST_YEAR

    text = ""
    for column, time in enumerate(edges):
        begins = time % 12 == 0 or time == first
        if begins and column >= len(text) + bool(text) and column + 4 <= len(edges):
            text = text.ljust(column) + f"{FIRST_YEAR + time // 12}"
    return text.ljust(len(edges))


def _writes(characters: str) -> bool:
    try:
        characters.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _coloured() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
