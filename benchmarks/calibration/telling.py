"""Ratios of what was measured, and the text of all results."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

OURS = "sdforecast"
PYMC = "PyMC's own ODEs"
PACKAGES = ("sdforecast", "nutpie", "pymc", "pytensor", "emcee", "pysd", "scipy", "jax", "blackjax", "arviz", "numpy")


def tell(found: Any, folder: Path) -> str:
    """Write all results into `folder` and return them as text; problems that were not run keep what they had."""
    results = merged(folder / "results.csv", pd.DataFrame(found.rows))
    modes = merged(folder / "modes.csv", pd.DataFrame([mode_row(mode) for mode in found.modes]))
    evaluations = merged(folder / "evaluations.csv", pd.DataFrame(found.evaluations))
    ratios = pd.concat([sampling(results), extrapolated(results, evaluations), searching(modes)], ignore_index=True)
    text = "\n".join(
        [
            "# Results\n",
            f"Written by `run.py` on {machine()}; load average {os.getloadavg()[0]:.1f} at the end.",
            "\n## Draws\n",
            "Seconds after start-up: search, warm-up and draws; effective draws of the worst coordinate.\n",
            table(results.drop(columns=["start_wall"])),
            "\n## Ratios\n",
            "Above one, ours is better.\n",
            table(ratios),
            "\n## Searches for the mode\n",
            table(modes),
            "\n## One evaluation\n",
            table(evaluations),
        ]
    )
    for name, frame in (("results", results), ("modes", modes), ("evaluations", evaluations), ("ratios", ratios)):
        frame.to_csv(folder / f"{name}.csv", index=False, float_format="%.4g")
    (folder / "results.md").write_text(f"{text}\n", encoding="utf-8")
    return text


def merged(path: Path, new: pd.DataFrame) -> pd.DataFrame:
    """Return new rows and those of the file about other problems."""
    if not path.exists():
        return new
    old = pd.read_csv(path, keep_default_na=False)
    return pd.concat([old[~old["problem"].isin(new["problem"])], new], ignore_index=True)


def mode_row(mode: Any) -> dict[str, Any]:
    """Return a row of the searches."""
    return {
        "problem": mode.problem,
        "tool": mode.tool,
        "cpu": mode.work.cpu,
        "wall": mode.work.wall,
        "evaluations": mode.evaluations,
        "note": mode.note,
    }


def sampling(results: pd.DataFrame) -> pd.DataFrame:
    """Return ours over each peer, effective draws a second of CPU; `strongest` for the best peer of a problem."""
    rows = []
    for problem, part in results.groupby("problem", sort=False):
        rate = part.set_index("tool")["ess_per_cpu_s"]
        total = part["ess"] / (part["cpu"] + part["start_cpu"])
        peers = rate.drop(OURS).sort_values(ascending=False)
        cold = total.set_axis(part["tool"])
        for k, tool in enumerate(peers.index):
            kind = "strongest peer, " if k == 0 else ""
            rows.append((problem, f"{OURS} / {tool}", rate[OURS] / peers[tool], f"{kind}measured"))
            rows.append((problem, f"{OURS} / {tool}, start-up counted", cold[OURS] / cold[tool], f"{kind}measured"))
    return pd.DataFrame(rows, columns=["problem", "ratio", "value", "basis"])


def extrapolated(results: pd.DataFrame, evaluations: pd.DataFrame) -> pd.DataFrame:
    """Return ours over peers that were not run in full, by what an evaluation takes.

    PySD in emcee needs as many evaluations as emcee with our engine, NUTS with another solver
    as many as ours. On the national problem a walker's evaluations for an effective draw
    are taken to grow in proportion to the numbers, from the widest problem where emcee was run
    and no faster: that favours the peer.
    """
    rows: list[tuple[str, str, float, str]] = []
    cost = {(e.problem, e.tool): e.cpu for e in evaluations.itertuples()}
    rate = {r.problem: r.ess_per_cpu_s for r in results.itertuples() if r.tool == OURS}
    lanes = [r for r in results.itertuples() if r.tool == "emcee (DE), our lanes" and r.problem.startswith("fentanyl")]
    for row in lanes:
        if (row.problem, "PySD") in cost:
            took = row.evaluations_per_ess * cost[row.problem, "PySD"]
            basis = "its evaluations x a run of PySD"
            rows.append((row.problem, f"{OURS} / emcee (DE), PySD", rate[row.problem] * took, basis))
    for row in results.itertuples():
        if row.tool == OURS and (row.problem, PYMC) in cost:
            took = row.evaluations_per_ess * cost[row.problem, PYMC]
            basis = "our evaluations x a gradient of it"
            rows.append((row.problem, f"{OURS} / NUTS, {PYMC}", row.ess_per_cpu_s * took, basis))
    whole = [r for r in results.itertuples() if r.tool == OURS and r.problem not in {x.problem for x in lanes}]
    for row in whole:
        if lanes and row.problem.startswith("fentanyl"):
            widest = max(lanes, key=lambda r: r.numbers)
            needed = widest.evaluations_per_ess * row.numbers / widest.numbers
            for tool in ("our lanes", "PySD"):
                took = needed * cost[row.problem, tool]
                basis = f"{needed:.0f} evaluations a draw, in proportion to the numbers"
                rows.append((row.problem, f"{OURS} / emcee (DE), {tool}", rate[row.problem] * took, basis))
    return pd.DataFrame(rows, columns=["problem", "ratio", "value", "basis"])


def searching(modes: pd.DataFrame) -> pd.DataFrame:
    """Return how much longer each other search took than ours to the same log density."""
    rows = []
    for problem, part in modes.groupby("problem", sort=False):
        cpu = part.set_index("tool")["cpu"]
        ours = cpu["sdforecast L-BFGS"]
        for row in part.itertuples():
            if row.tool != "sdforecast L-BFGS":
                rows.append((problem, f"mode: {row.tool} / L-BFGS", row.cpu / ours, row.note or "measured"))
    return pd.DataFrame(rows, columns=["problem", "ratio", "value", "basis"])


def table(frame: pd.DataFrame) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(map(str, frame.columns))} |", f"|{' --- |' * len(frame.columns)}"]
    lines += [f"| {' | '.join(map(cell, row))} |" for row in frame.itertuples(index=False)]
    return "\n".join(lines)


def cell(value: Any) -> str:
    """Return a number in three digits."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def machine() -> str:
    """Return processor and versions."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    found = [f"{name} {metadata.version(name)}" for name in PACKAGES if _there(name)]
    return ", ".join([cpu, f"Python {platform.python_version()}", *found])


def _there(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False
