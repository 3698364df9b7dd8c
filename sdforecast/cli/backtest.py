"""`sdforecast backtest`: forecasts from past months, each from what was known then, scored against what came."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.modelfile import model_option, open_model
from sdforecast.cli.progress import duration, progress
from sdforecast.cli.tables import print_json
from sdforecast.errors import InputError, Problem

if TYPE_CHECKING:
    import pandas as pd

    from sdforecast.backtesting.judging import Backtest
    from sdforecast.backtesting.working import Setup

_PATH: Any = click.Path(path_type=Path)
_DECIDING = {
    "origins": "--origins", "first": "--first", "last": "--last", "every": "--every", "method": "--method",
    "variant": "--variant", "noise": "--noise", "chains": "--chains", "draws": "--draws", "tune": "--tune",
    "seed": "--seed", "structures": "--structures", "model": "--model", "data": "--data",
    "parameters": "--parameters", "targets": "--targets",
}  # fmt: skip


@click.command(
    epilog="\b\nExamples:\n  sdforecast backtest --show\n  sdforecast backtest -o results-of-backtest\n"
    "  sdforecast backtest --origins 2019-12,2023-06 --jobs 2\n"
    "  sdforecast backtest --method nuts --store slow"
)
@click.option("--origins", metavar="YYYY-MM,…", help="These origins only.")
@click.option("--first", metavar="YYYY-MM", help="First origin (default: 2017-12).")
@click.option("--last", metavar="YYYY-MM", help="Last origin (default: 2024-12).")
@click.option("--every", type=click.IntRange(1), metavar="N", help="Months between origins (default: 6).")
@click.option("--quick", is_flag=True, help="The normal approximation at the mode of each origin: the default.")
@click.option("--method", type=click.Choice(["quick", "nuts"]), default="quick", show_default=True,
              help="nuts samples in full; it may be stopped and goes on, over days.")  # fmt: skip
@click.option("--variant", type=click.Choice(["then", "simulated", "today"]), default="then", show_default=True,
              help="Deaths as in the file of the day, with simulated noise of reporting, or today's.")  # fmt: skip
@click.option("--noise", type=click.IntRange(0), default=0, show_default=True, help="Seed of simulated noise.")
@click.option("--chains", type=click.IntRange(1, 64), default=4, show_default=True, help="Chains.")
@click.option("--draws", type=click.IntRange(1, 100_000), metavar="N",
              help="Draws of a chain, all of them run on (default: 100; nuts: 250).")  # fmt: skip
@click.option("--tune", type=click.IntRange(1, 100_000), default=250, show_default=True, help="Warm-up of nuts.")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of draws.")
@click.option("--structures", type=_PATH, metavar="FILE", help="Structures of yours (.toml).")
@model_option
@click.option("--data", type=_PATH, metavar="DIR", help="Folder with history of yours.")
@click.option("--parameters", type=_PATH, metavar="FILE", help="Priors of yours (.toml).")
@click.option("--targets", type=_PATH, metavar="FILE", help="Targets of yours (.toml).")
@click.option("--store", type=_PATH, metavar="DIR", help="Where the result of each origin is kept (default: backtest).")
@click.option("--show", is_flag=True, help="Fit nothing: show what the store has (default: the shipped results).")
@click.option("--again", is_flag=True, help="Do origins anew whose results are there.")
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Origins at a time (default: one a processor).")
@click.option("--development", is_flag=True, help="Look at outcomes to December 2022 only.")
@click.option("-o", "--output", type=_PATH, metavar="DIR", help="Also write tables and figures to this folder.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def backtest(store: Path | None, output: Path | None, as_json: bool, quiet: bool, **given: Any) -> None:
    """Forecast from past months, each from what was known then, and score that against what came.

    At each origin the model is fitted anew to the history of the day, as 'docs/backtest.md' says, and run on for 6, 12,
    24 and 36 months; beside it the simple methods from the same knowledge. Horizons count from the origin, the last
    month whose deaths were known. The structure was chosen with hindsight: results are pseudo-prospective.

    Each structure of calibration/structures.toml is fitted, and their draws are mixed by weight; --model, --parameters
    or --targets make it one of yours alone. By default each refit is the normal approximation at its mode (--quick);
    --method nuts samples in full. Results are kept origin by origin: after Ctrl-C the same command goes on, and what is
    done for this model, plan and knowledge is not done again. A search begins at a mode of the shipped back-test (same
    or earlier origin), never of this run.

    A score relative to repeating the last value is below 1 where a method is better; its interval is of nine in ten
    bootstrap samples of origins. Exit code 1: an origin failed; the others are kept.
    """
    folder = _store(store, show=given["show"])
    begun = time.monotonic()
    with _fresh(output) as fresh:  # a folder that is not ours is refused now, not when all is done
        found = _found(folder, given, quiet=quiet)
        if fresh is not None:
            from sdforecast import reporting

            reporting.write_skill(found, fresh, command(given))
    if as_json:
        print_json(_record(found, folder, output))
        return
    from sdforecast.cli import skilltables

    skilltables.show(found)
    if not quiet:
        where = f"; tables and figures in {output}" if output else ""
        click.echo(f"{len(found.origins)} origins in {folder}{where}; {duration(time.monotonic() - begun)}", err=True)


@contextmanager
def _fresh(output: Path | None) -> Iterator[Path | None]:
    """Give the folder for tables and figures, None where none is asked for."""
    if output is None:
        yield None
        return
    from sdforecast import reporting
    from sdforecast.writing import replaced_folder

    with replaced_folder(output, reporting.HOLDS_SKILL) as fresh:
        yield fresh


def _found(folder: Path, given: Mapping[str, Any], *, quiet: bool) -> Backtest:
    """Do what is left to do, and score all of it."""
    from sdforecast.backtesting import keeping

    if given["show"]:
        return _judged(folder, _origins(given, keeping.origins_in(folder)), given)
    _run(folder, given, quiet=quiet)
    return _judged(folder, _origins(given), given)


def _store(store: Path | None, *, show: bool) -> Path:
    from sdforecast import shipped

    if store is None and show and shipped.backtest_dir().is_dir():
        return shipped.backtest_dir()
    return store or Path("backtest")


def _origins(given: Mapping[str, Any], otherwise: list[pd.Timestamp] | None = None) -> list[pd.Timestamp]:
    """Return the origins asked for; where none are and there is something else to take, that."""
    from sdforecast.backtesting import dates

    if given["origins"] is not None:
        if any(given[name] is not None for name in ("first", "last", "every")):
            raise InputError(Problem("--origins names all origins", hint="leave --first, --last and --every out"))
        months = [month.strip() for month in given["origins"].split(",") if month.strip()]
        if not months:
            raise InputError(Problem("--origins names no month", hint="write YYYY-MM,YYYY-MM"))
        return sorted({dates.origin_of(month) for month in months})
    if otherwise and all(given[name] is None for name in ("first", "last", "every")):
        return otherwise
    first, last = given["first"] or dates.FIRST, given["last"] or dates.LAST
    found = dates.origins(first, last, given["every"] or dates.EVERY)
    if not found:
        raise InputError(Problem(f"no origin from {first} to {last}", hint="the first comes before the last"))
    return found


def _setup(given: Mapping[str, Any]) -> Setup:
    from sdforecast.backtesting.working import setup
    from sdforecast.forecasting.structures import load
    from sdforecast.inference.studying import Sources

    sources = Sources(given["data"], given["parameters"], given["targets"])
    words = {name: given[name] for name in ("method", "chains", "draws", "tune", "seed", "variant", "noise")}
    alone = [f"--{name}" for name in ("model", "parameters", "targets") if given[name] is not None]
    if alone and given["structures"] is not None:
        what = f"{alone[0]} is of one structure alone"
        raise InputError(Problem(what, hint="leave it or --structures out"))
    several = () if alone else load(given["structures"])
    return setup(open_model(given["model"]), sources, **words, structures=several)


def _run(folder: Path, given: Mapping[str, Any], *, quiet: bool) -> None:
    """Do what is left to do."""
    from sdforecast.backtesting import running

    if given["quick"] and given["method"] == "nuts":
        raise InputError(Problem("--quick does not sample, and --method nuts does", hint="leave one out"))
    origins = _origins(given)
    tasks = running.due(_setup(given), origins, folder, again=given["again"])
    there = len(origins) - len(tasks)
    if there and not quiet:
        click.echo(f"{there} of {len(origins)} origins are done already", err=True)
    if tasks and not quiet and given["method"] == "quick":
        click.echo("each refit is the normal approximation at its mode (--method nuts samples in full)", err=True)
    with _interrupted(folder, there, len(origins)) as done, progress("origins", len(tasks), quiet=quiet) as advance:

        def advanced() -> None:
            done.append(1)
            advance()

        running.carry_out(tasks, folder, jobs=given["jobs"], advance=advanced)


@contextmanager
def _interrupted(folder: Path, there: int, total: int) -> Iterator[list[int]]:
    """Say on Ctrl-C what was kept, and how to go on; yields the list that grows with each origin done."""
    done: list[int] = []
    try:
        yield done
    except KeyboardInterrupt:
        if there + len(done):
            text = f"{there + len(done)} of {total} origins are kept in {folder}: the same command goes on from there"
        else:
            text = "no origin was done, so the same command begins again"
        chains = len([path for path in folder.glob("*.chains-*/chain-*.nc") if ".partial" not in path.name])
        click.echo(f"{text}; {chains} chains of origins on their way are kept, too" if chains else text, err=True)
        raise


def _judged(folder: Path, origins: list[pd.Timestamp], given: Mapping[str, Any]) -> Backtest:
    from sdforecast import history
    from sdforecast.backtesting import keeping
    from sdforecast.backtesting.judging import judge
    from sdforecast.evaluation.comparing import LAST_DEVELOPMENT

    found = [done for origin in origins if (done := keeping.read(folder, origin)) is not None]
    if not found:
        keeping.read_all(folder)  # tells that there is nothing at all
        raise InputError(Problem("holds none of these origins", str(folder)))
    until = LAST_DEVELOPMENT if given["development"] else None
    return judge(found, history.load(given["data"]), until=until)


def command(given: Mapping[str, Any]) -> str:
    """Return the command that gives the same tables; where they are kept, and on how many processors, changes none."""
    said = ["sdforecast", "backtest"]
    for name, option in _DECIDING.items():
        if given[name] is not None and not (given["method"] == "quick" and name == "tune"):
            said += [option, str(given[name])]
    return shlex.join([*said, *(["--development"] if given["development"] else [])])


def _record(found: Backtest, folder: Path, output: Path | None) -> dict[str, Any]:
    return {
        "store": str(folder),
        "folder": None if output is None else str(output),
        "origins": [f"{origin:%Y-%m}" for origin in found.origins],
        "said": found.said(),
        "skill": _records(found.skill),
        "overall": _records(found.overall),
        "by_origin": _records(found.by_origin),
        "worst": _records(found.worst),
        "published": _records(found.published),
        "beside_published": _records(found.beside),
    }


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): _plain(value) for key, value in row.items()} for row in table.to_dict("records")]


def _plain(value: Any) -> Any:
    """Return a cell as JSON may hold it."""
    if hasattr(value, "strftime"):
        return None if value != value else f"{value:%Y-%m-%d}"
    if hasattr(value, "item"):
        value = value.item()
    return None if value != value or value in (float("inf"), float("-inf")) else value
