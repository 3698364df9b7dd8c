"""How well the model reproduces what was observed: the months of deaths, and every target at once."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sdforecast.forecasting import OF_THE_MODEL, Forecast
from sdforecast.plot import series
from sdforecast.plot.fan import COUNTS, draw_fan, spread_note
from sdforecast.plot.style import (
    INK,
    QUIET,
    REFERENCE,
    Line,
    counts,
    grid,
    head,
    layout,
    row_label,
    styled,
    two_sides,
    wrap,
    years,
)

ALONE = f"{series.DEATHS}{OF_THE_MODEL}"
APART = Line("#1f4e9e", (4.0, 1.5))

LARGEST_FACTOR = 8.0
"""Points further off than this are drawn at the edge."""


def months_data(forecast: Forecast) -> pd.DataFrame:
    """Return counted and modelled deaths by month: `time, counted, status` and one column for each quantile.

    The model is given with its discrepancy from the counts; `alone` is the median of the model without it.
    """
    counted = series.counted(forecast, "month").rename(columns={"period_end": "time", "value": "counted"})
    deaths = forecast.trajectories[series.DEATHS].sel(scenario=[forecast.reference])
    model = series.wide(series.spread(deaths, "time"), "time")
    model.columns = [f"model_{level:g}" for level in model.columns]
    if ALONE in forecast.trajectories:
        alone = forecast.trajectories[ALONE].sel(scenario=forecast.reference).median("draw")
        model["alone"] = alone.to_series()
    return counted.merge(model, left_on="time", right_index=True, how="inner").reset_index(drop=True)


@styled
def months(forecast: Forecast, *, narrow: bool = False) -> Figure:
    """Draw deaths by month, counted and modelled, and below the ratio of the two."""
    table = months_data(forecast)
    shape = layout(narrow, 1)
    panels = grid(
        2, shape, panel_height=2.2, title="Deaths by month: model and counts",
        source=f"{spread_note(forecast)} {COUNTS} Months are differences of the published sums of twelve months.",
    )  # fmt: skip
    top, below = panels.axes
    model = table.set_index("time").filter(like="model_")
    model.columns = pd.Index([float(str(column).removeprefix("model_")) for column in model.columns])
    draw_fan(top, model, REFERENCE)
    words = "a month; dots counted, line and bands model"
    if "alone" in table:
        top.plot(table["time"], table["alone"], color=APART.colour, linestyle=APART.style)
        words += " with its discrepancy; dashed: the model alone"
    top.plot(table["time"], table["counted"], "o", color=INK, markersize=2.4)
    counts(top)
    head(top, "Deaths", words, shape.width)
    ratio = model.div(table["counted"].to_numpy(), axis=0) * 100 - 100
    draw_fan(below, ratio, REFERENCE)
    if "alone" in table:
        below.plot(table["time"], table["alone"] / table["counted"] * 100 - 100, color=APART.colour,
                   linestyle=APART.style)  # fmt: skip
    below.axhline(0, color=INK, linewidth=1)
    counts(below, from_zero=False)
    head(below, "Model less count", "per cent of the count", shape.width)
    for axes in panels.axes:
        years(axes, table["time"].iloc[0], table["time"].iloc[-1], ticks=6 if narrow else 12)
    return panels.figure


def targets_data(forecast: Forecast) -> pd.DataFrame:
    """Return the targets with `ratio`, the median of the model alone over the observation."""
    return forecast.targets.assign(ratio=forecast.targets["model"] / forecast.targets["observed"])


@styled
def targets(forecast: Forecast, *, narrow: bool = False) -> Figure:
    """Draw model over observation for every observation, one row a target, on a scale of doublings."""
    table = targets_data(forecast)
    names = list(dict.fromkeys(table["target"]))
    shape = layout(narrow, 2)
    panels = grid(
        1, shape, panel_height=0.42 * len(names) + 0.5,
        title="Every target: the median of the model alone over the observation",
        source="Dot: one observation; bar: median. At 1 they agree; the dashed lines are a factor of two. "
        f"Points further off than a factor of {LARGEST_FACTOR:g} stand at the edge.",
    )  # fmt: skip
    axes = panels.axes[0]
    for row, name in enumerate(names):
        mine = table[table["target"] == name]
        ratio = mine["ratio"].clip(1 / LARGEST_FACTOR, LARGEST_FACTOR)
        alpha = 0.35 if len(mine) > 30 else 0.6
        axes.plot(ratio, [-row] * len(mine), "o", color="#1f4e9e", markersize=4, alpha=alpha, mew=0)
        axes.plot([ratio.median()] * 2, [-row - 0.22, -row + 0.22], color=INK, linewidth=2)
        text = wrap(f"{mine['title'].iloc[0]} ({len(mine)})", shape.width - 0.4, 8, lines=1)
        row_label(axes, -row, text, size=8)
    _scale_of_doublings(axes, table["ratio"])
    axes.set_yticks([])
    axes.set_ylim(-len(names) + 0.5, 0.9)
    two_sides(axes, 1, "model too low", "model too high")
    axes.spines[["left", "right", "top"]].set_visible(False)
    return panels.figure


def _scale_of_doublings(axes: Axes, ratio: pd.Series) -> None:
    """Make the horizontal axis logarithmic around one, as wide as the points need, with lines at a factor of two."""
    furthest = max(2.4, *(min(max(r, 1 / r), LARGEST_FACTOR) for r in ratio)) * 1.1
    axes.set_xscale("log", base=2)
    ticks = [tick for tick in (0.125, 0.25, 0.5, 1, 2, 4, 8) if 1 / furthest <= tick <= furthest]
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.set_xlim(1 / furthest, furthest)
    axes.minorticks_off()
    axes.axvline(1, color=INK, linewidth=1)
    for factor in (0.5, 2):
        axes.axvline(factor, color=QUIET, linewidth=0.8, linestyle=(0, (3, 2)))
