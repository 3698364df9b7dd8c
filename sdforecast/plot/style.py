"""The one style of all figures: colours, sizes, texts and axes."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, ParamSpec, TypeVar

import matplotlib as mpl
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.dates import date2num
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MaxNLocator

from sdforecast.plot.numbers import number

INK = "#1c1c1c"
QUIET = "#595959"
"""Grey of secondary text: seven to one on white."""
RULE = "#d9d9d9"


@dataclass(frozen=True)
class Line:
    """How one scenario is drawn wherever it appears; dashes keep lines apart in grey print."""

    colour: str
    dashes: tuple[float, ...] = ()

    @property
    def style(self) -> Literal["solid"] | tuple[float, tuple[float, ...]]:
        """The dashes as matplotlib's `linestyle`."""
        return (0, self.dashes) if self.dashes else "solid"


REFERENCE = Line("#3d3d3d")
_COLOURS = ("#1f4e9e", "#c8452b", "#1f8f80", "#a87800", "#7b3294", "#b3457a")
_DASHES = ((9.0, 1.2), (5.0, 1.6), (6.0, 1.4, 1.2, 1.4), (1.6, 1.2), (3.0, 2.0), (3.0, 1.0, 1.0, 1.0, 1.0, 1.0))
"""Only the reference is solid, so that it is known in grey print."""


