"""`sdforecast sensitivity`: how firm a ranking of policy mixes is, and which assumptions it turns on."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.progress import duration, progress
from sdforecast.cli.tables import print_json, print_table, width

if TYPE_CHECKING:
    from sdforecast.policy.firmness import Plan, Sensitivity

_PATH: Any = click.Path(path_type=Path)
_WHOLE = {"draws": 4096, "trajectories": 40, "points": 1024, "strongest": 16, "seed": 1, "horizon": "2035-12",
          "mix": "soft-power-with-teeth", "rival": "military-only", "reference": "current-course", "posterior": None,
          "even": False}  # fmt: skip
"""What decides the results, with what counts where it is not said."""

_SHOWN = 8


@click.command(
    epilog="\b\nExamples:\n  sdforecast sensitivity -o firmness\n"
    "  sdforecast sensitivity --rival military-with-consent --draws 1024 --points 256\n"
    '  sdforecast sensitivity --assumption "military removal rate" -s current-course -s military-only'
)
@click.option("-s", "--scenario", "scenarios", multiple=True, metavar="NAME_OR_FILE",
              help="Rank these (default: the five mixes of the founding question).")  # fmt: skip
@click.option("--mix", default=_WHOLE["mix"], metavar="NAME_OR_FILE", show_default=True, help="One side of the margin.")
@click.option("--rival", default=_WHOLE["rival"], metavar="NAME_OR_FILE", show_default=True, help="The other side.")
@click.option("--reference", default=_WHOLE["reference"], metavar="NAME_OR_FILE", show_default=True,
              help="Doing nothing new.")  # fmt: skip
@click.option(
    "--assumption", "only", multiple=True, metavar="NAME", help="Vary these alone (default: all assumptions)."
)
@click.option("--even", is_flag=True, help="All values of a range alike, instead of the prior over it.")
@click.option("--draws", type=click.IntRange(4, 1_000_000), default=_WHOLE["draws"], show_default=True, metavar="N",
              help="Runs over the full ranges.")  # fmt: skip
@click.option("--trajectories", type=click.IntRange(2, 10_000), default=_WHOLE["trajectories"], show_default=True,
              metavar="N", help="Of the screening.")  # fmt: skip
@click.option("--points", type=click.IntRange(1, 1_048_576), default=_WHOLE["points"], show_default=True, metavar="N",
              help="Base points of Sobol' indices, a power of two.")  # fmt: skip
@click.option("--strongest", type=click.IntRange(1, 200), default=_WHOLE["strongest"], show_default=True, metavar="N",
              help="Assumptions with indices of their own.")  # fmt: skip
@click.option("--horizon", default=_WHOLE["horizon"], metavar="YYYY-MM", show_default=True, help="Last month.")
@click.option("--posterior", type=_PATH, metavar="DIR", help="A posterior of yours.")
@click.option("--seed", type=click.IntRange(0, 2**31), default=1, show_default=True, help="Of all that is random.")
@click.option("-o", "--output", type=_PATH, metavar="DIR", help="Also write tables, figures and manifest here.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def sensitivity(
    scenarios: tuple[str, ...], only: tuple[str, ...], output: Path | None, as_json: bool, quiet: bool, **given: Any
) -> None:
    """Say how firm a ranking of policy mixes by deaths is, and which assumptions it turns on.

    Deaths are those from 2027 to the horizon. They are drawn twice: over the posterior, and with every assumption drawn
    from its full range, which data cannot narrow. Then: which assumptions move deaths and the margin between mix and
    rival (Morris's screening, Sobol' indices), under which the ranking turns (PRIM, CART), and what knowing each
    before choosing would avert. Every figure has its Monte Carlo error; docs/sensitivity.md explains them.
    """
    from sdforecast.forecasting import DEFAULT_SCENARIOS
    from sdforecast.inference import load
    from sdforecast.policy import firmness
    from sdforecast.reporting import firmness as reporting

    begun = time.monotonic()
    plan = firmness.Plan(given["draws"], given["trajectories"], given["points"], given["strongest"], given["seed"],
                         given["even"], only)  # fmt: skip
    with _fresh(output) as fresh:  # a folder that is not ours is refused now, not when all is done
        posterior = load(given["posterior"], whole=False)
        with _runs(quiet=quiet) as (started, advance):
            found = firmness.sensitivity(
                scenarios or DEFAULT_SCENARIOS, mix=given["mix"], rival=given["rival"], reference=given["reference"],
                posterior=posterior, plan=plan, horizon=given["horizon"], command=command(scenarios, only, given),
                told=lambda line: click.echo(f"warning: {line}", err=True), started=started, advance=advance,
            )  # fmt: skip
        if fresh is not None:
            reporting.write(found, fresh)
    if as_json:
        print_json({**reporting.record(found), "folder": None if output is None else str(output)})
        return
    _show(found, plan)
    if not quiet:
        where = f"tables and figures in {output}; " if output else ""
        click.echo(f"{where}{duration(time.monotonic() - begun)}", err=True)


def command(scenarios: tuple[str, ...], only: tuple[str, ...], given: Mapping[str, Any]) -> str:
    """Return the command that gives the same results."""
    words = ["sdforecast", "sensitivity"]
    for option, values in (("-s", scenarios), ("--assumption", only)):
        for value in values:
            words += [option, value]
    for name, usual in _WHOLE.items():
        if given[name] != usual:
            words += [f"--{name}"] if given[name] is True else [f"--{name}", str(given[name])]
    return shlex.join(words)


@contextmanager
def _fresh(output: Path | None) -> Iterator[Path | None]:
    if output is None:
        yield None
        return
    from sdforecast.reporting.firmness import HOLDS
    from sdforecast.writing import replaced_folder

    with replaced_folder(output, HOLDS) as fresh:
        yield fresh


@contextmanager
def _runs(*, quiet: bool) -> Iterator[tuple[Any, Any]]:
    """Give what to call with the number of runs to do, and with the number that have ended."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        bar: list[Any] = []

        def started(total: int) -> None:
            bar.append(stack.enter_context(progress("runs", total, quiet=quiet)))

        def advance(count: int) -> None:
            for _ in range(count if bar else 0):
                bar[0]()

        yield started, advance


