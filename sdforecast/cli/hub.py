"""`sdforecast hub`: a folder of forecasts held to the rules of the hubverse."""

from __future__ import annotations

from pathlib import Path

import click

from sdforecast.cli.tables import print_json


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def hub() -> None:
    """Hold a hub of forecasts to the hubverse's rules."""


@hub.command(short_help="Check a hub.", epilog="\b\nExample:\n  sdforecast hub check results/hub")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing if all is well.")
def check(folder: Path, as_json: bool, quiet: bool) -> None:
    """Check configuration, model output and target data of the hub in FOLDER, ours or anybody's.

    The checks are those of the R package hubValidations, by its names, for schema v6. Exit code 1 if a rule is broken,
    2 if the folder is no hub.
    """
    from sdforecast import issuing
    from sdforecast.errors import CheckError

    found = issuing.check(folder)
    if as_json:
        print_json([vars(fault) for fault in found])
        if found:
            click.get_current_context().exit(CheckError.exit_code)
    elif found:
        raise CheckError(*(fault.problem for fault in found))
    elif not quiet:
        click.echo("ok")
