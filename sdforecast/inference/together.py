"""Several chains that share a run: what K threads ask for at about the same time is computed side by side.

A gradient of eight members in lanes of the processor costs little more than two of one. Chains of a sampler run in
threads, each asks for a value and then its gradient, again and again; here they wait for one another:

    together = Together(predictor, chains=8)       # a Differentiable, for density(study with it as predictor)

The last thread to come does the work of all. Nobody waits long for a thread that does not come, because its chain has
ended, or adapts, or was stopped. A number does not depend on who shares the run, so that neither do the draws.
"""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

PATIENCE = 0.2
"""Seconds that a thread waits for others: long beside an evaluation, even where many programs share the processors.
A chain that ends costs the others this once or twice."""


class Many(Protocol):
    """A function that can be asked at several points side by side, as :class:`.predictor.Predictor`."""

    @property
    def size(self) -> int:
        """How many numbers go in."""

    @property
    def count(self) -> int:
        """How many numbers come out."""

    def forward_many(self, points: np.ndarray) -> tuple[np.ndarray, Any]:
        """Return the numbers at points [runs, size] as [runs, count], and what `pull_many` needs."""

    def pull_many(self, ran: Any, cotangents: np.ndarray) -> np.ndarray:
        """Return derivatives [runs, size], given cotangents [runs, count]."""


class Together:
    """A :class:`~.operator.Differentiable` whose callers, each in a thread of its own, share runs.

    Attributes
    ----------
    function : what is computed.
    chains : how many threads will call.
    groups : how many runs are meant to be under way at a time, each of its share of the threads; by default as many as
        there are processors.
    patience : seconds that a thread waits for others.
    """

    def __init__(self, function: Many, chains: int, *, groups: int | None = None, patience: float = PATIENCE) -> None:
        if chains < 1 or (groups is not None and groups < 1):
            raise ValueError(f"{chains} chains in {groups} groups")
        self.function, self.chains, self.patience = function, chains, patience
        self.groups = min(groups or os.cpu_count() or 1, chains)
        self._lock = threading.Lock()
        self._callers = _Callers(patience)
        self._gathering = _Meeting(self._forward, self._lock)

    @property
    def size(self) -> int:
        """How many numbers go in."""
        return self.function.size

    @property
    def count(self) -> int:
        """How many numbers come out."""
        return self.function.count

    def forward(self, point: np.ndarray) -> tuple[np.ndarray, _Part]:
        """Return the numbers, and what `pull` needs."""
        at = _copied(point, self.size)
        with self._callers:
            with self._lock:
                if self._gathering.closed:
                    self._gathering = _Meeting(self._forward, self._lock)
                meeting = self._gathering
                place = len(meeting.brought)
                leads = meeting.bring(place, at, enough=max(self._callers.count() // self.groups, 1))
            run, values = meeting.outcome(self.patience, leads=leads)
            return values[place], _Part(run, place)

    def pull(self, ran: _Part, cotangent: np.ndarray) -> np.ndarray:
        """Return derivatives by each number that went in, given those by each that came out."""
        given = _copied(cotangent, self.count)
        with self._callers:
            with self._lock:
                meeting, enough = ran.run.pulling, ran.run.members
                if meeting.closed or ran.place in meeting.brought:  # the others have theirs: nobody will come
                    meeting, enough = _Meeting(ran.run.pull, self._lock), 1
                leads = meeting.bring(ran.place, given, enough=enough)
            gradients: np.ndarray = meeting.outcome(self.patience, leads=leads)[ran.place]
            return gradients

    def _forward(self, points: dict[int, np.ndarray]) -> tuple[_Run, np.ndarray]:
        values, ran = self.function.forward_many(np.stack([points[place] for place in range(len(points))]))
        return _Run(self.function, ran, len(points), self._lock), values

    def __reduce__(self) -> tuple[Any, ...]:
        return _made, (self.function, self.chains, self.groups, self.patience)


def _made(function: Many, chains: int, groups: int, patience: float) -> Together:
    return Together(function, chains, groups=groups, patience=patience)


class _Run:
    """A run of several members, and the meeting for its way back."""

    def __init__(self, function: Many, ran: Any, members: int, lock: threading.Lock) -> None:
        self.function, self.ran, self.members = function, ran, members
        self.pulling = _Meeting(self.pull, lock)

    def pull(self, cotangents: dict[int, np.ndarray]) -> np.ndarray:
        """Return the derivatives of all members; who has brought nothing gets nothing."""
        all_of_them = np.zeros((self.members, self.function.count))
        for place, cotangent in cotangents.items():
            all_of_them[place] = cotangent
        return self.function.pull_many(self.ran, all_of_them)


@dataclass(frozen=True)
class _Part:
    """One member of a run."""

    run: _Run
    place: int


class _Meeting:
    """Threads that wait for one another; the last to come, or the first to lose patience, works for all.

    Attributes
    ----------
    brought : what each has brought, by its place.
    closed : nobody can come any more.
    """

    def __init__(self, work: Callable[[dict[int, np.ndarray]], Any], lock: threading.Lock) -> None:
        self.brought: dict[int, np.ndarray] = {}
        self.closed = False
        self._work, self._lock = work, lock
        self._done = threading.Event()
        self._result: Any = None
        self._error: BaseException | None = None

    def bring(self, place: int, what: np.ndarray, *, enough: int) -> bool:
        """Come, with the lock held; returns whether `enough` are there, so that whoever came last has to work."""
        self.brought[place] = what
        self.closed = len(self.brought) >= enough
        return self.closed

    def outcome(self, patience: float, *, leads: bool) -> Any:
        """Wait for the others, without the lock, and return what the work gives; raises what it raises."""
        if not leads and not self._done.wait(patience):
            with self._lock:
                leads, self.closed = not self.closed, True
        if leads:
            try:
                self._result = self._work(self.brought)
            except BaseException as error:
                self._error = error
                raise
            finally:
                self._done.set()
        self._done.wait()
        if self._error is not None:
            raise self._error
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


def _copied(values: np.ndarray, size: int) -> np.ndarray:
    """Return a vector of its own; a wrong one is refused before it meets those of others."""
    copied = np.array(values, dtype=float)
    if copied.shape != (size,):
        raise ValueError(f"a vector of shape {copied.shape} instead of ({size},)")
    return copied