def lines(names: Sequence[str], reference: str) -> dict[str, Line]:
    """Return the line of each scenario: grey for the reference, a colour and dashes for the others in their order.

    When the colours come round again they meet other dashes, so that 36 scenarios differ.
    """
    others = [name for name in names if name != reference]
    n = len(_COLOURS)
    return {reference: REFERENCE} | {
        name: Line(_COLOURS[k % n], _DASHES[(k + k // n) % n]) for k, name in enumerate(others)
    }


@dataclass(frozen=True)
class Layout:
    """Room for a figure: width in inches, panels side by side, and whether it is for telephones."""

    width: float
    columns: int
    narrow: bool = False


def layout(narrow: bool, columns: int = 3, narrow_columns: int = 1) -> Layout:
    """Return the form for telephones or the one for pages and screens."""
    return Layout(3.75, narrow_columns, narrow=True) if narrow else Layout(7.4, columns)


@functools.cache
def _settings() -> Any:
    return {
        **sns.axes_style("ticks"),
        **sns.plotting_context("paper"),
        "font.family": "sans-serif",
        "font.sans-serif": [
            "DejaVu Sans",
            "Verdana",
            "sans-serif",
        ],  # the first comes with matplotlib; others are no wider
        "font.size": 8.5,
        "axes.labelsize": 8.5,
        "axes.titlesize": 8.5,
        "axes.titleweight": "bold",
        "axes.edgecolor": "#8c8c8c",
        "axes.labelcolor": INK,
        "text.color": INK,
        "xtick.color": QUIET,
        "ytick.color": QUIET,
        "xtick.labelsize": 8,
        "ytick.labelsize": 8,
        "lines.linewidth": 1.5,
        "lines.solid_capstyle": "butt",
        "figure.facecolor": "white",
        "axes.facecolor": "white",
        "text.parse_math": False,  # titles of scenarios are the user's text: a dollar sign is a dollar sign
        "text.usetex": False,
        "axes.unicode_minus": True,
        "svg.hashsalt": "sdforecast",
        "svg.fonttype": "none",  # text stays text: a quarter of the size, and it can be edited
        "path.simplify": True,
    }


_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")


def styled(draw: Callable[_Arguments, _Result]) -> Callable[_Arguments, _Result]:
    """Make a function draw in this style, whatever the caller has set for matplotlib."""

    @functools.wraps(draw)
    def inside(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        with mpl.rc_context():
            mpl.rcdefaults()
            mpl.rcParams.update(_settings())
            return draw(*args, **kwargs)

    return inside


def grid(
    panels: int, shape: Layout, *, panel_height: float, title: str, source: str, key_lines: int = 0, **share: Any
) -> Panels:
    """Return a figure with so many panels, a title above and what it rests on below.

    `key_lines` leaves room under the title for a key; `share` is passed to `Figure.subplots` (`sharex`, `sharey`).
    """
    columns = min(shape.columns, panels)
    rows = -(-panels // columns)
    above, foot = wrap(title, shape.width, 10.5, bold=True), wrap(source, shape.width, 7)
    above += "\n" * round(key_lines * 0.75)  # a line of the key is as high as four fifths of a line of the title
    height = rows * panel_height + 0.17 * (above.count("\n") + 1) + 0.13 * (foot.count("\n") + 1) + 0.25
    figure = Figure(figsize=(shape.width, height), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.07, h_pad=0.06, hspace=0.06, wspace=0.03)  # type: ignore[union-attr, call-arg]
    axes = list(figure.subplots(rows, columns, squeeze=False, **share).flat)
    for unused in axes[panels:]:
        unused.set_axis_off()
    figure.suptitle(above, x=0.012, ha="left", fontsize=10.5, fontweight="bold")
    figure.supxlabel(foot, x=0.012, ha="left", fontsize=7, color=QUIET)
    return Panels(figure, axes[:panels], shape)


@dataclass(frozen=True)
class Panels:
    """A figure, its panels in reading order, and its form."""

    figure: Figure
    axes: list[Axes]
    shape: Layout

    @property
    def panel_width(self) -> float:
        """Width of one panel in inches, axis labels included."""
        return self.shape.width / min(self.shape.columns, max(1, len(self.axes)))


def wrap(text: str, width: float, size: float, *, bold: bool = False, lines: int | None = None) -> str:
    """Break `text` into lines for `width` inches at a font size in points; cut it after so many lines."""
    characters = max(12, int(width * 72 / (size * (0.66 if bold else 0.57))))
    return textwrap.fill(" ".join(text.split()), characters, max_lines=lines, placeholder=" …")


def head(axes: Axes, title: str, unit: str, width: float) -> None:
    """Give a panel its title and, below it in grey, its unit; `width` is the panel's in inches."""
    below = wrap(unit, width - 0.3, 7.5)
    title = title[:1].upper() + title[1:]
    axes.set_title(
        wrap(title, width - 0.3, 8.5, bold=True, lines=2), loc="left", pad=5 + 9.5 * len(below.splitlines()), x=0
    )
    axes.annotate(
        below, (0, 1), (0, 4), "axes fraction", textcoords="offset points", va="bottom", color=QUIET, fontsize=7.5
    )


def day(moment: pd.Timestamp) -> float:
    """Return the place of a moment on an axis of dates."""
    return float(date2num(moment))  # type: ignore[no-untyped-call]


def years(axes: Axes, first: Any, last: Any, *, ticks: int = 6) -> None:
    """Make the horizontal axis one of calendar years between two dates, with at most so many ticks."""
    first, last = pd.Timestamp(first), pd.Timestamp(last)
    span = range(first.year + (first.dayofyear > 1), last.year + 1)
    step = next((step for step in (1, 2, 5, 10, 20) if len(span) <= step * ticks), 50)
    shown = [year for year in span if year % step == 0]
    axes.set_xlim(first, last)
    axes.set_xticks([day(pd.Timestamp(year, 1, 1)) for year in shown], [str(year) for year in shown])


def key(figure: Figure, entries: Sequence[tuple[str, Line]], shape: Layout) -> None:
    """Put a key of lines under the title, in the room that `grid` left for `key_lines(entries)`."""
    handles = [
        Line2D([], [], color=line.colour, linewidth=2, linestyle=line.style, label=wrap(text, 3.3, 7.5, lines=1))
        for text, line in entries
    ]
    height = float(figure.get_figheight())
    title_lines = len(str(figure.get_suptitle()).rstrip("\n").splitlines())
    legend = figure.legend(
        handles=handles, loc="upper left", bbox_to_anchor=(0.012, 1 - (0.07 + 0.17 * title_lines) / height),
        ncols=_key_columns(shape), frameon=False, fontsize=7.5, handlelength=3, columnspacing=1.5, labelspacing=0.25,
        borderpad=0, borderaxespad=0.1,
    )  # fmt: skip
    legend.set_in_layout(False)


def key_lines(entries: int, shape: Layout) -> int:
    """Return how many lines a key of so many entries takes."""
    return -(-entries // _key_columns(shape))


def _key_columns(shape: Layout) -> int:
    return 1 if shape.narrow else 2


def counts(axes: Axes, *, from_zero: bool = True, ticks: int = 5) -> None:
    """Write numbers with thousands separators, start at zero, and leave two spines."""
    axes.yaxis.set_major_locator(MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))
    axes.grid(axis="y", color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    if from_zero:
        axes.set_ylim(bottom=0)
    sns.despine(ax=axes)


def row_label(axes: Axes, height: float, text: str, *, size: float = 8.5) -> None:
    """Write the name of a row of dots above it, at the left; its white ground keeps lines out of the text."""
    axes.annotate(
        text, (0, height), (2, 0.9 * size), ("axes fraction", "data"), "offset points", va="bottom", fontsize=size,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
    )  # fmt: skip


def two_sides(axes: Axes, middle: float, left: str, right: str) -> None:
    """Say at the top of a vertical line what lies to its left and to its right."""
    for text, side in ((f"← {left}", -1), (f"{right} →", 1)):
        axes.annotate(
            text, (middle, 1), (5 * side, 3), ("data", "axes fraction"), "offset points",
            ha="left" if side > 0 else "right", va="bottom", fontsize=7.5, color=QUIET,
        )  # fmt: skip
