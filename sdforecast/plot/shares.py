"""A mix taken apart: what each instrument averts."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from sdforecast.plot.numbers import number, signed, together
from sdforecast.plot.style import INK, QUIET, RULE, grid, layout, row_label, styled, two_sides
from sdforecast.policy.interacting import CONSTANTS, Decomposition
from sdforecast.scenario import instruments

_COLOUR = "#1f4e9e"


def shares_data(made: Decomposition) -> pd.DataFrame:
    """Return each instrument's share with its interval, and what it averts alone."""
    return made.instruments[["instrument", "share", "share_low", "share_high", "alone", "left_out"]]


@styled
def shares(made: Decomposition, *, narrow: bool = False) -> Figure:
    """Draw each instrument's share of a mix's effect: a dot and a line, a cross for what it averts alone."""
    table, titles = shares_data(made), {name: each.title for name, each in instruments().items()}
    panels = grid(
        1, layout(narrow, 1), panel_height=(0.42 if narrow else 0.36) * len(table) + 0.7,
        title=f"What each instrument of {made.mix} averts, deaths over all years",
        source=f"Dot and line: mean and nine tenths of {len(made.whole)} draws of the share by Shapley; all shares add "
        f"up to {made.whole.mean():,.0f} deaths averted against {made.reference}. Cross: the instrument alone.",
    )  # fmt: skip
    axes = panels.axes[0]
    for k, (_, row) in enumerate(table.iterrows()):
        axes.plot([row["share_low"], row["share_high"]], [-k, -k], color=_COLOUR, linewidth=1.6)
        axes.plot([row["alone"]], [-k], "x", color=QUIET, markersize=6, mew=1.3)
        axes.plot([row["share"]], [-k], "o", color=_COLOUR, markersize=5.5, mec="white", mew=0.7)
        low, middle, high = together(row["share_low"], row["share"], row["share_high"])
        name = titles.get(row["instrument"], CONSTANTS)
        row_label(axes, -k, f"{name}: {signed(middle)} ({signed(low)} to {signed(high)})", size=7.5)
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_ylim(-len(table) + 0.5, 0.95)
    axes.set_yticks([])
    axes.grid(axis="x", color=RULE, linewidth=0.5)
    axes.xaxis.set_major_formatter(lambda value, _: number(value))
    axes.locator_params(axis="x", nbins=4 if narrow else 7)
    axes.spines[["left", "right", "top"]].set_visible(False)
    two_sides(axes, 0, "more deaths", "deaths averted")
    return panels.figure
