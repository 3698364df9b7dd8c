"""The levels of the policy instruments under each scenario."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sdforecast.calendar import month_start
from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.plot.style import Line, counts, grid, head, key, key_lines, layout, lines, styled, years
from sdforecast.scenario import Scenario, instruments, levels


def changed(forecast: Forecast) -> list[str]:
    """Return the instruments that any scenario changes, in the order of the table of instruments."""
    named = {change.instrument for scenario in forecast.scenarios for change in scenario.instruments}
    return [name for name in instruments() if name in named]


def levels_data(forecast: Forecast) -> pd.DataFrame:
    """Return the levels of the changed instruments by month: `scenario, time, instrument, level`."""
    tables = []
    for scenario in forecast.scenarios:
        table = forecast.levels[scenario.name][changed(forecast)].copy()
        table.index = pd.DatetimeIndex([month_start(int(time)) for time in table.index], name="time")
        long = table.melt(ignore_index=False, var_name="instrument", value_name="level").reset_index()
        tables.append(long.assign(scenario=scenario.name)[["scenario", "time", "instrument", "level"]])
    return pd.concat(tables, ignore_index=True)


@styled
def instrument_levels(forecast: Forecast, *, narrow: bool = False) -> Figure:
    """Draw the level of each instrument that a scenario changes, one panel each."""
    return _panels(levels_data(forecast), changed(forecast), series.titles(forecast), forecast.reference, narrow)


@styled
def scenario_levels(
    scenarios: Sequence[Scenario], reference: str, names: Sequence[str], *, since: int = 60, narrow: bool = False
) -> Figure:
    """Draw the levels of the instruments `names` under `scenarios`, from month `since` of model time.

    One of the scenarios is the `reference`, which is drawn throughout.
    """
    tables = []
    for scenario in scenarios:
        table = levels(scenario)[list(names)]
        table.index = pd.DatetimeIndex([month_start(int(time)) for time in table.index], name="time")
        long = table.melt(ignore_index=False, var_name="instrument", value_name="level").reset_index()
        tables.append(long.assign(scenario=scenario.name))
    titles = {scenario.name: scenario.title for scenario in scenarios}
    return _panels(pd.concat(tables, ignore_index=True), list(names), titles, reference, narrow, since)


def _panels(
    table: pd.DataFrame, names: list[str], titles: dict[str, str], reference: str, narrow: bool, since: int = 60
) -> Figure:
    look, about = lines(list(titles), reference), instruments()
    shape = layout(narrow, 3, 2)
    panels = grid(
        len(names), shape, panel_height=1.45, sharey=True, key_lines=key_lines(len(look), shape),
        title="What the conditions change: levels of the policy instruments",
        source="Levels run from 0 to 1; the table of instruments says what both mean. All levels are judgement, also "
        "those of the past. Instruments that no condition changes are not shown.",
    )  # fmt: skip
    for axes, name in zip(panels.axes, names, strict=True):
        rows = table[table["instrument"] == name].pivot(index="time", columns="scenario", values="level")
        _draw_levels(axes, rows, look, reference)
        years(axes, month_start(since), rows.index[-1], ticks=4)
        counts(axes)
        axes.set_yticks([0, 0.5, 1])
        axes.set_ylim(0, 1.04)
        axes.tick_params(labelleft=True)
        head(axes, about[name].title, "", panels.panel_width)
    key(panels.figure, [(titles[scenario], line) for scenario, line in look.items()], shape)
    return panels.figure


def _draw_levels(axes: Axes, rows: pd.DataFrame, look: dict[str, Line], reference: str) -> None:
    """Draw the reference throughout, the others from where they leave it, each thinner than the one before."""
    base = rows[reference]
    axes.plot(rows.index, base, color=look[reference].colour)
    for k, scenario in enumerate(name for name in look if name != reference):
        away = np.flatnonzero(~np.isclose(rows[scenario], base))
        if away.size:
            part = rows[scenario].iloc[max(0, away[0] - 1) : away[-1] + 2]
            width = max(1.2, 2.8 - 0.5 * k)
            axes.plot(part.index, part, color=look[scenario].colour, linestyle=look[scenario].style, linewidth=width)
