"""`sdforecast run`: one deterministic run a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdforecast.cli.modelfile import engine_option, model_option, open_model
from sdforecast.cli.progress import progress
from sdforecast.cli.runtables import print_runs, print_runs_json, tell_of_gaps, tell_of_inputs
from sdforecast.cli.saving import check_suffix, save
from sdforecast.cli.settings import numbers, tell_outside_ranges
from sdforecast.errors import InputError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

    from sdforecast.model import ModelFile
    from sdforecast.runfiles import Run
    from sdforecast.scenario import Scenario

_SHOWN = ("synthetic opioid deaths", "fentanyl seized gross", "dose", "people in treatment")


@click.command(
    epilog='\b\nExamples:\n  sdforecast run -s military-only -s current-course\n'
    '  sdforecast run --set "detection base=0.2" --variables dose -o run.csv\n'
    "  sdforecast run -s military-only --compare-with current-course\n"
    '  sdforecast run --sector "Border flow" --inputs history'
)  # fmt: skip
@click.option("-s", "--scenario", "scenarios", multiple=True, metavar="NAME_OR_FILE", help="May be repeated.")
@model_option
@click.option("--set", "settings", multiple=True, metavar='"NAME=VALUE"', help="Set a constant; may be repeated.")
@click.option("--from", "first", metavar="YYYY-MM", help="First month to keep (a time, for a model of yours).")
@click.option("--to", "last", metavar="YYYY-MM", help="Last month to keep.")
@click.option("--variables", metavar="NAME,NAME", help="What to keep; default: the main ones, in a file all.")
@click.option("--sector", metavar="NAME", help="Run this sector alone, its inputs from the other sectors held.")
@click.option(
    "--inputs",
    metavar="run|history|FILE",
    help="Where the sector's inputs come from: a run of the whole model (default), the history where it has them, or a "
    "file that an earlier run wrote.",
)
@click.option(
    "--compare-with",
    "compare_with",
    metavar="NAME|FILE",
    help="Print differences from this scenario (with the same constants), or from a file that an earlier run wrote.",
)
@engine_option
@click.option("--dump", is_flag=True, help="Print the program after each pass of the compiler instead of running it.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help=".csv, .tab, .nc or .parquet")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no table.")
def run(
    scenarios: tuple[str, ...],
    model: Path | None,
    settings: tuple[str, ...],
    first: str | None,
    last: str | None,
    variables: str | None,
    sector: str | None,
    inputs: str | None,
    compare_with: str | None,
    engine: str,
    dump: bool,
    output: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run the model once under each scenario and print a table.

    The constants are those of the model file, which carries the best estimate. Flows are summed over the year,
    levels are read at its end. A scenario is a condition, not advice.

    With --sector the feedback through the other sectors is cut: a constant of the sector set with --set changes the
    sector alone, one of another sector also the run from which the inputs come.
    """
    from sdforecast.forecasting import single
    from sdforecast.forecasting.differences import reference_for
    from sdforecast.runfiles import by_scenario
    from sdforecast.scenario import load_all

    if output is not None:
        check_suffix(output)
    _refuse(sector, inputs, dump)
    given = numbers("--set", settings)
    file = open_model(model)
    mixes = list(load_all(scenarios, file))
    monthly = single.counts_months(file)
    begin, end = _span(first, last, monthly)
    names = _names(variables)
    if names is None and output is None and sector is None:
        names = _usual(file, monthly, as_json)
    if dump:
        _dump(file, names)
        return
    tell_outside_ranges("--set", given if file.is_shipped and not quiet else {})
    reference = _reference(compare_with, mixes, monthly)

    def ran(mixes: list[Scenario], advance: Callable[[], None]) -> xr.Dataset:
        return single.run(
            file, mixes, given, names, first=begin, last=end, sector=sector, inputs=inputs or "run",
            engine=engine, advance=advance,
        )  # fmt: skip

    with progress("runs", max(len(mixes), 1) + isinstance(reference, list), quiet=quiet) as advance:
        runs = ran(mixes, advance)
        earlier = by_scenario(ran(reference, advance)) if isinstance(reference, list) else reference
    against = None if earlier is None else reference_for(runs, earlier, str(compare_with))
    if output is not None:
        save(runs, output)
        click.echo(f"wrote {output}", err=True)
    tell_of_gaps(runs)
    if sector is not None and not quiet:
        tell_of_inputs(runs, inputs)
    if as_json:
        print_runs_json(runs, against)
    elif not quiet:
        if sector is not None and names is None and monthly:
            runs = single.headline(file, runs)
        _print(runs, against, compare_with, monthly, saved=output is not None)


