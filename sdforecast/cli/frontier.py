"""`sdforecast compare --frontier`: the mixes that avert most deaths by what they may cost."""

from __future__ import annotations

import math
import shlex
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.progress import duration
from sdforecast.cli.tables import print_json, print_table

if TYPE_CHECKING:
    import pandas as pd

    from sdforecast.policy.frontier import Frontier


def run(
    scenarios: tuple[str, ...],
    budgets: tuple[float, ...],
    *,
    reference: str,
    output: Path | None,
    draws: int | None,
    seed: int,
    first: int,
    horizon: str,
    posterior: Path | None,
    as_json: bool,
    quiet: bool,
    cuts: bool = True,
    asked: bool = True,
    other: bool = False,
) -> None:
    """Search, and print or write what was found; `scenarios` are shown beside it (default: the shipped ones).

    Raises
    ------
    click.UsageError : budgets without --frontier, or --decompose beside it.
    """
    from sdforecast import scenario
    from sdforecast.inference import load
    from sdforecast.policy.frontier import EVALUATED, frontier

    if not asked:
        raise click.UsageError("--budget and --no-cuts go with --frontier")
    if other:
        raise click.UsageError("--decompose and --frontier are two questions: ask one at a time")
    begun = time.monotonic()
    found = load(posterior, whole=False)
    made = frontier(
        budgets, beside=[scenario.load(name) for name in scenarios] or None, posterior=found,
        draws=EVALUATED if draws is None else draws, seed=seed, first=first, horizon=horizon, reference=reference,
        cuts=cuts,
        command=_command(scenarios, budgets, reference, draws, seed, first, horizon, posterior, cuts=cuts),
        told=(lambda line: None) if quiet else lambda line: click.echo(line, err=True),
    )  # fmt: skip
    if output is not None:
        _write(made, output)
    if as_json:
        told = {} if output is None else {"folder": str(output)}
        levels = {str(name): row.to_dict() for name, row in made.levels.iterrows()}
        print_json({**told, "mixes": _plain(made.table), "levels": levels, "now": made.now.to_dict()})
    elif not quiet:
        show(made)
        where = "" if output is None else f"; scenarios for 'run -s' in {output / 'scenarios'}"
        click.echo(f"{duration(time.monotonic() - begun)}{where}", err=True)


def show(made: Frontier) -> None:
    """Print the frontier and what lies beside it."""
    from sdforecast.policy.frontier import SETS

    ours, others = made.table[made.table["set"] != ""], made.table[made.table["set"] == ""]
    for (name, criterion), rows in ours.groupby(["set", "criterion"], sort=False):
        click.echo(f"{criterion}, {SETS[str(name)]}:")
        print_table([_row(row, {"budget": f"{row['budget']:g}"}) for _, row in rows.iterrows()])
        click.echo()
    if len(others):
        click.echo("Other mixes; 'dominated by' names a mix that costs no more and averts more on average:")
        print_table([
            _row(row, {"scenario": row["scenario"]}) | {"dominated by": row["dominated_by"] or "-"}
            for _, row in others.sort_values("averted", ascending=False).iterrows()
        ])  # fmt: skip
    click.echo(
        f"costs: billion dollars of 2024 a year more than under {made.manifest['reference']}, on average; averted: "
        f"deaths {made.manifest['first']} to {made.manifest['horizon'][:4]}, mean over {made.manifest['draws']} draws "
        "± Monte Carlo standard error; in the structure in which deaths follow supply; conditions under a model, not "
        "advice",
        err=True,
    )


def _row(row: pd.Series, head: dict[str, str]) -> dict[str, str]:
    unit = max(_unit(row["error"]), 1)

    def rounded(value: float) -> str:
        return f"{round(value / unit) * unit:,.0f}"

    return {
        **head, "cost": f"{row['cost']:.2f}", "averted": f"{rounded(row['averted'])} ± {row['error']:,.0f}",
        "nine in ten": f"{rounded(row['low'])} to {rounded(row['high'])}", "worst tenth": rounded(row["worst_decile"]),
        "regret": rounded(row["regret"]),
    }  # fmt: skip


def _unit(error: float) -> int:
    """Return the place to round to: no finer than a tenth of the error."""
    return int(10 ** max(math.floor(math.log10(error)), 0)) if error > 0 else 1


def _plain(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(k): None if v != v else v for k, v in row.items()} for row in table.to_dict("records")]


def _write(made: Frontier, output: Path) -> None:
    from sdforecast.reporting import frontiers
    from sdforecast.writing import replaced_folder

    with replaced_folder(output, frontiers.HOLDS) as folder:
        frontiers.write(made, folder)


def _command(
    scenarios: tuple[str, ...],
    budgets: tuple[float, ...],
    reference: str,
    draws: int | None,
    seed: int,
    first: int,
    horizon: str,
    posterior: Path | None,
    *,
    cuts: bool,
) -> str:
    """Return the command that gives the same results."""
    words = ["sdforecast", "compare", "--frontier"]
    for name in scenarios:
        words += ["-s", name]
    for budget in budgets:
        words += ["--budget", f"{budget:g}"]
    given = {
        "--reference": None if reference == "current-course" else reference, "--draws": draws,
        "--seed": None if seed == 1 else seed, "--first": None if first == 2027 else first,
        "--horizon": None if horizon == "2035-12" else horizon, "--posterior": posterior,
    }  # fmt: skip
    words += [] if cuts else ["--no-cuts"]
    for option, value in given.items():
        words += [] if value is None else [option, str(value)]
    return shlex.join(words)
