"""`sdforecast data`: which historical series there are, from whom, how old, and where they break."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.tables import print_json, print_table

if TYPE_CHECKING:
    import pandas as pd

    from sdforecast.history import Series
    from sdforecast.history.updating import Update
    from sdforecast.history.vsrr import Published

_LISTED = ["series", "first", "last", "n", "vintage", "weakest", "breaks", "publisher"]
_SHOWN = ["aggregation", "geography", "breakdown", "status", "vintage", "licence", "grade", "source"]

_folder = click.option(
    "--folder",
    "--data",
    "folder",
    type=click.Path(path_type=Path),
    help="Read the history files of this folder instead of the shipped ones.",
)
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def data() -> None:
    """List, show, check and update the historical series."""


@data.command(name="list", short_help="List the series.", epilog="\b\nExample:\n  sdforecast data list")
@_folder
@_json
@click.option("-q", "--quiet", is_flag=True, help="Print the names only.")
def list_series(folder: Path | None, as_json: bool, quiet: bool) -> None:
    """List the series: span, rows, newest vintage, weakest grade, years of breaks, publisher.

    The grade says how a value came here: seen in its source, derived, from memory, or judgement;
    the list names the weakest of a series, 'data show' each one.
    """
    from sdforecast import history

    observed = history.load(folder)
    table = history.describe(observed, history.load_descriptions(folder)).reset_index()
    rows = [{str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")]
    if as_json:
        print_json(rows)
    elif quiet:
        click.echo("\n".join(row["series"] for row in rows))
    else:
        print_table([_short(row) for row in rows], _LISTED)
        click.echo("\nWhat a series counts and what its breaks mean: sdforecast data show SERIES")
        _tell_last_deaths(observed)


@data.command(
    short_help="Show the values of a series.",
    epilog="\b\nExample:\n  sdforecast data show synthetic_opioid_deaths --aggregation month --tail 12",
)
@click.argument("series")
@click.option("--aggregation", help="Only periods of this length, as month or calendar-year.")
@click.option("--geography", help="Only this place, as US.")
@click.option("--breakdown", help="Only this breakdown, as occurrence.")
@click.option("--status", multiple=True, help="Rows of this status (repeatable); default final, provisional, modelled.")
@click.option("--tail", type=click.IntRange(min=1), help="Only the last N rows.")
@_folder
@_json
@click.option("-q", "--quiet", is_flag=True, help="Print the rows only.")
def show(
    series: str,
    aggregation: str | None,
    geography: str | None,
    breakdown: str | None,
    status: tuple[str, ...],
    tail: int | None,
    folder: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Show the values of one SERIES with their sources, and what the series means."""
    from sdforecast import history

    observed = history.load(folder)
    rows = history.select(
        observed,
        series,
        aggregation=aggregation,
        geography=geography,
        breakdown=breakdown,
        status=status or history.USABLE,
    )
    others = observed[(observed["series"] == series) & ~observed["status"].isin(status or history.USABLE)]
    rows = rows.tail(tail) if tail else rows
    about = history.load_descriptions(folder).get(series)
    if as_json:
        print_json({"series": series, **_about(about), "rows": _records(rows)})
        return
    if not quiet:
        _print_heading(series, about, rows)
    print_table(_cells(rows))
    if not quiet and len(others):
        words = ", ".join(others["status"].unique())
        click.echo(f"\n{len(others)} more rows are not shown; their --status is {words}.")


@data.command(short_help="Check the files.", epilog="\b\nExample:\n  sdforecast data check --folder my-history")
@_folder
@_json
@click.option("-q", "--quiet", is_flag=True, help="Print nothing if all is well.")
def check(folder: Path | None, as_json: bool, quiet: bool) -> None:
    """Check for duplicates, gaps, wrong units, overlapping periods, impossible values.

    Exit code 1 if something is found, 2 if a file cannot be read as history.
    """
    from sdforecast import history
    from sdforecast.errors import CheckError

    described = history.load_descriptions(folder)
    observed, vintages = history.load(folder), history.load_vintages(folder)
    problems = history.check(observed, described) + history.check(vintages, described, by_vintage=True)
    if as_json:
        print_json([vars(problem) for problem in problems])
        if problems:
            click.get_current_context().exit(CheckError.exit_code)
    elif problems:
        raise CheckError(*problems)
    elif not quiet:
        click.echo(f"ok: {len(observed) + len(vintages):,} rows of {observed['series'].nunique()} series")


