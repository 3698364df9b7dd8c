"""One set of panels for each sector of the model, with the observations where there are any."""

from __future__ import annotations

import pandas as pd

from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.plot.sectors import shown, unit_words
from sdforecast.reporting import findings
from sdforecast.reporting.charts import scales
from sdforecast.reporting.charts.marks import Chart, Dots, Line, Mark, Panel, Span, days
from sdforecast.reporting.drawing import shared

_FIRST = pd.Timestamp(2010, 1, 1)


def sector(forecast: Forecast, name: str) -> Chart:
    """Return the panels of one sector: fan of the reference, medians of the others, observations as dots."""
    panels, rows = [], []
    for variable in shown(forecast, name):
        panel, found = _panel(forecast, variable)
        panels.append(panel)
        rows += found
    reference = series.titles(forecast)[forecast.reference]
    return Chart(
        name=f"sector-{name.lower().replace(' ', '-')}",
        title=f"{name}: the model, and what was observed",
        finding=findings.sector(forecast, name),
        form=f"Small line charts of the sector {name.lower()}, one for each variable, from 2010 on.",
        panels=panels,
        data=shared.together(rows),
        note=f"Dots: observed. Bands: “{reference}”; of the other policy mixes the median is drawn. "
        f"{shared.spread_note(forecast)}",
        scenarios=shared.key(forecast),
        columns=3 if len(panels) in (3, 5, 6, 9) else 2,
        height=140,
    )


def _panel(forecast: Forecast, variable: str) -> tuple[Panel, list[pd.DataFrame]]:
    trajectory, titles = forecast.trajectories[variable], series.titles(forecast)
    spread = series.spread(trajectory, "time")
    by_name = {str(name): shared.spreads(part) for name, part in spread.groupby("scenario", sort=False)}
    seen, unit = series.observations(forecast, variable), unit_words(str(trajectory.attrs.get("unit", "")))
    reference, change = by_name[forecast.reference], pd.Timestamp(series.compared_years(forecast)[0] - 1, 12, 31)
    dashes, marks = shared.dashes(forecast), list[Mark]()
    highest = max(reference.max().max(), seen["value"].max() if len(seen) else 0.0)
    lowest = min(reference.min().min(), 0.0)
    marks += shared.fan(reference, "s0", scenario=forecast.reference, every=3, width=1.6)
    rows = [shared.rows(seen.set_index("time")[["value"]], variable, "observed", unit),
            shared.rows(_thinned(reference), variable, titles[forecast.reference], unit)]  # fmt: skip
    for other, _, look in shared.key(forecast)[1:]:
        late = by_name[other].loc[by_name[other].index >= change, ["value"]].iloc[::-3].iloc[::-1]
        highest, lowest = max(highest, late["value"].max()), min(lowest, late["value"].min())
        marks.append(Line(days(late.index), late["value"], look, 1.4, dashes[other], other))
        rows.append(shared.rows(late, variable, titles[other], unit))
    marks += _observed(seen)
    marks += shared.last_counted(forecast)
    title = variable[:1].upper() + variable[1:]
    panel = Panel(
        scales.years(_FIRST, reference.index[-1], most=4), scales.numbers(lowest, highest, most=4), marks, title,
        unit if len(seen) else f"{unit}; not observed", variable,
    )  # fmt: skip
    return panel, rows


def _thinned(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.iloc[::-3].iloc[::-1]


def _observed(seen: pd.DataFrame) -> list[Mark]:
    if seen.empty:
        return []
    months = (seen["end"] - seen["start"]).dt.days / 30.4
    long = seen[months > 1.5]
    marks: list[Mark] = []
    if len(long):
        marks.append(Span(days(long["start"]), long["value"], days(long["end"]), long["value"], "ink", 1.2))
    marks.append(Dots(days(seen["time"]), seen["value"], "ink", 1.3 if len(seen) > 40 else 2.6))
    return marks
