"""Which variables the equation of each variable uses, as PySD's tree of the file has it."""

from __future__ import annotations

import contextlib
import json
import warnings
from collections.abc import Iterator, Mapping
from typing import Any

from sdforecast.errors import InputError, MachineError, Problem
from sdforecast.model.reading import ModelFile
from sdforecast.writing import write_text

KEPT = "references-1.json"
"""Name of the file with the references of a model, beside PySD's translation; its number grows when that changes."""


def references(model: ModelFile) -> Mapping[str, tuple[str, ...]]:
    """Return the variables that each equation of `model` uses, by name as the modeller wrote it, in order of use.

    The equation of a stock counts with its initial value. Control variables (SAVEPER, …) are among the names; Time,
    functions and subscripts are not. Raises `InputError` where PySD does not understand the file.
    """
    file = model.translation.with_name(KEPT)
    try:
        record = json.loads(file.read_text(encoding="utf-8"))
        return {str(name): tuple(map(str, used)) for name, used in record.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        found = _references(model)
        with contextlib.suppress(MachineError):
            write_text(file, json.dumps(found))
        return found


def _references(model: ModelFile) -> dict[str, tuple[str, ...]]:
    from sdforecast.model.translating import abstract_model

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = abstract_model(model.path)
    except Exception as error:  # PySD's parsers raise whatever their libraries raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise InputError(Problem(f"PySD does not understand this model: {reason}", file=str(model.path))) from error
    known = {_clean(name): name for name in [*model.control, *model.names]}
    found: dict[str, tuple[str, ...]] = {}
    for element in tree.sections[0].elements:
        used = [word for component in element.components for word in _words(component.ast)]
        names = dict.fromkeys(known[_clean(word)] for word in used if _clean(word) in known)
        found[known.get(_clean(element.name), element.name)] = tuple(names)
    return found


def _clean(name: str) -> str:
    return name.replace(" ", "_").lower()


def _words(tree: Any) -> Iterator[str]:
    """Give all names in an expression, those of functions and tables that it calls among them."""
    if type(tree).__name__ == "ReferenceStructure":
        yield str(tree.reference)
    elif isinstance(tree, list | tuple):
        for part in tree:
            yield from _words(part)
    elif hasattr(tree, "__dict__"):
        yield from _words(list(vars(tree).values()))
