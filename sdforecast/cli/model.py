"""`sdforecast model`: what is in a model file; each further command has a module of its own."""

from __future__ import annotations

from pathlib import Path

import click

from sdforecast.cli.diagram import diagram
from sdforecast.cli.document import document
from sdforecast.cli.model_check import check
from sdforecast.cli.model_describe import describe
from sdforecast.cli.model_loops import loops
from sdforecast.cli.modelfile import model_option, open_model
from sdforecast.cli.parameters import parameters
from sdforecast.cli.tables import print_json, print_table

KINDS = ("stock", "auxiliary", "constant", "lookup", "data")


@click.group(epilog="\b\nExample:\n  sdforecast model variables --sector Demand --kind stock")
def model() -> None:
    """Show what is in a model file and how it is built, and check it."""


model.add_command(describe)
model.add_command(loops)
model.add_command(check)
model.add_command(diagram)
model.add_command(parameters)
model.add_command(document)


@model.command("variables", epilog="\b\nExample:\n  sdforecast model variables --kind constant --json")
@model_option
@click.option("--sector", metavar="NAME", help="Only this group of the file, or view where it has no groups.")
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def variables(model: Path | None, sector: str | None, kind: str | None, as_json: bool) -> None:
    """List the variables of a model: kind, unit, sector, comment with its source."""
    from sdforecast.model.sectors import named

    file = open_model(model)
    table = file.variables
    if sector is not None:
        table = table[table["sector"] == named(table, file.path, sector)]
    if kind is not None:
        table = table[table["kind"] == kind]
    if as_json:
        print_json(table.astype(object).where(table.notna(), None).to_dict("records"))
    else:
        table = table.sort_values("name", key=lambda names: names.str.casefold())
        print_table(table[["name", "kind", "unit", "sector", "comment"]].to_dict("records"))
