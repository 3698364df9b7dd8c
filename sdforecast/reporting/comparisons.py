"""A comparison of scenarios as a folder: tables, figures, and how it was made."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from sdforecast.manifest import to_json
from sdforecast.plot import averted, shares
from sdforecast.policy import costs
from sdforecast.policy.comparing import Comparison
from sdforecast.policy.interacting import Decomposition
from sdforecast.reporting.sketches import Sketch, make
from sdforecast.reporting.tables import to_csv
from sdforecast.writing import MARKER, write_text

HOLDS = (
    "summary.csv", "effects.csv", "costs.csv", "unit_costs.csv", "stages.csv", "structures.csv", "instruments.csv",
    "pairs.csv", "figures", MARKER,
)  # fmt: skip
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


def _drawn(draw: Any, made: Comparison | Decomposition, narrow: bool) -> Any:
    return draw(made, narrow=narrow)


def sketch_of_parts(made: Decomposition) -> Sketch:
    """Return the figure of a mix taken apart."""
    finding = f"{made.mix} averts {made.whole.mean():,.0f} deaths against {made.reference}; each instrument's share."
    return Sketch("shares", partial(_drawn, shares.shares, made), partial(shares.shares_data, made), finding,
                  "Ranges, one row for each instrument.")  # fmt: skip


def write(made: Comparison | None, folder: Path, parts: Decomposition | None = None) -> None:
    """Write a comparison, a mix taken apart, or both, into `folder`.

    Of a comparison there will be `summary.csv` (a row a scenario), `effects.csv` (a row an effect and year),
    `costs.csv` (per death averted), `unit_costs.csv` (the range of each price and its source) `stages.csv` and
    `structures.csv` (deaths averted as each structure alone has them); of a
    mix taken apart `instruments.csv` and `pairs.csv`; of both `figures/` (each as SVG, PNG and CSV) and
    `manifest.json`. The same comparison gives the same bytes. Raises `MachineError`.
    """
    facts: dict[str, Any] = {}
    if made is not None:
        names = ("summary", "effects", "costs", "stages", "structures")
        tables = {**{name: getattr(made, name) for name in names}, "unit_costs": costs.table()}
        facts = {**made.outcomes.manifest, "discount": made.discount}
        for name, table in tables.items():
            write_text(folder / f"{name}.csv", to_csv(table))
        for sketch in sketches(made):
            make(sketch, folder / "figures")
    if parts is not None:
        facts = {**facts, "decomposition": parts.manifest} if facts else parts.manifest
        for name, table in (("instruments", parts.instruments), ("pairs", parts.pairs)):
            write_text(folder / f"{name}.csv", to_csv(table))
        make(sketch_of_parts(parts), folder / "figures")
    write_text(folder / MARKER, to_json(facts))
