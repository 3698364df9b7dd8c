"""`sdforecast run`: one deterministic run a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdforecast.cli.modelfile import engine_option, model_option, open_model
from sdforecast.cli.progress import progress
from sdforecast.cli.saving import check_suffix, save
from sdforecast.cli.tables import print_json, print_table
from sdforecast.errors import InputError, Problem

if TYPE_CHECKING:
    import xarray as xr

    from sdforecast.model import ModelFile

_SHOWN = ("synthetic opioid deaths", "fentanyl seized gross", "dose", "people in treatment")
_YEARS = (2015, 2020, 2023, 2024, 2025, 2027, 2030, 2035)
_ROWS = 12


@click.command(
    epilog='\b\nExamples:\n  sdforecast run -s military-only -s current-course\n'
    '  sdforecast run --set "detection base=0.2" --variables dose -o run.csv'
)  # fmt: skip
@click.option("-s", "--scenario", "scenarios", multiple=True, metavar="NAME_OR_FILE", help="May be repeated.")
@model_option
@click.option("--set", "settings", multiple=True, metavar='"NAME=VALUE"', help="Set a constant; may be repeated.")
@click.option("--from", "first", metavar="YYYY-MM", help="First month to keep (a time, for a model of yours).")
@click.option("--to", "last", metavar="YYYY-MM", help="Last month to keep.")
@click.option("--variables", metavar="NAME,NAME", help="What to keep; default: the main ones, in a file all.")
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
    engine: str,
    dump: bool,
    output: Path | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run the model once under each scenario and print a table.

    The constants are those of the model file, which carries the best estimate. Flows are summed over the year,
    levels are read at its end. A scenario is a condition, not advice.
    """
    from sdforecast.engine.once import shown
    from sdforecast.forecasting import single
    from sdforecast.scenario import load

    if output is not None:
        check_suffix(output)
    constants = _settings(settings)
    mixes = [load(name) for name in scenarios]
    file = open_model(model)
    monthly = single.counts_months(file)
    begin, end = _span(first, last, monthly)
    names = _names(variables)
    if names is None and output is None and monthly:
        names = [name for name in _SHOWN if name in file.names] or None
    if names is None and output is None and not monthly and not as_json:
        names = shown(file)
    if dump:
        _dump(file, names)
        return
    with progress("runs", max(len(mixes), 1), quiet=quiet) as advance:
        runs = single.run(file, mixes, constants, names, first=begin, last=end, engine=engine, advance=advance)
    if output is not None:
        save(runs, output)
        click.echo(f"wrote {output}", err=True)
    _tell_of_gaps(runs)
    if as_json:
        rows = single.tidy(runs).to_dict("records")
        print_json([{**row, "value": row["value"] if abs(row["value"]) < float("inf") else None} for row in rows])
    elif not quiet and output is None:
        _print(runs, monthly)


def _tell_of_gaps(runs: xr.Dataset) -> None:
    """Warn of variables that stop being numbers, as after a division by zero."""
    from sdforecast.engine.once import not_finite

    broken = not_finite(runs)
    if broken:
        named = ", ".join(f"{name} from {str(time)[:10]}" for name, time in broken[:3])
        more = f" and {len(broken) - 3} more" if len(broken) > 3 else ""
        click.echo(f"warning: not a finite number at every time: {named}{more}", err=True)


def _dump(file: ModelFile, names: list[str] | None) -> None:
    """Print the program that computes `names` after each pass."""
    from sdforecast.engine.compiled.touring import tour
    from sdforecast.engine.compiled.unsupported import Unsupported

    try:
        for title, text in tour(file, names):
            click.echo(f"== {title}\n{text}")
    except Unsupported as reason:
        raise InputError(Problem(f"not compiled: {reason}", file=str(file.path))) from reason


def _settings(settings: tuple[str, ...]) -> dict[str, float]:
    found: dict[str, float] = {}
    for text in settings:
        name, equals, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number = float("nan")
        if not equals or not name.strip() or not abs(number) < float("inf"):
            raise InputError(Problem(f"--set '{text}' is not NAME=VALUE with a number"))
        found[name.strip()] = number
    return found


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


def _print(runs: xr.Dataset, monthly: bool) -> None:
    from sdforecast.forecasting import single

    if not monthly:
        table = runs.isel(time=_spread(runs.sizes["time"])).to_dataframe().reset_index()
        print_table(table.iloc[:, :8].to_dict("records"))
        if table.shape[1] > 8:
            click.echo(
                f"({table.shape[1] - 8} more variables: choose with --variables, or write all with -o)", err=True
            )
        return
    whole = single.whole_years(runs)
    years = [year for year in _YEARS if year in whole] or whole
    if not years:
        nothing = single.tidy(runs).to_dict("records")
        print_table(nothing[: 40 * _ROWS])
        return
    print_table(single.by_year(runs, years).to_dict("records"))


def _spread(n: int) -> list[int]:
    return sorted({round(k * (n - 1) / (_ROWS - 1)) for k in range(_ROWS)}) if n > 1 else [0]
