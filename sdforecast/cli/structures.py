"""Options that say which structures a command runs, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sdforecast.errors import InputError, Problem

if TYPE_CHECKING:
    from sdforecast.forecasting.parts import Part

_Command = TypeVar("_Command", bound=Callable[..., Any])
_PATH: Any = click.Path(path_type=Path)


def structure_options(command: _Command) -> _Command:
    """Add `structures`, `only`, `posterior` and `targets` to a command."""
    for option in reversed(
        [
            click.option("--structures", type=_PATH, metavar="FILE", help="Structures of yours (.toml)."),
            click.option("--structure", "only", multiple=True, metavar="NAME", help="This one only (repeatable)."),
            click.option("--posterior", type=_PATH, metavar="DIR", help="A posterior of yours alone."),
            click.option("--targets", type=_PATH, metavar="FILE", help="Targets that it was made with (.toml)."),
        ]
    ):
        command = option(command)
    return command


def given_parts(
    structures: Path | None, only: Sequence[str], posterior: Path | None, targets: Path | None
) -> Sequence[Part]:
    """Return what to run: all structures, some of them, or a posterior of the user's. Raises `InputError`."""
    from sdforecast.forecasting import parts
    from sdforecast.forecasting.structures import chosen, load

    if posterior is None and targets is None:
        table = load(structures)
        return parts(structures=chosen(table, only) if only else table)
    if structures is not None or only:
        what = "--posterior and --targets are of one structure alone"
        raise InputError(Problem(what, hint="leave --structures and --structure out"))
    return parts(posterior, targets=targets)
