"""Policy mixes against the reference: paths, the whole period, and year by year, always paired by draw."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sdforecast.forecasting import LEVELS, Forecast, twelve_month_sums
from sdforecast.plot import series
from sdforecast.plot.fan import COUNTS, INNER, MIDDLE, OUTER, draw_fan, mark_last_count, spread_note
from sdforecast.plot.numbers import number, signed, together
from sdforecast.plot.style import (
    INK,
    REFERENCE,
    Line,
    counts,
    grid,
    head,
    layout,
    lines,
    row_label,
    styled,
    two_sides,
    wrap,
    years,
)  # fmt: skip

COUNTED_BEFORE = 5
"""Years before the compared ones that the paths show."""


def paths_data(forecast: Forecast) -> pd.DataFrame:
    """Return deaths in twelve months under every scenario: `scenario, time, variable, unit, quantile, value`."""
    table = series.spread(twelve_month_sums(forecast.trajectories[series.DEATHS]), "time")
    table.insert(2, "variable", series.DEATHS)
    table.insert(3, "unit", "deaths in 12 months")
    return table


@styled
def paths(forecast: Forecast, *, narrow: bool = False) -> Figure:
    """Draw deaths in twelve months under each scenario, one panel each, the reference's median in each."""
    names, look = series.others(forecast), lines([s.name for s in forecast.scenarios], forecast.reference)
    first = pd.Timestamp(max(series.compared_years(forecast)[0] - COUNTED_BEFORE, 2011), 1, 1)
    table = paths_data(forecast)
    table = table[table["time"] >= first]
    panels = grid(
        len(names), layout(narrow, 2), panel_height=2.3, sharey=True,
        title="Deaths involving synthetic opioids under each condition",
        source=f"Grey line: median of {series.titles(forecast)[forecast.reference]}. {spread_note(forecast)} {COUNTS}",
    )  # fmt: skip
    reference = series.wide(table[table["scenario"] == forecast.reference], "time")[MIDDLE]
    counted = series.counted(forecast, "12-month-ending")
    counted = counted[counted["period_end"] >= first]
    for axes, name in zip(panels.axes, names, strict=True):
        draw_fan(axes, series.wide(table[table["scenario"] == name], "time"), look[name], every=2)
        axes.plot(reference.index, reference, color=REFERENCE.colour, linewidth=1)
        axes.plot(counted["period_end"], counted["value"], color=INK, linewidth=2)
        years(axes, first, reference.index[-1])
        counts(axes)
        axes.tick_params(labelleft=True)
        mark_last_count(axes, forecast, label=False)
        head(axes, series.titles(forecast)[name], "deaths in the twelve months before", panels.panel_width)
    panels.axes[0].set_ylim(0, max(table["value"].max(), *counted["value"], 0) * 1.04)
    return panels.figure


def totals_data(forecast: Forecast) -> pd.DataFrame:
    """Return deaths over the compared years less those under the reference, for every draw.

    Columns `scenario, set, years, unit, value`; negative values are fewer deaths.
    """
    first, last = series.compared_years(forecast)
    deaths = series.yearly(forecast.trajectories[series.DEATHS]).sel(year=slice(first, last)).sum("year")
    table = series.against(deaths, forecast.reference).to_series().rename("value").reset_index()
    order = {name: k for k, name in enumerate(series.others(forecast))}
    table = table.sort_values(["scenario", "draw"], key=lambda c: c.map(order) if c.name == "scenario" else c)
    table = table.assign(years=f"{first}-{last}", unit="deaths, difference from the reference")
    return table[["scenario", "draw", "years", "unit", "value"]].reset_index(drop=True)