@data.command(
    short_help="Take in a newer file of the CDC's.",
    epilog="\b\nExamples:\n"
    "  sdforecast data update VSRR_Provisional_Drug_Overdose_Death_Counts.csv --dry-run\n"
    "  sdforecast data update https://data.cdc.gov/resource/xkb8-kh2a.csv --data my-history",
)
@click.argument("source", metavar="FILE_OR_ADDRESS")
@click.option(
    "--data",
    "--folder",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="History to update; a new folder begins as a copy of the shipped one (default: that itself).",
)
@click.option("--vintage", metavar="YYYY-MM-DD", help="Date of the file (default: of an address today, else its own).")
@click.option("--closed", type=click.IntRange(2015, 2100), metavar="YYYY", help="Last year that the CDC has closed.")
@click.option("--dry-run", is_flag=True, help="Check and tell, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print warnings only.")
def update(
    source: str,
    folder: Path | None,
    vintage: str | None,
    closed: int | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Take the CDC's provisional counts of overdose deaths in as a new vintage.

    FILE_OR_ADDRESS is the table VSRR Provisional Drug Overdose Death Counts (data.cdc.gov, xkb8-kh2a), as downloaded or
    at its open-data address. Older vintages stay; the posterior stays as it is until 'sdforecast calibrate'.
    """
    from sdforecast.history import updating

    begun, where = _history_to_update(folder, dry_run)
    made = updating.prepare(*_published(source, where, vintage), closed=closed)
    for line in made.warnings:
        click.echo(f"warning: {line}", err=True)
    if not dry_run:
        if begun and folder is not None:
            updating.begin(folder)
        updating.write(made if folder is None else dataclasses.replace(made, folder=folder))
    told = {key: value for key, value in vars(made).items() if key not in ("texts", "folder")}
    if as_json:
        print_json({"folder": str(folder or where), "written": not dry_run, **told})
    elif not quiet:
        _tell_update(made, folder or where, dry_run)


def _history_to_update(folder: Path | None, dry_run: bool) -> tuple[bool, Path]:
    """Return whether the history is begun from the shipped one, and the folder that is read."""
    import os

    from sdforecast import shipped
    from sdforecast.errors import InputError, Problem

    where = shipped.history_dir()
    if folder is None:
        if not dry_run and not os.access(where, os.W_OK):
            hint = "name a folder of yours: --data DIR"
            raise InputError(Problem("the shipped history cannot be written", file=str(where), hint=hint))
        return False, where
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return True, where
    return False, folder


def _published(source: str, where: Path, vintage: str | None) -> tuple[Published, Path, str, str]:
    from datetime import UTC, datetime

    from sdforecast.history import fetching, vsrr
    from sdforecast.manifest import now

    published = vsrr.read(fetching.fetch(source), source)
    if vintage is None:
        web = fetching.is_address(source)
        day = now() if web else datetime.fromtimestamp(Path(source).stat().st_mtime, UTC)
        vintage = f"{day:%Y-%m-%d}"
        if not web:
            click.echo(f"the file is taken to be of {vintage}, its own date (--vintage)", err=True)
    return published, where, vintage, source


def _tell_update(made: Update, folder: Path, dry_run: bool) -> None:
    verb = "would be" if dry_run else "was"
    click.echo(f"vintage {made.vintage} {verb} added to {folder}: deaths to {made.last} (before: {made.last_before}), "
               f"closed to {made.closed}")  # fmt: skip
    click.echo(f"{made.added} sums added as a vintage, {made.replaced} older rows kept as vintages, "
               f"{len(made.revised)} sums revised")  # fmt: skip
    if not dry_run:
        click.echo("next: sdforecast calibrate, then sdforecast forecast --since-last", err=True)


def _tell_last_deaths(observed: pd.DataFrame) -> None:
    from sdforecast import history
    from sdforecast.errors import InputError

    try:
        click.echo(f"Observed deaths end in {history.last_observed(observed):%B %Y}.")
    except InputError:
        return  # the user's own folder need not hold deaths


def _short(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of the list as it fits a terminal."""
    weakest = row["grade"].split(", ")[-1]
    return {**row, "first": row["first"][:7], "last": row["last"][:7], "weakest": weakest}


def _about(about: Series | None) -> dict[str, Any]:
    if about is None:
        return {}
    known = {key: value for key, value in vars(about).items() if key != "name"}
    return {**known, "breaks": [vars(entry) for entry in about.breaks]}


def _plain(value: Any) -> Any:
    """Return a cell as JSON may hold it: days as text, gaps as None."""
    if hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d}"
    return None if value != value else value


def _records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows without the place in the file they came from."""
    cells = rows.drop(columns=["file", "line", "series"]).to_dict("records")
    return [{str(key): _plain(value) for key, value in row.items()} for row in cells]


def _cells(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the table: the period, the value, and the columns in which the rows differ."""
    bounds = [name for name in ("low", "high") if rows[name].notna().any()]
    varying = [name for name in _SHOWN if rows[name].nunique() > 1]
    keys = ["from", "to", "value", *bounds, *varying]
    named = [{"from": row["period_start"], "to": row["period_end"], **row} for row in _records(rows)]
    return [{key: row[key] for key in keys} for row in named]


def _print_heading(series: str, about: Series | None, rows: pd.DataFrame) -> None:
    lines: list[dict[str, str]] = [{"": "series", " ": series}]
    if about:
        lines += [{"": key, " ": str(getattr(about, key))} for key in ("title", "publisher", "unit", "definition")]
        lines += [{"": "break", " ": f"{entry.at}: {entry.what}"} for entry in about.breaks]
        lines += [{"": "not to splice", " ": ", ".join(about.not_spliced_with)}] if about.not_spliced_with else []
    same = [name for name in _SHOWN if rows[name].nunique() == 1 and rows[name].iloc[0]]
    lines += [{"": name, " ": rows[name].iloc[0]} for name in same]
    print_table(lines)
    click.echo()
