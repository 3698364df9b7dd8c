"""Many runs of one model, one process a core."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from pathlib import Path

import numpy as np
import pandas as pd

from sdforecast.engine.reference import Override, Simulator
from sdforecast.errors import InputError, MachineError, Problem
from sdforecast.model import ModelFile


@dataclass(frozen=True)
class Job:
    """One run to do: `constants` by name, and which of the shared sets of series goes with them."""

    constants: Mapping[str, float]
    series: int = 0


Runner = Callable[[Sequence[Job], Callable[[], None]], np.ndarray]
"""Runs jobs and calls back after each; returns an array (job, time, column)."""


def workers(jobs: int) -> int:
    """Return how many processes help for so many jobs: never more than cores, one for a handful."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, jobs // 4))


@contextmanager
def run_jobs(
    model: ModelFile,
    columns: Sequence[str],
    series: Sequence[Mapping[str, pd.Series]] = ({},),
    *,
    until: float | None = None,
    processes: int = 1,
) -> Iterator[Runner]:
    """Give a function that runs jobs of `model`; its processes live as long as the block.

    Parameters
    ----------
    columns : variables to keep; the last axis of what is returned.
    series : sets of series (instrument levels, say) that jobs refer to by position.
    until : last time of each run.
    processes : how many; 1 runs here.
    """
    setup = _Setup(model, tuple(columns), until)
    if processes <= 1 or not can_start_processes():
        here = _Worker(setup)
        yield lambda jobs, advance: np.stack([_told(here.run(series[job.series], job), advance) for job in jobs])
        return
    with pool(processes) as helpers:
        yield lambda jobs, advance: _spread(helpers, setup, series, jobs, advance)


@contextmanager
def pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Give processes that live as long as the block, and end at once where it ends with an error or with Ctrl-C.

    The first job starts them: submit it within `interrupts_held`.
    """
    found = ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
    )
    try:
        yield found
    except BaseException:
        _stop(found)
        raise
    finally:
        found.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class _Setup:
    """What all jobs of a pool share. It goes with each job and not with the start of a process.

    A process that dies while it starts (a script without `if __name__ == "__main__"`) would leave us writing to it for
    ever, were there more to write than a pipe holds.
    """

    model: ModelFile
    columns: tuple[str, ...]
    until: float | None


class _Worker:
    def __init__(self, setup: _Setup) -> None:
        self.setup, self.simulator = setup, Simulator(setup.model)

    def run(self, series: Mapping[str, pd.Series], job: Job) -> np.ndarray:
        overrides: dict[str, Override] = {**series, **job.constants}
        return self.simulator.run(overrides, self.setup.columns, self.setup.until).to_numpy(float)


_worker: list[_Worker] = []  # the one of this process, made for its first job


def _start() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()


def can_start_processes() -> bool:
    """Return whether a new process could find the program it belongs to; one typed into stdin it could not."""
    program = getattr(sys.modules.get("__main__"), "__file__", None)
    return program is None or Path(program).is_file()


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, however it ended: nobody waits for the runs."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(setup: _Setup, series: Mapping[str, pd.Series], job: Job) -> np.ndarray:
    if not _worker:
        _worker.append(_Worker(setup))
    return _worker[0].run(series, job)


def _told(result: np.ndarray, advance: Callable[[], None]) -> np.ndarray:
    advance()
    return result


def _spread(
    pool: ProcessPoolExecutor,
    setup: _Setup,
    series: Sequence[Mapping[str, pd.Series]],
    jobs: Sequence[Job],
    advance: Callable[[], None],
) -> np.ndarray:
    futures: dict[Future[np.ndarray], int] = {}
    with interrupts_held():  # the first job starts the processes
        for k, job in enumerate(jobs):
            futures[pool.submit(_run, setup, series[job.series], job)] = k
    results: list[np.ndarray | None] = [None] * len(jobs)
    try:
        for future in as_completed(futures):
            results[futures[future]] = future.result()
            advance()
    except InputError:
        raise
    except (BrokenPipeError, RuntimeError) as error:
        hint = "out of memory? in a script, call it below: if __name__ == '__main__':"
        raise MachineError(Problem(f"a process of ours died: {error}", hint=hint)) from error
    return np.stack([result for result in results if result is not None])


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let Ctrl-C wait until the block has ended, and processes started in it never see it.

    Otherwise one that is just being started would outlive us unknown, or end with a traceback of its own.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "pthread_sigmask"):
        yield
        return
    held: list[int] = []
    resource_tracker.ensure_running()  # starting it would lift the mask
    handler = signal.signal(signal.SIGINT, lambda number, _frame: held.append(number))  # other threads have no mask
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # this one is inherited
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
    if held:
        raise KeyboardInterrupt


def _stop(pool: ProcessPoolExecutor) -> None:
    """End the processes now instead of after the run each is in."""
    for process in list((getattr(pool, "_processes", None) or {}).values()):
        process.terminate()