def _refuse(sector: str | None, inputs: str | None, dump: bool) -> None:
    if inputs is not None and sector is None:
        raise InputError(Problem("--inputs is for a sector alone", hint="name it with --sector"))
    if dump and sector is not None:
        raise InputError(Problem("--dump prints the program of the whole model", hint="leave out --sector"))


def _usual(file: ModelFile, monthly: bool, as_json: bool) -> list[str] | None:
    """Return the variables that are shown where none is asked for; None for all."""
    from sdforecast.engine.once import shown

    if monthly:
        return [name for name in _SHOWN if name in file.names] or None
    return None if as_json else shown(file)


def _print(
    runs: xr.Dataset, against: xr.Dataset | None, compare_with: str | None, monthly: bool, *, saved: bool
) -> None:
    """Print a table of the differences, or of the runs unless they are `saved`."""
    from sdforecast.forecasting.differences import difference

    if against is not None:
        click.echo(f"differences from {compare_with}:", err=True)
        print_runs(difference(runs, against), monthly)
    elif not saved:
        print_runs(runs, monthly)


def _reference(word: str | None, mixes: list[Scenario], monthly: bool) -> list[Scenario] | dict[str, Run] | None:
    """Return the scenario or the earlier runs to compare with. Raises `InputError` for a run against itself."""
    from sdforecast import runfiles
    from sdforecast.scenario import load

    if word is None:
        return None
    if runfiles.is_run_file(word):
        return dict(runfiles.read(Path(word)))
    if not monthly:
        raise InputError(Problem(f"--compare-with {word}: this model has no scenarios", hint="name a file of a run"))
    mix = load(word)
    if [one.name for one in mixes or [load("current-course")]] == [mix.name]:
        what = f"--compare-with {word} is the only scenario that is run, with the same constants"
        hint = "name another with -s, or save a run with -o and compare with its file"
        raise InputError(Problem(what, hint=hint))
    return [mix]


def _dump(file: ModelFile, names: list[str] | None) -> None:
    """Print the program that computes `names` after each pass."""
    from sdforecast.engine.compiled.touring import tour
    from sdforecast.engine.compiled.unsupported import Unsupported

    try:
        for title, text in tour(file, names):
            click.echo(f"== {title}\n{text}")
    except Unsupported as reason:
        raise InputError(Problem(f"not compiled: {reason}", file=str(file.path))) from reason


def _names(variables: str | None) -> list[str] | None:
    if variables is None:
        return None
    names = [name.strip() for name in variables.split(",") if name.strip()]
    if not names:
        raise InputError(Problem("--variables names none", hint='write them as "NAME,NAME"'))
    return names


def _span(first: str | None, last: str | None, monthly: bool) -> tuple[float | None, float | None]:
    begin, end = _time(first, "--from", monthly), _time(last, "--to", monthly)
    if begin is not None and end is not None and begin > end:
        raise InputError(Problem(f"--from {first} is after --to {last}"))
    return begin, end


def _time(text: str | None, option: str, monthly: bool) -> float | None:
    from sdforecast.calendar import parse_month

    if text is None:
        return None
    try:
        time = parse_month(text) if monthly else float(text)
    except ValueError as error:
        what = str(error) if monthly else f"'{text}' is not a number"
        raise InputError(Problem(f"{option}: {what}")) from error
    if not abs(time) < float("inf"):
        raise InputError(Problem(f"{option} {text} is not a time"))
    if monthly and not 0 <= time <= 311:
        raise InputError(Problem(f"{option} {text} is out of range", hint="2010-01 to 2035-12"))
    return time
