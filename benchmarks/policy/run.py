"""Twenty mixes under ten thousand draws: the time it takes, against the bare engine and PySD in the same run.

    python benchmarks/policy/run.py [--draws 10000] [--few 496] [--step fitted|file|both]

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
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sdforecast import scenario
from sdforecast.engine.jobs import threads
from sdforecast.engine.members import Draws, run_members
from sdforecast.forecasting import single
from sdforecast.forecasting.disturbing import disturbances
from sdforecast.inference import Posterior, load
from sdforecast.model import read
from sdforecast.policy import kept
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


@dataclass(frozen=True)
class Time:
    """Seconds on the clock, and of the processor in all threads of this process."""

    wall: float
    cpu: float

    def __mul__(self, times: float) -> Time:
        return Time(self.wall * times, self.cpu * times)


def timed(work: Callable[[], object]) -> Time:
    """Return how long a call takes."""
    begun, cpu = time.perf_counter(), time.process_time()
    work()
    return Time(time.perf_counter() - begun, time.process_time() - cpu)


def bare(few: int) -> Time:
    """Return the time that the engine takes for one member, all cores busy with `few` of them."""
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
    return min((timed(work) for _ in range(2)), key=lambda each: each.wall) * (1 / few)


def main() -> None:
    """Measure, print and write."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--draws", type=int, default=10_000)
    words.add_argument("--few", type=int, default=496)
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
    rows.append(("PySD, all", pysd * runs, "extrapolated from one run"))
    steps = ("fitted", "file") if asked.step == "both" else (asked.step,)
    for step in steps:
        quick = step == "fitted"
        outcomes(chosen, posterior=posterior, draws=32, quick=quick)  # compiles
        seconds = timed(partial(outcomes, chosen, posterior=posterior, draws=asked.draws, quick=quick))
        rows.append((f"all, {step} step", seconds, f"{len(chosen)} mixes, {asked.draws:,} draws, {threads()} threads"))
        print(rows[-1], file=sys.stderr)
    if asked.cluster:
        rows += on_cluster(chosen, posterior, asked.cluster)
    write(rows, steps)


def on_cluster(chosen: list[scenario.Scenario], posterior: Posterior, draws: int) -> list[tuple[str, Time, str]]:
    """Measure the same in threads and on two processes of `dask.distributed`."""
    from distributed import Client, LocalCluster

    def work(client: Any) -> None:
        outcomes(chosen, posterior=posterior, draws=draws, quick=True, client=client)

    note = f"{draws:,} draws, fitted step"
    here = timed(lambda: work(None))
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        work(client)  # workers load what is compiled
        there = timed(lambda: work(client))
    return [("part, in threads", here, note), ("part, on a cluster of two processes", there, note)]


def processor() -> str:
    """Return the name of the processor, where the system tells it."""
    info = Path("/proc/cpuinfo")
    told = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    return next((line.split(":")[1].strip() for line in told if line.startswith("model name")), platform.machine())


def write(rows: list[tuple[str, Time, str]], steps: tuple[str, ...]) -> None:
    """Write times, ratios and machine."""
    table = pd.DataFrame([(what, each.wall, each.cpu, note) for what, each, note in rows],
                         columns=["what", "wall", "cpu", "note"])  # fmt: skip
    times = dict(zip(table["what"], table["wall"], strict=True))
    cpu = dict(zip(table["what"], table["cpu"], strict=True))
    ratios = []
    for step in steps:
        name = f"all, {step} step"
        aim = LIMIT if step == "fitted" else None
        ratios.append((f"seconds, {step} step", times[name], "<", aim))
        ratios.append((f"processor seconds a core, {step} step", cpu[name] / threads(), "<", aim))
        ratios.append((f"bare engine / {step} step, processor", cpu["bare engine, all"] / cpu[name], ">", 1.0))
        ratios.append((f"PySD / {step} step, processor", cpu["PySD, all"] / cpu[name], ">", 100.0))
    if "part, in threads" in times:
        ratios.append(("cluster / threads", times["part, on a cluster of two processes"] / times["part, in threads"],
                       "<", 2.0))  # fmt: skip
    found = pd.DataFrame(ratios, columns=["what", "ratio", "sign", "aim"])
    found["met"] = [
        "" if not aim or np.isnan(aim) else "yes" if (ratio < aim if sign == "<" else ratio > aim) else "no"
        for ratio, sign, aim in zip(found["ratio"], found["sign"], found["aim"].astype(float), strict=True)
    ]
    table.round({"wall": 5, "cpu": 5}).to_csv(HERE / "results.csv", index=False)
    found.round({"ratio": 3}).to_csv(HERE / "ratios.csv", index=False)
    told = [processor(), f"{threads()} cores", f"load when it ended: {os.getloadavg()[0]:.1f}"]
    told += [f"Python {platform.python_version()}"]
    told += [f"{each} {metadata.version(each)}" for each in ("numpy", "xarray", "llvmlite", "pysd")]
    (HERE / "machine.txt").write_text("\n".join(told) + "\n", encoding="utf-8")
    print(table.to_string(index=False), found.to_string(index=False), sep="\n\n")


if __name__ == "__main__":
    main()
