"""The headline figure: what was counted, and the fan of what follows under one condition."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sdforecast.forecasting import LEVELS, Forecast, twelve_month_sums
from sdforecast.plot import series
from sdforecast.plot.labels import label_ends
from sdforecast.plot.style import INK, QUIET, REFERENCE, Line, counts, day, grid, head, layout, styled, years

OUTER, INNER, MIDDLE = (0.05, 0.95), (0.25, 0.75), 0.5
COUNTS = "Counts: CDC, National Center for Health Statistics, T40.4 by place of occurrence."
SINGLE_PATHS = 4
"""So many single trajectories are drawn in the fan: smooth bands suggest smooth futures."""


def fan_data(forecast: Forecast, scenario: str | None = None) -> pd.DataFrame:
    """Return what :func:`fan` draws: deaths in twelve months, counted and as the model has them.

    Columns `part` (counted or model), `scenario`, `status`, `time` (last day of the twelve months), `variable`, `unit`,
    `quantile`, `value`.
    """
    name = scenario or forecast.reference
    deaths = twelve_month_sums(forecast.trajectories[series.DEATHS].sel(scenario=[name]))
    model = series.spread(deaths, "time").assign(part="model", status="")
    rolling = series.counted(forecast, "12-month-ending").assign(status=lambda rows: rows["status"])
    early = series.counted(forecast, "calendar-year", "residents")
    first = rolling["period_end"].min() if len(rolling) else pd.Timestamp.max
    early = early[(early["period_end"] < first) & (early["period_end"] >= pd.Timestamp(deaths["time"].values[0]))]
    early = early.assign(status="calendar year, residents")
    seen = pd.concat([early, rolling]).rename(columns={"period_end": "time"}).assign(part="counted")
    table = pd.concat([seen, model], ignore_index=True)
    table = table.assign(variable=series.DEATHS, unit="deaths in 12 months")
    return table[["part", "scenario", "status", "time", "variable", "unit", "quantile", "value"]]


@styled
def fan(forecast: Forecast, scenario: str | None = None, *, narrow: bool = False) -> Figure:
    """Draw deaths in twelve months: counted, then the spread of the draws under one scenario."""
    name = scenario or forecast.reference
    table = fan_data(forecast, name)
    panels = grid(
        1, layout(narrow, 2), panel_height=3.3 if narrow else 3.6,
        title=f"Overdose deaths involving synthetic opioids: {series.titles(forecast)[name]}",
        source=f"{spread_note(forecast)} {COUNTS} Open circles: provisional. Diamonds: calendar years, residents.",
    )  # fmt: skip
    axes = panels.axes[0]
    model = series.wide(table[table["part"] == "model"], "time")
    paths = twelve_month_sums(forecast.trajectories[series.DEATHS].sel(scenario=name))
    count = series.draws(forecast)
    for k in range(min(SINGLE_PATHS, count - 1)):
        axes.plot(paths["time"].values, paths.isel(draw=(k + 1) * count // (SINGLE_PATHS + 1)).values,
                  color="#8f8f8f", linewidth=0.6)  # fmt: skip
    draw_fan(axes, model, REFERENCE)
    _draw_counted(axes, table[table["part"] == "counted"])
    years(axes, pd.Timestamp(model.index[0]), pd.Timestamp(model.index[-1]), ticks=5 if narrow else 8)
    counts(axes)
    axes.set_ylim(0, table["value"].max() * 1.12)
    head(axes, "", "deaths in the twelve months before", panels.panel_width)
    mark_last_count(axes, forecast)
    label_ends(axes, _ends(model, series.draws(forecast), narrow), 2.6, stroke=0.06 if narrow else 0.03)
    return panels.figure


def draw_fan(axes: Axes, model: pd.DataFrame, line: Line, *, every: int = 1) -> None:
    """Draw bands and median of a table with a column for each quantile and dates as index.

    `every` thins the corners of the bands to those of every so many rows, for small panels.
    """
    for (low, high), alpha in ((OUTER, 0.16), (INNER, 0.24)) if OUTER[0] in model else ():
        band = model[[low, high]].iloc[::-every].iloc[::-1]
        if (band[high] > band[low]).any():
            axes.fill_between(band.index, band[low], band[high], color=line.colour, alpha=alpha, linewidth=0)
    axes.plot(model.index, model[MIDDLE], color=line.colour, linestyle=line.style)


def mark_last_count(axes: Axes, forecast: Forecast, *, label: bool = True) -> None:
    """Mark the end of the counted months; call it when the limits are set."""
    last = series.last_counted(forecast)
    axes.axvline(day(last), color=QUIET, linewidth=0.8, linestyle=(0, (3, 2)))
    if label:
        axes.annotate(
            f"last counted month:\n{last:%B %Y}", (day(last), 1), (3, -2), ("data", "axes fraction"), "offset points",
            va="top", fontsize=7.5, color=QUIET,
        )  # fmt: skip


def _draw_counted(axes: Axes, rows: pd.DataFrame) -> None:
    settled, open_ = rows[rows["status"] == "final"], rows[rows["status"] == "provisional"]
    early = rows[~rows["status"].isin(["final", "provisional"])]
    axes.plot(early["time"], early["value"], "D", markersize=3, color=INK)
    axes.plot(settled["time"], settled["value"], color=INK, linewidth=2.2)
    axes.plot(open_["time"], open_["value"], "o", markersize=3.2, mfc="white", mec=INK, mew=1)
    if len(settled):
        place = settled.iloc[(settled["value"] - 0.55 * settled["value"].max()).abs().argsort().iloc[0]]
        axes.annotate(
            "counted\n(CDC)", (place["time"], place["value"]), (-8, 2), textcoords="offset points",
            ha="right", fontsize=8, fontweight="bold",
        )  # fmt: skip


def _ends(model: pd.DataFrame, draws: int, narrow: bool) -> list[tuple[float, str, str]]:
    last, colour = model.iloc[-1], REFERENCE.colour
    if draws == 1:
        return [(last[MIDDLE], "one draw", colour)]
    texts = ["5th", "25th", "median", "75th", "95th" if narrow else "95th percentile"]
    colours = ["#b8b8b8", "#8f8f8f", colour, "#8f8f8f", "#b8b8b8"]
    return [(last[level], text, shade) for level, text, shade in zip(LEVELS, texts, colours, strict=True)]


def spread_note(forecast: Forecast) -> str:
    """Return the sentence that every figure with a spread carries."""
    count = series.draws(forecast)
    if count == 1:
        return "One draw from the posterior: no spread can be shown."
    return (
        f"Bands: 5th to 95th and 25th to 75th percentile of {count} draws {series.drawn_from(forecast)}; "
        "not a probability of what will happen."
    )
