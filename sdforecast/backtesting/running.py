"""A back-test as independent jobs, one an origin: here, in processes of ours, or through a client of the caller's.

Each result is written as soon as it is there, so that an interruption costs only the origins on their way. Results do
not depend on the order: a search for a mode begins at one that an *earlier* run found (`starts`), never at one of this
run, and a mode of a later origin is never used.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from sdforecast import shipped
from sdforecast.backtesting import keeping
from sdforecast.backtesting.keeping import Done
from sdforecast.backtesting.working import Setup, Task, identified, perform
from sdforecast.engine.processes import can_start_processes, interrupts_held, pool
from sdforecast.engine.waiting import Client, Ended, Future
from sdforecast.errors import CheckError, InputError, MachineError, Problem, SdforecastError
from sdforecast.evaluation.levels import TARGETS

# --- What is to be done ---------------------------------------------------------------------------------------------


def due(
    setup: Setup,
    origins: Sequence[pd.Timestamp],
    store: Path,
    *,
    starts: Path | None = None,
    again: bool = False,
) -> list[Task]:
    """Return the tasks that are left of a back-test.

    Parameters
    ----------
    store : folder of the results. An origin whose result agrees in model, plan and knowledge is left out.
    starts : folder of an earlier back-test whose modes the searches begin at: that of the same origin, else of the
        nearest earlier one (default: the shipped one). Is it `store` itself, an origin begins at its own old mode only:
        those of others are replaced while the run is on its way.
    again : do every origin anew.

    Raises
    ------
    InputError : the model has not the deaths that are forecast; an origin that the history does not reach; a damaged
        file in `store`; as `known_at`.
    """
    for name in TARGETS:
        setup.model.name_of(name)
    if store.exists() and not store.is_dir():
        raise InputError(Problem("is not a folder", str(store), hint="name a folder for the results"))
    starts = shipped.backtest_dir() if starts is None else starts
    modes = keeping.modes(starts)
    own = starts.resolve() == store.resolve()
    tasks = []
    for origin in origins:
        wanted = identified(setup, origin)
        there = None if again else keeping.read(store, origin)
        if there is None or not there.agrees(wanted):
            from_, near = _nearest(modes, origin, own=own)
            chains = store / f"{origin:%Y-%m}.chains-{_short(wanted)}" if setup.plan.method == "nuts" else None
            tasks.append(Task(origin, setup, wanted, near, from_, chains))
    return tasks


def _nearest(
    modes: Mapping[pd.Timestamp, Mapping[str, float]], origin: pd.Timestamp, *, own: bool
) -> tuple[str, Mapping[str, float]]:
    """Return the origin (YYYY-MM) and the mode at which a search begins; empty where there is none."""
    usable = [each for each in modes if each == origin or (each < origin and not own)]
    if not usable:
        return "", {}
    return f"{max(usable):%Y-%m}", modes[max(usable)]


def _short(identity: Mapping[str, Any]) -> str:
    """Return a name for what decides a result: chains of another model or plan have another folder."""
    return keeping.sha(repr([identity[name] for name in keeping.DECIDING]).encode())[:12]


# --- Doing it -------------------------------------------------------------------------------------------------------


def carry_out(
    tasks: Sequence[Task],
    store: Path,
    *,
    jobs: int | None = None,
    client: Client | None = None,
    advance: Callable[[], None] = lambda: None,
) -> None:
    """Do tasks and keep each result as soon as it is there.

    Parameters
    ----------
    jobs : processes (default: one a processor); 1 works here.
    client : does the jobs instead. Its workers must be of one thread each, have this package and see the files that
        the tasks name.
    advance : called after each origin.

    Raises
    ------
    CheckError : origins failed, after all others were done; each is named.
    MachineError : a process died, or the folder cannot be written. What was done by then is kept.
    """
    if client is not None:
        _through(client, tasks, store, advance)
        return
    count = min(processors() if jobs is None else jobs, len(tasks))
    if count > 1 and can_start_processes():
        with pool(count) as helpers:
            _through(helpers, tasks, store, advance)
        return
    failed: dict[pd.Timestamp, Exception] = {}
    for task in tasks:
        _kept(store, task, partial(perform, task), failed)
        advance()
    _tell(failed)


def processors() -> int:
    """Return the processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _through(client: Client, tasks: Sequence[Task], store: Path, advance: Callable[[], None]) -> None:
    """Submit all tasks and keep what comes back, in the order in which it does."""
    ended = Ended()
    futures: list[Future] = []
    failed: dict[pd.Timestamp, Exception] = {}
    try:
        with interrupts_held():  # the first job starts the processes
            for place, task in enumerate(tasks):
                future: Future = client.submit(perform, task)
                ended.watch(future, place)
                futures.append(future)
        for _ in tasks:
            place = ended.next()
            _kept(store, tasks[place], futures[place].result, failed)
            advance()
    except BaseException:
        for future in futures:
            future.cancel()
        raise
    _tell(failed)


def _kept(store: Path, task: Task, result: Callable[[], Done], failed: dict[pd.Timestamp, Exception]) -> None:
    """Keep the result of a task, or note why there is none: the other origins go on."""
    try:
        done = result()
    except BrokenProcessPool as error:
        hint = "out of memory? what is finished is kept: the same command goes on, with --jobs 1 more frugally"
        raise MachineError(Problem(f"a process of ours died: {error}", hint=hint)) from error
    except MachineError:  # a missing extra, a full disk: no origin will fare better
        raise
    except Exception as error:
        failed[task.origin] = error
        return
    keeping.keep(store, done)


def _tell(failed: Mapping[pd.Timestamp, Exception]) -> None:
    """Raise for the origins that failed. Raises `CheckError`, or what is a fault of ours as it is."""
    problems = []
    for origin, error in failed.items():
        if not isinstance(error, SdforecastError):
            raise error
        problems += [Problem(f"origin {origin:%Y-%m} failed: {problem}") for problem in error.problems]
    if problems:
        raise CheckError(*problems)
