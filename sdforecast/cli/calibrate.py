"""`sdforecast calibrate`: estimate the constants from the history."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterable
from pathlib import Path

import click

from sdforecast.cli.modelfile import engine_option, model_option, open_model
from sdforecast.cli.progress import duration
from sdforecast.cli.settings import numbers, tell_outside_ranges
from sdforecast.cli.tables import print_json, print_table
from sdforecast.errors import InputError, Problem

_COLUMNS = ("target", "n", "mape", "bias", "worst_factor", "worst_when", "beyond_two")


@click.command(
    epilog="\b\nExamples:\n  sdforecast calibrate --starts 2 --sets 20 -o estimate\n"
    '  sdforecast calibrate --sector "Border flow" --inputs history -o border\n'
    '  sdforecast calibrate --hold "supply shock size=0" --starts 1 --sets 1 -o no-shock'
)
@model_option
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="Folder with history of yours.")
@click.option("--parameters", type=click.Path(path_type=Path), metavar="FILE", help="Priors of yours (.toml).")
@click.option("--targets", type=click.Path(path_type=Path), metavar="FILE", help="Targets of yours (.toml).")
@click.option("--sector", metavar="NAME", help="Estimate this sector alone, its inputs from the other sectors held.")
@click.option("--inputs", metavar="run|history|FILE", help="Where the sector's inputs come from; as for 'run'.")
@click.option("--hold", multiple=True, metavar='"NAME=VALUE"', help="Hold a constant at a value; may be repeated.")
@click.option("--starts", type=click.IntRange(1, 100), default=3, show_default=True, help="Searches.")
@click.option(
    "--sets", type=click.IntRange(1, 10_000), default=300, show_default=True, help="Acceptable sets to look for."
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of starts and candidates.")
@engine_option
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("estimate"), metavar="DIR",
              show_default=True, help="Folder for the estimate.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no table.")
def calibrate(
    model: Path | None,
    data: Path | None,
    parameters: Path | None,
    targets: Path | None,
    sector: str | None,
    inputs: str | None,
    hold: tuple[str, ...],
    starts: int,
    sets: int,
    seed: int,
    engine: str,
    output: Path,
    as_json: bool,
    quiet: bool,
) -> None:
    """Estimate the constants by least squares from several starts, and find the sets that fit acceptably.

    Targets and priors are those of calibration/targets.toml and calibration/parameters.toml unless you name copies
    of yours; a constant of kind 'data' is held at its value. A start takes seconds compiled, minutes through PySD.
    'sdforecast forecast --estimate DIR' uses the result.

    With --sector only constants of that sector are estimated, and only against targets that it computes; all others
    keep the values of the model file.

    With --hold a constant is neither estimated nor varied: a structural alternative, or a mechanism taken out.
    """
    from sdforecast.inference import calibrate, write
    from sdforecast.inference.estimate import HOLDS
    from sdforecast.writing import replaced_folder

    begun = time.monotonic()

    def told(line: str) -> None:
        if not quiet:
            click.echo(f"{duration(time.monotonic() - begun)}: {line}", err=True)

    if inputs is not None and sector is None:
        raise InputError(Problem("--inputs is for a sector alone", hint="name it with --sector"))
    file = open_model(model)
    files = {"--model": model, "--data": data, "--parameters": parameters, "--targets": targets}
    words = {"--sector": sector, "--inputs": inputs}
    held = numbers("--hold", hold)
    if not quiet:
        tell_outside_ranges("--hold", held, parameters)
    command = _command([*files.items(), *words.items(), *(("--hold", text) for text in hold)], starts, sets, seed)
    with replaced_folder(output, HOLDS) as fresh:  # a folder that is not ours is refused now, not when all is done
        found = calibrate(
            file, starts=starts, sets=sets, seed=seed, folder=data, parameter_file=parameters, target_file=targets,
            sector=sector, inputs=inputs or "run", hold=held, engine=engine, command=command,
            told=told,
        )  # fmt: skip
        write(found, fresh)
    if as_json:
        print_json({"folder": str(output), "fit": found.fit.to_dict("records"), **found.manifest})
    elif not quiet:
        print_table(found.fit[list(_COLUMNS)].to_dict("records"))
        if not found.manifest["fit"]:
            return  # a model about something else has no figures of deaths
        whole = "the whole model with these constants, " if sector is not None else ""
        click.echo(f"{whole}annual deaths 2013-2024: mean absolute error {found.manifest['fit']['annual_mape']:.1f} %; "
                   f"months 2023-01 to 2025-04: {found.manifest['fit']['recent_mape']:.1f} %", err=True)  # fmt: skip


def _command(words: Iterable[tuple[str, Path | str | None]], starts: int, sets: int, seed: int) -> str:
    """Return the command that gives the same estimate; where it is put does not change it."""
    said = ["sdforecast", "calibrate", "--starts", str(starts), "--sets", str(sets), "--seed", str(seed)]
    for option, value in words:
        if value is not None:
            said += [option, str(value)]
    return shlex.join(said)
