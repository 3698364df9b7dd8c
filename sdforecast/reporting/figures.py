"""Which figures a forecast allows, what each of them says, and their files."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from sdforecast import plot
from sdforecast.forecasting import Forecast
from sdforecast.plot import series
from sdforecast.plot.instruments import changed
from sdforecast.plot.sectors import PANELS, shown
from sdforecast.reporting import findings
from sdforecast.reporting.tables import to_csv
from sdforecast.writing import write_bytes, write_text


@dataclass(frozen=True)
class Sketch:
    """A figure that is still to be drawn.

    Attributes
    ----------
    name : stem of its files.
    draw : draws it; the argument says whether for telephones.
    data : gives the table that is drawn.
    finding : what it shows, in words.
    form : how it looks, for those who do not see it.
    note : what the spread is, where it shows one.
    """

    name: str
    draw: Callable[[bool], Figure]
    data: Callable[[], pd.DataFrame]
    finding: str
    form: str
    note: str = ""


@dataclass(frozen=True)
class Picture:
    """A figure as the page holds it: two forms as data, its texts, and the files beside the page."""

    name: str
    wide: str
    narrow: str
    alt: str
    finding: str
    note: str


def sketches(forecast: Forecast) -> Iterator[Sketch]:
    """Yield the figures that these trajectories allow, in the order of the page."""
    note = _note(forecast)
    if series.DEATHS in forecast.trajectories:
        yield Sketch(
            "deaths",
            lambda narrow: plot.fan(forecast, narrow=narrow),
            lambda: plot.fan_data(forecast),
            findings.fan(forecast),
            "Line chart with bands, deaths in twelve months from 2010 on, counted and modelled.",
            note,
        )
        yield from _comparisons(forecast, note)
    if changed(forecast):
        yield Sketch(
            "instruments",
            lambda narrow: plot.instrument_levels(forecast, narrow=narrow),
            lambda: plot.levels_data(forecast),
            findings.levels(forecast),
            "Small line charts, one for each instrument that a condition changes: its level from 0 to 1 by month.",
        )
    for name in PANELS:
        if shown(forecast, name):
            yield Sketch(
                f"sector-{name.lower().replace(' ', '-')}",
                partial(_sector, forecast, name),
                partial(plot.sector_data, forecast, name),
                findings.sector(forecast, name),
                f"Small line charts of the sector {name.lower()}, one for each variable, from 2010 on.",
                note,
            )
    yield from _fits(forecast, note)


def _note(forecast: Forecast) -> str:
    count = series.draws(forecast)
    if count == 1:
        return "One draw from the posterior, so no range."
    return (
        f"Ranges are the spread over {count} draws from the posterior of one model, "
        "not a probability of what will happen."
    )


def _sector(forecast: Forecast, name: str, narrow: bool) -> Figure:
    return plot.sector(forecast, name, narrow=narrow)


def _comparisons(forecast: Forecast, note: str) -> Iterator[Sketch]:
    if not series.others(forecast):
        return
    paired = f"{note} Differences are between the same draw under two conditions."
    yield Sketch(
        "comparison-paths",
        lambda narrow: plot.paths(forecast, narrow=narrow),
        lambda: plot.paths_data(forecast),
        findings.paths(forecast),
        "Small line charts with bands, one for each condition: deaths in twelve months beside the reference.",
        note,
    )
    yield Sketch(
        "comparison-totals",
        lambda narrow: plot.totals(forecast, narrow=narrow),
        lambda: plot.totals_data(forecast),
        findings.totals(forecast),
        "Chart of ranges, one row for each condition, around a line at no difference.",
        paired,
    )
    yield Sketch(
        "comparison-by-year",
        lambda narrow: plot.by_year(forecast, narrow=narrow),
        lambda: plot.by_year_data(forecast),
        findings.by_year(forecast),
        "Small charts of ranges, one for each condition: difference from the reference in each year.",
        paired,
    )


def _fits(forecast: Forecast, note: str) -> Iterator[Sketch]:
    if series.DEATHS in forecast.trajectories and len(series.counted(forecast, "month")):
        yield Sketch(
            "fit-months",
            lambda narrow: plot.months(forecast, narrow=narrow),
            lambda: plot.months_data(forecast),
            findings.months(forecast),
            "Two line charts over the counted months: deaths, and model less count in per cent.",
            note,
        )
    if len(forecast.targets):
        yield Sketch(
            "fit-targets",
            lambda narrow: plot.targets(forecast, narrow=narrow),
            lambda: plot.targets_data(forecast),
            findings.targets(forecast),
            "Dot chart, one row for each target: model over observation on a scale of doublings.",
        )


def make(sketch: Sketch, folder: Path) -> Picture:
    """Draw one figure in both forms, write its SVG, PNG and CSV to `folder`, and return it for the page."""
    figure = sketch.draw(False)
    svg = plot.to_svg(figure)
    write_bytes(folder / f"{sketch.name}.svg", svg)
    write_bytes(folder / f"{sketch.name}.png", plot.to_png(figure))
    write_text(folder / f"{sketch.name}.csv", to_csv(sketch.data()))
    return Picture(
        name=sketch.name,
        wide=_as_data(svg),
        narrow=_as_data(plot.to_svg(sketch.draw(True))),
        alt=f"{sketch.form} {sketch.finding}",
        finding=sketch.finding,
        note=sketch.note,
    )


def _as_data(svg: bytes) -> str:
    # As an image and not as elements: no ids that clash, and nothing in it can run.
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode("ascii")
