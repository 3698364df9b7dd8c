"""Writing a report into a folder: the one code path of `forecast` and of every later command that publishes."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from sdforecast.backtesting.judging import Backtest
from sdforecast.forecasting import OF_THE_MODEL, Forecast, quantile_table
from sdforecast.manifest import to_json
from sdforecast.plot import series
from sdforecast.plot.sectors import PANELS
from sdforecast.reporting import page, skill
from sdforecast.reporting.figures import make, sketches
from sdforecast.reporting.tables import to_csv
from sdforecast.writing import MARKER, write_text

HOLDS = ("index.html", "figures", "trajectories.csv", MARKER)
"""What the folder of a report has in it."""

BESIDE = (
    "illicit fentanyl deaths", "heroin deaths without synthetic", "dose", "customary dose", "retail sales",
    "untreated opioid use disorder", "illicit use without disorder", "people in remission", "crossing time",
)  # fmt: skip
"""Variables of our model that are published though no panel draws them."""


def variables(names: Collection[str], targets: pd.DataFrame) -> list[str]:
    """Return what a report publishes of a model with the variables `names`: deaths, what is drawn, what lies beside.

    A forecast that is made for its report need keep no others. A model that has none of them is published whole.
    """
    drawn = [variable for panel in PANELS.values() for variable in panel]
    wanted = dict.fromkeys([series.DEATHS, *drawn, *(str(name) for name in targets["variable"]), *BESIDE])
    chosen = [name for name in wanted if name in names] or list(names)
    return [*chosen, *(f"{name}{OF_THE_MODEL}" for name in chosen if f"{name}{OF_THE_MODEL}" in names)]


def write(forecast: Forecast, folder: Path, past: Backtest | None = None) -> None:
    """Write the report of a forecast into `folder`; with `past`, the page says how past forecasts did.

    There will be `index.html` (one page that needs no other file), `figures/` (each as SVG, PNG and the CSV of what it
    draws), `trajectories.csv` (quantiles over the draws by month) and `manifest.json`. The same forecast gives the same
    bytes. Raises `MachineError` where the folder cannot be written.
    """
    drawn = [*sketches(forecast), *(skill.sketches(past) if past is not None else ())]
    pictures = {sketch.name: make(sketch, folder / "figures") for sketch in drawn}
    names = [str(name) for name in forecast.trajectories.data_vars]
    table = quantile_table(forecast.trajectories[variables(names, forecast.targets)])
    write_text(folder / "trajectories.csv", to_csv(table))
    write_text(folder / MARKER, to_json(forecast.manifest))
    write_text(folder / "index.html", page.render(forecast, pictures, past))
