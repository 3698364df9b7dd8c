"""A file of checks, possibly wrong or hostile, into :class:`.schema.Checks`, or all its problems at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.scenario.yamltree import Location, Tree, parse, shown, text_of
from sdforecast.validation import schema
from sdforecast.validation.schema import Checks

NAME = "checks.yaml"
"""The file that is looked for beside a model."""

MAX_BYTES = 1_000_000

_TYPES = {
    "float_type": "a number", "int_type": "a whole number", "string_type": "text", "bool_type": "true or false",
    "model_type": "a mapping of keys to values", "dict_type": "a mapping of names to values", "tuple_type": "a list",
}  # fmt: skip


@dataclass(frozen=True)
class Written:
    """Checks, and where things stand in their file."""

    checks: Checks
    path: Path
    tree: Tree

    def problem(self, where: Location, what: str, hint: str | None = None) -> Problem:
        """Return a problem at a place of the file."""
        return self.tree.problem(where, what, hint)


def read(path: Path) -> Written:
    """Return the checks in a file. Raises `InputError` with every problem, each with line and column."""
    tree = parse(text_of(path, MAX_BYTES, "a file of checks"), str(path))
    if not isinstance(tree.data, dict):
        what = "is empty" if tree.data is None else "must be a mapping of keys to values"
        raise InputError(tree.problem((), what, f"keys: {', '.join(Checks.model_fields)}"))
    problems = list(tree.problems)
    checks = None
    try:
        checks = Checks.model_validate(tree.data)
    except ValidationError as error:
        details = error.errors(include_url=False)
        problems += [_described(detail, tree) for detail in details if tuple(detail["loc"]) not in tree.spoilt]
    if checks is not None:
        problems += _twice(checks, tree)
    if problems or checks is None:
        raise InputError(*sorted(problems, key=lambda problem: (problem.line or 0, problem.column or 0)))
    return Written(checks, path, tree)


def _twice(checks: Checks, tree: Tree) -> list[Problem]:
    """Return a problem for each id that an earlier check has already."""
    seen: set[str] = set()
    problems = []
    for key in ("conservation", "statements"):
        for k, check in enumerate(getattr(checks, key)):
            if check.id in seen:
                problems.append(tree.problem((key, k, "id"), f"a second check has the id '{check.id}'"))
            seen.add(check.id)
    return problems


def _described(detail: ErrorDetails, tree: Tree) -> Problem:
    where: Location = tuple(part for part in detail["loc"] if part != "[key]")
    name, value, kind = str(where[-1]) if where else "", detail["input"], detail["type"]
    if kind == "missing":
        return tree.problem(where[:-1], f"'{name}' is missing")
    if kind == "extra_forbidden":
        return tree.problem(where, f"unknown key {shown(name)}", nearest(name, _keys_at(where[:-1])), at_key=True)
    if kind in _TYPES:
        return tree.problem(where, f"{name} must be {_TYPES[kind]}, not {shown(value)}")
    if kind == "literal_error":
        choices = str(detail.get("ctx", {}).get("expected", "")).replace("'", "")
        return tree.problem(where, f"{shown(value)} is no {name}", f"one of {choices}")
    if kind == "string_pattern_mismatch":
        return tree.problem(where, f"{name} {shown(value)}", "use lower-case letters, digits and single hyphens")
    return tree.problem(where, f"{name}: {_reason(detail)}", at_key="[key]" in detail["loc"])


def _reason(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    return str(context["error"]) if detail["type"] == "value_error" else detail["msg"]


def _keys_at(where: Location) -> list[str]:
    """Return the keys that may stand in the mapping at `where`: those of the innermost record."""
    record: type[BaseModel] = Checks
    for part in where:
        record = _RECORDS.get(str(part), record)
    return [field.alias or name for name, field in record.model_fields.items()]


_RECORDS: dict[str, type[BaseModel]] = {
    "boundary": schema.Boundary, "conservation": schema.Chain, "integration": schema.Integration,
    "statements": schema.Statement, "if": schema.Change, "runs": schema.Change, "cases": schema.Change,
    "reproduction": schema.Reproduction, "limits": schema.Fit, "neutrality": schema.Neutrality,
    "one_sided": schema.OneSided,
}  # fmt: skip
