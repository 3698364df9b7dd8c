"""The compiled engine against its peers, on the same models, in one process.

    python benchmarks/engine/run.py [--quick]

Peers: PySD, pysimlin, JAX, numba, and C made of the same program (strict, and with -ffast-math). Those that are not
installed are left out and named; `requirements.txt` has them. Each must agree with the engine to 1e-9 before it is
timed, and no time is told unless all do. A time is the least of several; CPU time of the process, wall time beside it.
Times go to `results.csv`, ratios and what they should be to `ratios.csv`, the picture to `engine.svg`.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import sys
import time
import tracemalloc
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import sdforecast as sdf
from sdforecast.engine.compiled import blocks, kernel, objects
from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.machine import Machine, Ready
from sdforecast.model import read

HERE = Path(__file__).parent
MODELS = HERE.parent / "models"
MEMBERS = 512
DEATHS = ["synthetic opioid deaths", "dose", "powder purity", "people in treatment", "active producers"]


@dataclass
class Row:
    """One measured time."""

    model: str
    tool: str
    what: str
    cpu: float
    wall: float
    note: str = ""


class Timer:
    """Collects rows."""

    def __init__(self, repeats: int) -> None:
        self.rows: list[Row] = []
        self.repeats = repeats

    def add(
        self,
        model: str,
        tool: str,
        what: str,
        work: Callable[[], Any],
        *,
        each: int = 1,
        repeats: int = 0,
        note: str = "",
    ) -> None:
        """Time `work`, which does `each` runs."""
        cpu = wall = float("inf")
        for _ in range(repeats or self.repeats):
            begun, cpu_begun = time.perf_counter(), time.process_time()
            work()
            cpu, wall = min(cpu, time.process_time() - cpu_begun), min(wall, time.perf_counter() - begun)
        self.rows.append(Row(model, tool, what, cpu / each, wall / each, note))
        say(f"{model}: {tool}, {what}")

    def first(self, model: str, tool: str, what: str, work: Callable[[], Any]) -> Any:
        """Time the first call of `work`, which compiles; return what it returns."""
        begun, cpu_begun = time.perf_counter(), time.process_time()
        result = work()
        self.rows.append(Row(model, tool, what, time.process_time() - cpu_begun, time.perf_counter() - begun))
        return result


def say(text: str) -> None:
    """Tell how far we are."""
    print(text, file=sys.stderr)


def agree(name: str, one: np.ndarray, two: np.ndarray) -> None:
    """Stop if two results differ by more than 1e-9 of a variable's largest value."""
    scale = np.abs(one).max(axis=tuple(range(one.ndim - 1)), keepdims=True) + 1e-300
    worst = float((np.abs(one - two) / scale).max())
    say(f"{name}: agrees to {worst:.1e}")
    if not worst < 1e-9:
        raise SystemExit(f"{name} does not agree")


def single(ready: Ready, inputs: Inputs) -> Callable[[], Any]:
    """Return the machine code of one run, arrays laid out beforehand as for the C: what members share, and the loop."""
    code = ready.kernel
    out = code.run(inputs)
    shared, saved = code._share(inputs), inputs.saved.astype(np.int8)
    given = [np.ascontiguousarray(array, dtype=float) for array in (inputs.parameters, inputs.clock, inputs.series)]
    ring = np.empty(max(int(shared.lengths.sum()), 1))
    shape = np.array([1, 0, out[0].size], dtype=np.int64)
    arrays = (inputs.varied, shared.slots, shared.table, inputs.own, saved, shared.lengths, ring, out, shape)
    first = [array.ctypes.data for array in (*given, shared.slots, shared.table)]
    second = [array.ctypes.data for array in arrays]
    rows, keep = len(inputs.clock), (given, arrays)

    def work() -> object:
        code._tabulate(rows, *first)
        code._run[1](rows, *second)
        return keep

    return work


def measure(timer: Timer, label: str, path: Path, columns: list[str], drawn: list[str]) -> None:
    """Measure all tools on one model."""
    model = read(path)
    machine = Machine(model)
    alone = machine.ready(columns)
    batch = alone.batch({})
    reference = alone.run(batch)
    timer.add(label, "sdforecast", "one run, kernel", single(alone, batch.inputs), repeats=timer.repeats * 20)
    timer.add(label, "sdforecast", "one run, kernel from NumPy", lambda: alone.kernel.run(batch.inputs))
    timer.add(label, "sdforecast", "of it what time alone decides", lambda: alone.kernel._share(batch.inputs))
    sdf_model = sdf.load_model(path)
    sdf_model.run(variables=columns)
    timer.add(label, "sdforecast", "one run, Model.run", lambda: sdf_model.run(variables=columns))
    ready, draws = ensemble(timer, label, machine, columns, drawn)
    gradient(timer, label, ready, draws)
    compiling(timer, label, ready)
    c_peers(timer, label, alone, batch.inputs, ready, draws, reference)
    for peer in (numba_peer, jax_peer, pysd_peer, simlin_peer):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                peer(timer, label, path, columns, ready, draws, reference)
        except ImportError as error:
            say(f"{label}: {error.name or error} is not installed, left out")


