"""Many runs of one model, whichever engine does them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import numpy as np
import pandas as pd

from sdforecast.engine import processes
from sdforecast.engine.choosing import choose
from sdforecast.engine.compiled.machine import Machine
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.engine.naming import key_of
from sdforecast.engine.processes import Job, Runner
from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile


def threads() -> int:
    """Return how many threads help: one a core that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def run_jobs(
    model: ModelFile,
    columns: Sequence[str],
    series: Sequence[Mapping[str, pd.Series]] = ({},),
    *,
    until: float | None = None,
    jobs: int = 1,
    engine: str = "auto",
) -> Iterator[Runner]:
    """Give a function that runs jobs of `model`.

    Parameters
    ----------
    columns : variables to keep; the last axis of what is returned.
    series : sets of series (instrument levels, say) that jobs refer to by position.
    until : last time of each run.
    jobs : how many will be run at a time: so many processes of PySD are worth starting.
    engine : one of :data:`.choosing.ENGINES`.
    """
    compiled = choose(model, engine, lambda machine: _Compiled(machine, columns, series, until))
    if compiled is not None:
        yield compiled
        return
    with processes.run_jobs(model, columns, series, until=until, processes=processes.workers(jobs)) as run:
        yield run


class _Compiled:
    """Runs jobs on the compiled engine; raises :class:`Unsupported` when it is made, `InputError` later."""

    def __init__(
        self,
        machine: Machine,
        columns: Sequence[str],
        series: Sequence[Mapping[str, pd.Series]],
        until: float | None,
    ) -> None:
        self.machine = machine
        self.columns = [machine.model.name_of(name) for name in columns]
        self.series = [{machine.model.name_of(name): values for name, values in one.items()} for one in series]
        self.until = {} if until is None else {"FINAL TIME": float(until)}
        self.varied: dict[str, None] = {}  # those of an earlier call stay, so that the next compiles nothing
        for k in range(len(series)):
            machine.ready(self.columns, fixed=self.until, series=list(self.series[k]))

    def __call__(self, jobs: Sequence[Job], advance: Callable[[], None]) -> np.ndarray:
        given = [{key_of(self.machine.model, n): float(v) for n, v in job.constants.items()} for job in jobs]
        names = dict.fromkeys(name for one in given for name in one)
        first = given[0] if given else {}
        assumed = [name for name in names if name in self.machine.assumed]
        self.varied |= {n: None for n in names if n not in assumed and any(one.get(n) != first.get(n) for one in given)}
        results: list[np.ndarray | None] = [None] * len(jobs)
        alike = [
            (job.series, self._replaced(one, self.series[job.series]), tuple(one.get(name) for name in assumed))
            for job, one in zip(jobs, given, strict=True)
        ]
        for kind in dict.fromkeys(alike):
            k, replaced, _ = kind
            members = [m for m, other in enumerate(alike) if other == kind]
            series = {name: values for name, values in self.series[k].items() if name not in replaced}
            try:
                values = self._run(series, [given[m] for m in members], advance)
            except Unsupported as reason:
                what = f"not compiled: {reason}"
                hint = "--engine pysd can"
                raise InputError(Problem(what, file=str(self.machine.model.path), hint=hint)) from reason
            for m, value in zip(members, values, strict=True):
                results[m] = value
        return np.stack([result for result in results if result is not None])

    def _replaced(self, given: Mapping[str, float], series: Mapping[str, pd.Series]) -> frozenset[str]:
        """Return the names that are no constants of the file (a job without them keeps their equations or series)."""
        return frozenset(name for name in given if self.machine.is_new(name, series))

    def _run(
        self,
        series: Mapping[str, pd.Series],
        given: Sequence[Mapping[str, float]],
        advance: Callable[[], None],
    ) -> np.ndarray:
        """Run members that share their series and what they replace; what all of them agree on is not varied."""
        names = dict.fromkeys(name for one in given for name in one)
        varied = [name for name in self.varied if name in names]
        fixed = {
            **{name: given[0][name] for name in names if name not in self.varied and name in given[0]},
            **self.until,
        }
        keys = [key for name in varied for key in self.machine.cells(name)]
        ready = self.machine.ready(self.columns, fixed=fixed, series=list(series), varied=keys)
        values = [{**ready.defaults, **{k: v for n, v in one.items() for k in self.machine.cells(n)}} for one in given]
        draws = np.array([[one[key] for key in keys] for one in values], dtype=float).reshape(len(given), len(keys))
        batch = ready.batch(fixed, varied=draws, series=series)

        def told(count: int) -> None:
            for _ in range(count):
                advance()

        return ready.run(batch, threads=threads(), advance=told)


__all__ = ["Job", "Runner", "Unsupported", "run_jobs", "threads"]
