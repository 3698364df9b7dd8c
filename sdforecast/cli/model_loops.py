"""`sdforecast model loops`: feedback loops with their polarity."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sdforecast.cli.modelfile import model_option, open_model
from sdforecast.cli.tables import print_json, print_table
from sdforecast.errors import InputError

if TYPE_CHECKING:
    from sdforecast.structure.loops import FeedbackLoop, Loops


@click.command("loops", epilog="\b\nExample:\n  sdforecast model loops --through 'perceived risk' --max-length 8")
@model_option
@click.option("--through", metavar="VARIABLE", help="Only loops through this variable, the shortest first.")
@click.option("--max-length", type=click.IntRange(min=2), metavar="N", help="All loops of at most N variables.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def loops(model: Path | None, through: str | None, max_length: int | None, as_json: bool) -> None:
    """Find feedback loops: reinforcing (R) or balancing (B), through which stocks and delays.

    Where there are more than a hundred, the shortest independent loops are shown, of which all others are combinations
    (Oliva 2004). The sign of each link is found by moving its cause where a run has been. A loop with a link that goes
    both ways is marked ±; one with a link whose effect was not seen, ?.
    """
    from sdforecast.structure import causal_graph, feedback_loops, polarities
    from sdforecast.structure.loops import as_record

    file = open_model(model)
    name = file.name_of(through) if through is not None else None
    try:
        links = polarities(file)
    except InputError as error:  # it does not run; its loops are there all the same
        click.echo(f"warning: the signs of links are not known: {error.problems[0]}", err=True)
        links = {}
    found = feedback_loops(causal_graph(file), links, through=name, longest=max_length)
    if as_json:
        print_json(as_record(found))
        return
    click.echo(_headline(found))
    if found.loops:
        click.echo()
        print_table([_row(k, loop) for k, loop in enumerate(found.loops, start=1)])


def _headline(found: Loops) -> str:
    counts = Counter(loop.kind for loop in found.loops)
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    if not found.loops:
        return f"{found.chosen}: none"
    return f"{found.chosen}: {len(found.loops)}, {kinds}"


LETTERS = {"reinforcing": "R", "balancing": "B", "either": "±", "unknown": "?"}


def _row(k: int, loop: FeedbackLoop) -> dict[str, object]:
    remembers = [*loop.stocks, *loop.delays]
    return {
        "no": k, "kind": LETTERS[loop.kind], "length": len(loop),
        "stocks": len(loop.stocks), "delays": len(loop.delays),
        "loop": str(loop) if remembers else f"{loop} (no stock, no delay)",
    }  # fmt: skip