def _show(found: Sensitivity, plan: Plan) -> None:
    from sdforecast.policy import telling

    trio = found.trio
    _title(f"Deaths involving synthetic opioids, {found.years[0]} to {found.years[1]}: who is best")
    click.echo("All draws are of one structure of the model; 'sdforecast compare' shows what each structure gives.")
    for over, table in found.rankings.groupby("over", sort=False):
        click.echo(f"\nOver the {over}, {table['draws'].iloc[0]:,} draws:")
        print_table(
            [
                {"scenario": row["scenario"], "mean deaths": f"{row['deaths']:,.0f}", "best": telling.chance(row),
                 "expected regret": telling.count(row["regret"], row["regret_error"]),
                 "in the worst tenth": f"{row['regret_p90']:,.0f}"}
                for _, row in table.sort_values("deaths").iterrows()
            ]
        )  # fmt: skip
    _say(telling.past_in_words(found))
    for fewer, than in ((trio.mix, trio.rival), (trio.rival, trio.reference)):
        _say(*telling.pair_in_words(found, fewer, than))
    _drivers(found, plan)
    _title("Under which assumptions the ranking turns (draws over the ranges)")
    units = dict(zip(found.assumptions["name"], found.assumptions["unit"], strict=True))
    for case in found.cases:
        _say(*telling.case_in_words(case, units))
    _learning(found)
    _title("Convergence")
    _say(*telling.convergence_in_words(found))


def _drivers(found: Sensitivity, plan: Plan) -> None:
    from sdforecast.policy import telling

    points = int(found.indices["points"].max())
    for outcome in found.trio.outcomes:
        _title(f"What moves {outcome}")
        effects = found.effects[found.effects["outcome"] == outcome].set_index("name")
        some = found.indices[(found.indices["points"] == points) & (found.indices["outcome"] == outcome)]
        print_table(
            [
                {"first": f"{100 * row['first']:.0f} ± {100 * row['first_error']:.0f}",
                 "total": f"{100 * row['total']:.0f} ± {100 * row['total_error']:.0f}",
                 "screening": "" if row["group"] not in effects.index else telling.count(
                     effects.loc[row["group"], "mu_star"], effects.loc[row["group"], "error"]),
                 "of": row["group"]}
                for _, row in some.sort_values("total", ascending=False).iterrows()
            ]
        )  # fmt: skip
        _say(telling.drivers_in_words(found, outcome))
    click.echo(
        f"\nfirst, total: Sobol' indices, per cent of the variance ± 95 %, {points:,} points; screening: mean change "
        f"of deaths ± standard error for two thirds of the range, {plan.trajectories} trajectories."
    )


def _learning(found: Sensitivity) -> None:
    from sdforecast.policy import telling

    who = dict(zip(found.assumptions["name"], found.assumptions["narrowed_by"], strict=True))
    _title("What knowing an assumption before choosing would avert, in expected deaths")
    for decision, table in found.learned.groupby("decision", sort=False):
        _say(telling.learning_in_words(found, str(decision)))
        rows = telling.worth_learning(table).head(_SHOWN)
        print_table(
            [
                {"averts": telling.count(row["value"], row["error"]),
                 "held out": telling.count(row["held_out"], row["held_out_error"]), "assumption": row["name"],
                 "who could tell": who[row["name"]]}
                for _, row in rows.iterrows()
            ]
        )  # fmt: skip


def _title(text: str) -> None:
    click.echo(f"\n{text}\n{'-' * min(len(text), width())}")


def _say(*sentences: str) -> None:
    for sentence in sentences:
        click.echo("")
        click.echo(click.wrap_text(sentence, width()))
