"""One model with many draws of its constants, as arrays: the way in for ensembles."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sdforecast.engine import processes
from sdforecast.engine.choosing import choose
from sdforecast.engine.compiled.clock import clock, labels
from sdforecast.engine.compiled.machine import Machine, same_rows
from sdforecast.engine.jobs import threads as all_threads
from sdforecast.engine.once import refuse_elements
from sdforecast.engine.processes import Job
from sdforecast.model import ModelFile
from sdforecast.model.vocabulary import CONTROL


@dataclass(frozen=True)
class Draws:
    """Values that differ between members.

    Attributes
    ----------
    names : keys of constants (`variable` or `variable[element]`), the columns of `values`.
    values : [members, names].
    series : by variable, times [k] and values [members, k] of what is given over time: linear between, flat outside.
    """

    names: tuple[str, ...]
    values: np.ndarray
    series: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)


def run_members(
    model: ModelFile,
    columns: Sequence[str],
    draws: Draws,
    *,
    fixed: Mapping[str, float] | None = None,
    series: Mapping[str, pd.Series] | None = None,
    until: float | None = None,
    engine: str = "auto",
    threads: int | None = None,
    fast: bool = False,
    out: np.ndarray | None = None,
    advance: Callable[[int], None] = lambda count: None,
) -> tuple[np.ndarray, np.ndarray]:
    """Run all draws of a model; returns times [rows] and values [members, rows, columns].

    Parameters
    ----------
    columns : keys of what is kept.
    fixed : constants that all members share. A draw of the same constant counts instead.
    series : variables given over time that all members share. A constant of the same name counts instead.
    until : last time.
    threads : how many; all cores by default.
    fast : multiply by reciprocals of constants instead of dividing: faster, to some units of the last place.
    out : an array to write into, so that large ensembles can live on disk.
    advance : called with the number of members that have ended.

    Raises
    ------
    InputError : an unknown name, draws of FINAL TIME or SAVEPER (members save the same rows), or with PySD, of one
        element of a variable.
    """
    same_rows(draws.names)
    shared = {name: value for name, value in (fixed or {}).items() if name not in draws.names}
    series = {name: values for name, values in (series or {}).items() if name not in (*shared, *draws.names)}
    if until is not None:
        shared["FINAL TIME"] = float(until)

    def compiled(machine: Machine) -> tuple[np.ndarray, np.ndarray]:
        over_time = [*series, *draws.series]
        names, values = machine.expanded(draws.names, draws.values)
        own = {cell: given for name, given in draws.series.items() for cell in machine.cells(name)}
        ready = machine.ready(
            columns, fixed=shared, series=over_time, varied=names, own=tuple(own), fast=fast
        )  # fmt: skip
        batch = ready.batch(shared, varied=values, series=series, own=own)
        return batch.times, ready.run(batch, threads=threads or all_threads(), out=out, advance=advance)

    found = choose(model, engine, compiled)
    return found if found is not None else _with_pysd(model, columns, draws, shared, series, until, out, advance)


def _with_pysd(
    model: ModelFile,
    columns: Sequence[str],
    draws: Draws,
    shared: Mapping[str, float],
    series: Mapping[str, pd.Series],
    until: float | None,
    out: np.ndarray | None,
    advance: Callable[[int], None],
) -> tuple[np.ndarray, np.ndarray]:
    refuse_elements(model, [*shared, *series, *draws.names, *draws.series])
    constants = {name: value for name, value in shared.items() if name != "FINAL TIME"}
    jobs: list[Job] = []
    sets: list[Mapping[str, pd.Series]] = []
    for m, row in enumerate(draws.values):
        own = {name: pd.Series(values[m], index=times) for name, (times, values) in draws.series.items()}
        if own or not sets:
            sets.append({**series, **own})
        jobs.append(Job({**constants, **dict(zip(draws.names, map(float, row), strict=True))}, len(sets) - 1))
    with processes.run_jobs(
        model, columns, sets, until=until, processes=processes.workers(len(jobs))
    ) as run:  # fmt: skip
        values = run(jobs, lambda: advance(1))
    control = {name: shared.get(name, value) for name, value in model.control.items()}
    times, saved = clock(*(control[name] for name in CONTROL))
    if out is not None:
        out[...] = values
        values = out
    return labels(times[saved, 0], control["TIME STEP"]), values
