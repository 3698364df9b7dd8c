"""The tables over time that a model file holds: what enters it from outside."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

from sdforecast.errors import InputError, Problem

Knots = tuple[tuple[float, float], ...]
"""Pairs of time and value, in the order of the file."""


def tables_over_time(file: Path) -> dict[str, Knots]:
    """Return the knots of every variable that is a table of `Time` alone (`WITH LOOKUP(Time, …)` in Vensim), by name.

    Names are as the modeller wrote them. Raises `InputError` for a file that PySD does not understand.
    """
    from sdforecast.model.translating import abstract_model  # loads PySD: only who asks waits for it

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = abstract_model(file)
    except Exception as error:  # PySD's parsers raise whatever their libraries raise
        raise InputError(Problem("PySD does not understand this model", file=str(file))) from error
    found = {}
    for section in model.sections:
        for element in section.elements:
            knots = _knots(element.components[0].ast) if len(element.components) == 1 else None
            if knots is not None:
                found[str(element.name)] = knots
    return found


def _knots(tree: Any) -> Knots | None:
    """Return the knots where the equation is a table of time, else None."""
    table = getattr(tree, "lookups", None)
    if table is None or getattr(getattr(tree, "argument", None), "reference", "").casefold() != "time":
        return None
    return tuple((float(x), float(y)) for x, y in zip(table.x, table.y, strict=True))
