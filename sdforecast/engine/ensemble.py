"""Many runs of one model, one process a core."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker

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
    if processes <= 1:
        here = _Worker(model, columns, series, until)
        yield lambda jobs, advance: np.stack([_told(here.run(job), advance) for job in jobs])
        return
    pool = ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(model, tuple(columns), tuple(series), until),
    )
    try:
        yield lambda jobs, advance: _spread(pool, jobs, advance)
    except BaseException:
        _stop(pool)
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


class _Worker:
    def __init__(
        self,
        model: ModelFile,
        columns: Sequence[str],
        series: Sequence[Mapping[str, pd.Series]],
        until: float | None,
    ) -> None:
        self.simulator, self.columns, self.series, self.until = Simulator(model), columns, series, until

    def run(self, job: Job) -> np.ndarray:
        overrides: dict[str, Override] = {**self.series[job.series], **job.constants}
        return self.simulator.run(overrides, self.columns, self.until).to_numpy(float)


_worker: list[_Worker] = []  # the one of this process, set when the process starts


def _start(
    model: ModelFile, columns: Sequence[str], series: Sequence[Mapping[str, pd.Series]], until: float | None
) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker[:] = [_Worker(model, columns, series, until)]


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, however it ended: nobody waits for the runs."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _run(job: Job) -> np.ndarray:
    return _worker[0].run(job)


def _told(result: np.ndarray, advance: Callable[[], None]) -> np.ndarray:
    advance()
    return result


def _spread(pool: ProcessPoolExecutor, jobs: Sequence[Job], advance: Callable[[], None]) -> np.ndarray:
    with _interrupts_held():  # the first job starts the processes
        futures: dict[Future[np.ndarray], int] = {pool.submit(_run, job): k for k, job in enumerate(jobs)}
    results: list[np.ndarray | None] = [None] * len(jobs)
    try:
        for future in as_completed(futures):
            results[futures[future]] = future.result()
            advance()
    except InputError:
        raise
    except (BrokenPipeError, RuntimeError) as error:
        raise MachineError(Problem(f"a process of ours died: {error}", hint="out of memory?")) from error
    return np.stack([result for result in results if result is not None])


@contextmanager
def _interrupts_held() -> Iterator[None]:
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
