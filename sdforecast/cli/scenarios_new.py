"""`sdforecast scenarios new`: a scenario file from options, or from what a person answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from sdforecast.cli.modelfile import model_option, open_model
from sdforecast.cli.settings import numbers, tell_outside_ranges
from sdforecast.errors import InputError, Problem


@click.command(
    "new",
    epilog="\b\nExamples:\n  sdforecast scenarios new my-mix"
    '\n  sdforecast scenarios new treatment-first --title "Treatment doubles" \\'
    '\n    --set "moud=0.8 from 2027-01 over 36 # twice as many people in treatment" \\'
    '\n    --set "naloxone=0.95 from 2027-01 over 6 to 2028-12" --assume "naloxone effect=0.4"',
)
@click.argument("name", metavar="NAME")
@click.option("--title", metavar="TEXT", help="Name for readers, in one line.")
@click.option("--description", default="", metavar="TEXT", help="What the mix is for.")
@click.option("--extends", metavar="NAME", help="A shipped scenario, or one beside the file, that holds otherwise.")
@click.option(
    "--set", "changes", multiple=True, metavar='"CHANGE"',
    help="INSTRUMENT=LEVEL from YYYY-MM [over MONTHS] [to YYYY-MM] [with consent] [# WHY]; may be repeated.",
)  # fmt: skip
@click.option("--assume", "assumed", multiple=True, metavar='"NAME=VALUE"', help="Set an assumption of the model.")
@click.option("--counterfactual", is_flag=True, help="A change may start in the past.")
@model_option
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Default: NAME.yaml.")
@click.option("--force", is_flag=True, help="Replace a file that is there.")
def new_command(
    name: str,
    title: str | None,
    description: str,
    extends: str | None,
    changes: tuple[str, ...],
    assumed: tuple[str, ...],
    counterfactual: bool,
    model: Path | None,
    output: Path | None,
    force: bool,
) -> None:
    """Write a scenario file, with the scale of each instrument beside its change.

    LEVEL goes from 0 to 1; 'sdforecast scenarios instruments' says what both mean. The change starts with the month
    after 'from', takes MONTHS, and is in force to the end of the month after 'to', or for good. On a terminal the
    command asks for what is not given; a file that is there is not replaced without --force.
    """
    from sdforecast.scenario import composing
    from sdforecast.writing import write_text

    path = output or Path(f"{name}.yaml")
    _check_target(path, force)
    values: dict[str, Any] = {"name": name, "title": title, "description": description, "extends": extends}
    lines = list(changes)
    composing.mix({**values, "title": title or "x"})  # a wrong name is told before any question
    if title is None:
        if not sys.stdin.isatty():
            raise InputError(Problem("--title is missing, and there is no terminal to ask on"))
        values |= _asked(values)
        lines += _asked_changes()
    numbered = [composing.change(line) for line in lines]
    values["instruments"] = [one.model_dump() for one in numbered]
    values["counterfactual"] = counterfactual
    values["assumptions"] = numbers("--assume", assumed)
    mix = composing.mix(values)
    text = composing.written(mix, path, [composing.why(line) for line in lines])
    _check_whole(text, path, model)
    write_text(path, text)
    click.echo(f"wrote {click.format_filename(path)}", err=True)
    click.echo(f"next: sdforecast scenarios show {click.format_filename(path)}", err=True)


def _check_target(path: Path, force: bool) -> None:
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise InputError(Problem(f"cannot write a file of kind '{path.suffix}'", file=str(path), hint="use .yaml"))
    if path.is_dir():
        raise InputError(Problem("is a folder", file=str(path), hint="name a file"))
    if (path.exists() or path.is_symlink()) and not force:
        raise InputError(Problem("is there already", file=str(path), hint="name another with -o, or use --force"))


def _check_whole(text: str, path: Path, model: Path | None) -> None:
    """Check what the file says together with its parents and the model, before it is there."""
    from sdforecast.scenario.constants import unknown_in
    from sdforecast.scenario.reading import parsed
    from sdforecast.scenario.resolving import whole

    mix = whole(parsed(text, path))
    if mix.assumptions or mix.parameters:
        file = open_model(model)
        if wrong := unknown_in({**mix.parameters, **mix.assumptions}, file):
            raise InputError(*(Problem(f"--assume: no constant '{n}' in the model", hint=hint) for n, hint in wrong))
        tell_outside_ranges("--assume", mix.assumptions if file.is_shipped else {})


def _asked(values: dict[str, Any]) -> dict[str, Any]:
    """Ask for title, description and parent; each answer is checked before the next question."""
    from sdforecast.scenario import composing, load, shipped

    def right(key: str) -> Callable[[str], str]:
        def check(answer: str) -> str:
            composing.mix({**values, "title": "x", key: answer or None if key == "extends" else answer})
            if key == "extends" and answer in shipped():
                load(answer)
            return answer

        return check

    title = _ask("Title, in one line", right("title"))
    description = values["description"] or _ask("What is it for? (nothing: no description)", right("description"), "")
    click.echo(f"Shipped scenarios: {', '.join(shipped())}", err=True)
    extends = values["extends"] or _ask("Which does it extend? (nothing: none)", right("extends"), "")
    return {"title": title, "description": description, "extends": extends or None}


def _end(line: str, answer: str) -> str:
    """Return the last month of a change as it was answered, if one was. Raises as `_checked` does."""
    return answer and _checked(f"{line} to {answer}", answer)


def _asked_changes() -> list[str]:
    """Ask for changes until the answer is nothing; return each as a line."""
    from sdforecast.scenario import composing, instruments

    known = instruments()
    click.echo("Instruments (level now): " + ", ".join(f"{i.id} {i.current_level:g}" for i in known.values()), err=True)
    lines: list[str] = []
    while instrument := _ask("Instrument to change (nothing: no more)", _known_instrument, ""):
        about = known[instrument]
        click.echo(f"  0: {about.zero_means}\n  1: {about.one_means}\n  now {about.current_level:g}", err=True)

        def right(words: str, before: str = f"{instrument}=") -> Callable[[str], str]:
            def check(answer: str) -> str:
                composing.change(before + words.format(answer))
                return answer

            return check

        line = f"{instrument}=" + _ask("  Level, 0 to 1", right("{} from 2027-01"))
        line += " from " + _ask("  From which month (YYYY-MM)", right("0 from {}"), "2027-01")
        ramp = _ask("  Over how many months (0: at once)", right("0 from 2010-01 over {}"), "12")
        line += f" over {ramp}"
        end = _ask("  To which month (nothing: for good)", partial(_end, line), "")
        line += f" to {end}" if end else ""
        if instrument == "military_action" and click.confirm("  With the partner's consent?", False, err=True):
            line += " with consent"
        lines.append(f"{line} # {_ask('  Why', str, composing.NO_REASON)}")
    return lines


def _checked(line: str, answer: str) -> str:
    from sdforecast.scenario import composing

    composing.change(line)
    return answer


def _known_instrument(answer: str) -> str:
    from sdforecast.errors import nearest
    from sdforecast.scenario import instrument_ids

    word = answer.strip().casefold().replace(" ", "_").replace("-", "_")
    if word and word not in instrument_ids():
        raise InputError(Problem(f"unknown instrument '{answer}'", hint=nearest(word, instrument_ids())))
    return word


def _ask(question: str, check: Callable[[str], str], default: str | None = None) -> str:
    """Ask until `check` takes the answer; what it finds wrong is said."""

    def taken(answer: str) -> str:
        try:
            return check(answer)
        except InputError as error:
            raise click.BadParameter("; ".join(str(problem) for problem in error.problems)) from error

    return str(click.prompt(question, default=default, show_default=bool(default), value_proc=taken, err=True))
