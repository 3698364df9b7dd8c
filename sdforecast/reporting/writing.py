"""Writing a report into a folder: the one code path of `forecast` and of every later command that publishes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from sdforecast.backtesting.judging import Backtest
from sdforecast.forecasting import OF_THE_MODEL, Forecast, quantile_table
from sdforecast.issuing import Since
from sdforecast.manifest import to_json
from sdforecast.plot import series
from sdforecast.plot.sectors import PANELS
from sdforecast.reporting import html, notes
from sdforecast.reporting.charts import standalone
from sdforecast.reporting.content import Content
from sdforecast.reporting.inline import Report
from sdforecast.reporting.recipe import checked_words
from sdforecast.reporting.sections import Extras, content
from sdforecast.reporting.tables import Table, to_csv
from sdforecast.reporting.theme import Theme, load
from sdforecast.writing import MARKER, write_text

HOLDS = (
    "index.html",
    "figures",
    "tables",
    "trajectories.csv",
    "report.pdf",
    "brief-a4.pdf",
    "brief-letter.pdf",
    MARKER,
)
"""What the folder of a report has in it."""

BESIDE = (
    "illicit fentanyl deaths", "heroin deaths without synthetic", "dose", "customary dose", "retail sales",
    "untreated opioid use disorder", "illicit use without disorder", "people in remission", "crossing time",
)  # fmt: skip
"""Variables of our model that are published though no panel draws them."""


@dataclass(frozen=True)
class Setting:
    """What whoever publishes a report chooses: title, authors, look, notes (Markdown), and an earlier report."""

    title: str = ""
    authors: Sequence[str] = ()
    theme: Theme = field(default_factory=Theme)
    notes: str = ""
    since: Since | None = None


def setting(title: str, authors: Sequence[str], notes: str, theme: Path | None) -> Setting:
    """Return what an author chose, checked. Raises `InputError`."""
    names = tuple(checked_words("author", name) for name in authors)
    return Setting(checked_words("title", title), names, Theme() if theme is None else load(theme), notes)


def said(forecast: Forecast, past: Backtest | None, chosen: Setting) -> Content:
    """Return the content of a report, with its author's notes. Raises `InputError` for notes with faults."""
    made = content(forecast, Extras(past, chosen.since, chosen.title, chosen.authors))
    return made.with_notes(notes.read(chosen.notes, made.sections)) if chosen.notes else made


def shown(forecast: Forecast, past: Backtest | None, chosen: Setting) -> Report:
    """Return the report without writing it."""
    made = said(forecast, past, chosen)
    return Report(made, html.render(made, chosen.theme))


def variables(names: Collection[str], targets: pd.DataFrame) -> list[str]:
    """Return what a report publishes of a model with the variables `names`: deaths, what is drawn, what lies beside.

    A forecast that is made for its report need keep no others. A model that has none of them is published whole.
    """
    drawn = [variable for panel in PANELS.values() for variable in panel]
    wanted = dict.fromkeys([series.DEATHS, *drawn, *(str(name) for name in targets["variable"]), *BESIDE])
    chosen = [name for name in wanted if name in names] or list(names)
    return [*chosen, *(f"{name}{OF_THE_MODEL}" for name in chosen if f"{name}{OF_THE_MODEL}" in names)]


def write(forecast: Forecast, folder: Path, past: Backtest | None = None, chosen: Setting | None = None) -> Content:
    """Write the report of a forecast into `folder`; with `past`, it says how past forecasts did. Return its content.

    There will be `index.html` (one page that needs no other file), `figures/` (each as SVG and as the CSV of what it
    draws), `tables/`, `trajectories.csv` (quantiles over the draws by month) and `manifest.json`. The same forecast
    gives the same bytes. Raises `MachineError` where the folder cannot be written.
    """
    chosen = chosen or Setting()
    made = said(forecast, past, chosen)
    for chart in made.charts():
        write_text(folder / "figures" / f"{chart.name}.svg", standalone(chart, chosen.theme))
        write_text(folder / "figures" / f"{chart.name}.csv", html.figure_csv(chart))
    for block in made.blocks():
        if isinstance(block, Table) and block.name:
            write_text(folder / "tables" / f"{block.name}.csv", block.to_csv())
    names = [str(name) for name in forecast.trajectories.data_vars]
    table = quantile_table(forecast.trajectories[variables(names, forecast.targets)])
    write_text(folder / "trajectories.csv", to_csv(table))
    write_text(folder / MARKER, to_json(forecast.manifest))
    write_text(folder / "index.html", html.render(made, chosen.theme))
    return made
