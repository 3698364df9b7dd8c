"""Writing a report into a folder: the one code path of `forecast` and of every later command that publishes."""

from __future__ import annotations

from pathlib import Path

from sdforecast.forecasting import Forecast, quantile_table
from sdforecast.manifest import to_json
from sdforecast.plot import series
from sdforecast.plot.sectors import PANELS, shown
from sdforecast.reporting import page
from sdforecast.reporting.figures import make, sketches
from sdforecast.reporting.tables import to_csv
from sdforecast.writing import write_text


def write(forecast: Forecast, folder: Path) -> None:
    """Write the report of a forecast into `folder`.

    There will be `index.html` (one page that needs no other file), `figures/` (each as SVG, PNG and the CSV of what it
    draws), `trajectories.csv` (quantiles over the sets by month) and `manifest.json`. The same forecast gives the same
    bytes. Raises `MachineError` where the folder cannot be written.
    """
    pictures = {sketch.name: make(sketch, folder / "figures") for sketch in sketches(forecast)}
    table = quantile_table(forecast.trajectories[published(forecast)])
    write_text(folder / "trajectories.csv", to_csv(table))
    write_text(folder / "manifest.json", to_json(forecast.manifest))
    write_text(folder / "index.html", page.render(forecast, pictures))


def published(forecast: Forecast) -> list[str]:
    """Return the variables of `trajectories.csv`: deaths first, then all that are drawn.

    All variables of the model would make a file of more than a hundred megabytes; `sdforecast run` gives any of them.
    A model of which nothing is drawn has all its variables published.
    """
    there = forecast.trajectories.data_vars
    drawn = [series.DEATHS, *(variable for name in PANELS for variable in shown(forecast, name))]
    chosen = [name for name in dict.fromkeys(drawn) if name in there]
    return chosen or [str(name) for name in there]
