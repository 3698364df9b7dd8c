"""Numbers that a user sets on the command line as NAME=VALUE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from sdforecast.errors import InputError, Problem


def numbers(option: str, texts: Iterable[str]) -> dict[str, float]:
    """Return the numbers by name that were given to `option`.

    Raises `InputError` for what is not NAME=VALUE, and for a name that is given two values.
    """
    found: dict[str, float] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not equals or not name.strip() or not abs(number) < float("inf"):
            raise InputError(Problem(f"{option} '{text}' is not NAME=VALUE with a number"))
        earlier = next((known for known in found if known.casefold() == name.strip().casefold()), None)
        if earlier is not None and found[earlier] != number:
            raise InputError(Problem(f"{option} gives '{earlier}' two values, {found[earlier]:g} and {number:g}"))
        found[earlier or name.strip()] = number
    return found


def tell_outside_ranges(option: str, given: Mapping[str, float], table: Path | None = None) -> None:
    """Say on stderr which numbers lie outside the range that a table of parameters states (default: the shipped)."""
    from sdforecast import parameters

    if not given:
        return
    ranges = {p.name.casefold(): p for p in parameters.load(table) if p.kind != "data"}
    for name, value in given.items():
        p = ranges.get(name.casefold())
        if p is not None and not p.low <= value <= p.high:
            stated = f"{p.low:g} to {p.high:g} {p.unit}"
            click.echo(f"warning: {option} '{p.name}' at {value:g} is outside its stated range, {stated}", err=True)
