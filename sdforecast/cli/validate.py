"""`sdforecast validate`: the field's confidence tests on a model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdforecast.cli.modelfile import model_option, open_model
from sdforecast.cli.progress import progress
from sdforecast.cli.tables import print_json, print_table
from sdforecast.errors import CheckError, Problem

if TYPE_CHECKING:
    from sdforecast.validation import Result, Validation

_KINDS = (
    "structure", "extreme", "integration", "loop", "reproduction", "surprise", "family", "policy", "neutrality",
)  # fmt: skip
_LONGEST = 160
"""Characters of a note on stderr; the table has it all."""

_MARKS = {"passed": "ok", "failed": "FAILED", "not done": "-"}


@click.command(
    epilog="\b\nExamples:\n  sdforecast validate --only extreme --only loop\n"
    "  sdforecast validate --model mine.mdl --checks mine.yaml --json -o result.json"
)
@model_option
@click.option(
    "--checks", type=click.Path(path_type=Path), metavar="FILE", help="Default: checks.yaml beside the model, if any."
)
@click.option("--only", multiple=True, type=click.Choice(_KINDS), help="A kind of test; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write JSON to a file as well.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, and only what failed.")
def validate(
    model: Path | None,
    checks: Path | None,
    only: tuple[str, ...],
    as_json: bool,
    output: Path | None,
    quiet: bool,
) -> None:
    """Put a model to confidence tests: structure, extreme conditions, cut loops and more.

    The checks stand in a file beside the model (`checks.yaml`), each with its reason; a model without one is put to
    what any model can be. Exit code 1 if a test fails.
    """
    from sdforecast import validation, writing
    from sdforecast.manifest import to_json

    file = open_model(model)
    with progress("tests", 100, quiet=quiet) as step:
        meter = _Meter(step)
        found = validation.validate(file, checks, only=only, started=meter.started, advance=meter.advance)
    record = _record(found)
    if output is not None:
        writing.write_text(output, to_json(record))
        click.echo(f"wrote {output}", err=True)
    if as_json:
        print_json(record)
    else:
        _print(found, quiet)
    if found.failed:
        raise CheckError(*(Problem(f"{r.kind} test '{r.id}' failed", hint=_shortened(r.note)) for r in found.failed))


def _shortened(note: str) -> str | None:
    return (note if len(note) <= _LONGEST else note[: _LONGEST - 1] + "…") or None


class _Meter:
    """Steps of work of any number, told as hundredths."""

    def __init__(self, step: object) -> None:
        self.step, self.total, self.done, self.told = step, 1, 0, 0

    def started(self, total: int) -> None:
        """Take the number of steps."""
        self.total = max(total, 1)

    def advance(self) -> None:
        """Take one step."""
        self.done += 1
        while self.told < 100 * self.done // self.total:
            self.told += 1
            self.step()  # type: ignore[operator]


def _record(found: Validation) -> dict[str, object]:
    return {
        "model": str(found.model),
        "checks": None if found.checks is None else str(found.checks),
        **found.counts(),
        "results": [
            {"id": r.id, "kind": r.kind, "statement": r.statement, "outcome": r.outcome, "measured": r.measured,
             "limit": r.limit, "why": r.why, "note": r.note, **_plain(r.numbers)}
            for r in found.results
        ],
    }  # fmt: skip


def _plain(value: Any) -> Any:
    """Return numbers as JSON knows them: none for what is not finite."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return None if isinstance(value, float) and not abs(value) < float("inf") else value


def _told(result: Result) -> str:
    """Return a result in a few sentences."""
    parts = [result.statement + "."]
    if result.measured:
        parts.append(f"Measured: {result.measured}" + (f" (limit: {result.limit})." if result.limit else "."))
    if result.note:
        claims = result.failed and "claims" in result.numbers
        parts.append(("Not so: " if claims else "") + result.note)
    return " ".join(parts)


def _print(found: Validation, quiet: bool) -> None:
    from sdforecast.validation import KINDS

    for kind, title in KINDS.items():
        rows = [r for r in found.results if r.kind == kind and (r.failed or not quiet)]
        if not rows:
            continue
        click.echo(f"\n{title}")
        print_table([{"": _MARKS[r.outcome], "test": r.id, "statement, measured, limit, note": _told(r)} for r in rows])
    if not found.results:
        beside = "there is no file of checks" if found.checks is None else f"{found.checks} has none"
        click.echo(f"no test of this kind: {beside}", err=True)
    counts = found.counts()
    click.echo("\n" + ", ".join(f"{count} {word}" for word, count in counts.items()))
