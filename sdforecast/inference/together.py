"""Several chains that share a run: what K threads ask for at about the same time is computed side by side.

A gradient of eight members in lanes of the processor costs little more than two of one. Chains of a sampler run in
threads, each asks for a density and its gradient, again and again; here they wait for one another:

    together = Together(density.many, chains=8)       # to call with a point, in the thread of each chain

The last thread to come does the work of all. Nobody waits long for a thread that does not come, because its chain has
ended, or adapts, or was stopped. A number does not depend on who shares the run, so that neither do the draws.
"""

from __future__ import annotations

import math
import os
import threading
import time

import numpy as np

from sdforecast.inference.splitting import Many

PATIENCE = 0.2
"""Seconds that a thread waits for others: long beside an evaluation, even where many programs share the processors.
A chain that ends costs the others this once or twice."""


class Together:
    """A density whose callers, each in a thread of its own, share runs.

    Attributes
    ----------
    many : from points [k, n], the log density of each and its gradient.
    chains : how many threads will call.
    groups : how many runs are meant to be under way at a time, each of its share of the threads; by default as many as
        there are processors.
    patience : seconds that a thread waits for others.
    """

    def __init__(self, many: Many, chains: int, *, groups: int | None = None, patience: float = PATIENCE) -> None:
        if chains < 1 or (groups is not None and groups < 1):
            raise ValueError(f"{chains} chains in {groups} groups")
        self.many, self.chains, self.patience = many, chains, patience
        self.groups = min(groups or os.cpu_count() or 1, chains)
        self._lock = threading.Lock()
        self._callers = _Callers(patience)
        self._gathering = _Meeting(many, self._lock)

    def __call__(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log density at a point [n] and its gradient [n]."""
        at = np.array(point, dtype=float)
        with self._callers:
            with self._lock:
                if self._gathering.closed:
                    self._gathering = _Meeting(self.many, self._lock)
                meeting, place = self._gathering, len(self._gathering.brought)
                leads = meeting.bring(at, enough=max(self._callers.count() // self.groups, 1))
            values, gradients = meeting.outcome(self.patience, leads=leads)
            return float(values[place]), gradients[place]


class _Meeting:
    """Threads that wait for one another; the last to come, or the first to lose patience, works for all.

    Attributes
    ----------
    brought : the points, in the order in which they came.
    closed : nobody can come any more.
    """

    def __init__(self, many: Many, lock: threading.Lock) -> None:
        self.brought: list[np.ndarray] = []
        self.closed = False
        self._many, self._lock = many, lock
        self._done = threading.Event()
        self._result: tuple[np.ndarray, np.ndarray] | None = None
        self._error: BaseException | None = None

    def bring(self, point: np.ndarray, *, enough: int) -> bool:
        """Come, with the lock held; returns whether `enough` are there, so that whoever came last has to work."""
        if self.brought and point.shape != self.brought[0].shape:  # refused before it meets those of others
            raise ValueError(f"a point of shape {point.shape} instead of {self.brought[0].shape}")
        self.brought.append(point)
        self.closed = len(self.brought) >= enough
        return self.closed

    def outcome(self, patience: float, *, leads: bool) -> tuple[np.ndarray, np.ndarray]:
        """Wait for the others, without the lock, and return what the work gives; raises what it raises."""
        if not leads and not self._done.wait(patience):
            with self._lock:
                leads, self.closed = not self.closed, True
        if leads:
            try:
                self._result = self._many(np.stack(self.brought))
            except BaseException as error:
                self._error = error
                raise
            finally:
                self._done.set()
        self._done.wait()
        if self._result is None:
            raise self._error or RuntimeError("the work of a meeting was lost")
        return self._result


class _Callers:
    """Which threads are calling: they are inside a call, or were not long ago."""

    def __init__(self, patience: float) -> None:
        self._patience, self._lock = patience, threading.Lock()
        self._left: dict[int, float] = {}
        """When each thread was last inside; infinity while it is."""

    def __enter__(self) -> None:
        with self._lock:
            self._left[threading.get_ident()] = math.inf

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._left[threading.get_ident()] = time.monotonic()

    def count(self) -> int:
        """Return how many they are."""
        with self._lock:
            since = time.monotonic() - self._patience
            self._left = {thread: left for thread, left in self._left.items() if left >= since}
            return len(self._left)
