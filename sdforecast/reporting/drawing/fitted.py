"""How far the model is from what was observed: deaths by month, and every target."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdforecast.forecasting import Forecast
from sdforecast.plot import fit, series
from sdforecast.reporting import findings
from sdforecast.reporting.charts import scales
from sdforecast.reporting.charts.marks import Axis, Chart, Dots, Line, Mark, Panel, Rows, Rule, Span, days
from sdforecast.reporting.drawing import shared

_NAMES = {"model_0.05": "low_90", "model_0.25": "low_50", "model_0.5": "value", "model_0.75": "high_50",
          "model_0.95": "high_90"}  # fmt: skip


_UNIT = "a month; dots counted, line and bands the model with its discrepancy, dashed the model alone"
_SIDES = "← model too low · model too high →"


def months(forecast: Forecast) -> Chart:
    """Return deaths by month, counted and modelled, and the difference of the two in per cent."""
    table = fit.months_data(forecast).set_index("time")
    model = table.rename(columns=_NAMES)[[name for name in _NAMES.values() if name in table.rename(columns=_NAMES)]]
    ratio = model.div(table["counted"], axis=0) * 100 - 100
    x = scales.years(table.index[0], table.index[-1], most=12)
    over: list[Mark] = [*shared.fan(model, "s0"), *_alone(table)]
    over.append(Dots(days(table.index), table["counted"], "ink", 1.8))
    apart: list[Mark] = [*shared.fan(ratio, "s0"), Rule(y=0.0)]
    rows = [shared.rows(table[["counted"]].rename(columns={"counted": "value"}), "deaths", "counted", "deaths a month"),
            shared.rows(model, "deaths", "model with its discrepancy", "deaths a month")]  # fmt: skip
    lowest, highest = ratio.min().min(), ratio.max().max()
    if "alone" in table:
        off = table["alone"] / table["counted"] * 100 - 100
        apart.append(Line(days(table.index), off, "s1", 1.4, (6, 3)))
        lowest, highest = min(lowest, off.min()), max(highest, off.max())
        rows.append(
            shared.rows(table[["alone"]].rename(columns={"alone": "value"}), "deaths", "model alone", "deaths a month")
        )
    top = float(np.nanmax([model.max().max(), table["counted"].max(), table.get("alone", table["counted"]).max()]))
    return Chart(
        name="fit-months",
        title="Deaths by month: the model and the counts",
        finding=findings.months(forecast),
        form="Two line charts over the counted months: deaths, and model less count in per cent.",
        panels=[
            Panel(x, scales.numbers(0, top, most=4), over, "Deaths", _UNIT, "deaths"),
            Panel(x, scales.numbers(lowest, highest, most=4), apart, "Model less count", "per cent", "off"),
        ],
        data=shared.together(rows),
        note=f"{shared.COUNTED} Months are differences of the published sums of twelve months. "
        f"{shared.spread_note(forecast)}",
        height=170,
    )  # fmt: skip


def _alone(table: pd.DataFrame) -> list[Mark]:
    return [Line(days(table.index), table["alone"], "s1", 1.4, (6, 3))] if "alone" in table else []


def targets(forecast: Forecast) -> Chart:
    """Return model over observation for every observation, one row a target, on a scale of doublings."""
    table = fit.targets_data(forecast)
    limit = fit.LARGEST_FACTOR
    ratio = np.log2(table["ratio"].clip(1 / limit, limit))
    reach = max(1.3, float(ratio.abs().max()) * 1.06)
    ticks = [(np.log2(tick), f"{tick:g}") for tick in (0.125, 0.25, 0.5, 1, 2, 4, 8) if abs(np.log2(tick)) <= reach]
    names: list[tuple[str, str, str]] = []
    marks: list[Mark] = [Rule(x=0.0), Rule(x=-1.0, dashed=True), Rule(x=1.0, dashed=True)]
    for row, target in enumerate(dict.fromkeys(table["target"])):
        mine = table["target"] == target
        middle, count = float(ratio[mine].median()), int(mine.sum())
        title = str(table.loc[mine, "title"].iloc[0])
        names.append((title, f"{count} observation{'s' if count > 1 else ''}", ""))
        marks.append(Dots(ratio[mine], [row + 0.68] * count, "s1", 2.8))
        marks.append(Span([middle], [row + 0.5], [middle], [row + 0.86], "ink", 2.4))
    kept = ["title", "series", "variable", "unit", "start", "end", "observed", "model", "ratio", "fitted"]
    return Chart(
        name="fit-targets",
        title="Every target: the model over the observation",
        finding=findings.targets(forecast),
        form="Dot chart, one row for each target: model over observation on a scale of doublings.",
        panels=[Panel(Axis(-reach, reach, ticks), Rows(names), marks, unit=_SIDES, dated=False)],
        data=table[[name for name in kept if name in table]],
        note="The median of the model alone. Dot: one observation; bar: median. At 1 they agree; dashed: a factor of "
        "two. "
        f"Points further off than a factor of {limit:g} stand at the edge.",
    )  # fmt: skip


def counted_there(forecast: Forecast) -> bool:
    """Return whether there are counted months to compare with."""
    return series.DEATHS in forecast.trajectories and len(series.counted(forecast, "month")) > 0
