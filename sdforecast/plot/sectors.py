"""One set of panels for each sector of the model, with the observations where there are any."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.plot.fan import MIDDLE, draw_fan, mark_last_count, spread_note
from sdforecast.plot.style import INK, counts, grid, head, key, key_lines, layout, lines, styled, years

PANELS: dict[str, tuple[str, ...]] = {
    "Precursor supply": (
        "precursor shipments", "precursor price", "legal share of chemistry", "other source supplier capacity",
    ),
    "Production": ("production in Mexico", "active producers", "trafficking network strength", "displaced production"),
    "Border flow": ("fentanyl seized gross", "border loss fraction", "border arrivals", "powder purity"),
    "Demand": (
        "fentanyl share", "pill content", "people using illicit opioids as surveyed", "people in treatment",
        "prescription opioid misuse", "pills with two mg or more",
    ),
    "Overdose deaths": ("synthetic opioid deaths", "naloxone kits given", "overdose rate", "fatality"),
    "Policy and political economy": (
        "Mexico security cooperation", "China counternarcotics cooperation", "coalition trust", "bilateral trade",
        "regulatory monitoring capacity", "multilateral control capacity",
    ),
}  # fmt: skip
"""The variables shown of each sector of our model; those with observations come in addition."""

_UNITS = {"Dmnl": "no unit", "person": "people", "percent": "per cent", "producer": "producers", "kit": "kits"}


def shown(forecast: Forecast, sector: str) -> list[str]:
    """Return the variables to draw for a sector that these trajectories have, the ones with observations first."""
    there = forecast.trajectories.data_vars
    observed = list(dict.fromkeys(forecast.targets["variable"]))
    inside = [
        v for v in observed if v in there and str(there[v].attrs.get("sector", "")).casefold() == sector.casefold()
    ]
    wanted = [v for v in PANELS.get(sector, ()) if v in there]
    chosen = list(dict.fromkeys([*wanted, *inside]))
    return sorted(chosen, key=lambda v: v not in observed)


def left_out(forecast: Forecast) -> list[str]:
    """Return the sectors of our model of which these trajectories hold nothing."""
    return [sector for sector in PANELS if not shown(forecast, sector)]


def sector_data(forecast: Forecast, sector: str) -> pd.DataFrame:
    """Return what :func:`sector` draws: spreads of the reference, medians of the others, observations.

    Columns `part` (model or observed), `series`, `scenario`, `time`, `variable`, `unit`, `quantile`, `value`; monthly
    flows are per month, and an observed sum over a longer period is divided by its months.
    """
    tables = []
    for variable in shown(forecast, sector):
        trajectory = forecast.trajectories[variable]
        model = series.spread(trajectory, "time").assign(part="model", series="")
        model = model[(model["scenario"] == forecast.reference) | (model["quantile"] == MIDDLE)]
        seen = series.observations(forecast, variable)[["series", "time", "value"]].assign(part="observed", scenario="")
        both = pd.concat([table for table in (seen, model) if len(table)], ignore_index=True)
        both = both.assign(variable=variable, unit=trajectory.attrs.get("unit", ""))
        tables.append(both[["part", "series", "scenario", "time", "variable", "unit", "quantile", "value"]])
    return pd.concat(tables, ignore_index=True)


@styled
def sector(forecast: Forecast, name: str, *, narrow: bool = False) -> Figure:
    """Draw the panels of one sector: fan of the reference, medians of the others, observations as dots."""
    look = lines([scenario.name for scenario in forecast.scenarios], forecast.reference)
    variables, table = shown(forecast, name), sector_data(forecast, name)
    shape = layout(narrow, 3 if len(variables) in (3, 5, 6) else 2)
    titles = series.titles(forecast)
    panels = grid(
        len(variables), shape, panel_height=2.15, title=name,
        key_lines=key_lines(len(look), shape) if len(look) > 1 else 0,
        source=f"{spread_note(forecast)} They are of {titles[forecast.reference]}; of other conditions the median is "
        "drawn. Dots: observed.",
    )  # fmt: skip
    change = pd.Timestamp(series.compared_years(forecast)[0] - 1, 12, 31)
    for axes, variable in zip(panels.axes, variables, strict=True):
        rows = table[table["variable"] == variable]
        model = rows[rows["part"] == "model"]
        draw_fan(
            axes, series.wide(model[model["scenario"] == forecast.reference], "time"), look[forecast.reference], every=3
        )
        for other in series.others(forecast):
            late = model[(model["scenario"] == other) & (model["time"] >= change)]
            axes.plot(late["time"], late["value"], color=look[other].colour, linewidth=1.2, linestyle=look[other].style)
        _draw_observed(axes, forecast, variable)
        years(axes, pd.Timestamp(2010, 1, 1), model["time"].iloc[-1], ticks=5)
        counts(axes, from_zero=bool(model["value"].min() >= 0))
        axes.set_ylim(top=max(axes.get_ylim()[1], rows["value"].max() * 1.06))
        mark_last_count(axes, forecast, label=False)
        has = "" if (rows["part"] == "observed").any() else "; not observed"
        head(axes, variable, f"{unit_words(rows['unit'].iloc[0])}{has}", panels.panel_width)
    if len(look) > 1:
        key(panels.figure, [(titles[scenario], line) for scenario, line in look.items()], shape)
    return panels.figure


def _draw_observed(axes: Axes, forecast: Forecast, variable: str) -> None:
    seen = series.observations(forecast, variable)
    if seen.empty:
        return
    months = np.maximum(1, (seen["end"] - seen["start"]).dt.days / 30.4)
    long = seen[months > 1.5]
    axes.hlines(long["value"], long["start"], long["end"], color=INK, linewidth=1)
    size = 1.6 if len(seen) > 40 else 3.4
    axes.plot(seen["time"], seen["value"], "o", color=INK, markersize=size)


def unit_words(unit: str) -> str:
    """Return a model's unit as a reader would say it."""
    whole, _, _ = unit.partition("/Month")
    per = " a month" if unit.endswith("/Month") else ""
    words = _UNITS.get(whole, whole) if unit != "1/Month" else "share"
    return f"{words}{per}" if per else _UNITS.get(unit, unit)
