"""`sdforecast model describe`: a model on one screen."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import click

from sdforecast.cli.modelfile import model_option, open_model
from sdforecast.cli.tables import plain_text, print_json, print_table, width

PLURALS = {"stock": "stocks", "flow": "flows", "auxiliary": "auxiliaries", "input": "inputs", "constant": "constants",
           "lookup": "lookups", "data": "data"}  # fmt: skip


@click.command("describe", epilog="\b\nExample:\n  sdforecast model describe --model other-model.mdl")
@model_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def describe(model: Path | None, as_json: bool) -> None:
    """Show a model on one screen: variables by kind and sector, time, inputs from outside, number of loops."""
    from sdforecast.structure import causal_graph
    from sdforecast.structure.describing import described

    file = open_model(model)
    facts = described(file, causal_graph(file))
    if as_json:
        print_json(facts)
        return
    _print_facts(facts)
    kinds = [kind for kind in PLURALS if facts["kinds"][kind]]
    click.echo()
    print_table([_row(sector, kinds) for sector in facts["sectors"]])
    click.echo()
    for sector in facts["sectors"]:
        if sector["stock"]:
            names, count = sector["names of stocks"], len(sector["names of accounts"])
            if count:  # a sum that nothing uses is an account of the run
                names = [*names, f"{count} {'account' if count == 1 else 'accounts'} that nothing uses"]
            _print_line("", f"Stocks, {sector['sector']}: {', '.join(names)}", hanging=4)
    if facts["inputs"]:
        _print_line("", f"From outside: {', '.join(facts['inputs'])}", hanging=4)


def _print_facts(facts: dict[str, Any]) -> None:
    time, loops = facts["time"], facts["loops"]
    counts = [f"{count} {kind if count == 1 else PLURALS[kind]}" for kind, count in facts["kinds"].items() if count]
    _print_line("Model", facts["file"])
    _print_line("Variables", f"{facts['variables']}: {', '.join(counts)}")
    saved = f", saved every {time['saved every']:g}"
    span = f"{time['from']:g} to {time['to']:g} {time['unit']} in steps of {time['step']:g}"
    _print_line("Time", f"{span}{saved}; {time['integration']}")
    _print_line("Loops", _loops(loops["independent"], loops["in the largest group"]))
    own = loops["stocks that act on themselves"]
    if own:
        _print_line(" ", f"{own} {'stock acts' if own == 1 else 'stocks act'} on the own rate within its equation")


def _loops(independent: int, largest: int) -> str:
    if not independent:
        return "none"
    within = f"{largest} variables in the largest group that feeds back on itself"
    return f"{independent} independent (`model loops` shows them); {within}"


def _row(sector: dict[str, Any], kinds: list[str]) -> dict[str, Any]:
    numbers = {PLURALS[kind]: sector[kind] or None for kind in kinds}
    return {"sector": sector["sector"], "variables": sector["variables"], **numbers}


def _print_line(head: str, text: str, hanging: int = 11) -> None:
    """Print a heading and beside it a text, wrapped; its further lines begin at the column `hanging`."""
    first = head.ljust(hanging) if head else ""
    room = max(width(), hanging + 24)
    indent = " " * hanging
    text = plain_text(text)
    click.echo(textwrap.fill(text, room, initial_indent=first, subsequent_indent=indent, break_on_hyphens=False))