def ensemble(timer: Timer, label: str, machine: Machine, columns: list[str], drawn: list[str]) -> tuple[Ready, Inputs]:
    """Measure many members on one thread, with and without reciprocals; return the question and its numbers."""
    rng = np.random.default_rng(1)
    made = {}
    for fast in (False, True):
        ready = machine.ready(columns, varied=drawn, fast=fast)
        values = np.array([ready.defaults[name] for name in drawn])
        draws = values * np.exp(0.02 * rng.standard_normal((MEMBERS, len(drawn))))
        inputs = ready.batch({}, varied=draws).inputs
        out = np.empty((MEMBERS, int(inputs.saved.sum()), len(columns)))
        blocks.AT_ONCE = 1e18  # in this thread, so that its CPU time counts
        ready.kernel.run(inputs, out=out)
        tool = "sdforecast, reciprocals" if fast else "sdforecast"
        timer.add(
            label,
            tool,
            "a member of an ensemble",
            lambda r=ready, i=inputs, o=out: r.kernel.run(i, out=o),
            each=MEMBERS,
        )
        made[fast] = (ready, inputs)
    return made[False]


def first_of(draws: Inputs) -> Inputs:
    """Return the first member."""
    return replace(draws, varied=draws.varied[:1], own=draws.own[:1])


def gradient(timer: Timer, label: str, ready: Ready, draws: Inputs) -> None:
    """Measure value and gradient."""
    one = first_of(draws)
    code = ready.gradient_kernel
    cotangent = np.ones_like(code.forward(one).values)
    timer.add(label, "sdforecast", "one run, all drawn", lambda: ready.kernel.run(one), repeats=timer.repeats * 5)
    timer.add(
        label,
        "sdforecast",
        "value and gradient",
        lambda: code.pull(code.forward(one), cotangent),
        repeats=timer.repeats * 5,
    )


def compiling(timer: Timer, label: str, ready: Ready) -> None:
    """Measure compiling without the cache, and loading from it."""
    nodes = len(ready.leveled.program.nodes)
    keep = objects._kept
    objects._kept = lambda place: None
    timer.add(
        label,
        "sdforecast",
        "compile",
        lambda: kernel.compile_kernel(ready.leveled),
        repeats=3,
        note=f"{nodes} operations",
    )
    objects._kept = keep
    timer.add(
        label, "sdforecast", "load from cache", lambda: kernel.compile_kernel(ready.leveled), note=f"{nodes} operations"
    )


def c_peers(
    timer: Timer, label: str, alone: Ready, inputs: Inputs, ready: Ready, draws: Inputs, reference: np.ndarray
) -> None:
    """Measure C."""
    if shutil.which("gcc") is None:
        say("gcc is not installed, C left out")
        return
    from c_peer import FAST, STRICT, STRICT_LANES, CPeer

    scalar = CPeer(alone.leveled, 1, STRICT)
    arrays = scalar.prepared(inputs)
    agree(f"{label}, C", reference, scalar.run(arrays))
    timer.add(label, "C -O3", "one run, kernel", lambda: scalar.run(arrays), repeats=timer.repeats * 5)
    ours = ready.kernel.run(draws)
    for tool, lanes, flags in (
        ("C -O3, one lane", 1, STRICT),
        ("C -O3, eight lanes", 8, STRICT_LANES),
        ("C -ffast-math, eight", 8, FAST),
    ):
        peer = CPeer(ready.leveled, lanes, flags)
        arrays = peer.prepared(draws)
        agree(f"{label}, {tool}", ours, peer.run(arrays))
        timer.add(label, tool, "a member of an ensemble", lambda p=peer, a=arrays: p.run(a), each=MEMBERS)


def numba_peer(
    timer: Timer, label: str, path: Path, columns: list[str], ready: Ready, draws: Inputs, reference: np.ndarray
) -> None:
    """Measure numba."""
    from python_peers import numba_run
    from source import shared_values

    run = numba_run(ready.leveled)
    slots, table = shared_values(ready.leveled, draws)
    out = np.empty((MEMBERS, int(draws.saved.sum()), len(columns)))
    timer.first(label, "numba", "compile", lambda: run(draws.varied[:1], slots, table, draws.saved, out[:1]))
    run(draws.varied, slots, table, draws.saved, out)
    agree(f"{label}, numba", ready.kernel.run(draws), out)
    timer.add(
        label,
        "numba",
        "a member of an ensemble",
        lambda: run(draws.varied, slots, table, draws.saved, out),
        each=MEMBERS,
    )


