"""`sdforecast model`: what is in a model file, and whether it and its tables agree."""

from __future__ import annotations

from pathlib import Path

import click

from sdforecast.cli.document import document
from sdforecast.cli.modelfile import model_option, open_model
from sdforecast.cli.tables import print_json, print_table
from sdforecast.errors import CheckError, InputError, Problem, nearest

KINDS = ("stock", "auxiliary", "constant", "lookup", "data")


@click.group(epilog="\b\nExample:\n  sdforecast model variables --sector Demand --kind stock")
def model() -> None:
    """Show what is in a model file, and check it against its tables."""


model.add_command(document)


@model.command("variables", epilog="\b\nExample:\n  sdforecast model variables --kind constant --json")
@model_option
@click.option("--sector", metavar="NAME", help="Only this group of the file.")
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def variables(model: Path | None, sector: str | None, kind: str | None, as_json: bool) -> None:
    """List the variables of a model: kind, unit, sector, comment with its source."""
    table = open_model(model).variables
    if sector is not None:
        there = [name for name in dict.fromkeys(table["sector"]) if name]
        chosen = next((name for name in there if name.casefold() == sector.casefold()), None)
        if chosen is None:
            raise InputError(Problem(f"no sector '{sector}'", hint=nearest(sector, there) if there else None))
        table = table[table["sector"] == chosen]
    if kind is not None:
        table = table[table["kind"] == kind]
    if as_json:
        print_json(table.astype(object).where(table.notna(), None).to_dict("records"))
    else:
        print_table(table[["name", "kind", "unit", "sector", "comment"]].to_dict("records"))


@model.command("check", epilog="\b\nExample:\n  sdforecast model check")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def check(as_json: bool) -> None:
    """Check the shipped model against the tables of parameters, targets and instruments; exit 1 if they differ."""
    from sdforecast import history, observation, parameters
    from sdforecast.scenario import inputs

    file = open_model(None)
    table = parameters.load()
    observed = observation.observations(observation.load(), history.load())
    problems = [
        *parameters.disagreements(table, file),
        *inputs.disagreements(file),
    ]
    columns = observation.columns_needed(observed, file)
    facts = {
        "variables": len(file.variables),
        "constants": len(table),
        "observations": len(observed),
        "observed variables": len(columns),
        "problems": [str(problem) for problem in problems],
    }
    if as_json:
        print_json(facts)
    else:
        click.echo(", ".join(f"{value} {name}" for name, value in facts.items() if name != "problems"))
    if problems:
        raise CheckError(*problems)
    if not as_json:
        click.echo("model, parameters, targets and instruments agree")
