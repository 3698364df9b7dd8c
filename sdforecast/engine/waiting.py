"""Jobs done elsewhere, by processes of ours or a client of the caller's: whose they are, and which has ended."""

from __future__ import annotations

import queue
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

_PERIOD = 0.2  # seconds; a wait without end would not see Ctrl-C on every system


class Future(Protocol):
    """What comes of a submitted job: as in `concurrent.futures` and in `dask.distributed`."""

    def result(self) -> Any:
        """Return the result, or raise what the job raised."""

    def cancel(self) -> Any:
        """Give the job up if it has not begun."""

    def add_done_callback(self, function: Callable[[Any], Any]) -> Any:
        """Call a function with this when it has ended."""


class Client(Protocol):
    """Whoever does jobs: a `dask.distributed.Client`, or an executor of `concurrent.futures`."""

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **options: Any) -> Any:
        """Begin a job and return its future."""


class Ended:
    """The places of jobs in the order in which they end."""

    def __init__(self) -> None:
        self._places: queue.SimpleQueue[int] = queue.SimpleQueue()

    def watch(self, future: Future, place: int) -> None:
        """Note `place` when a job ends."""
        future.add_done_callback(partial(self._note, place))

    def next(self) -> int:
        """Wait for the next job that ends, and return its place."""
        while True:
            try:
                return self._places.get(timeout=_PERIOD)
            except queue.Empty:
                continue

    def _note(self, place: int, _future: object) -> None:
        self._places.put(place)
