"""Numbers that a user sets on the command line as NAME=VALUE."""

from __future__ import annotations

from collections.abc import Iterable

from sdforecast.errors import InputError, Problem


def numbers(option: str, texts: Iterable[str]) -> dict[str, float]:
    """Return the numbers by name that were given to `option`; raises `InputError` for what is not NAME=VALUE."""
    found: dict[str, float] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not equals or not name.strip() or not abs(number) < float("inf"):
            raise InputError(Problem(f"{option} '{text}' is not NAME=VALUE with a number"))
        found[name.strip()] = number
    return found
