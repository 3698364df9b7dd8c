"""The best mixes by budget as a folder: tables, figures, and every best mix as a scenario file."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from matplotlib.figure import Figure

from sdforecast.manifest import to_json
from sdforecast.plot import frontier as plot
from sdforecast.policy import costs
from sdforecast.policy.frontier import Frontier
from sdforecast.reporting.sketches import Sketch, make
from sdforecast.reporting.tables import to_csv
from sdforecast.scenario.composing import written
from sdforecast.writing import MARKER, write_text

FOLDER = "scenarios"
HOLDS = ("frontier.csv", "levels.csv", "unit_costs.csv", FOLDER, "figures", MARKER)
"""What the folder has in it."""

_WHY = "Chosen by the search: no reason but what follows from the model."


def sketches(made: Frontier) -> Iterator[Sketch]:
    """Yield the figures."""
    finding = f"{len(made.mixes)} best mixes and {len(made.table) - len(made.mixes)} others."
    yield Sketch("frontier", partial(_frontier, made), partial(plot.frontier_data, made), finding,
                 "Dots of deaths averted over added cost.")  # fmt: skip
    if (made.table["criterion"] == "mean").any():
        yield Sketch("levels", partial(_levels, made), partial(plot.levels_data, made), finding,
                     "Tables of levels, a row for each instrument, a column for each budget.")  # fmt: skip


def _frontier(made: Frontier, narrow: bool) -> Figure:
    return plot.frontier(made, narrow=narrow)


def _levels(made: Frontier, narrow: bool) -> Figure:
    return plot.levels(made, narrow=narrow)


def write(made: Frontier, folder: Path) -> None:
    """Write `frontier.csv`, `levels.csv`, `unit_costs.csv`, `scenarios/NAME.yaml`, `figures/` and the manifest.

    Raises `MachineError`.
    """
    write_text(folder / "frontier.csv", to_csv(made.table))
    write_text(folder / "levels.csv", to_csv(made.levels.rename_axis("scenario").reset_index()))
    write_text(folder / "unit_costs.csv", to_csv(costs.table()))
    (folder / FOLDER).mkdir()
    for mix in made.mixes:
        path = folder / FOLDER / f"{mix.name}.yaml"
        write_text(path, written(mix, path, [_WHY] * len(mix.instruments)))
    for sketch in sketches(made):
        make(sketch, folder / "figures")
    write_text(folder / MARKER, to_json(made.manifest))
