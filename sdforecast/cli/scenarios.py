"""`sdforecast scenarios`: the policy mixes that there are, what is in one, and whether a file is right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.levelchart import print_levels
from sdforecast.cli.modelfile import model_option, open_model
from sdforecast.cli.scenarios_new import new_command
from sdforecast.cli.tables import print_json, print_table

if TYPE_CHECKING:
    from sdforecast.scenario import Scenario

_FROM_YEAR = 2025

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(epilog="\b\nExample:\n  sdforecast scenarios show treatment-naloxone-surge")
def scenarios() -> None:
    """List, show, check and write policy mixes.

    A scenario says at which level each instrument of policy stands in every month. It is a condition under which
    the model is run, neither a forecast of policy nor advice.
    """


scenarios.add_command(new_command)


@scenarios.command("list", epilog="\b\nExample:\n  sdforecast scenarios list --json")
@as_json
def list_command(as_json: bool) -> None:
    """List the shipped scenarios."""
    from sdforecast.scenario import load, shipped

    mixes = [load(name) for name in shipped()]
    if as_json:
        rows = [{"name": m.name, "title": m.title, "description": m.description, **_summary(m)} for m in mixes]
        print_json(rows)
    else:
        print_table([{"name": m.name, "changes": len(m.instruments), "title": m.title} for m in mixes])


@scenarios.command(
    "show",
    epilog="\b\nExamples:\n  sdforecast scenarios show military-only --all"
    "\n  sdforecast scenarios show china-first -o china-first.svg",
)
@click.argument("scenario", metavar="NAME_OR_FILE")
@click.option("--all", "every", is_flag=True, help="Show the levels of all instruments, not only of those that change.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Draw the levels: .svg or .png")
@as_json
def show_command(scenario: str, every: bool, output: Path | None, as_json: bool) -> None:
    """Show the changes of a scenario, levels by year, and the course of each level.

    NAME_OR_FILE is the name of a shipped scenario or the path of a YAML file. Levels go from 0 to 1 and are means over
    the year; 'sdforecast scenarios instruments' says what 0 and 1 mean. Where a level leaves the current course it is
    drawn in colour, unless NO_COLOR is set.
    """
    from sdforecast.calendar import parse_month
    from sdforecast.scenario import describe, levels, load, yearly

    if output is not None:
        _check_figure(output)
    mix = load(scenario)
    if output is not None:
        _draw(mix, every, output)
    changes = describe(mix)
    years = yearly(levels(mix))
    if as_json:
        years = years.round(6)
        print_json(
            {
                "name": mix.name,
                "title": mix.title,
                "description": mix.description,
                **_summary(mix),
                "instruments": [
                    {**said.change.model_dump(), "title": said.title, "words": said.words} for said in changes
                ],
                "parameters": mix.parameters,
                "assumptions": mix.assumptions,
                "levels": {str(name): {str(y): v for y, v in years[name].items()} for name in years},
            }
        )
        return
    _print_head(mix)
    print_table([{"instrument": said.title, "change": said.words} for said in changes])
    _print_numbers(mix)
    shown = list(years) if every else list(dict.fromkeys(said.instrument for said in changes))
    if not changes:
        click.echo("No instrument changes: all follow their history and keep the last level (--all shows them).")
    if shown:
        since = min([_FROM_YEAR, *(int(said.change.start[:4]) - 1 for said in changes)])
        click.echo("\nLevel, mean over the year")
        print_table([_row(str(name), years[name], since) for name in shown])
        click.echo()
        base = levels(load("current-course"))
        print_levels(levels(mix), base, [str(name) for name in shown], parse_month(f"{since}-01"), len(base) - 2)


@scenarios.command("check", epilog="\b\nExample:\n  sdforecast scenarios check models/scenarios/*.yaml")
@click.argument("targets", metavar="NAME_OR_FILE...", nargs=-1, required=True)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing about what is right.")
@model_option
@as_json
def check_command(targets: tuple[str, ...], quiet: bool, model: Path | None, as_json: bool) -> None:
    """Check scenarios and tell every problem.

    Parameters and assumptions must be constants of the model, ours or that of --model. The exit code is 0 if all are
    right and 2 if one is not.
    """
    from sdforecast.errors import InputError, Problem
    from sdforecast.scenario import load

    found: dict[str, tuple[Problem, ...]] = {}
    file = None if model is None else open_model(model)
    for target in targets:
        found[target] = ()
        try:
            mix = load(target)
            if mix.parameters or mix.assumptions:  # only then is the model needed
                file = file or open_model(model)
                load(target, file)
        except InputError as error:
            found[target] = error.problems
    wrong = [problem for problems in found.values() for problem in problems]
    if as_json:
        print_json([{"target": t, "ok": not p, "problems": [vars(one) for one in p]} for t, p in found.items()])
        if wrong:
            raise click.exceptions.Exit(InputError.exit_code)
        return
    for target, problems in found.items():
        if not problems and not quiet:
            click.echo(f"{click.format_filename(target)}: ok")
    if wrong:
        raise InputError(*wrong)


@scenarios.command("instruments", epilog="\b\nExample:\n  sdforecast scenarios instruments --json")
@as_json
def instruments_command(as_json: bool) -> None:
    """List the instruments and their scales."""
    from sdforecast.scenario import instruments

    known = instruments().values()
    if as_json:
        print_json([vars(one) for one in known])
        return
    for one in known:
        click.echo(f"{one.id}: {one.title}")
        click.echo(f"  0: {one.zero_means}\n  1: {one.one_means}\n  now {one.current_level:g}: {one.basis}")


@scenarios.command("schema", epilog="\b\nExample:\n  sdforecast scenarios schema > scenario.schema.json")
def schema_command() -> None:
    """Print the JSON Schema of scenario files."""
    from sdforecast.scenario import json_schema

    print_json(json_schema())


def _check_figure(path: Path) -> None:
    from sdforecast.errors import InputError, Problem

    if path.suffix.lower() not in (".svg", ".png"):
        hint = "use .svg or .png"
        raise InputError(Problem(f"cannot draw a file of kind '{path.suffix}'", file=str(path), hint=hint))


def _draw(mix: Scenario, every: bool, path: Path) -> None:
    """Draw the instruments that the scenario changes, or all, beside the current course."""
    from sdforecast import plot
    from sdforecast.errors import InputError, Problem
    from sdforecast.scenario import instruments, load
    from sdforecast.writing import write_bytes

    changed = {change.instrument for change in mix.instruments}
    names = [name for name in instruments() if every or name in changed]
    if not names:
        raise InputError(Problem(f"'{mix.name}' changes no instrument: nothing to draw", hint="draw all with --all"))
    base = load("current-course")
    both = [mix] if mix.name == base.name else [base, mix]
    figure = plot.scenario_levels(both, both[0].name, names)
    write_bytes(path, (plot.to_svg if path.suffix.lower() == ".svg" else plot.to_png)(figure))
    click.echo(f"wrote {click.format_filename(path)}", err=True)


def _summary(mix: Scenario) -> dict[str, Any]:
    return {"changes": len(mix.instruments), "counterfactual": mix.counterfactual}


def _print_head(mix: Scenario) -> None:
    click.echo(f"{mix.name}: {mix.title}")
    if mix.description:
        click.echo(click.wrap_text(mix.description, width=100, initial_indent="  ", subsequent_indent="  "))
    if mix.counterfactual:
        click.echo("  Counterfactual: starts in the past.")
    click.echo()


def _print_numbers(mix: Scenario) -> None:
    for heading, values in (("Parameters", mix.parameters), ("Assumptions", mix.assumptions)):
        if values:
            click.echo(f"\n{heading}")
            print_table([{"name": name, "value": value} for name, value in values.items()])


def _row(name: str, by_year: Any, since: int) -> dict[str, str]:
    return {"instrument": name} | {str(year): f"{value:.2f}" for year, value in by_year.items() if year >= since}
