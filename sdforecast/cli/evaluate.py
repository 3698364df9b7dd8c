"""`sdforecast evaluate`: every forecast issued so far against what was counted since."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sdforecast.cli.publishing import archive_option, score_row
from sdforecast.cli.tables import print_json, print_table


@click.command(epilog="\b\nExample:\n  sdforecast evaluate --archive forecasts")
@archive_option
@click.option("--folder", "--data", "folder", type=click.Path(path_type=Path), metavar="DIR",
              help="Score against the history files of this folder instead of the shipped ones.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print the table only.")
def evaluate(archive: Path, folder: Path | None, as_json: bool, quiet: bool) -> None:
    """Score every forecast of the archive against today's counts of deaths.

    First the archive is checked: a file that was changed is named, and the exit code is 1. WIS is the weighted interval
    score (deaths; less is better), 'relative' its ratio to repeating the last 12-month sum. 'in real time' counts the
    months that nobody could have read on the day of issue. A nowcast is what was foretold of months counted in part.
    """
    from sdforecast import history, issuing
    from sdforecast.errors import CheckError, InputError, Problem

    broken = list(issuing.faults(archive))
    if broken:
        raise CheckError(*broken)
    found = issuing.editions(archive)
    if not found:
        hint = "issue the first: sdforecast forecast --issue"
        raise InputError(Problem("holds no edition yet", file=str(archive), hint=hint))
    done = issuing.evaluate(found, history.load(folder))
    rows = [{str(key): _plain(value) for key, value in row.items()} for row in done.summary.to_dict("records")]
    if as_json:
        single = done.scores.to_dict("records")
        print_json(
            {
                "editions": [{"edition": each.day, "sha256": each.sha256} for each in found],
                "summary": rows,
                "waiting": done.waiting,
                "forecasts": [{str(key): _plain(value) for key, value in row.items()} for row in single],
            }
        )
        return
    if rows:
        print_table([score_row(row) for row in rows])
    if quiet:
        return
    for day, month in done.waiting.items():
        click.echo(f"The forecast of {day} has no outcome yet: it waits for deaths of {month}.")
    if any(row["not_final"] for row in rows):
        click.echo("not final: counts that may still rise, by a few per cent where they are young", err=True)
    last = found[-1]
    number = "1 edition" if len(found) == 1 else f"{len(found)} editions"
    click.echo(f"{number}, unchanged since issued; the newest, {last.day}, has SHA-256 {last.sha256}", err=True)


def _plain(value: Any) -> Any:
    """Return a cell as JSON may hold it."""
    if hasattr(value, "strftime"):
        return f"{value:%Y-%m-%d}"
    if hasattr(value, "item"):
        value = value.item()
    return None if value != value else value
