"""Blocks of work done in threads here, or by a cluster or executor of the caller's, in any order; results in theirs.

A block is all that its result depends on, so it may be done anywhere and twice: when a worker of a
`dask.distributed` cluster dies, the scheduler does its blocks again elsewhere, and nothing changes.
"""

from __future__ import annotations

import queue
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any, TypeVar

from sdforecast.engine.compiled.blocks import in_blocks
from sdforecast.engine.waiting import Client, Ended
from sdforecast.errors import MachineError, Problem

_LARGE = 1e18  # operations: always in threads, so that Ctrl-C is seen

Block = TypeVar("Block")
Result = TypeVar("Result")


def spread(
    work: Callable[[Block], Result],
    blocks: Sequence[Block],
    *,
    client: Client | None = None,
    threads: int = 1,
    advance: Callable[[int], None] = lambda block: None,
) -> list[Result]:
    """Return what `work` makes of each block, in the order of the blocks.

    Parameters
    ----------
    client : does them instead of threads here; `work` and blocks are pickled, and its workers need this package and
        the files that a block names.
    threads : how many blocks at a time are done here.
    advance : called, in the thread that asks, with the position of each block that has ended.

    Raises
    ------
    MachineError : workers of the client died again and again. Otherwise what `work` raises.
    """
    if client is not None:
        return _through(client, work, blocks, advance)
    results: list[Result | None] = [None] * len(blocks)
    ended: queue.SimpleQueue[int] = queue.SimpleQueue()

    def one(place: int) -> int:
        results[place] = work(blocks[place])
        ended.put(place)
        return 1

    def told(count: int) -> None:
        for _ in range(count):
            advance(ended.get())

    in_blocks(one, range(len(blocks)), threads=threads, effort=_LARGE, advance=told)
    return results  # type: ignore[return-value]


def _through(
    client: Client, work: Callable[[Block], Result], blocks: Sequence[Block], advance: Callable[[int], None]
) -> list[Result]:
    """Submit all blocks and take each result as soon as it is there, so that workers need not hold it."""
    ended = Ended()
    futures: list[Any] = []
    results: list[Result | None] = [None] * len(blocks)
    try:
        for place, block in enumerate(blocks):
            future = client.submit(work, block)
            ended.watch(future, place)
            futures.append(future)
        for _ in blocks:
            place = ended.next()
            results[place] = _result(futures[place])
            futures[place] = None  # a worker may forget it
            advance(place)
    except BaseException:
        for future in futures:
            if future is not None:
                future.cancel()
        raise
    return results  # type: ignore[return-value]


def _result(future: Any) -> Any:
    try:
        return future.result()
    except BrokenExecutor as error:
        raise _died(error) from error
    except Exception as error:
        if type(error).__name__ == "KilledWorker":  # of dask.distributed, which need not be installed
            raise _died(error) from error
        raise


def _died(error: Exception) -> MachineError:
    hint = "out of memory? fewer workers on a machine, or fewer draws"
    return MachineError(Problem(f"workers died again and again: {str(error)[:200]}", hint=hint))
