"""What is told of a posterior when it is there: how it fits, what the data taught, whether it may be published."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.tables import print_json, print_table
from sdforecast.errors import CheckError, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from sdforecast.inference.calibrating import Calibrated

COLUMNS = ("target", "n", "mape", "cover_90", "k_max")

APPROXIMATION = (
    "this is the normal approximation at the mode, for a first look: tails, skewness and further modes are not in it"
)


def print_found(found: Calibrated, *, alone: bool) -> None:
    """Print a table of the targets, and in lines what the data taught; figures of deaths and warnings on stderr."""
    from sdforecast.inference.learned import told

    posterior = found.posterior
    print_table(posterior.fit[list(COLUMNS)].to_dict("records"))
    click.echo("(mape, cover_90: mean absolute error and share within the 90 % interval, per cent; k_max: the largest "
               "Pareto k of a point left out, unreliable from 0.7)")  # fmt: skip
    for sentence in told(posterior.learned):
        click.echo(sentence)
    _deaths(posterior.manifest["fit"], alone=alone)
    for warning in _warnings(found):
        click.echo(f"warning: {warning}", err=True)
    if found.diagnosis is not None and found.diagnosis.publishable:
        click.echo(found.diagnosis.to_text(), err=True)


def print_as_json(found: Calibrated, folder: Path) -> None:
    """Print figures of the fit, of what was learned and of the sampling, with the manifest."""
    posterior = found.posterior
    learned = posterior.learned
    print_json(
        {
            "folder": str(folder),
            "warnings": _warnings(found),
            "targets": _records(posterior.fit),
            "learned": {str(word): int(count) for word, count in learned["taught"].value_counts().items()},
            "moved": _records(learned[learned["moved"]]),
            **posterior.manifest,
        }
    )


def refuse_what_is_not_publishable(found: Calibrated, folder: Path) -> None:
    """Raise `CheckError` with every fault of the draws, its parameter and likely cause."""
    diagnosis = found.diagnosis
    if diagnosis is not None and not diagnosis.publishable:
        first, *faults = diagnosis.to_text().splitlines()
        kept = Problem(f"{folder} was written all the same, and its manifest says so")
        raise CheckError(Problem(first), *map(Problem, faults), kept)


def _warnings(found: Calibrated) -> list[str]:
    return [*found.warnings, *([APPROXIMATION] if found.diagnosis is None else [])]


def _records(table: Any) -> list[dict[str, Any]]:
    """Return rows whose gaps are None, as JSON has it."""
    return [
        {str(name): None if value != value else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def _deaths(fit: dict[str, Any], *, alone: bool) -> None:
    if not fit:
        return  # a model about something else has no figures of deaths
    whole = "the whole model with these constants, " if alone else ""
    text = f"{whole}annual deaths 2013-2024: mean absolute error {fit['annual_mape']:.1f} %"
    if "annual_mape_with_discrepancy" in fit:
        text += f", with its discrepancy {fit['annual_mape_with_discrepancy']:.1f} %"
    click.echo(f"{text}; months 2023-01 to 2025-04: {fit['recent_mape']:.1f} %", err=True)
