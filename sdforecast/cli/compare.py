"""`sdforecast compare`: scenarios against a reference, from paired draws."""

from __future__ import annotations

import shlex
import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.modelfile import engine_option
from sdforecast.cli.progress import duration, progress
from sdforecast.cli.tables import print_json

if TYPE_CHECKING:
    from sdforecast.policy.comparing import Comparison
    from sdforecast.policy.interacting import Decomposition


@click.command(
    epilog="\b\nExample:\n  sdforecast compare -s military-only -s soft-power-with-teeth --draws 100"
    "\n  sdforecast compare -s demand-plus-essay --discount 0.03 -o compared"
    "\n  sdforecast compare --decompose treatment-naloxone-surge --draws 50"
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
@click.option("--decompose", metavar="NAME_OR_FILE", help="Take a mix apart: what each instrument averts in it.")
@click.option("--orders", type=click.IntRange(4), default=16, show_default=True, metavar="N",
              help="Sampled orders of its instruments.")  # fmt: skip
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
    decompose: str | None,
    orders: int,
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
    from sdforecast.inference import load
    from sdforecast.policy.comparing import check_rate

    begun = time.monotonic()
    check_rate(discount)
    if not scenarios and decompose is None:
        raise click.UsageError("name scenarios with -s, or a mix with --decompose")
    words = _command(
        scenarios, reference=reference, draws=draws, seed=seed, first=first, horizon=horizon, discount=discount,
        decompose=decompose, orders=orders, posterior=posterior, targets=targets, engine=engine,
    )  # fmt: skip
    options = {
        "posterior": load(posterior, whole=False), "horizon": horizon, "first": first, "seed": seed,
        "targets": targets, "engine": engine, "command": words,
        "told": lambda line: click.echo(f"note: {line}", err=True),
    }  # fmt: skip
    with _folder(output) as folder:
        made = _compared(scenarios, reference, draws, discount, options, quiet=quiet) if scenarios else None
        parts = _taken_apart(decompose, reference, draws, orders, options, quiet=quiet) if decompose else None
        if folder is not None:
            from sdforecast.reporting import comparisons

            comparisons.write(made, folder, parts)
    _print(made, parts, output, as_json=as_json, quiet=quiet)
    if not quiet:
        click.echo(duration(time.monotonic() - begun), err=True)


def _folder(output: Path | None) -> AbstractContextManager[Path | None]:
    from sdforecast.reporting import comparisons
    from sdforecast.writing import replaced_folder

    return nullcontext() if output is None else replaced_folder(output, comparisons.HOLDS)


def _compared(
    scenarios: tuple[str, ...],
    reference: str,
    draws: int | None,
    discount: float,
    options: dict[str, Any],
    *,
    quiet: bool,
) -> Comparison:
    from sdforecast.errors import InputError, Problem
    from sdforecast.forecasting import how_many
    from sdforecast.policy.comparing import compare as compared
    from sdforecast.policy.outcomes import arranged, outcomes

    mixes, base = arranged(scenarios, reference, lambda line: None)
    if len(mixes) < 2:
        raise InputError(Problem(f"only the reference, {base.name}, was named", hint="name a scenario: -s NAME"))
    with progress("runs", how_many(draws, options["posterior"]) * len(mixes), quiet=quiet) as advance:
        made = outcomes(scenarios, reference=reference, draws=draws, advance=advance, **options)
    return compared(made, discount)


def _taken_apart(
    mix: str, reference: str, draws: int | None, orders: int, options: dict[str, Any], *, quiet: bool
) -> Decomposition:
    from sdforecast.policy import interacting

    count = interacting.DRAWS if draws is None else draws
    coalitions = len(interacting.planned(mix, reference, orders, options["seed"]).coalitions)
    with progress("runs", count * coalitions, quiet=quiet) as advance:
        return interacting.decompose(
            mix, reference=reference, draws=count, orders=orders, advance=advance, **options
        )  # fmt: skip


def _print(
    made: Comparison | None, parts: Decomposition | None, output: Path | None, *, as_json: bool, quiet: bool
) -> None:
    from sdforecast.cli import comparetables

    if as_json:
        found: dict[str, Any] = {} if output is None else {"folder": str(output)}
        if made is not None:
            found |= {"reference": made.outcomes.reference, "draws": int(made.outcomes.yearly.sizes["draw"])}
            found |= {"discount": made.discount}
            found |= {n: comparetables.rows_of(getattr(made, n)) for n in ("summary", "effects", "costs", "stages")}
        if parts is not None:
            tables = {n: comparetables.rows_of(getattr(parts, n)) for n in ("instruments", "pairs")}
            told = {"mix": parts.mix, "reference": parts.reference, "exact": parts.exact, "orders": parts.orders}
            found["decomposition"] = {**told, "deaths_averted": float(parts.whole.mean()), **tables}
        print_json(found)
    elif not quiet:
        if made is not None:
            comparetables.show(made)
        if parts is not None:
            comparetables.show_decomposition(parts)


def _command(scenarios: tuple[str, ...], **given: Any) -> str:
    """Return the command that gives the same results; where they are put does not change them."""
    usual = {"reference": "current-course", "seed": 1, "first": 2027, "horizon": "2035-12", "discount": 0.0,
             "engine": "auto", "orders": 16}  # fmt: skip
    words = ["sdforecast", "compare"]
    for name in scenarios:
        words += ["-s", name]
    for option, value in given.items():
        words += [] if value is None or value == usual.get(option) else [f"--{option}", str(value)]
    return shlex.join(words)