def jax_peer(
    timer: Timer, label: str, path: Path, columns: list[str], ready: Ready, draws: Inputs, reference: np.ndarray
) -> None:
    """Measure JAX: one run, an ensemble by vmap, value and gradient."""
    import jax
    from python_peers import jax_run

    run = jax_run(ready.leveled, draws)
    one, many = jax.jit(run), jax.jit(jax.vmap(run))
    slope = jax.jit(jax.value_and_grad(lambda x: run(x).sum()))
    code, ours = ready.gradient_kernel, ready.kernel.run(draws)
    forward = code.forward(first_of(draws))
    expected = (ours[:1], ours, code.pull(forward, np.ones_like(forward.values))[0][None, None])
    for name, work, each, right in (
        ("one run, all drawn", lambda: one(draws.varied[0])[None].block_until_ready(), 1, expected[0]),
        ("a member of an ensemble", lambda: many(draws.varied).block_until_ready(), MEMBERS, expected[1]),
        ("value and gradient", lambda: slope(draws.varied[0])[1][None, None].block_until_ready(), 1, expected[2]),
    ):
        agree(f"{label}, JAX, {name}", right, np.asarray(timer.first(label, "JAX", f"compile: {name}", work)))
        timer.add(label, "JAX", name, work, each=each, repeats=3)


def pysd_peer(
    timer: Timer, label: str, path: Path, columns: list[str], ready: Ready, draws: Inputs, reference: np.ndarray
) -> None:
    """Measure PySD."""
    import pysd

    model = pysd.load(str(read(path).translation))
    agree(f"{label}, PySD", reference[0], model.run(return_columns=columns, progress=False)[columns].to_numpy(float))
    timer.add(label, "PySD", "one run, kernel", lambda: model.run(return_columns=columns, progress=False), repeats=2)


def simlin_peer(
    timer: Timer, label: str, path: Path, columns: list[str], ready: Ready, draws: Inputs, reference: np.ndarray
) -> None:
    """Measure pysimlin."""
    import simlin

    try:
        model = simlin.load(str(path))
        simulation = model.simulate()
        simulation.run_to_end()
        names = {name.replace("_", " ").lower(): name for name in simulation.get_var_names()}
        found = np.stack([simulation.get_series(names[column.lower()]) for column in columns], axis=-1)
    except Exception as error:  # it does not run every model
        say(f"{label}: pysimlin does not run it: {type(error).__name__} {str(error)[:120]}")
        return
    agree(f"{label}, pysimlin", reference[0], found)

    def again() -> None:
        simulation.reset()
        simulation.run_to_end()

    timer.add(label, "pysimlin", "one run, kernel", again, note="reset and run again, loop analysis off")


def memory(path: Path) -> float:
    """Return the most memory that an ensemble takes, in sizes of its output."""
    model = sdf.load_model(path)
    model.run_ensemble({"lifetime 1": np.linspace(5, 6, 8)}, variables=["stock 1", "stock 2"])
    tracemalloc.start()
    runs = model.run_ensemble({"lifetime 1": np.linspace(5, 6, 20_000)}, variables=["stock 1", "stock 2"])
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / float(runs.nbytes)


def versions() -> str:
    """Return what the times depend on."""
    names = ("sdforecast", "pysd", "pysimlin", "jax", "numba", "llvmlite", "numpy")
    found = [f"{name} {metadata.version(name)}" for name in names if _there(name)]
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines() if Path("/proc/cpuinfo").exists() else []
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    return ", ".join([cpu or platform.processor(), f"Python {platform.python_version()}", *found])


def _there(name: str) -> bool:
    try:
        return bool(metadata.version(name))
    except metadata.PackageNotFoundError:
        return False


def main() -> None:
    """Run all and write the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true", help="fewer repeats")
    timer = Timer(3 if parser.parse_args().quick else 12)
    inside, named = MODELS / "ring.mdl", MODELS / "ring-named.mdl"
    columns = [f"stock {k}" for k in range(0, 25, 5)]
    measure(timer, "ring", inside, columns, [f"lifetime {k}" for k in range(25)])
    pysd_peer(timer, "ring named", named, columns, *_reference(named, columns))
    taken = memory(inside)
    ours = read()
    estimated = sorted(pd.read_csv(HERE.parents[1] / "calibration/posterior/learned.csv")["parameter"])
    measure(timer, "fentanyl", ours.path, DEATHS, [name for name in estimated if name in ours.names])
    finish(pd.DataFrame([row.__dict__ for row in timer.rows]), taken)


def finish(table: pd.DataFrame, taken: float) -> None:
    """Write and print the results."""
    import drawing

    ratios = drawing.ratios(table, taken)
    table.to_csv(HERE / "results.csv", index=False, float_format="%.4g")
    ratios.to_csv(HERE / "ratios.csv", index=False)
    (HERE / "machine.txt").write_text(versions() + "\n", encoding="utf-8")
    drawing.draw(table, HERE)
    for row in table.itertuples():
        cpu, wall = 1e6 * row.cpu, 1e6 * row.wall
        print(f"{row.model:<10} {row.tool:<23} {row.what:<30} {cpu:>14,.1f} us cpu {wall:>14,.1f} us wall")
    print(ratios.to_string(index=False))


def _reference(path: Path, columns: list[str]) -> tuple[Ready, Inputs, np.ndarray]:
    ready = Machine(read(path)).ready(columns)
    batch = ready.batch({})
    return ready, batch.inputs, ready.run(batch)


if __name__ == "__main__":
    main()
