"""What each structure of a forecast says alone, beside all of them together."""

from __future__ import annotations

import pandas as pd

from sdforecast.forecasting import Forecast, twelve_month_sums
from sdforecast.plot import series
from sdforecast.reporting import findings
from sdforecast.reporting.charts import scales
from sdforecast.reporting.charts.marks import Chart, Line, Panel, days
from sdforecast.reporting.drawing import shared

_UNIT = "deaths in the twelve months before"
_COUNTED_BEFORE = 5


def structures(forecast: Forecast) -> Chart:
    """Return deaths in twelve months under the reference, one panel a structure, the median of all in each."""
    first = pd.Timestamp(max(series.compared_years(forecast)[0] - _COUNTED_BEFORE, 2011), 1, 1)
    whole = _spread(forecast, forecast.reference, first)
    listed = forecast.structures.to_dict("records")
    alone = {
        str(row["name"]): _spread(forecast.structure(str(row["name"])), forecast.reference, first) for row in listed
    }
    counted = series.counted(forecast, "12-month-ending").rename(columns={"period_end": "time"})
    counted = counted[counted["time"] >= first]
    top = max(*(path.max().max() for path in alone.values()), counted["value"].max() if len(counted) else 0.0)
    x, y = scales.years(first, whole.index[-1], most=4), scales.numbers(0, top, most=4)
    panels, rows = [], []
    for k, row in enumerate(listed, 1):
        name = str(row["name"])
        marks = [
            *shared.fan(alone[name], shared.look(k), every=2),
            Line(days(whole.index), whole["value"], "s0", 1.2),
            *shared.last_counted(forecast),
        ]
        if len(counted):
            marks.append(Line(days(counted["time"]), counted["value"], "ink", 2.4))
        title = f"{row['title']}: {100 * row['weight']:.0f} % of draws"
        panels.append(Panel(x, y, marks, title, _UNIT, name))
        rows.append(shared.rows(alone[name], name, str(row["title"]), _UNIT))
    rows.append(shared.rows(whole, "all", "all structures", _UNIT))
    return Chart(
        name="structures",
        title="Structures that fit the past alike part after it",
        finding=findings.structures(forecast),
        form="Small line charts with bands, one for each structure, beside the median of all.",
        panels=panels,
        data=shared.together(rows),
        note=f"Policies as they are. Grey line: median of all structures together. {shared.COUNTED} "
        f"{shared.spread_note(forecast)}",
        columns=3,
        height=170,
    )


def _spread(forecast: Forecast, scenario: str, first: pd.Timestamp) -> pd.DataFrame:
    deaths = forecast.trajectories[series.DEATHS].sel(scenario=[scenario])
    found = shared.spreads(series.spread(twelve_month_sums(deaths), "time"))
    return found[found.index >= first]
