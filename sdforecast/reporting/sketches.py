"""Figures of a folder of results, drawn with matplotlib: each as SVG and PNG, with its data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from sdforecast import plot
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
    """

    name: str
    draw: Callable[[bool], Figure]
    data: Callable[[], pd.DataFrame]
    finding: str
    form: str


def make(sketch: Sketch, folder: Path) -> None:
    """Draw a figure and write its SVG, PNG and CSV to `folder`."""
    figure = sketch.draw(False)
    write_bytes(folder / f"{sketch.name}.svg", plot.to_svg(figure))
    write_bytes(folder / f"{sketch.name}.png", plot.to_png(figure))
    write_text(folder / f"{sketch.name}.csv", to_csv(sketch.data()))
