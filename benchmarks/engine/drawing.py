"""The ratios that count, and the picture of the times."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes

from sdforecast.plot.style import INK, QUIET, RULE

RUN, CALL, DRAWN = "one run, kernel", "one run, Model.run", "one run, all drawn"
MEMBER, SLOPE = "a member of an ensemble", "value and gradient"

FASTER = (
    ("PySD's run / our kernel", ("PySD", RUN), RUN, 1000.0),
    ("PySD's run / Model.run", ("PySD", RUN), CALL, None),
    ("pysimlin's run / our kernel", ("pysimlin", RUN), RUN, 20.0),
    ("pysimlin's run / Model.run", ("pysimlin", RUN), CALL, None),
    ("PySD's run / our member", ("PySD", RUN), MEMBER, None),
    ("scalar C -O3 / our member", ("C -O3, one lane", MEMBER), MEMBER, 10.0),
    ("numba / our member", ("numba", MEMBER), MEMBER, None),
    ("JAX vmap / our member", ("JAX", MEMBER), MEMBER, None),
    ("JAX grad / our value and gradient", ("JAX", SLOPE), SLOPE, None),
)
"""What, the peer and its measure, ours, and the least that we aim at: the larger the better."""

DEARER = (
    ("our member / strict C, eight lanes", MEMBER, ("C -O3, eight lanes", MEMBER), 1.25),
    ("our member / C -ffast-math, eight lanes", MEMBER, ("C -ffast-math, eight", MEMBER), 2.0),
    ("our kernel / scalar C -O3", RUN, ("C -O3", RUN), None),
    ("our value and gradient / run", SLOPE, ("sdforecast", DRAWN), 2.5),
)
"""What, ours, the peer and its measure, and the most that we aim at: the smaller the better."""

SECONDS = (("compile, s", "compile", 1.0), ("load from cache, s", "load from cache", 0.02))
"""What, our measure, and the most that we aim at."""


def ratios(table: pd.DataFrame, taken: float) -> pd.DataFrame:
    """Return one row a model and ratio of CPU times, with the aim and whether it is met.

    Parameters
    ----------
    taken : the most memory of an ensemble of the ring, in sizes of its output.
    """
    times = {(row.model, row.tool, row.what): row.cpu for row in table.itertuples()}
    rows = [("ring", "memory of an ensemble / its output", taken, "at most 1.2", taken <= 1.2)]
    for model in dict.fromkeys(table["model"]):
        # PySD alone has run the named form: its numbers are compared with ours of the other
        own = "ring" if model == "ring named" else model
        for name, peer, ours, aim in FASTER:
            found = times.get((model, *peer)), times.get((own, "sdforecast", ours))
            if None not in found:
                value = found[0] / found[1]
                rows.append((model, name, value, f"at least {aim:g}" if aim else "", value >= aim if aim else None))
        for name, ours, peer, aim in DEARER:
            found = times.get((model, "sdforecast", ours)), times.get((model, *peer))
            if None not in found:
                value = found[0] / found[1]
                rows.append((model, name, value, f"at most {aim:g}" if aim else "", value <= aim if aim else None))
        for name, ours, aim in SECONDS:
            if (value := times.get((model, "sdforecast", ours))) is not None:
                rows.append((model, name, value, f"at most {aim:g}", value <= aim))
    said = {True: "met", False: "missed", None: ""}
    rows = [(*row[:2], float(f"{row[2]:.3g}"), row[3], said[row[4]]) for row in rows]
    return pd.DataFrame(rows, columns=["model", "ratio", "value", "aim", "result"])


def draw(table: pd.DataFrame, folder: Path) -> None:
    """Draw the times of one run, of a member and of a gradient, on a logarithmic scale."""
    models = [model for model in ("ring", "fentanyl") if model in set(table["model"])]
    measures = (("One run", RUN), ("A member of an ensemble, one thread", MEMBER), ("Value and gradient", SLOPE))
    counts = [max(len(_rows(table, model, what)) for model in models) for _, what in measures]
    figure, axes = plt.subplots(
        len(measures), len(models), figsize=(11, 6.4), sharex=True, squeeze=False, layout="constrained",
        height_ratios=[count + 1 for count in counts],
    )  # fmt: skip
    for row, (title, what) in enumerate(measures):
        for axis, model in zip(axes[row], models, strict=True):
            _bars(axis, _rows(table, model, what), counts[row])
            axis.set_title(f"{title} · {model}", loc="left", fontsize=10, fontweight="bold", color=INK)
    for axis in axes[-1]:
        axis.set_xlabel("microseconds of CPU time (each line: ten times as much)", color=QUIET)
    figure.savefig(folder / "engine.svg", metadata={"Date": None})
    figure.savefig(folder / "engine.png", dpi=110)


def _rows(table: pd.DataFrame, model: str, what: str) -> pd.DataFrame:
    chosen = table[(table["model"].isin([model, f"{model} named"])) & (table["what"] == what)].copy()
    named = chosen["model"] != model
    chosen.loc[named, "tool"] = chosen.loc[named, "tool"] + ", named tables"
    return chosen.sort_values("cpu", ascending=False)


def _bars(axis: Axes, rows: pd.DataFrame, count: int) -> None:
    """Draw one bar a tool, the fastest at the top, with its time at the end."""
    times = rows["cpu"].to_numpy() * 1e6
    ours = [tool.startswith("sdforecast") for tool in rows["tool"]]
    axis.barh(rows["tool"], times, color=["#1f4e9e" if mine else "#b8b8b8" for mine in ours], height=0.7)
    for place, (time, mine) in enumerate(zip(times, ours, strict=True)):
        axis.text(time * 1.15, place, _written(time), va="center", fontsize=8, color=INK if mine else QUIET)
    axis.set_xscale("log")
    axis.set_xlim(10, 2e8)
    axis.set_ylim(len(rows) - count - 0.6, len(rows) - 0.4)
    axis.grid(axis="x", color=RULE, linewidth=0.6)
    axis.set_axisbelow(True)
    axis.tick_params(axis="both", which="both", labelsize=8, length=0, labelcolor=INK)
    axis.spines[["top", "right", "bottom", "left"]].set_visible(False)


def _written(microseconds: float) -> str:
    """Return a time in the unit that suits it."""
    for size, unit in ((1e6, "s"), (1e3, "ms")):
        if microseconds >= size:
            return f"{microseconds / size:.3g} {unit}"
    return f"{microseconds:.3g} µs"
