"""`sdforecast compare`: scenarios against a reference, from paired draws."""

from __future__ import annotations

import shlex
import time
from pathlib import Path
from typing import Any

import click

from sdforecast.cli.modelfile import engine_option
from sdforecast.cli.progress import duration, progress
from sdforecast.cli.tables import print_json


@click.command(
    epilog="\b\nExample:\n  sdforecast compare -s military-only -s soft-power-with-teeth --draws 100"
    "\n  sdforecast compare -s demand-plus-essay --discount 0.03 -o compared"
)
@click.option("-s", "--scenario", "scenarios", multiple=True, metavar="NAME_OR_FILE",
              help="What is compared; several times for several.")  # fmt: skip
@click.option("--reference", default="current-course", metavar="NAME_OR_FILE", show_default=True,
              help="What they are compared with.")  # fmt: skip
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Folder for tables and figures.")
@click.option("--draws", type=click.IntRange(1), metavar="N", help="Run N draws of the posterior (default: 300).")
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True,
              help="Of what goes on after the data, and of unit costs.")  # fmt: skip
@click.option("--first", type=int, default=2027, metavar="YEAR", show_default=True, help="First year compared.")
@click.option("--horizon", default="2035-12", metavar="YYYY-MM", show_default=True, help="Last month, a December.")
@click.option("--discount", type=float, default=0.0, metavar="RATE", show_default=True,
              help="Of money and life-years, a year: 0.03 for 3 %.")  # fmt: skip
@click.option("--posterior", type=click.Path(path_type=Path), metavar="DIR", help="A posterior of yours.")
@click.option("--targets", type=click.Path(path_type=Path), metavar="FILE",
              help="Targets that it was made with (.toml).")  # fmt: skip
@engine_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no table.")
def compare(
    scenarios: tuple[str, ...],
    reference: str,
    output: Path | None,
    draws: int | None,
    seed: int,
    first: int,
    horizon: str,
    discount: float,
    posterior: Path | None,
    targets: Path | None,
    engine: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Compare scenarios with a reference: deaths averted, life-years, costs, when, and by which stages.

    The same draws of the posterior, with the same prices, run under every scenario, so that two differ by what the
    scenario changes alone. A cost per death averted is given where nearly all draws avert deaths, and said to have no
    meaning where they do not. docs/compare.md says what each figure means.
    """
    from sdforecast.forecasting import how_many
    from sdforecast.inference import load
    from sdforecast.policy.comparing import check_rate
    from sdforecast.policy.comparing import compare as compared
    from sdforecast.policy.outcomes import arranged, outcomes

    begun = time.monotonic()
    check_rate(discount)
    words = _command(
        scenarios, output=None, reference=reference, draws=draws, seed=seed, first=first, horizon=horizon,
        discount=discount, posterior=posterior, targets=targets, engine=engine,
    )  # fmt: skip
    mixes, _ = arranged(scenarios, reference, lambda line: None)
    found = load(posterior, whole=False)
    count = how_many(draws, found) * len(mixes)
    with progress("runs", count, quiet=quiet) as advance:
        made = compared(
            outcomes(
                scenarios, posterior=found, draws=draws, horizon=horizon, first=first, seed=seed, reference=reference,
                targets=targets, engine=engine, command=words, advance=advance,
                told=lambda line: click.echo(f"note: {line}", err=True),
            ),
            discount,
        )  # fmt: skip
    if output is not None:
        _write(made, output)
    _print(made, output, as_json=as_json, quiet=quiet)
    if not quiet:
        click.echo(f"{count} runs, {duration(time.monotonic() - begun)}", err=True)


def _write(made: Any, output: Path) -> None:
    from sdforecast.reporting import comparisons
    from sdforecast.writing import replaced_folder

    with replaced_folder(output, comparisons.HOLDS) as folder:
        comparisons.write(made, folder)


def _print(made: Any, output: Path | None, *, as_json: bool, quiet: bool) -> None:
    from sdforecast.cli import comparetables

    if as_json:
        tables = {name: getattr(made, name) for name in ("summary", "effects", "costs", "stages")}
        print_json(
            {
                "reference": made.outcomes.reference,
                "draws": int(made.outcomes.yearly.sizes["draw"]),
                "discount": made.discount,
                **({"folder": str(output)} if output is not None else {}),
                **{name: comparetables.rows_of(table) for name, table in tables.items()},
            }
        )
    elif not quiet:
        comparetables.show(made)


def _command(scenarios: tuple[str, ...], **given: Any) -> str:
    """Return the command that gives the same results; where they are put does not change them."""
    usual = {"reference": "current-course", "seed": 1, "first": 2027, "horizon": "2035-12", "discount": 0.0,
             "engine": "auto"}  # fmt: skip
    words = ["sdforecast", "compare"]
    for name in scenarios:
        words += ["-s", name]
    for option, value in given.items():
        words += [] if value is None or value == usual.get(option) else [f"--{option}", str(value)]
    return shlex.join(words)
