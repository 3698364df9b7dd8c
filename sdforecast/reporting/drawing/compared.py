"""Policy mixes against the reference: medians together, paths one by one, the whole period, year by year."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdforecast.forecasting import Forecast, twelve_month_sums
from sdforecast.plot import comparison, series
from sdforecast.plot.numbers import signed
from sdforecast.plot.numbers import together as rounded_together
from sdforecast.reporting import findings
from sdforecast.reporting.charts import scales
from sdforecast.reporting.charts.marks import Axis, Chart, Dots, Line, Mark, Note, Panel, Rows, Rule, Span, days
from sdforecast.reporting.drawing import shared

_UNIT = "deaths in the twelve months before"


def medians(forecast: Forecast) -> Chart:
    """Return the medians of all scenarios in one panel, which a reader can thin out."""
    first, table = _first(forecast), _sums(forecast)
    counted = _counted(forecast, first)
    dashes = shared.dashes(forecast)
    start = pd.Timestamp(series.compared_years(forecast)[0] - 1, 12, 31)
    marks: list[Mark] = []
    if len(counted):
        marks.append(Line(days(counted["time"]), counted["value"], "ink", 2.6))
    for name, title, look in shared.key(forecast):
        path = table[name]
        path = path[path.index >= (first if name == forecast.reference else start)]
        marks.append(Line(days(path.index), path["value"], look, 2.0, dashes[name], name))
        end = float(days([path.index[-1]])[0])
        marks.append(Note(end, path["value"].iloc[-1], _short(title), look, beside=True, scenario=name))
    top = max(*(path["value"].max() for path in table.values()), counted["value"].max() if len(counted) else 0.0)
    last = next(iter(table.values())).index[-1]
    marks += shared.last_counted(forecast)
    panel = Panel(scales.years(first, last, most=7), scales.numbers(0, top), marks,
                  unit=f"Median of the draws, {_UNIT}", key="deaths")  # fmt: skip
    rows = [shared.rows(table[name], "deaths", title, _UNIT) for name, title, _ in shared.key(forecast)]
    seen = shared.rows(counted.set_index("time")[["value"]], "deaths", "counted", _UNIT)
    return Chart(
        name="comparison-medians",
        title="Deaths under each policy mix, by the median",
        finding=findings.paths(forecast),
        form="Line chart, one line for each policy mix beside the counts.",
        panels=[panel],
        data=shared.together([seen, *rows]),
        note=f"{shared.COUNTED} Medians alone, to compare courses: the ranges, in the table and the next figures, are "
        "wide. "
        f"{shared.spread_note(forecast)}",
        scenarios=shared.key(forecast),
        height=280,
    )


def _short(title: str) -> str:
    return title if len(title) <= 30 else f"{title[:29].rstrip()}…"


def _first(forecast: Forecast) -> pd.Timestamp:
    return pd.Timestamp(max(series.compared_years(forecast)[0] - comparison.COUNTED_BEFORE, 2011), 1, 1)


def _sums(forecast: Forecast) -> dict[str, pd.DataFrame]:
    """Return the spread of deaths in twelve months by scenario, from the first year shown on."""
    spread = series.spread(twelve_month_sums(forecast.trajectories[series.DEATHS]), "time")
    spread = spread[spread["time"] >= _first(forecast)]
    return {str(name): shared.spreads(part) for name, part in spread.groupby("scenario", sort=False)}


def _counted(forecast: Forecast, first: pd.Timestamp) -> pd.DataFrame:
    rolling = series.counted(forecast, "12-month-ending").rename(columns={"period_end": "time"})
    return rolling[rolling["time"] >= first]


def paths(forecast: Forecast) -> Chart:
    """Return deaths in twelve months under each scenario, one panel each, the reference's median in each."""
    first, table = _first(forecast), _sums(forecast)
    counted = _counted(forecast, first)
    looks, titles = shared.looks(forecast), series.titles(forecast)
    reference = table[forecast.reference]
    top = max(*(path.max().max() for path in table.values()), counted["value"].max() if len(counted) else 0.0)
    x, y = scales.years(first, reference.index[-1], most=5), scales.numbers(0, top, most=4)
    panels, rows = [], [shared.rows(reference, "", titles[forecast.reference], _UNIT)]
    for name in series.others(forecast):
        marks = [
            *shared.fan(table[name], looks[name], every=2),
            Line(days(reference.index), reference["value"], "s0", 1.2),
            *shared.last_counted(forecast),
        ]
        if len(counted):
            marks.append(Line(days(counted["time"]), counted["value"], "ink", 2.4))
        panels.append(Panel(x, y, marks, titles[name], _UNIT, name))
        rows.append(shared.rows(table[name], name, titles[name], _UNIT))
        rows.append(shared.rows(reference[["value"]], name, titles[forecast.reference], _UNIT))
        rows.append(shared.rows(counted.set_index("time")[["value"]], name, "counted", _UNIT))
    return Chart(
        name="comparison-paths",
        title="Each policy mix with its range",
        finding=findings.paths(forecast),
        form="Small line charts with bands, one for each policy mix, beside the reference.",
        panels=panels,
        data=shared.together(rows[1:]),
        note=f"Grey line: median of “{titles[forecast.reference]}”. {shared.COUNTED} {shared.spread_note(forecast)}",
        columns=2,
        height=170,
    )


