"""Progress of long work on stderr: a bar with the time left on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

Advance = Callable[[], None]
"""Called once for each finished piece of work."""

_SECONDS_BETWEEN_LINES = 15.0
_TOGETHER = 0.2
"""Seconds within which work ends together."""


@contextmanager
def progress(title: str, total: int, *, quiet: bool = False) -> Iterator[Advance]:
    """Show how much of `total` pieces of work is done; yields the function to call for each.

    Nothing is shown with `quiet`. When stderr is no terminal, a line is written at most every
    15 seconds, so that logs stay short.
    """
    if quiet or total < 1:
        yield lambda: None
    elif sys.stderr.isatty():
        yield from _bar(title, total)
    else:
        yield _lines(title, total)


def _bar(title: str, total: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    parts = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("left"),
    )
    with Progress(*parts, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda: bar.advance(task)


def _lines(title: str, total: int) -> Advance:
    begun = told = last = time.monotonic()
    done, burst = 0, False

    def advance() -> None:
        nonlocal told, done, last, burst
        done += 1
        now = time.monotonic()
        waited, last = now - last, now
        if waited >= _SECONDS_BETWEEN_LINES and not burst:
            # Perhaps the first of many that end together: the time left is not known before the others have come.
            burst, told = True, now - _SECONDS_BETWEEN_LINES + _TOGETHER
            return
        if now - told >= _SECONDS_BETWEEN_LINES and done < total:
            told = now
            left = (now - begun) / done * (total - done)
            click.echo(f"{title}: {done} of {total}, about {duration(left)} left", err=True)

    return advance


def duration(seconds: float) -> str:
    """Return a time span in words: `8 s`, `2 min 5 s`, `1 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
