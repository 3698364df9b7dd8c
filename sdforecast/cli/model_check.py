"""`sdforecast model check`: what can be said against a model, and for the shipped one against its tables."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.modelfile import model_option, open_model
from sdforecast.cli.tables import plain_text, print_json, width
from sdforecast.errors import CheckError, Problem

if TYPE_CHECKING:
    from sdforecast.model import ModelFile
    from sdforecast.structure import Finding

LISTED = ("unused", "no unit", "no comment", "end")
"""Kinds of finding of which the names say all."""


@click.command("check", epilog="\b\nExample:\n  sdforecast model check --model other-model.mdl --notes")
@model_option
@click.option("--notes", is_flag=True, help="Show notes, too: possible results, numbers inside equations.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(model: Path | None, notes: bool, as_json: bool) -> None:
    """Check units through every equation, unused and undocumented variables, time step, stocks below zero.

    The shipped model is compared with the tables of parameters, targets and instruments, too. Exit code 1 if units do
    not fit, the step is too long for the shortest delay, or the tables differ; warnings and notes do not count.
    """
    from sdforecast.structure import check as checked

    file = open_model(model)
    tables, observed, problems = _tables(file) if file.is_shipped else ({}, [], [])
    found = checked(file, results=observed)
    errors = [each.problem(str(file.path)) for each in found if each.severity == "error"] + problems
    facts = {"file": str(file.path), "variables": len(file.variables), **tables}
    if as_json:
        print_json({**facts, "problems": [str(problem) for problem in errors], "findings": [vars(f) for f in found]})
    else:
        _print_findings(found, notes)
        counts = {severity: sum(f.severity == severity for f in found) for severity in ("warning", "note")}
        numbers = {**{key: value for key, value in facts.items() if key != "file"}, "errors": len(errors),
                   "warnings": counts["warning"], "notes": counts["note"]}  # fmt: skip
        click.echo(", ".join(f"{value} {name[:-1] if value == 1 else name}" for name, value in numbers.items()))
    if errors:
        raise CheckError(*errors)
    if file.is_shipped and not as_json:
        click.echo("model, parameters, targets and instruments agree")


def _tables(file: ModelFile) -> tuple[dict[str, Any], list[str], list[Problem]]:
    """Return numbers about the tables of the shipped model, the variables they observe, and where they disagree."""
    from sdforecast import history, observation, parameters
    from sdforecast.scenario import inputs

    table = parameters.load()
    observed = observation.observations(observation.load(), history.load())
    columns = list(observation.columns_needed(observed, file))
    facts = {"constants": len(table), "observations": len(observed), "observed variables": len(columns)}
    return facts, columns, [*parameters.disagreements(table, file), *inputs.disagreements(file)]


def _print_findings(found: Sequence[Finding], notes: bool) -> None:
    """Print warnings, and notes if asked for, by kind; errors go to stderr when the command ends."""
    from sdforecast.structure.checking import KINDS

    for kind, heading in KINDS.items():
        told = [each for each in found if each.kind == kind and each.severity != "error"]
        if not told or (told[0].severity == "note" and not notes):
            continue
        click.echo(f"{told[0].severity}: {heading} ({len(told)})")
        if kind in LISTED:
            _print_wrapped(", ".join(f"{each.variable} ({each.line})" if each.line else each.variable for each in told))
        else:
            for each in told:
                place = f"line {each.line}: " if each.line else ""
                _print_wrapped(f"{place}{each.what}{f' ({each.hint})' if each.hint else ''}")
        click.echo()


def _print_wrapped(text: str) -> None:
    lines = textwrap.wrap(plain_text(text), max(width() - 2, 24), break_on_hyphens=False, subsequent_indent="  ")
    click.echo("\n".join(f"  {line}" for line in lines))
