"""`sdforecast forecast`: the acceptable parameter sets under policy mixes, and the page about it."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdforecast.cli.modelfile import engine_option
from sdforecast.cli.progress import duration, progress
from sdforecast.cli.tables import print_json, print_table

if TYPE_CHECKING:
    import numpy as np

    from sdforecast.forecasting import Forecast

_DEATHS = "synthetic opioid deaths"
_YEARS = (2026, 2028, 2030, 2035)


@click.command(epilog="\b\nExample:\n  sdforecast forecast -s current-course -s china-first -o results")
@click.option(
    "-s", "--scenario", "scenarios", multiple=True, metavar="NAME_OR_FILE", help="The first is the reference."
)
@click.option("-o", "--output", type=click.Path(path_type=Path), default=Path("results"), metavar="DIR",
              show_default=True, help="Folder for page, figures and data.")  # fmt: skip
@click.option("--sets", type=click.IntRange(1), metavar="N", help="Use only N parameter sets, the best first.")
@click.option("--horizon", default="2035-12", metavar="YYYY-MM", show_default=True, help="Last month.")
@click.option("--estimate", type=click.Path(path_type=Path), metavar="DIR", help="An estimate of yours.")
@engine_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no table.")
def forecast(
    scenarios: tuple[str, ...],
    output: Path,
    sets: int | None,
    horizon: str,
    estimate: Path | None,
    engine: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run all parameter sets that fit acceptably under each scenario and write a page, figures and data.

    Without -s, the five mixes of the founding question are run. What is shown as uncertainty is the spread over
    the parameter sets, not a probability. A scenario is a condition, not advice.
    """
    from sdforecast import reporting
    from sdforecast.forecasting import DEFAULT_SCENARIOS, forecast
    from sdforecast.inference import load
    from sdforecast.model import read
    from sdforecast.writing import replaced_folder

    begun = time.monotonic()
    found, model = load(estimate), read()
    names = scenarios or DEFAULT_SCENARIOS
    runs = (sets or len(found.sets)) * len(names)
    with replaced_folder(output, reporting.HOLDS) as folder:
        with progress("runs", runs, quiet=quiet) as advance:
            made = forecast(
                names, model=model, estimate=found, sets=sets, horizon=horizon,
                variables=reporting.variables(model.names, found.residuals),
                engine=engine, command=_command(scenarios, sets, horizon, estimate, engine), advance=advance,
            )  # fmt: skip
        if not quiet:
            click.echo("drawing the page", err=True)
        reporting.write(made, folder)
    if as_json:
        print_json({"folder": str(output), "deaths": _rows(made), "fit": made.summary})
    elif not quiet:
        print_table(_rows(made))
        click.echo("deaths a year: median over the parameter sets that fit acceptably (nine in ten of them)", err=True)
        click.echo(f"{runs} runs, {duration(time.monotonic() - begun)}; open {output / 'index.html'}", err=True)


def _command(scenarios: tuple[str, ...], sets: int | None, horizon: str, estimate: Path | None, engine: str) -> str:
    """Return the command that gives the same results; where they are put does not change them."""
    words = ["sdforecast", "forecast"]
    for name in scenarios:
        words += ["-s", name]
    if sets is not None:
        words += ["--sets", str(sets)]
    if horizon != "2035-12":
        words += ["--horizon", horizon]
    if estimate is not None:
        words += ["--estimate", str(estimate)]
    if engine != "auto":
        words += ["--engine", engine]
    return shlex.join(words)


def _rows(made: Forecast) -> list[dict[str, object]]:
    """Return one row a scenario: deaths in some years, over the sets."""
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
