"""A comparison of scenarios as a folder: tables, figures, and how it was made."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sdforecast.manifest import to_json
from sdforecast.plot import averted
from sdforecast.policy import costs
from sdforecast.policy.comparing import Comparison
from sdforecast.reporting.figures import Sketch, make
from sdforecast.reporting.tables import to_csv
from sdforecast.writing import MARKER, write_text

HOLDS = ("summary.csv", "effects.csv", "costs.csv", "unit_costs.csv", "stages.csv", "figures", MARKER)
"""What the folder of a comparison has in it."""


def sketches(made: Comparison) -> Iterator[Sketch]:
    """Yield the figures of a comparison."""
    mixes = f"{len(made.outcomes.scenarios) - 1} scenarios against {made.outcomes.reference}"
    for name, draw, data, form in (
        ("deaths-averted", averted.averted_by_year, averted.averted_by_year_data, "Ranges of deaths averted by year"),
        ("stages", averted.stages, averted.stages_data, "Ranges of the change of each stage, precursors to deaths"),
        ("cost-and-deaths", averted.cost_plane, averted.cost_plane_data, "Dots of added cost over deaths averted"),
    ):
        yield Sketch(name, partial(_drawn, draw, made), partial(data, made), mixes, f"{form}.")


def _drawn(draw: Any, made: Comparison, narrow: bool) -> Any:
    return draw(made, narrow=narrow)


def write(made: Comparison, folder: Path) -> None:
    """Write a comparison into `folder`.

    There will be `summary.csv` (a row a scenario), `effects.csv` (a row an effect and year), `costs.csv` (per death
    averted), `unit_costs.csv` (the range of each price and its source), `stages.csv`, `figures/` (each as SVG, PNG and
    CSV) and `manifest.json`. The same comparison gives the same bytes. Raises `MachineError`.
    """
    for name, table in (
        ("summary", made.summary), ("effects", made.effects), ("costs", made.costs), ("stages", made.stages),
        ("unit_costs", costs.table()),
    ):  # fmt: skip
        write_text(folder / f"{name}.csv", to_csv(table))
    for sketch in sketches(made):
        make(sketch, folder / "figures")
    write_text(folder / MARKER, to_json({**made.outcomes.manifest, "discount": made.discount}))
