"""A sensitivity analysis as a folder: tables, figures with their data, manifest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from sdforecast.manifest import to_json
from sdforecast.plot import firmness as plot
from sdforecast.policy.discovering import Case
from sdforecast.policy.firmness import Sensitivity
from sdforecast.reporting.sketches import Sketch, make
from sdforecast.reporting.tables import to_csv
from sdforecast.writing import MARKER, write_text

HOLDS = (
    "ranking.csv", "ranks.csv", "pairs.csv", "convergence.csv", "screening.csv", "sobol.csv", "discovery.csv",
    "learning.csv", "perfect.csv", "assumptions.csv", "runs.csv", "figures", MARKER,
)  # fmt: skip
"""What the folder of a sensitivity analysis has in it."""


def write(found: Sensitivity, folder: Path) -> None:
    """Write tables, figures and manifest into a folder that is there. Raises `MachineError` where it cannot be."""
    tables = {
        "ranking": found.rankings, "ranks": found.ranks, "pairs": found.pairs, "convergence": found.growing,
        "screening": found.effects, "sobol": found.indices, "discovery": discovery(found.cases),
        "learning": found.learned, "perfect": found.perfect, "assumptions": found.assumptions, "runs": runs(found),
    }  # fmt: skip
    for name, table in tables.items():
        write_text(folder / f"{name}.csv", to_csv(table))
    for sketch in sketches(found):
        make(sketch, folder / "figures")
    write_text(folder / MARKER, to_json(found.manifest))


def sketches(found: Sensitivity) -> Iterator[Sketch]:
    """Yield the figures: places, and a tornado of each outcome."""
    yield Sketch(
        "ranks",
        lambda narrow: plot.rank_histogram(found, narrow=narrow),
        lambda: plot.ranks_data(found),
        "Which place each condition takes among all, by deaths.",
        "Small bar charts, one row for each condition: share of draws at each place.",
    )
    for name, outcome in zip(("deaths", "margin", "rival"), found.trio.outcomes, strict=True):
        yield Sketch(
            f"tornado-{name}",
            partial(_tornado, found, outcome),
            partial(plot.tornado_data, found, outcome),
            f"The assumptions that move {outcome} most.",
            "Dot chart with lines, one row for each assumption: mean at the low and at the high end of its range.",
        )


def _tornado(found: Sensitivity, outcome: str, narrow: bool) -> Figure:
    return plot.tornado(found, outcome, narrow=narrow)


def discovery(cases: tuple[Case, ...]) -> pd.DataFrame:
    """Return cases and their boxes, one row a restriction; a case without a box has one row."""
    rows: list[dict[str, object]] = []
    for case in cases:
        told = {"case": case.title, "runs": case.runs, "cases": case.cases, "probability": case.probability,
                "error": case.error, "low": case.low, "high": case.high, "why": case.why}  # fmt: skip
        for k, box in enumerate(case.boxes, 1):
            figures = {key: value for key, value in vars(box).items() if key not in ("restrictions", "runs", "cases")}
            rows += [
                {**told, "box": k, **figures, "box_runs": box.runs, "box_cases": box.cases, "assumption": r.name,
                 "above": r.low, "below": r.high, "inside": r.inside, "quasi_p": r.p}
                for r in box.restrictions
            ]  # fmt: skip
        if not case.boxes:
            rows.append(told)
    return pd.DataFrame(rows)


def runs(found: Sensitivity) -> pd.DataFrame:
    """Return every run over the ranges: draw of the posterior, deaths, how far the past moved, the assumptions."""
    names = [str(name) for name in found.ranges["scenario"].to_numpy()]
    deaths = pd.DataFrame(found.ranges.transpose("draw", "scenario").to_numpy().round(1), columns=pd.Index(names))
    facts = pd.DataFrame({"posterior_draw": found.design.rows, "past_moved": found.moved.round(4)})
    constants = found.design.constants.map(lambda value: float(f"{value:.5g}"))
    return pd.concat([facts, deaths, constants], axis=1)


def record(found: Sensitivity) -> dict[str, object]:
    """Return all tables but that of the runs as JSON holds them."""
    tables = {
        "ranking": found.rankings, "ranks": found.ranks, "pairs": found.pairs, "convergence": found.growing,
        "screening": found.effects, "sobol": found.indices, "discovery": discovery(found.cases),
        "learning": found.learned, "perfect": found.perfect,
    }  # fmt: skip
    return {name: json.loads(table.to_json(orient="records")) for name, table in tables.items()}