def totals(forecast: Forecast) -> Chart:
    """Return the difference from the reference over all compared years: median, ranges, and each draw as a tick."""
    table, titles, looks = comparison.totals_data(forecast), series.titles(forecast), shared.looks(forecast)
    first, last = series.compared_years(forecast)
    names, marks, rows = [], [], []
    for row, name in enumerate(series.others(forecast)):
        values = table.loc[table["scenario"] == name, "value"].to_numpy()
        names.append((titles[name], _range(values), name))
        marks += _ranged(values, row + 0.62, looks[name], name)
        five = np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95))
        rows.append([titles[name], f"{first}-{last}", *five, "deaths, difference from the reference"])
    columns = ["series", "years", "low_90", "low_50", "median", "high_50", "high_90", "unit"]
    reach = max(float(table["value"].abs().max()), 1.0) * 0.25
    x = scales.numbers(min(float(table["value"].min()), -reach), max(float(table["value"].max()), reach), most=6)
    marks.append(Rule(x=0.0))
    return Chart(
        name="comparison-totals",
        title=f"Deaths {first}–{last}: difference from “{titles[forecast.reference]}”",
        finding=findings.totals(forecast),
        form="Chart of ranges, one row for each policy mix, around a line at no difference.",
        panels=[Panel(x, Rows(names), marks, unit="← fewer deaths · more deaths →", dated=False)],
        data=pd.DataFrame(rows, columns=columns),
        note="Dot: median; thick and thin line: 50 % and 90 % of the draws; each tick is one draw, compared with "
        "itself "
        f"under two conditions. {shared.spread_note(forecast)}",
    )


def _range(values: np.ndarray) -> str:
    low, middle, high = rounded_together(*np.quantile(values, (0.05, 0.5, 0.95)).tolist())
    return signed(middle) if len(values) == 1 else f"{signed(middle)} (90 %: {signed(low)} to {signed(high)})"


def _ranged(values: np.ndarray, y: float, look: str, scenario: str) -> list[Mark]:
    low, lower, middle, upper, high = (float(value) for value in np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95)))
    marks: list[Mark] = []
    if len(values) > 1:
        n = min(len(values), 300)
        shown = values[:: -(-len(values) // n)]
        marks.append(Span(shown, [y + 0.14] * len(shown), shown, [y + 0.27] * len(shown), look, 0.7, 0.6, scenario))
        marks.append(Span([low], [y], [high], [y], look, 1.6, scenario=scenario))
        marks.append(Span([lower], [y], [upper], [y], look, 7, 0.55, scenario))
    marks.append(Dots([middle], [y], look, 4.6, scenario=scenario))
    return marks


def by_year(forecast: Forecast) -> Chart:
    """Return the yearly difference from the reference, one panel a scenario."""
    table, titles, looks = comparison.by_year_data(forecast), series.titles(forecast), shared.looks(forecast)
    first, last = series.compared_years(forecast)
    span = last - first + 1
    step = next(step for step in (1, 2, 5, 10, 50) if span <= 5 * step)
    x = Axis(
        first - 0.6, last + 0.6, [(year, str(year)) for year in range(first, last + 1) if (year - first) % step == 0]
    )
    y = scales.numbers(float(table["value"].min()), float(table["value"].max()), most=4)
    panels, rows = [], []
    for name in series.others(forecast):
        wide = shared.spreads(table[table["scenario"] == name], "year")
        years = wide.index.to_numpy(dtype=float)
        marks: list[Mark] = [Rule(y=0.0)]
        if "low_90" in wide:
            marks.append(Span(years, wide["low_90"], years, wide["high_90"], looks[name], 1.6))
            marks.append(Span(years, wide["low_50"], years, wide["high_50"], looks[name], 6, 0.55))
        marks.append(Dots(years, wide["value"], looks[name], 3.4, open=True))
        panels.append(Panel(x, y, marks, titles[name], "deaths a year; below zero is fewer", name, dated=False))
        rows.append(wide.reset_index().assign(series=titles[name], unit="deaths a year, difference from the reference"))
    return Chart(
        name="comparison-by-year",
        title=f"Year by year: difference from “{titles[forecast.reference]}”",
        finding=findings.by_year(forecast),
        form="Small charts of ranges, one for each policy mix: difference from the reference in each year.",
        panels=panels,
        data=pd.concat(rows, ignore_index=True).rename(columns={"value": "median"}),
        note=f"Dot: median; thick and thin line: 50 % and 90 % of the draws. {shared.spread_note(forecast)}",
        columns=2,
        height=150,
    )