@styled
def totals(forecast: Forecast, *, narrow: bool = False) -> Figure:
    """Draw the difference from the reference over all compared years: each draw a tick, median and spread."""
    names, look = series.others(forecast), lines([s.name for s in forecast.scenarios], forecast.reference)
    table, (first, last) = totals_data(forecast), series.compared_years(forecast)
    shape = layout(narrow, 2)
    panels = grid(
        1, shape, panel_height=(0.8 if narrow else 0.62) * len(names) + 0.75,
        title=f"Deaths {first}–{last}, difference from {series.titles(forecast)[forecast.reference]}",
        source=f"{_dots_note(forecast)} Each tick compares the same draw under two conditions.",
    )  # fmt: skip
    axes = panels.axes[0]
    for row, name in enumerate(names):
        values = table.loc[table["scenario"] == name, "value"]
        _draw_range(axes, -row, values, look[name])
        title = wrap(series.titles(forecast)[name], shape.width - (0.4 if narrow else 3), 8.5, lines=1)
        between = "\n" if narrow else ": "
        text = f"{title}{between}{range_text(values)}"
        row_label(axes, -row, text)
    axes.axvline(0, color=INK, linewidth=1)
    axes.set_ylim(-len(names) + 0.6, 0.95)
    axes.set_yticks([])
    axes.grid(axis="x", color="#d9d9d9", linewidth=0.5)
    axes.xaxis.set_major_formatter(lambda value, _: number(value))
    axes.locator_params(axis="x", nbins=3 if narrow else 6)
    axes.spines[["left", "right", "top"]].set_visible(False)
    reach = max(table["value"].abs().max(), 1.0) * 0.3  # room on both sides of zero for the words there
    axes.set_xlim(min(table["value"].min() * 1.04, -reach), max(table["value"].max() * 1.04, reach))
    two_sides(axes, 0, "fewer deaths", "more deaths")
    return panels.figure


def range_text(values: pd.Series) -> str:
    """Return the median and, in brackets, the 5th and 95th percentile, signed and with separators."""
    low, middle, high = together(*(float(values.quantile(level)) for level in (OUTER[0], MIDDLE, OUTER[1])))
    return signed(middle) if len(values) == 1 else f"{signed(middle)} ({signed(low)} to {signed(high)})"


def _draw_range(axes: Axes, height: float, values: pd.Series, line: Line) -> None:
    low, lower, middle, upper, high = (float(values.quantile(level)) for level in LEVELS)
    if len(values) > 1:
        axes.plot([low, high], [height, height], color=line.colour, linewidth=1.2)
        axes.plot([lower, upper], [height, height], color=line.colour, linewidth=5, alpha=0.55)
        axes.plot(values, [height - 0.2] * len(values), "|", color=line.colour, markersize=5, alpha=0.7)
    axes.plot([middle], [height], "o", color=line.colour, markersize=6.5, mec="white", mew=0.8)


def _dots_note(forecast: Forecast) -> str:
    count = series.draws(forecast)
    if count == 1:
        return "One draw from the posterior: no spread can be shown."
    return (
        f"Dot: median; thick and thin line: middle half and nine tenths of {count} draws "
        f"{series.drawn_from(forecast)}; each draw is a tick; not a probability of what will happen."
    )


def by_year_data(forecast: Forecast) -> pd.DataFrame:
    """Return the spread of the yearly difference from the reference: `scenario, year, unit, quantile, value`."""
    first, last = series.compared_years(forecast)
    deaths = series.yearly(forecast.trajectories[series.DEATHS]).sel(year=slice(first, last))
    table = series.spread(series.against(deaths, forecast.reference), "year")
    table.insert(2, "unit", "deaths a year, difference from the reference")
    return table


@styled
def by_year(forecast: Forecast, *, narrow: bool = False) -> Figure:
    """Draw the yearly difference from the reference, one panel a scenario."""
    names, look = series.others(forecast), lines([s.name for s in forecast.scenarios], forecast.reference)
    table = by_year_data(forecast)
    panels = grid(
        len(names), layout(narrow, 2), panel_height=2.1, sharey=True,
        title=f"Deaths a year, difference from {series.titles(forecast)[forecast.reference]}",
        source=_dots_note(forecast).replace(", each a tick", ""),
    )  # fmt: skip
    for axes, name in zip(panels.axes, names, strict=True):
        found = series.wide(table[table["scenario"] == name], "year")
        colour = look[name].colour
        if series.draws(forecast) > 1:
            axes.vlines(found.index, found[OUTER[0]], found[OUTER[1]], color=colour, linewidth=1.2)
            axes.vlines(found.index, found[INNER[0]], found[INNER[1]], color=colour, linewidth=5, alpha=0.55)
        axes.plot(found.index, found[MIDDLE], "o", mfc="white", mec=colour, markersize=4.2, mew=1.1)
        axes.axhline(0, color=INK, linewidth=1)
        counts(axes, from_zero=False)
        axes.tick_params(labelleft=True)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        head(axes, series.titles(forecast)[name], "deaths a year, below zero is fewer", panels.panel_width)
    return panels.figure
