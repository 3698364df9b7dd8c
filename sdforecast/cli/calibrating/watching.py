"""What is seen on stderr while a posterior is sampled: a table of the chains on a terminal, otherwise lines."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.progress import duration

if TYPE_CHECKING:
    from rich.table import Table

    from sdforecast.inference.chains import ChainProgress, Progress

SECONDS_BETWEEN_LINES = 10.0

_HEADER = ("chain", "", "draws", "acceptance", "divergences", "step", "left")


class Watch:
    """Shows stages as lines and chains as they grow; a context, so that a live table ends with it."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.quiet, self.begun, self._told = quiet, time.monotonic(), 0.0
        self._live: Any = None

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *error: object) -> None:
        self._end_table()

    def told(self, line: str) -> None:
        """Show a stage, with the time since the beginning."""
        if not self.quiet:
            self._end_table()
            click.echo(f"{duration(time.monotonic() - self.begun)}: {line}", err=True)

    def chains(self, progress: Progress) -> None:
        """Show where the chains are."""
        if self.quiet:
            return
        if sys.stderr.isatty():
            self._show_table(progress)
        elif progress.seconds - self._told >= SECONDS_BETWEEN_LINES:
            self._told = progress.seconds
            self.told(line(progress))

    def _show_table(self, progress: Progress) -> None:
        from rich.console import Console
        from rich.live import Live

        if self._live is None:
            self._live = Live(console=Console(stderr=True), transient=True, auto_refresh=False)
            self._live.start()
        self._live.update(_table(progress), refresh=True)

    def _end_table(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def line(progress: Progress) -> str:
    """Return where the chains are in one line."""
    chains = progress.chains
    parts = [f"draws {', '.join(f'{one.draws:,}' for one in chains)} of {chains[0].total:,}"]
    begun = [one for one in chains if one.draws]
    if begun:
        parts.append(f"acceptance {_range([one.acceptance for one in begun])}")
        divergences = sum(one.divergences for one in begun)
        parts.append(f"{divergences} divergence{'' if divergences == 1 else 's'}")
        parts.append(f"step {_range([one.step_size for one in begun])}")
    if left := _left(progress.seconds_left):
        parts.append(f"about {left} left")
    return "; ".join(parts)


def _table(progress: Progress) -> Table:
    from rich.table import Table

    left = _left(progress.seconds_left)
    title = f"{duration(progress.seconds)} of sampling" + (f", about {left} left" if left else "")
    table = Table(*_HEADER, title=title, box=None)
    for column in table.columns[2:]:
        column.justify = "right"
    for one in progress.chains:
        table.add_row(*_row(one))
    return table


def _row(one: ChainProgress) -> tuple[str, ...]:
    counts = (str(one.chain + 1), phase(one), f"{one.draws:,} of {one.total:,}")
    if not one.draws:
        return (*counts, "", "", "", "")
    return (*counts, f"{one.acceptance:.2f}", str(one.divergences), f"{one.step_size:.2g}", _left(one.seconds_left))


def phase(one: ChainProgress) -> str:
    """Return what a chain does, in a word."""
    if one.finished:
        return "finished"
    if not one.draws:
        return "waiting"
    return "warming up" if one.warming_up else "sampling"


def _range(values: Sequence[float]) -> str:
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return "unknown"
    low, high = f"{min(finite):.2g}", f"{max(finite):.2g}"
    return low if low == high else f"{low} to {high}"


def _left(seconds: float) -> str:
    return duration(seconds) if math.isfinite(seconds) and seconds > 0 else ""
