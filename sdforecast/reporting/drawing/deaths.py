"""The headline: what was counted, its provisional end, and the fan of what follows under the reference."""

from __future__ import annotations

import pandas as pd

from sdforecast.forecasting import Forecast, twelve_month_sums
from sdforecast.plot import series
from sdforecast.reporting import findings, words
from sdforecast.reporting.charts import scales
from sdforecast.reporting.charts.marks import Chart, Dots, Line, Mark, Note, Panel, days
from sdforecast.reporting.drawing import shared

SINGLE = 3
"""So many single trajectories are drawn: smooth bands suggest smooth futures."""
_UNIT = "deaths in the twelve months before"


def headline(forecast: Forecast) -> Chart:
    """Return the chart of deaths in twelve months, counted and under the reference."""
    name = forecast.reference
    counted = _counted(forecast)
    sums = twelve_month_sums(forecast.trajectories[series.DEATHS].sel(scenario=[name]))
    model = shared.spreads(series.spread(sums, "time"))
    if len(counted):
        model = model[model.index >= counted["time"].max()]
    low = counted["time"].min() if len(counted) else model.index[0]
    x = scales.years(pd.Timestamp(low), pd.Timestamp(model.index[-1]), most=9)
    top = max(model.max().max(), counted["value"].max() if len(counted) else 0.0)
    marks = [*shared.fan(model, "s0"), *_single(forecast, model), *_dots(counted)]
    marks += [*shared.last_counted(forecast, words=True), *_notes(model, counted)]
    unit = f"Overdose deaths involving synthetic opioids, {_UNIT}"
    early = "" if counted["status"].isin(["final", "provisional"]).all() else " Dots: calendar years, residents."
    table = shared.together(
        [
            *(
                shared.rows(part.set_index("time")[["value"]], "deaths", f"counted, {status}", _UNIT)
                for status, part in counted.groupby("status", sort=False)
            ),
            shared.rows(model, "deaths", series.titles(forecast)[name], _UNIT),
        ]
    )
    return Chart(
        name="deaths",
        title=findings.fan_title(forecast),
        finding=findings.fan(forecast),
        form="Line chart with bands: deaths in twelve months, counted, then as the model has them.",
        panels=[Panel(x, scales.numbers(0, top, room=0.1), marks, unit=unit, key="deaths")],
        data=table,
        note=f"{shared.COUNTED} Open circles: provisional.{early} {shared.spread_note(forecast)}",
        height=330,
    )  # fmt: skip


def _counted(forecast: Forecast) -> pd.DataFrame:
    """Return the counts as `time, value, status`: sums of twelve months, and calendar years before there are any."""
    rolling = series.counted(forecast, "12-month-ending").rename(columns={"period_end": "time"})
    early = series.counted(forecast, "calendar-year", "residents").rename(columns={"period_end": "time"})
    first = rolling["time"].min() if len(rolling) else pd.Timestamp.max
    start = pd.Timestamp(forecast.trajectories["time"].to_numpy()[0])
    early = early[(early["time"] < first) & (early["time"] >= start)].assign(status="calendar year, residents")
    return pd.concat([part for part in (early, rolling) if len(part)] or [rolling], ignore_index=True)


def _dots(counted: pd.DataFrame) -> list[Mark]:
    settled, still = (counted[counted["status"] == status] for status in ("final", "provisional"))
    early = counted[~counted["status"].isin(["final", "provisional"])]
    marks: list[Mark] = [Dots(days(early["time"]), early["value"], "ink", 2.2)] if len(early) else []
    if len(settled):
        marks.append(Line(days(settled["time"]), settled["value"], "ink", 2.8))
    if len(still):
        marks.append(Dots(days(still["time"]), still["value"], "ink", 2.6, open=True))
    return marks


def _single(forecast: Forecast, model: pd.DataFrame) -> list[Mark]:
    count = series.draws(forecast)
    paths = twelve_month_sums(forecast.trajectories[series.DEATHS].sel(scenario=forecast.reference))
    paths = paths.sel(time=paths["time"] >= model.index[0].to_datetime64())
    x = days(paths["time"].to_numpy())
    chosen = [(k + 1) * count // (SINGLE + 1) for k in range(min(SINGLE, count - 1))]
    return [Line(x, paths.isel(draw=draw).to_numpy(), "axis", 0.8) for draw in chosen]


def _notes(model: pd.DataFrame, counted: pd.DataFrame) -> list[Mark]:
    last, end = model.iloc[-1], float(days([model.index[-1]])[0])
    marks: list[Mark] = [Note(end, last["value"], f"median {words.count(last['value'])}", beside=True, bold=True)]
    if "low_90" in last:
        marks += [
            Note(end, last["high_90"], f"90 %: to {words.count(last['high_90'])}", "quiet", beside=True),
            Note(end, last["high_50"], "50 % range", "quiet", beside=True),
            Note(end, last["low_90"], f"90 %: from {words.count(last['low_90'])}", "quiet", beside=True),
        ]
    rolling = counted[counted["status"].isin(["final", "provisional"])]
    if len(rolling):
        peak = rolling.iloc[int(rolling["value"].to_numpy().argmax())]
        x = float(days([peak["time"]])[0]) + 90
        text = f"{words.published(peak['value'])}, {peak['time']:%B %Y}"
        marks.append(Note(x, peak["value"] * 1.035, text, anchor="end", bold=True))
        place = rolling.iloc[(rolling["value"] - 0.6 * rolling["value"].max()).abs().argsort().iloc[0]]
        early = float(days([min(place["time"], peak["time"] - pd.DateOffset(years=3))])[0])
        marks.append(Note(early - 120, place["value"], "counted (CDC)", anchor="end", bold=True))
    return marks
