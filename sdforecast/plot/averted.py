"""What scenarios change against the reference: deaths averted by year, costs beside them, each stage on the way."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sdforecast.plot.numbers import number
from sdforecast.plot.style import (
    INK,
    Line,
    counts,
    grid,
    head,
    key,
    key_lines,
    layout,
    lines,
    styled,
)  # fmt: skip
from sdforecast.policy import effects
from sdforecast.policy.comparing import Comparison
from sdforecast.policy.kept import DEATHS
from sdforecast.policy.stages import EVERY

CHAIN = {
    "precursors": "precursors", "production": "production", "crossings": "fentanyl that gets through",
    "purity": "purity of powder", "price": "price on delivery", "consumption": "fentanyl sold",
    "demand": "people in the market", "treatment": "people in treatment", "fatality": "deaths per overdose",
    DEATHS: "deaths",
}  # fmt: skip
"""What the stages are called in a figure, in the order of the chain."""


def averted_by_year_data(made: Comparison) -> pd.DataFrame:
    """Return deaths averted in each year: `scenario, year, unit, median, low, high, error`."""
    table = made.effects
    chosen = table[(table["effect"] == "deaths averted") & (table["year"] != EVERY)]
    return chosen[["scenario", "year", "unit", "median", "low", "high", "error"]].reset_index(drop=True)


@styled
def averted_by_year(made: Comparison, *, narrow: bool = False) -> Figure:
    """Draw deaths averted in each year, one panel a scenario."""
    table, look, titles = averted_by_year_data(made), _look(made), _titles(made)
    names = _others(made)
    panels = grid(
        len(names), layout(narrow, 2), panel_height=2.1, sharey=True,
        title=f"Deaths averted a year against {titles[made.outcomes.reference]}", source=_note(made),
    )  # fmt: skip
    for axes, name in zip(panels.axes, names, strict=True):
        rows = table[table["scenario"] == name]
        axes.vlines(rows["year"].to_numpy(int), rows["low"], rows["high"], color=look[name].colour, linewidth=1.6)
        axes.plot(rows["year"].to_numpy(int), rows["median"], "o", mfc="white", mec=look[name].colour, markersize=4.5)
        axes.axhline(0, color=INK, linewidth=1)
        counts(axes, from_zero=False)
        axes.tick_params(labelleft=True)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        head(axes, titles[name], "deaths averted a year, below zero is more deaths", panels.panel_width)
    return panels.figure


def stages_data(made: Comparison) -> pd.DataFrame:
    """Return how far each stage is from the reference over all years: `scenario, stage, unit, median, low, high`."""
    table = made.stages
    return table.loc[table["year"] == EVERY, ["scenario", "stage", "unit", "median", "low", "high"]].reset_index(
        drop=True
    )


@styled
def stages(made: Comparison, *, narrow: bool = False) -> Figure:
    """Draw the chain from precursors to deaths, one panel a scenario: a row a stage, the change in per cent."""
    table, look, titles, names = stages_data(made), _look(made), _titles(made), _others(made)
    order = [stage for stage in CHAIN if (table["stage"] == stage).any()]
    panels = grid(
        len(names), layout(narrow, 2), panel_height=0.27 * len(order) + 0.9, sharex=True, sharey=True,
        title=f"What changes on the way from precursors to deaths, against {titles[made.outcomes.reference]}",
        source=_note(made),
    )  # fmt: skip
    for axes, name in zip(panels.axes, names, strict=True):
        rows = table[table["scenario"] == name].set_index("stage").loc[order]
        heights = [-k for k in range(len(order))]
        axes.hlines(heights, rows["low"], rows["high"], color=look[name].colour, linewidth=1.6)
        axes.plot(rows["median"], heights, "o", color=look[name].colour, markersize=5, mec="white", mew=0.7)
        axes.axvline(0, color=INK, linewidth=1)
        axes.set_yticks(heights, [CHAIN[stage] for stage in order])
        axes.set_ylim(-len(order) + 0.4, 0.6)
        _plain(axes)
        axes.tick_params(labelbottom=True)
        head(axes, titles[name], f"change {_span(made)}, % of the reference", panels.panel_width - 0.9)
    return panels.figure


def cost_plane_data(made: Comparison) -> pd.DataFrame:
    """Return deaths averted and added budget over all years of every draw: `scenario, draw, deaths averted, budget`."""
    averted = effects.less(made.outcomes, DEATHS).sum("year")
    budget = effects.more(made.outcomes, "budget", made.discount).sum("year")
    rows = [
        pd.DataFrame(
            {
                "scenario": name,
                "draw": averted["draw"].to_numpy(),
                "deaths averted": averted.sel(scenario=name).to_numpy(),
                "budget, billion 2024 USD": budget.sel(scenario=name).to_numpy(),
            }
        )
        for name in _others(made)
    ]
    return pd.concat(rows, ignore_index=True)


@styled
def cost_plane(made: Comparison, *, narrow: bool = False) -> Figure:
    """Draw what the instruments cost over the deaths averted: each draw a dot, each scenario a colour."""
    table, look, titles, names = cost_plane_data(made), _look(made), _titles(made), _others(made)
    rate = f", discounted at {100 * made.discount:g} % a year" if made.discount else ""
    shape, entries = layout(narrow, 2), [(titles[name], Line(look[name].colour)) for name in names]
    panels = grid(
        1, shape, panel_height=3.6, key_lines=key_lines(len(entries), shape),
        title=f"Cost of the instruments and deaths averted, {_span(made)}",
        source=f"Each dot is a draw from the posterior, each ring the medians, against "
        f"{titles[made.outcomes.reference]}. Below zero on the axis of deaths there are more deaths. Dollars of "
        f"2024{rate}, whoever pays; several prices are assumptions: see costs.csv.",
    )  # fmt: skip
    axes = panels.axes[0]
    for name in names:
        rows = table[table["scenario"] == name]
        x, y = rows["deaths averted"], rows["budget, billion 2024 USD"]
        axes.plot(x, y, "o", color=look[name].colour, markersize=3, alpha=0.35, mew=0)
        axes.plot([x.median()], [y.median()], "o", mfc="white", mec=look[name].colour, mew=2, markersize=8)
    axes.axvline(0, color=INK, linewidth=1)
    axes.axhline(0, color=INK, linewidth=1)
    counts(axes, from_zero=False)
    axes.xaxis.set_major_formatter(lambda value, _: number(value))
    axes.locator_params(axis="x", nbins=4 if narrow else 7)
    axes.set_xlabel("deaths averted")
    head(axes, "Added cost", "billion 2024 US dollars, more than under the reference", panels.panel_width)
    key(panels.figure, entries, shape)
    return panels.figure


def _others(made: Comparison) -> list[str]:
    return [name for name in made.outcomes.names if name != made.outcomes.reference]


def _titles(made: Comparison) -> dict[str, str]:
    return {mix.name: mix.title for mix in made.outcomes.scenarios}


def _look(made: Comparison) -> dict[str, Line]:
    return lines(made.outcomes.names, made.outcomes.reference)


def _span(made: Comparison) -> str:
    years = made.outcomes.yearly["year"].to_numpy()
    return f"{years[0]}–{years[-1]}"


def _note(made: Comparison) -> str:
    return (
        f"Dot: median; line: nine tenths of {made.outcomes.yearly.sizes['draw']} draws from the posterior, each "
        "compared with itself under the reference; not a probability of what will happen."
    )


def _plain(axes: Axes) -> None:
    axes.grid(axis="x", color="#d9d9d9", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter(lambda value, _: number(value))
    axes.locator_params(axis="x", nbins=6)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
