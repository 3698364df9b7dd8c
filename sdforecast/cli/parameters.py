"""`sdforecast model parameters`: every constant with its range, its source and who could narrow it."""

from __future__ import annotations

import textwrap
from typing import Any

import click

from sdforecast.cli.tables import print_json, print_table
from sdforecast.errors import InputError, Problem, nearest

KINDS = ("data", "literature", "estimated", "assumption")
GRADES = ("seen", "derived", "memory", "judgement")


@click.command("parameters", epilog="\b\nExample:\n  sdforecast model parameters --grade derived --sector Demand")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--kind", type=click.Choice(KINDS), help="Only this kind of knowledge.")
@click.option("--grade", type=click.Choice(GRADES), help="Only sources of this grade.")
@click.option("--sector", metavar="NAME", help="Only this group of the model.")
@click.option("--full", is_flag=True, help="Show each in full, with its source and who could narrow it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with everything.")
def parameters(
    names: tuple[str, ...], kind: str | None, grade: str | None, sector: str | None, full: bool, as_json: bool
) -> None:
    """List the constants of the model: value in the model, centre, range, unit, kind, grade.

    A NAME shows that constant in full, with its source and who could narrow its range. kind: data (fixed, and why),
    literature, estimated, assumption. grade: how sure the centre is: seen in its source, derived from it, from memory,
    judgement.
    """
    from sdforecast import parameters as table_of

    rows = _with_sectors(table_of.table(table_of.load()).to_dict("records"))
    known = [str(row["name"]) for row in rows]
    for name in names:
        if name.casefold() not in {k.casefold() for k in known}:
            raise InputError(Problem(f"no constant '{name}'", hint=nearest(name, known)))
    there = [str(s) for s in dict.fromkeys(row["sector"] for row in rows) if s]
    if sector is not None and sector.casefold() not in {s.casefold() for s in there}:
        raise InputError(Problem(f"no sector '{sector}' with constants", hint=nearest(sector, there)))
    wanted = {name.casefold() for name in names}
    rows = [
        row
        for row in rows
        if (not wanted or str(row["name"]).casefold() in wanted)
        and (kind is None or row["kind"] == kind)
        and (grade is None or row["grade"] == grade)
        and (sector is None or str(row["sector"]).casefold() == sector.casefold())
    ]
    if as_json:
        print_json(rows)
    elif names or full:
        click.echo("\n\n".join(_in_full(row) for row in rows))
    else:
        print_table([_short(row) for row in rows])
        counts = ", ".join(f"{sum(r['grade'] == g for r in rows)} {g}" for g in GRADES)
        click.echo(f"{len(rows)} constants: {counts} (sources: name one, or --full)", err=True)


def _with_sectors(rows: list[dict[Any, Any]]) -> list[dict[Any, Any]]:
    """Put the sector of the shipped model and the value that stands in it beside each row."""
    from sdforecast.cli.modelfile import open_model

    table = open_model(None).variables.set_index("name")
    model = {str(name): (str(row["sector"]), float(row["value"])) for name, row in table.iterrows()}
    found = []
    for row in rows:
        sector, value = model.get(str(row["name"]), ("", None))
        found.append({**row, "sector": sector, "in_model": value})
    return found


def _short(row: dict[Any, Any]) -> dict[Any, Any]:
    fixed = row["kind"] == "data"
    return {
        "name": row["name"],
        "in model": row["in_model"],
        "centre": row["value"],
        "low": None if fixed else row["low"],
        "high": None if fixed else row["high"],
        "unit": row["unit"],
        "kind": row["kind"],
        "grade": row["grade"],
    }


def _in_full(row: dict[Any, Any]) -> str:
    """Return one constant as lines of label and text."""
    fixed = row["kind"] == "data"
    spread = f"{row['distribution']}, spread {row['spread']:g}, {row['low']:g} to {row['high']:g}"
    lines = {
        "centre": f"{row['value']:g} {row['unit']}",
        "range": f"fixed: {row['fixed_because']}" if fixed else spread,
        "in the model": f"{row['in_model']:g}",
        "sector": str(row["sector"]),
        "kind": f"{row['kind']}, source {row['grade']}",
        "source": str(row["source"]),
        "narrowed by": str(row["narrowed_by"]),
    }
    width = max(map(len, lines)) + 2
    body = [
        textwrap.fill(text, 100, initial_indent=f"  {label:<{width}}", subsequent_indent=" " * (width + 2))
        for label, text in lines.items()
    ]
    return "\n".join([str(row["name"]), *body])
