"""What the charts of a report have in common: fans, keys of scenarios, the table behind a chart, notes."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.plot.style import lines
from sdforecast.reporting.charts.marks import Axis, Band, Line, Mark, Rule, days

COLUMNS = ("panel", "series", "time", "value", "low_90", "low_50", "high_50", "high_90", "unit")
"""Of the table behind a chart over time: `value` is the median of the draws, or a count."""

OUTER, INNER, MIDDLE = (0.05, 0.95), (0.25, 0.75), 0.5
COUNTED = "Counted: CDC, National Center for Health Statistics, ICD-10 code T40.4, by place of occurrence."
_NAMES = {0.05: "low_90", 0.25: "low_50", 0.5: "value", 0.75: "high_50", 0.95: "high_90"}


def key(forecast: Forecast) -> list[tuple[str, str, str]]:
    """Return name, title and look of every scenario; the reference comes first."""
    names = [forecast.reference, *series.others(forecast)]
    titles = series.titles(forecast)
    return [(name, titles[name], look(position)) for position, name in enumerate(names)]


def look(position: int) -> str:
    """Return the look of a scenario by its position; the reference is 0, and six colours come round."""
    return "s0" if position == 0 else f"s{1 + (position - 1) % 6}"


def looks(forecast: Forecast) -> dict[str, str]:
    """Return the look of every scenario by name."""
    return {name: look for name, _, look in key(forecast)}


def dashes(forecast: Forecast) -> dict[str, Sequence[float]]:
    """Return the dashes of every scenario by name; only the reference is solid."""
    found = lines([name for name, _, _ in key(forecast)], forecast.reference)
    return {name: [1.6 * length for length in line.dashes] for name, line in found.items()}


def spreads(table: pd.DataFrame, along: str = "time") -> pd.DataFrame:
    """Return quantiles of one scenario (tidy: `quantile`, `value`) with a column for each, by `_NAMES`, on `along`."""
    wide = table.pivot(index=along, columns="quantile", values="value")
    return wide.rename(columns=_NAMES).rename_axis(columns=None)


def rows(wide: pd.DataFrame, panel: str, name: str, unit: str) -> pd.DataFrame:
    """Return a spread as rows of the table behind a chart."""
    found = wide.reset_index().rename(columns={wide.index.name or "index": "time"})
    found = found.assign(panel=panel, series=name, unit=unit)
    return found.reindex(columns=list(COLUMNS))


def together(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return rows of several series as one table; a column that none of them has is left out."""
    kept = [table.dropna(axis=1, how="all") for table in tables if len(table)]
    if not kept:
        return pd.DataFrame(columns=list(COLUMNS))
    joined = pd.concat(kept, ignore_index=True)
    return joined[[name for name in COLUMNS if name in joined]]


def fan(wide: pd.DataFrame, look: str, *, scenario: str = "", every: int = 1, width: float = 2.0) -> list[Mark]:
    """Return bands and median of a spread over time; `every` keeps each so manieth point, and always the last."""
    part = wide.iloc[::-every].iloc[::-1]
    x = days(part.index)
    marks: list[Mark] = []
    if "low_90" in part:
        marks.append(Band(x, part["low_90"], part["high_90"], look, 0.14, scenario))
        marks.append(Band(x, part["low_50"], part["high_50"], look, 0.22, scenario))
    marks.append(Line(x, part["value"], look, width, scenario=scenario))
    return marks


def last_counted(forecast: Forecast, *, words: bool = False) -> list[Mark]:
    """Return the line at the last counted month; none where nothing is counted."""
    if series.counted(forecast, "month").empty:
        return []
    last = series.last_counted(forecast)
    text = f"last count:\n{last:%B %Y}" if words else ""
    return [Rule(x=float(days([last])[0]), text=text, dashed=True)]


def spread_note(forecast: Forecast) -> str:
    """Return the sentence that every chart with ranges carries."""
    count = series.draws(forecast)
    if count == 1:
        return "One draw from the posterior: no range can be shown."
    drawn = f"Ranges: 90 % and 50 % of {count} draws {series.drawn_from(forecast)}"
    return f"{drawn}; not a probability of what will happen."


def inside(axis: Axis, wide: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a spread over time that an axis shows."""
    x = days(wide.index)
    return wide[(x >= axis.low) & (x <= axis.high)]
