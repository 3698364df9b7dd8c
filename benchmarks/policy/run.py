"""Twenty mixes under ten thousand draws: the time it takes, against the bare engine and PySD in the same run.

    python benchmarks/policy/run.py [--draws 10000] [--few 512] [--step fitted|file|both]

Writes `results.csv` (seconds), `ratios.csv` (with what is aimed at) and `machine.txt`. The bare engine runs the same
members under one mix, whole, each month kept, no errors and no years: what is there without this. PySD runs once; its
time for all of them is extrapolated, and marked so. What is compiled is compiled before the clock starts.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time
from importlib import metadata
from pathlib import Path

import numpy as np
import pandas as pd

from sdforecast import scenario
from sdforecast.engine.jobs import threads
from sdforecast.engine.members import Draws, run_members
from sdforecast.forecasting import single
from sdforecast.forecasting.disturbing import disturbances
from sdforecast.inference import load
from sdforecast.model import read
from sdforecast.policy import blocks, kept
from sdforecast.policy.outcomes import outcomes
from sdforecast.scenario.inputs import series

HERE = Path(__file__).parent
MIXES = 20
LIMIT = 60.0
"""Seconds that all of it may take."""


def mixes() -> list[scenario.Scenario]:
    """Return the shipped mixes and weaker ones made from them, twenty together."""
    there = [scenario.load(name) for name in scenario.shipped()]
    weaker = [
        mix.model_copy(update={
            "name": f"weaker-{mix.name}"[:60],
            "instruments": tuple(each.model_copy(update={"intensity": each.intensity / 2}) for each in mix.instruments),
        })
        for mix in there if mix.instruments
    ]  # fmt: skip
    return (there + weaker)[:MIXES]


def timed(work: object) -> float:
    """Return the wall time of a call."""
    begun = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - begun


def bare(few: int) -> float:
    """Return the seconds that the engine takes for one member, all cores busy with `few` of them."""
    model, posterior = read(), load(whole=False).thin(few)
    beside = disturbances(posterior, model, 311, 1)
    columns = ["cumulative " + name for name in ("synthetic opioid deaths", "all drug deaths", "instrument cost")]
    columns += list(dict.fromkeys(name for each in kept.OUTCOMES if each.by == "mean" for name in each.of))
    over_time = {str(each.name): (each["knot"].to_numpy(), each.to_numpy()) for each in beside.latents}
    draws = Draws(tuple(posterior.draws.columns), np.ascontiguousarray(posterior.draws.to_numpy(float)), over_time)
    levels = series(scenario.load("current-course"), model)

    def work() -> None:
        run_members(model, [model.name_of(name) for name in columns], draws, series=levels, until=312)

    work()
    return min(timed(work) for _ in range(2)) / few


def main() -> None:
    """Measure, print and write."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--draws", type=int, default=10_000)
    words.add_argument("--few", type=int, default=512)
    words.add_argument("--step", choices=("fitted", "file", "both"), default="both")
    words.add_argument("--cluster", type=int, default=0, help="draws to run on a cluster of two processes, too")
    asked = words.parse_args()
    chosen, posterior = mixes(), load(whole=False)
    runs = MIXES * asked.draws
    member, rows = bare(asked.few), []
    rows.append(("bare engine, one member whole", member, "all cores"))
    rows.append(("bare engine, all", member * runs, f"extrapolated from {asked.few} members"))
    pysd = timed(lambda: single.run(read(), [chosen[0]], {}, ["synthetic opioid deaths"], engine="pysd"))
    rows.append(("PySD, one run", pysd, "the model translated and loaded, too"))
    rows.append(("PySD, all", pysd * runs / threads(), f"extrapolated from one run to {threads()} cores"))
    steps = ("fitted", "file") if asked.step == "both" else (asked.step,)
    for step in steps:
        quick = step == "fitted"
        outcomes(chosen, posterior=posterior, draws=32, quick=quick)  # compiles
        seconds = timed(lambda q=quick: outcomes(chosen, posterior=posterior, draws=asked.draws, quick=q))
        rows.append((f"all, {step} step", seconds, f"{len(chosen)} mixes, {asked.draws:,} draws, {threads()} threads"))
        print(rows[-1], file=sys.stderr)
    if asked.cluster:
        rows += on_cluster(chosen, posterior, asked.cluster)
    write(rows, steps)


def on_cluster(chosen: list[scenario.Scenario], posterior: object, draws: int) -> list[tuple[str, float, str]]:
    """Measure the same in threads and on two processes of `dask.distributed`."""
    from distributed import Client, LocalCluster

    def work(client: object) -> None:
        outcomes(chosen, posterior=posterior, draws=draws, quick=True, client=client)  # type: ignore[arg-type]

    note = f"{draws:,} draws, fitted step"
    here = timed(lambda: work(None))
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        work(client)  # workers load what is compiled
        there = timed(lambda: work(client))
    return [("part, in threads", here, note), ("part, on a cluster of two processes", there, note)]


def write(rows: list[tuple[str, float, str]], steps: tuple[str, ...]) -> None:
    """Write times, ratios and machine."""
    table = pd.DataFrame(rows, columns=["what", "seconds", "note"])
    times = dict(zip(table["what"], table["seconds"], strict=True))
    ratios = []
    for step in steps:
        name = f"all, {step} step"
        aim = LIMIT if step == "fitted" else None
        ratios.append((f"seconds, {step} step", times[name], "<", aim))
        ratios.append((f"bare engine / {step} step", times["bare engine, all"] / times[name], ">", 1.0))
        ratios.append((f"PySD / {step} step", times["PySD, all"] / times[name], ">", 100.0))
    if "part, in threads" in times:
        ratios.append(("cluster / threads", times["part, on a cluster of two processes"] / times["part, in threads"],
                       "<", 2.0))  # fmt: skip
    found = pd.DataFrame(ratios, columns=["what", "ratio", "sign", "aim"])
    found["met"] = [
        "" if not aim or np.isnan(aim) else "yes" if (ratio < aim if sign == "<" else ratio > aim) else "no"
        for ratio, sign, aim in zip(found["ratio"], found["sign"], found["aim"].astype(float), strict=True)
    ]
    table.round({"seconds": 5}).to_csv(HERE / "results.csv", index=False)
    found.round({"ratio": 3}).to_csv(HERE / "ratios.csv", index=False)
    with open("/proc/cpuinfo", encoding="utf-8") if Path("/proc/cpuinfo").exists() else open(os.devnull) as info:
        name = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), platform.machine())
    told = [name, f"{threads()} cores", f"load when it ended: {os.getloadavg()[0]:.1f}", f"Python {platform.python_version()}"]
    told += [f"{each} {metadata.version(each)}" for each in ("numpy", "xarray", "llvmlite", "pysd")]
    (HERE / "machine.txt").write_text("\n".join(told) + "\n", encoding="utf-8")
    print(table.to_string(index=False), found.to_string(index=False), sep="\n\n")


if __name__ == "__main__":
    main()
