"""Blocks of work on several threads, which Ctrl-C ends within a fraction of a second."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

AT_ONCE = 20_000_000
"""Operations up to which work is done in the thread that asks: less than Ctrl-C's fifth of a second."""

_TICK = 0.05
"""Seconds after which a waiting thread looks whether it was interrupted."""


def in_blocks(
    work: Callable[[int], int],
    begins: Sequence[int],
    *,
    threads: int,
    effort: float,
    advance: Callable[[int], None] | None = None,
) -> None:
    """Call `work` with each of `begins`, on so many threads.

    Parameters
    ----------
    work : does one block and returns how much it did; it must not hold Python's lock for long.
    effort : operations in all of it.
    advance : called, in the thread that asks, with what `work` returned.

    Raises
    ------
    Whatever `work` raises first. On an interrupt no further block is begun, and those that were are left to end.
    """
    if effort <= AT_ONCE:
        for begin in begins:
            done = work(begin)
            if advance is not None:
                advance(done)
        return
    shift = _Shift(work, begins)
    helpers = [threading.Thread(target=shift.labour, daemon=True) for _ in range(max(1, min(threads, len(begins))))]
    for helper in helpers:
        helper.start()
    told = 0
    try:
        while any(helper.is_alive() for helper in helpers):
            shift.changed.wait(_TICK)
            shift.changed.clear()
            told = _tell(advance, shift.done, told)
        _tell(advance, shift.done, told)
    finally:
        shift.stopped = True
    if shift.fault is not None:
        raise shift.fault


def _tell(advance: Callable[[int], None] | None, done: int, told: int) -> int:
    if advance is not None and done > told:
        advance(done - told)
    return done


class _Shift:
    """The blocks that are left, shared by the threads."""

    def __init__(self, work: Callable[[int], int], begins: Sequence[int]) -> None:
        self.work, self.waiting = work, iter(begins)
        self.lock, self.changed = threading.Lock(), threading.Event()
        self.done = 0
        self.stopped = False
        self.fault: BaseException | None = None

    def labour(self) -> None:
        """Do blocks until none is left."""
        while not self.stopped:
            with self.lock:
                begin = next(self.waiting, None)
            if begin is None:
                break
            try:
                count = self.work(begin)
            except BaseException as fault:  # told in the thread that asked
                self.fault, self.stopped = self.fault or fault, True
                break
            with self.lock:
                self.done += count
            self.changed.set()
        self.changed.set()
