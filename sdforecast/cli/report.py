"""`sdforecast report`: the published report, a page and files for paper, from posterior and back-test."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.progress import duration, progress
from sdforecast.cli.tables import print_json

if TYPE_CHECKING:
    from sdforecast.reporting import Recipe


@click.command(
    epilog="\b\nExamples:\n  sdforecast report -o report"
    "\n  sdforecast report -s current-course -s military-only --title 'Two courses' --authors 'A. Author' -o report"
    "\n  sdforecast report --from report/manifest.json -o again"
)
@click.option(
    "-s", "--scenario", "scenarios", multiple=True, metavar="NAME_OR_FILE", help="The first is the reference."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("report"), metavar="DIR",
              show_default=True, help="Folder of the report.")  # fmt: skip
@click.option("--draws", type=click.IntRange(1), metavar="N", help="Run N draws of the posterior (default: 300).")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of what goes on after the data.")
@click.option("--horizon", default="2035-12", metavar="YYYY-MM", show_default=True, help="Last month.")
@click.option("--title", default="", help="In place of ours.")
@click.option("--authors", default="", metavar="NAME;NAME", help="Who publishes it; names parted by semicolons.")
@click.option("--theme", type=click.Path(path_type=Path), metavar="FILE", help="Colours and fonts (.toml).")
@click.option("--notes", type=click.Path(path_type=Path), metavar="FILE", help="Notes for sections (.md).")
@click.option("--compare-with", type=click.Path(path_type=Path), metavar="DIR",
              help="An earlier report: say what changed, and how it did.")  # fmt: skip
@click.option("--from", "again", type=click.Path(path_type=Path), metavar="FILE",
              help="Make the report of a manifest.json again, to the byte.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@click.pass_context
def report(
    context: click.Context, scenarios: tuple[str, ...], output: Path, draws: int | None, seed: int, horizon: str,
    title: str, authors: str, theme: Path | None, notes: Path | None, compare_with: Path | None, again: Path | None,
    as_json: bool, quiet: bool,
) -> None:  # fmt: skip
    """Write the report: a page that needs nothing else, PDFs, figures, tables and data.

    Without -s, the five mixes of the founding question are compared. Notes are Markdown; a heading '## Comparison' puts
    what follows at the end of that section. PDFs need the extra 'pdf'.
    """
    from sdforecast import issuing, reporting
    from sdforecast.writing import replaced_folder

    begun = time.monotonic()
    before: dict[str, Any] | None = None
    if again is not None:
        _alone(context)
        from sdforecast.reporting.recipe import read_again

        recipe, before = read_again(again)
        command = str(before.get("command", ""))
    else:
        recipe = _recipe(scenarios, draws, seed, horizon, title, authors, theme, notes, compare_with)
        command = _command(recipe, scenarios, theme, notes)
    runs = _runs(recipe)
    with (
        replaced_folder(output, (*reporting.HOLDS, *issuing.HOLDS)) as folder,
        progress("runs", runs, quiet=quiet) as advance,
    ):
        made = reporting.make(
            recipe, folder, command=command, before=before, advance=advance,
            told=lambda line: click.echo(f"warning: {line}", err=True),
            stage=lambda line: None if quiet else click.echo(line, err=True),
        )  # fmt: skip
    for line in made.lacking:
        click.echo(line, err=True)
    if as_json:
        print_json({"folder": str(output), "headline": list(made.content.headline), "lacking": list(made.lacking)})
        return
    for sentence in made.content.headline:
        click.echo(sentence)
    if not quiet:
        click.echo(f"{runs} runs, {duration(time.monotonic() - begun)}; open {output / 'index.html'}", err=True)


def _recipe(
    scenarios: tuple[str, ...], draws: int | None, seed: int, horizon: str, title: str, authors: str,
    theme: Path | None, notes: Path | None, compare_with: Path | None,
) -> Recipe:  # fmt: skip
    """Return what is asked for, with the texts of files in it."""
    from sdforecast.forecasting import DEFAULT_SCENARIOS
    from sdforecast.reporting import Recipe
    from sdforecast.reporting.recipe import checked_words, text_of, with_files
    from sdforecast.reporting.theme import load

    names, own = with_files(scenarios or DEFAULT_SCENARIOS)
    return Recipe(
        names, own, draws, seed, horizon, checked_words("title", title),
        tuple(checked_words("author", name) for name in authors.split(";") if name.strip()),
        "" if notes is None else text_of(notes), None if theme is None else load(theme).record(),
        None if compare_with is None else compare_with.absolute(),
    )  # fmt: skip


def _alone(context: click.Context) -> None:
    """Raise unless --from stands alone beside where and how to write."""
    given = [
        name for name in context.params
        if name not in ("again", "output", "as_json", "quiet")
        and context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT
    ]  # fmt: skip
    if given:
        raise click.UsageError(f"--from takes all from the manifest; leave away --{given[0].replace('_', '-')}")


def _runs(recipe: Recipe) -> int:
    from sdforecast.forecasting import parts, runs

    return runs(parts(), recipe.draws, len(recipe.scenarios))


def _command(recipe: Recipe, scenarios: tuple[str, ...], theme: Path | None, notes: Path | None) -> str:
    """Return the command that gives the same report."""
    words = ["sdforecast", "report"]
    for name in scenarios:
        words += ["-s", name]
    given = {
        "--draws": recipe.draws, "--seed": None if recipe.seed == 1 else recipe.seed,
        "--horizon": None if recipe.horizon == "2035-12" else recipe.horizon, "--title": recipe.title or None,
        "--authors": "; ".join(recipe.authors) or None, "--theme": theme, "--notes": notes,
        "--compare-with": recipe.compare_with,
    }  # fmt: skip
    for option, value in given.items():
        words += [] if value is None else [option, str(value)]
    return shlex.join(words)
