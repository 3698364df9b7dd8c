"""The ratios that count, and their picture."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
import pandas as pd

RATIOS = (
    ("PySD / one run, kernel", "PySD", "one run, kernel", "one run, kernel", 1000.0),
    ("pysimlin / one run, kernel", "pysimlin", "one run, kernel", "one run, kernel", 20.0),
    ("PySD / Model.run, whole call", "PySD", "one run, kernel", "one run, Model.run", None),
    ("C scalar -O3 / member", "C -O3, one lane", "a member of an ensemble", "a member of an ensemble", 10.0),
    ("numba / member", "numba", "a member of an ensemble", "a member of an ensemble", None),
    ("JAX vmap / member", "JAX", "a member of an ensemble", "a member of an ensemble", None),
    ("JAX grad / value and gradient", "JAX", "value and gradient", "value and gradient", None),
)
"""What, the peer and its measure, ours, and the least that we aim at: the larger the better."""

COSTS = (
    (
        "member / strict C, eight lanes",
        "a member of an ensemble",
        "C -O3, eight lanes",
        "a member of an ensemble",
        1.25,
    ),
    (
        "member / C -ffast-math, eight",
        "a member of an ensemble",
        "C -ffast-math, eight",
        "a member of an ensemble",
        2.0,
    ),
    ("value and gradient / run", "value and gradient", "sdforecast", "one run, all drawn", 2.5),
)
"""What, ours, the peer and its measure, and the most that we aim at: the smaller the better."""


def ratios(table: pd.DataFrame) -> pd.DataFrame:
    """Return one row a model and ratio, of CPU times."""
    times = {(row.model, row.tool, row.what): row.cpu for row in table.itertuples()}
    rows = []
    for model in dict.fromkeys(table["model"]):
        for name, peer, theirs, ours, aim in RATIOS:
            found = times.get((model, peer, theirs)), times.get((model, "sdforecast", ours))
            if None not in found:
                rows.append((model, name, found[0] / found[1], f"at least {aim:g}" if aim else ""))
        for name, ours, peer, theirs, aim in COSTS:
            found = times.get((model, "sdforecast", ours)), times.get((model, peer, theirs))
            if None not in found:
                rows.append((model, name, found[0] / found[1], f"at most {aim:g}"))
    return pd.DataFrame(rows, columns=["model", "ratio of CPU times", "value", "aim"]).round(2)


def draw(table: pd.DataFrame, folder: Path) -> None:
    """Draw the times of one run and of a member, on a logarithmic scale."""
    measures = ("one run, kernel", "a member of an ensemble", "value and gradient")
    models = [model for model in ("ring", "fentanyl") if model in set(table["model"])]
    figure, axes = plt.subplots(1, len(models), figsize=(10, 5), sharex=True, layout="constrained")
    for axis, model in zip(axes if len(models) > 1 else [axes], models, strict=True):
        rows = table[(table["model"] == model) & table["what"].isin(measures)]
        rows = rows.sort_values(["what", "cpu"], ascending=[False, False])
        labels = rows["what"] + ": " + rows["tool"]
        colours = ["#1f4e79" if tool.startswith("sdforecast") else "#b0b0b0" for tool in rows["tool"]]
        axis.barh(labels, rows["cpu"] * 1e6, color=colours)
        axis.set_xscale("log")
        axis.set_xlabel("microseconds of CPU time")
        axis.set_title(f"{model}: 1,248 steps", loc="left", fontweight="bold")
        axis.tick_params(axis="y", labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    figure.savefig(folder / "engine.svg", metadata={"Date": None})
    figure.savefig(folder / "engine.png", dpi=110)
