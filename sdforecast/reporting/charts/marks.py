"""What a chart is made of: panels with axes, and marks in the units of the data. Nothing here knows how it is drawn.

Moments are days since 1970-01-01. A `look` is the name of a colour (`ink`, `quiet`, `s0` for the reference, `s1`, …);
`scenario` is the name of the one that a mark belongs to, so that a reader can hide it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

Numbers: TypeAlias = "Sequence[float] | np.ndarray | pd.Series[Any]"


@dataclass(frozen=True, eq=False)
class Line:
    """A line through points; `dashes` keep lines apart in grey print."""

    x: Numbers
    y: Numbers
    look: str
    width: float = 1.6
    dashes: Sequence[float] = ()
    scenario: str = ""


@dataclass(frozen=True, eq=False)
class Band:
    """The area between two lines; `strength` (0 to 1) is how opaque it is."""

    x: Numbers
    low: Numbers
    high: Numbers
    look: str
    strength: float = 0.2
    scenario: str = ""


@dataclass(frozen=True, eq=False)
class Dots:
    """Points, filled or open."""

    x: Numbers
    y: Numbers
    look: str
    radius: float = 2.6
    open: bool = False
    scenario: str = ""


@dataclass(frozen=True, eq=False)
class Span:
    """Straight strokes from (x0, y0) to (x1, y1): ranges."""

    x0: Numbers
    y0: Numbers
    x1: Numbers
    y1: Numbers
    look: str
    width: float = 1.4
    strength: float = 1.0
    scenario: str = ""


@dataclass(frozen=True)
class Rule:
    """A line across the panel at one value of `x` or of `y`, with words at its end."""

    x: float | None = None
    y: float | None = None
    text: str = ""
    dashed: bool = False


@dataclass(frozen=True)
class Note:
    """Words at a point; `beside` puts them outside the panel, to its right, clear of each other."""

    x: float
    y: float
    text: str
    look: str = "ink"
    anchor: str = "start"
    bold: bool = False
    beside: bool = False
    scenario: str = ""


Mark = Line | Band | Dots | Span | Rule | Note


@dataclass(frozen=True)
class Axis:
    """From where to where, and the ticks: (value, text)."""

    low: float
    high: float
    ticks: Sequence[tuple[float, str]] = ()


@dataclass(frozen=True)
class Rows:
    """A vertical axis of named rows, from the top: (name, what stands beside the name, scenario)."""

    names: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, eq=False)
class Panel:
    """One set of axes. `key` is the value of the column `panel` of the chart's data; `dated` says that x is time."""

    x: Axis
    y: Axis | Rows
    marks: Sequence[Mark]
    title: str = ""
    unit: str = ""
    key: str = ""
    dated: bool = True


@dataclass(frozen=True, eq=False)
class Chart:
    """A figure: panels, the table that is drawn, and its words.

    Attributes
    ----------
    name : stem of its files, and its id in the page.
    title : what it shows; a finding, where there is one.
    finding : what is to be seen in it, with numbers: the text for those who do not see it.
    form : how it looks, for them, too.
    note : what spreads are, and whose data.
    panels : in reading order.
    data : one row a point; for hovering, the columns `panel`, `series`, `time` and the values.
    scenarios : name, title and look of the scenarios that the marks belong to; a key where there is more than one.
    columns : panels side by side on a wide page.
    height : of a panel, in pixels of a page of 720.
    """

    name: str
    title: str
    finding: str
    form: str
    panels: Sequence[Panel]
    data: pd.DataFrame
    note: str = ""
    scenarios: Sequence[tuple[str, str, str]] = ()
    columns: int = 1
    height: float = 200

    @property
    def alt(self) -> str:
        """The text for those who do not see the figure."""
        return f"{self.form} {self.finding}"


def days(moments: object) -> np.ndarray:
    """Return moments as days since 1970-01-01."""
    return np.asarray(pd.DatetimeIndex(moments).to_numpy().astype("datetime64[s]").astype(float)) / 86400.0  # type: ignore[arg-type]
