"""What each structure of a forecast says alone, beside all of them together."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from sdforecast.forecasting import Forecast, twelve_month_sums
from sdforecast.plot import series
from sdforecast.plot.fan import COUNTS, MIDDLE, draw_fan, mark_last_count, spread_note
from sdforecast.plot.style import INK, REFERENCE, Line, counts, grid, head, layout, styled, years

WHOLE = "all structures"
COUNTED_BEFORE = 5
"""Years before the compared ones that are shown."""
_COLOURS = ("#1f4e9e", "#2f7f6f", "#8a5a00", "#7a3b8f", "#a03030")


def structures_data(forecast: Forecast) -> pd.DataFrame:
    """Return deaths in twelve months under the reference: `structure, weight, time, unit, quantile, value`.

    The rows of all structures together come first. Raises `KeyError` for a forecast without deaths.
    """
    parts = [_spread(forecast, forecast, WHOLE, 1.0)]
    for row in forecast.structures.to_dict("records"):
        parts.append(_spread(forecast.structure(str(row["name"])), forecast, str(row["name"]), float(row["weight"])))
    return pd.concat(parts, ignore_index=True)


def _spread(of: Forecast, whole: Forecast, name: str, weight: float) -> pd.DataFrame:
    deaths = of.trajectories[series.DEATHS].sel(scenario=[whole.reference])
    table = series.spread(twelve_month_sums(deaths), "time").drop(columns="scenario")
    table.insert(0, "structure", name)
    table.insert(1, "weight", weight)
    table.insert(3, "unit", "deaths in 12 months")
    return table


@styled
def structures(forecast: Forecast, *, narrow: bool = False) -> Figure:
    """Draw deaths in twelve months under the reference, one panel a structure, the median of all in each."""
    first = pd.Timestamp(max(series.compared_years(forecast)[0] - COUNTED_BEFORE, 2011), 1, 1)
    table = structures_data(forecast)
    table = table[table["time"] >= first]
    listed = forecast.structures.to_dict("records")
    panels = grid(
        len(listed), layout(narrow, min(len(listed), 3)), panel_height=2.5, sharey=True,
        title="What each structure says alone, policies as they are",
        source=f"Grey line: median of all structures together, each with its weight. {spread_note(forecast)} {COUNTS}",
    )  # fmt: skip
    middle = series.wide(table[table["structure"] == WHOLE], "time")[MIDDLE]
    counted = series.counted(forecast, "12-month-ending")
    counted = counted[counted["period_end"] >= first]
    for k, (axes, row) in enumerate(zip(panels.axes, listed, strict=True)):
        look = Line(_COLOURS[k % len(_COLOURS)])
        draw_fan(axes, series.wide(table[table["structure"] == row["name"]], "time"), look, every=2)
        axes.plot(middle.index, middle, color=REFERENCE.colour, linewidth=1)
        axes.plot(counted["period_end"], counted["value"], color=INK, linewidth=2)
        years(axes, first, middle.index[-1])
        counts(axes)
        axes.tick_params(labelleft=True)
        mark_last_count(axes, forecast, label=False)
        head(axes, str(row["title"]), f"{100 * row['weight']:.0f} % of draws; deaths a year", panels.panel_width)
    panels.axes[0].set_ylim(0, max(table["value"].max(), *counted["value"], 0) * 1.04)
    return panels.figure
