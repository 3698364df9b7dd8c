"""Commands that go wrong in every way, to be met by `main`."""

import errno
import time
import warnings

import click

from sdforecast.errors import CheckError, InputError, MachineError, Problem

FAULTS = {
    "input": InputError(
        Problem("intensity 1.5 is above 1", file="mix.yaml", line=7, column=16),
        Problem("unknown instrument 'naloxon'", file="mix.yaml", line=9, hint="did you mean 'naloxone'?"),
    ),
    "check": CheckError("the flows do not balance"),
    "machine": MachineError("the extra 'parquet' is missing"),
    "memory": MemoryError(),
    "disk": OSError(errno.ENOSPC, "No space left on device", "out.csv"),
    "ours": ZeroDivisionError("division\nby zero"),
    "escape": InputError("bad name '\x1b[31mred\x07'"),
    "interrupt": KeyboardInterrupt(),
    "abort": click.Abort(),
    "exit": click.exceptions.Exit(1),
}


@click.command()
@click.argument("kind")
def fail(kind: str) -> None:
    """Fail in the way that is asked for."""
    raise FAULTS[kind]


@click.command()
def wait() -> None:
    """Wait to be interrupted."""
    click.echo("waiting")
    time.sleep(60)


@click.command()
def warn() -> None:
    """Warn as a library does."""
    warnings.warn("a table was\n  extrapolated", stacklevel=1)
    click.echo("result")


@click.command()
def talk() -> None:
    """Print more than a pipe holds."""
    for number in range(100_000):
        click.echo(f"line {number}")
