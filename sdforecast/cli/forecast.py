"""`sdforecast forecast`: draws from the posterior under policy mixes, and the page about it."""

from __future__ import annotations

import shlex
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdforecast.cli import publishing
from sdforecast.cli.modelfile import engine_option
from sdforecast.cli.progress import duration, progress
from sdforecast.cli.structures import given_parts, structure_options
from sdforecast.cli.tables import print_json, print_table

if TYPE_CHECKING:
    import numpy as np

    from sdforecast.forecasting import Forecast

_DEATHS = "synthetic opioid deaths"
_YEARS = (2026, 2028, 2030, 2035)


@click.command(
    epilog="\b\nExample:\n  sdforecast forecast -s current-course -s china-first -o results"
    "\n  sdforecast forecast --issue"
)
@click.option(
    "-s", "--scenario", "scenarios", multiple=True, metavar="NAME_OR_FILE", help="The first is the reference."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("results"), metavar="DIR",
              show_default=True, help="Folder for page, figures and data.")  # fmt: skip
@click.option(
    "--draws",
    type=click.IntRange(1),
    metavar="N",
    help="Run N draws in all (default: 600, of one structure alone 300).",
)
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of what goes on after the data.")
@click.option("--horizon", default="2035-12", metavar="YYYY-MM", show_default=True, help="Last month.")
@structure_options
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="History to take counts of deaths from.")
@click.option("--issue", is_flag=True, help="Put the forecast into the archive, as the edition of today.")
@click.option("--since-last", is_flag=True, help="Issue the next edition, and compare it with the one before.")
@publishing.archive_option
@click.option(
    "--trajectories", type=click.Path(path_type=Path), metavar="FILE", help="Also write every draw (.nc or .parquet)."
)
@engine_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no table.")
def forecast(
    scenarios: tuple[str, ...],
    output: Path,
    draws: int | None,
    seed: int,
    horizon: str,
    structures: Path | None,
    only: tuple[str, ...],
    posterior: Path | None,
    targets: Path | None,
    data: Path | None,
    issue: bool,
    since_last: bool,
    archive: Path,
    trajectories: Path | None,
    engine: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run draws from the posteriors under each scenario and write a page, figures and data.

    Without -s, the five mixes of the founding question are run. What is not known of constants, of supply and of the
    models' own errors is in the ranges; what a scenario assumes is not. A scenario is a condition, not advice.

    Draws come from several structures, each with its weight (calibration/structures.toml): those that fit the past
    alike may differ after it. --structure runs one alone.

    From 100 draws on, the folder has a hub: quantiles and 100 paired trajectories of deaths in the form that the
    forecasting hubs of the hubverse read. --issue keeps it in the archive, which 'sdforecast evaluate' scores.
    """
    from sdforecast import issuing, reporting
    from sdforecast.forecasting import DEFAULT_SCENARIOS, counts, forecast, runs
    from sdforecast.writing import replaced_folder

    begun = time.monotonic()
    names = scenarios or DEFAULT_SCENARIOS
    given = given_parts(structures, only, posterior, targets)
    count, total = sum(counts(given, draws)), runs(given, draws, len(names))
    plan = publishing.plan(count, archive, trajectories, data, issue=issue, since_last=since_last)
    with replaced_folder(output, (*reporting.HOLDS, *issuing.HOLDS)) as folder:
        with progress("runs", total, quiet=quiet) as advance:
            made = forecast(
                names, given=given, draws=draws, horizon=horizon, seed=seed, engine=engine,
                variables=reporting.variables(given[0].model.names, given[0].posterior.residuals),
                command=_command(scenarios, only, {
                    "--draws": draws, "--seed": None if seed == 1 else seed,
                    "--horizon": None if horizon == "2035-12" else horizon, "--structures": structures,
                    "--posterior": posterior, "--targets": targets, "--data": data,
                    "--engine": None if engine == "auto" else engine,
                }),
                told=lambda line: click.echo(f"warning: {line}", err=True), advance=advance,
            )  # fmt: skip
        made = publishing.with_history(made, data)
        if not quiet:
            click.echo("drawing the page", err=True)
        reporting.write(made, folder, reporting.past(made, lambda line: click.echo(f"warning: {line}", err=True)))
        plan.write(made, folder)
    plan.issue(output)
    if as_json:
        print_json({"folder": str(output), "deaths": _rows(made), "fit": made.summary, **plan.told()})
    elif not quiet:
        print_table(_rows(made))
        click.echo("deaths a year: median over all draws (nine in ten of them)", err=True)
        plan.show()
        click.echo(f"{total} runs, {duration(time.monotonic() - begun)}; open {output / 'index.html'}", err=True)


def _command(scenarios: tuple[str, ...], only: tuple[str, ...], given: Mapping[str, object]) -> str:
    """Return the command that gives the same results; where they are put does not change them."""
    words = ["sdforecast", "forecast"]
    for option, names in (("-s", scenarios), ("--structure", only)):
        for name in names:
            words += [option, name]
    for option, value in given.items():
        words += [] if value is None else [option, str(value)]
    return shlex.join(words)


def _rows(made: Forecast) -> list[dict[str, object]]:
    """Return one row a scenario: deaths in some years, over the draws."""
    if _DEATHS not in made.trajectories:
        return []
    yearly = made.trajectories[_DEATHS].resample(time="YE").sum()
    there = {int(year): k for k, year in enumerate(yearly["time"].dt.year.to_numpy())}
    rows: list[dict[str, object]] = []
    for mix in made.scenarios:
        row: dict[str, object] = {"scenario": mix.name}
        for year in _YEARS:
            if year in there:
                values = yearly.sel(scenario=mix.name).isel(time=there[year]).to_numpy()
                row[str(year)] = _in_words(values)
        rows.append(row)
    return rows


def _in_words(values: np.ndarray) -> str:
    """Return median and the range of nine in ten, to the digits that are known."""
    import numpy as np

    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95))
    return f"{round(middle, -2):,.0f} ({low / 1000:.0f}-{high / 1000:.0f}k)"
