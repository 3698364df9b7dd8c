"""A scenario file, possibly wrong or hostile, into a :class:`Scenario`, or all its problems at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.scenario.checking import Finding, check_changes, check_constants
from sdforecast.scenario.finding import parent_file, parent_names
from sdforecast.scenario.schema import MAX_RAMP, InstrumentChange, Scenario
from sdforecast.scenario.yamltree import Location, Tree, parse, shown, text_of

MAX_BYTES = 65_536
"""Largest scenario file; the shipped ones have a few thousand bytes."""

_TYPES = {
    "float_type": "a number",
    "int_type": f"a whole number from 0 to {MAX_RAMP}",
    "bool_type": "true or false",
    "string_type": "text",
    "model_type": "a mapping of keys to values",
    "dict_type": "a mapping of names to numbers",
    "tuple_type": "a list",
}
_RANGES = {"intensity": "0 and 1", "ramp_months": f"0 and {MAX_RAMP}"}
_MONTHS = ("start", "end")
_FIELDS = {*Scenario.model_fields, *InstrumentChange.model_fields}


@dataclass(frozen=True)
class Written:
    """A scenario as its file has it, parents not yet looked up, and where things stand in the file."""

    scenario: Scenario
    path: Path
    tree: Tree


def read(path: Path) -> Written:
    """Return the scenario in the file `path` as it is written.

    Raises `InputError` with every problem of the file, each with line and column.
    """
    return parsed(text_of(path, MAX_BYTES, "a scenario"), path)


def parsed(text: str, path: Path) -> Written:
    """Return the scenario of a `text` that stands, or will stand, in the file `path`. Raises as :func:`read`."""
    tree = parse(text, str(path))
    if not isinstance(tree.data, dict):
        what = "is empty" if tree.data is None else "must be a mapping of keys to values"
        raise InputError(tree.problem((), what, "a scenario needs at least 'name' and 'title'"))
    scenario, problems = _validate(tree)
    problems += tree.problems + _check_rules(tree) + _check_parent(tree, path.parent)
    if problems or scenario is None:
        raise InputError(*sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    return Written(scenario, path, tree)


def problems_of(data: dict[str, Any]) -> list[Problem]:
    """Return what is wrong with plain `data` of a scenario, parents apart, in the words that a file would get."""
    tree = Tree("", data)
    return _validate(tree)[1] + _check_rules(tree)


def _validate(tree: Tree) -> tuple[Scenario | None, list[Problem]]:
    try:
        return Scenario.model_validate(tree.data), []
    except ValidationError as error:
        details = error.errors(include_url=False)
        return None, [_describe(detail, tree) for detail in details if tuple(detail["loc"]) not in tree.spoilt]


def _check_rules(tree: Tree) -> list[Problem]:
    """Apply the rules to every change that is valid by itself, so that one wrong line hides no other."""
    changes: list[tuple[int, InstrumentChange]] = []
    items = tree.data.get("instruments")
    for position, item in enumerate(items if isinstance(items, list) else ()):
        try:
            changes.append((position, InstrumentChange.model_validate(item)))
        except ValidationError:
            continue
    findings = check_changes(changes, tree.data.get("counterfactual") is True)
    findings += _check_constants(tree)
    return [tree.problem(finding.where, finding.what, finding.hint) for finding in findings]


def _check_constants(tree: Tree) -> list[Finding]:
    parts = [tree.data.get(part) for part in ("parameters", "assumptions")]
    numbers = [
        {name: value for name, value in part.items() if isinstance(value, int | float)}
        if isinstance(part, dict)
        else {}
        for part in parts
    ]
    return check_constants(*numbers)


def _check_parent(tree: Tree, folder: Path) -> list[Problem]:
    name = tree.data.get("extends")
    if not isinstance(name, str) or "/" in name or "\\" in name or parent_file(name, folder) is not None:
        return []
    return [tree.problem(("extends",), f"unknown scenario {shown(name)}", nearest(name, parent_names(folder)))]


def _describe(detail: ErrorDetails, tree: Tree) -> Problem:
    where: Location = tuple(part for part in detail["loc"] if part != "[key]")
    field, value, kind = _label(where), detail["input"], detail["type"]
    name = str(where[-1])
    month = where[0] == "instruments" and field in _MONTHS
    if kind == "missing":
        return tree.problem(where[:-1], f"'{field}' is missing")
    if kind == "extra_forbidden":
        fields = Scenario.model_fields if len(where) == 1 else InstrumentChange.model_fields
        return tree.problem(where, f"unknown key {shown(name)}", nearest(name, fields), at_key=True)
    if kind in _TYPES:
        wanted = "a month, written YYYY-MM" if month else _TYPES[kind]
        return tree.problem(where, f"{field} must be {wanted}, not {shown(value)}")
    if kind in ("greater_than_equal", "less_than_equal"):
        return tree.problem(where, f"{field} {value} is not between {_RANGES[field]}")
    if kind == "string_pattern_mismatch" and month:
        return tree.problem(where, f"{field} {shown(value)} is not a month", "write YYYY-MM, such as 2027-01")
    if kind == "string_pattern_mismatch":
        hint = "use lower-case letters, digits and single hyphens"
        return tree.problem(where, f"{field} {shown(value)} is not a scenario name", hint)
    return tree.problem(where, f"{field}: {_reason(detail)}", at_key="[key]" in detail["loc"])


def _label(where: Location) -> str:
    last = where[-1]
    if isinstance(last, int):
        return f"item {last + 1} of {where[-2]}"
    return last if last in _FIELDS else shown(last)


def _reason(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            return str(context["error"])
        case "string_too_long":
            return f"is longer than {context['max_length']} characters"
        case "string_too_short":
            return "is empty"
        case "string_unicode":
            return "is not text that can be written"
        case "finite_number":
            return "is not a finite number"
        case _:
            return detail["msg"]
