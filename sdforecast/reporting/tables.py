"""The tables of the page, and CSV files that a spreadsheet cannot be made to run."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from sdforecast import history
from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.plot.numbers import signed, together
from sdforecast.plot.sectors import unit_words
from sdforecast.reporting import findings, words
from sdforecast.scenario import Scenario, instruments

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_NUMBER = re.compile(r"[+-]?[0-9][0-9,.]*( %)?", re.ASCII)
KINDS = {
    "estimated": "Estimated from the observations",
    "assumption": "Assumed: a range by judgement that the observations cannot narrow",
    "literature": "From published work",
    "data": "Fixed: definitions, units and data",
}
"""Kinds of constants in the order of the page, as a reader would name them."""


@dataclass(frozen=True)
class Table:
    """A table of texts: the first cell of a row is its heading; `numeric` are the columns set to the right.

    `name` is the stem of the file that a reader can take; without one the table is not offered.
    """

    caption: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numeric: frozenset[int] = field(default_factory=frozenset)
    name: str = ""

    def to_csv(self) -> str:
        """Return the table as CSV, its texts guarded."""
        rows = [list(self.header), *(list(row) for row in self.rows)]
        buffer = io.StringIO()
        csv.writer(buffer, lineterminator="\n").writerows([[_guard(cell) for cell in row] for row in rows])
        return buffer.getvalue()


def to_csv(table: pd.DataFrame, digits: int = 7) -> str:
    """Return a table as CSV; a text that a spreadsheet would take for a formula gets an apostrophe in front."""
    guarded = table.rename(columns={name: _guard(name) for name in table.columns})
    for column in guarded.columns:
        if not pd.api.types.is_numeric_dtype(guarded[column]) and not _is_date(guarded[column]):
            guards = {value: guarded_ for value in guarded[column].unique() if (guarded_ := _guard(value)) != value}
            guarded[column] = guarded[column].replace(guards) if guards else guarded[column]
    buffer = io.StringIO()
    guarded.to_csv(buffer, index=False, float_format=f"%.{digits}g", date_format="%Y-%m-%d", lineterminator="\n")
    return buffer.getvalue()


def _is_date(column: pd.Series) -> bool:
    return bool(pd.api.types.is_datetime64_any_dtype(column))


def _guard(value: object) -> object:
    if not isinstance(value, str) or not value.startswith(_FORMULA) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"


def comparison(forecast: Forecast) -> Table:
    """Return deaths over the compared years under each condition, and the paired difference from the reference."""
    totals, titles = findings.compared_totals(forecast), series.titles(forecast)
    base = totals.sel(scenario=forecast.reference).to_numpy()
    first, last = series.compared_years(forecast)
    rows = []
    for name, title in titles.items():
        mine = totals.sel(scenario=name).to_numpy()
        row = [title, words.count(float(np.median(mine))), words.draws_range(mine) or "–"]
        if name == forecast.reference:
            rows.append([*row, "reference", "–", "–"])
            continue
        gap = mine - base
        low, middle, high = together(*np.quantile(gap, (words.OUTER[0], 0.5, words.OUTER[1])).tolist())
        inside = f"{signed(low)} to {signed(high)}" if len(gap) > 1 else "–"
        rows.append([*row, signed(middle), inside, f"{int((gap < 0).sum())} of {len(gap)}"])
    return Table(
        f"Deaths involving synthetic opioids, {first}–{last}, and differences from “{titles[forecast.reference]}”. "
        "Medians.",
        ["Policy mix", "Deaths", "90 % range", "Difference", "90 % range of the difference", "Draws with fewer"],
        rows,
        frozenset({1, 2, 3, 4, 5}),
    )


def by_year(forecast: Forecast) -> Table:
    """Return deaths a year under each condition, median and spread."""
    first, last = series.compared_years(forecast)
    deaths = series.yearly(forecast.trajectories[series.DEATHS]).sel(year=slice(first, last))
    titles = series.titles(forecast)
    rows = []
    for year in deaths["year"].to_numpy():
        cells = [str(int(year))]
        for name in titles:
            values = deaths.sel(year=year, scenario=name).to_numpy()
            inside = words.draws_range(values)
            cells.append(words.count(float(np.median(values))) + (f" ({inside})" if inside else ""))
        rows.append(cells)
    caption = "Deaths a year under each policy mix. Median (90 % range)."
    return Table(caption, ["Year", *titles.values()], rows, frozenset(range(1, len(titles) + 1)))


def changes(forecast: Forecast, scenario: Scenario) -> Table | None:
    """Return what a condition changes, one row an instrument; None where it changes none."""
    if not scenario.instruments:
        return None
    about = instruments()
    rows = []
    for change in scenario.instruments:
        before = forecast.levels[forecast.reference][change.instrument].iloc[change.first]
        consent = {True: " with consent", False: " without consent", None: ""}[change.consent]
        months = "1 month" if change.ramp_months == 1 else f"{change.ramp_months} months"
        start = change.start if change.ramp_months == 0 else f"{change.start}, over {months}"
        rows.append(
            [
                about[change.instrument].title + consent,
                f"{before:.2g} → {change.intensity:.2g}",
                start,
                change.end or "no end",
                about[change.instrument].one_means,
            ]
        )
    caption = f"What “{scenario.title}” changes. Levels from 0 to 1; before is the reference at the start."
    return Table(caption, ["Instrument", "Level", "From", "Until", "Level 1 would be"], rows, frozenset({1}))


def settings(scenario: Scenario) -> Table | None:
    """Return the constants that a condition sets; None where it sets none."""
    rows = [[name, f"{value:.6g}", "parameter"] for name, value in scenario.parameters.items()]
    rows += [[name, f"{value:.6g}", "assumption"] for name, value in scenario.assumptions.items()]
    caption = f"Constants that “{scenario.title}” sets"
    return Table(caption, ["Constant", "Value", "Kind"], rows, frozenset({1})) if rows else None


def fit(forecast: Forecast) -> Table:
    """Return every target as measured."""
    rows = [
        [
            str(row["title"]),
            "yes" if row["fitted"] else "no",
            str(row["n"]),
            words.percent(row["mape"]),
            f"{signed(row['bias'])} %",
            f"{row['worst_factor']:.2f}",
            words.span(str(row["worst_when"])),
            str(row["beyond_two"]),
            f"{row['cover_90']:.0f} %" if row.get("judged") is True else "–",
        ]
        for row in forecast.fit.to_dict("records")
    ]
    header = ["Target", "In the fit", "Points", "Mean error", "Bias", "Worst factor", "When", "Points off by over 2",
              "Inside 90 % intervals"]  # fmt: skip
    caption = (
        "Each target as measured, at the median of the model alone. The mean error is the mean absolute percentage "
        "error. Intervals have the errors in them, and are judged where there are 20 points."
    )
    return Table(caption, header, rows, frozenset({2, 3, 4, 5, 7, 8}))


def annual(forecast: Forecast) -> Table | None:
    """Return counted and modelled deaths by year, where the posterior has kept them."""
    found, whole = forecast.summary.get("annual"), forecast.summary.get("annual_with_discrepancy", {})
    if not found:
        return None
    rows = []
    for year, (seen, model) in found.items():
        both = f"{whole[year]:,.0f}" if year in whole else "–"
        rows.append([str(year), f"{seen:,.0f}", f"{model:,.0f}", f"{signed(100 * (model / seen - 1))} %", both])
    caption = "Deaths a year, counted and by median (to 2014 of residents, then by place of occurrence)"
    header = ["Year", "Counted", "Model alone", "Difference", "With discrepancy"]
    return Table(caption, header, rows, frozenset({1, 2, 3, 4}))


def assumptions(forecast: Forecast) -> list[tuple[str, Table]]:
    """Return one table for each kind of constant, with the name of the kind."""
    found = []
    for kind, title in KINDS.items():
        part = forecast.parameters[forecast.parameters["kind"] == kind]
        if part.empty:
            continue
        rows = [
            [
                str(row["name"]),
                with_range(row["value"], row["prior_low"], row["prior_high"]),
                with_range(row["median"], row["posterior_low"], row["posterior_high"]),
                str(row["taught"]) or "fixed",
                unit_words(str(row["unit"])),
                str(row["grade"]),
                str(row["source"]),
            ]
            for row in part.to_dict("records")
        ]
        header = ["Constant", "Prior", "Posterior", "Learned", "Unit", "Grade", "Source"]
        found.append((title, Table(f"{title} ({len(rows)})", header, rows, frozenset({1, 2}))))
    return found


def with_range(middle: float, low: float, high: float) -> str:
    """Return a value with its range in brackets, or the value alone where it has none."""
    return f"{middle:.3g} ({low:.3g} to {high:.3g})" if low < high else f"{middle:.4g}"


def exogenous(forecast: Forecast) -> Table | None:
    """Return the inputs that come from outside the model; None where the model marks none."""
    rows = [
        [str(name), unit_words(str(array.attrs.get("unit", ""))), str(array.attrs.get("comment", ""))]
        for name, array in forecast.trajectories.data_vars.items()
        if str(array.attrs.get("sector", "")).casefold().startswith("exogenous")
    ]
    return (
        Table("Inputs from outside the model", ["Input", "Unit", "What it is, and its source"], rows) if rows else None
    )


def sources(forecast: Forecast) -> Table | None:
    """Return the series of observations that the fit and the figures use, with owner, span, vintage and grade."""
    about = _used(forecast)
    rows = [
        [str(row["title"]), str(row["publisher"]), f"{row['first']:%Y-%m} to {row['last']:%Y-%m}", str(row["n"]),
         str(row["vintage"]) or "not stated", str(row["grade"]), str(name)]
        for name, row in about.iterrows()
    ]  # fmt: skip
    header = ["Series", "Published by", "Span", "Rows", "Newest vintage", "Grade", "Name in the data"]
    return (
        Table("Observations used in the fit and drawn in the figures", header, rows, frozenset({2, 3}))
        if rows
        else None
    )


def definitions(forecast: Forecast) -> Table | None:
    """Return what each of these series counts, and where it changes its meaning."""
    described = history.load_descriptions()
    rows = []
    for name, row in _used(forecast).iterrows():
        breaks = described[str(name)].breaks if str(name) in described else ()
        told = " ".join(f"{entry.at}: {entry.what}." for entry in breaks)
        rows.append([str(row["title"]), str(row["definition"]), told or "none known"])
    return Table("What the series count, and their breaks", ["Series", "Definition", "Breaks"], rows) if rows else None


def _used(forecast: Forecast) -> pd.DataFrame:
    names = dict.fromkeys(name for text in forecast.targets["series"] for name in str(text).split(" + "))
    names["synthetic_opioid_deaths"] = None
    about = history.describe(forecast.history[forecast.history["series"].isin(list(names))])
    return about.reindex([name for name in names if name in about.index])


def facts(manifest: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return the manifest as pairs of name and text, nested ones with their path; the figures of the fit left out."""
    found: list[tuple[str, str]] = []
    for key, value in manifest.items():
        name = f"{prefix}{key.replace('_', ' ')}"
        if key == "fit":
            continue
        if isinstance(value, dict):
            found += facts(value, f"{name}: ")
        elif isinstance(value, list | tuple):
            found.append((name, ", ".join(map(str, value))))
        else:
            found.append((name, str(value)))
    return found
