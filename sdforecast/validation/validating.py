"""All confidence tests of a model, one kind after the other."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model import ModelFile
from sdforecast.scenario.yamltree import Location
from sdforecast.structure import causal_graph
from sdforecast.validation import (
    boundary,
    conservation,
    generic,
    integration,
    neutrality,
    reading,
    reproduction,
    statements,
)
from sdforecast.validation.bench import Bench
from sdforecast.validation.reading import Written
from sdforecast.validation.results import KINDS, Result
from sdforecast.validation.schema import Checks

Batch = Callable[[], Iterator[Result]]


@dataclass(frozen=True)
class Validation:
    """What the tests of a model found.

    Attributes
    ----------
    results : in the order of :data:`.results.KINDS`.
    model, checks : the files; `checks` is None where there is none, then only what any model can be put to was done.
    """

    results: tuple[Result, ...]
    model: Path
    checks: Path | None

    @property
    def failed(self) -> list[Result]:
        """The tests that did not hold."""
        return [result for result in self.results if result.failed]

    def counts(self) -> dict[str, int]:
        """Return how many results have each outcome."""
        outcomes = [result.outcome for result in self.results]
        return {word: outcomes.count(word) for word in ("passed", "failed", "not done")}


def validate(
    model: ModelFile,
    checks: Path | None = None,
    *,
    only: Collection[str] = (),
    engine: str = "auto",
    started: Callable[[int], None] = lambda total: None,
    advance: Callable[[], None] = lambda: None,
) -> Validation:
    """Put a model to the confidence tests of the field.

    Parameters
    ----------
    checks : the file of checks; by default `checks.yaml` beside the model. Without one, what any model can be put to
        is done.
    only : kinds of test to do (default: all).
    started : called with the number of steps of work, `advance` after each.

    Raises
    ------
    InputError : an unknown kind; a file of checks that is wrong, or names what the model lacks, with every place.
    """
    for kind in only:
        if kind not in KINDS:
            raise InputError(Problem(f"no kind of test '{kind}'", hint=nearest(kind, KINDS)))
    file = checks if checks is not None else _beside(model)
    written = reading.read(file) if file is not None else None
    bench = Bench(model, engine=engine)
    batches = _plan(bench, written, advance)
    wanted = [(kind, batch) for kind, batch in batches if not only or kind in only]
    silent = len(written.checks.neutrality.instruments) if written and written.checks.neutrality else 0
    started(len(wanted) + (silent if not only or "neutrality" in only else 0))
    results: list[Result] = []
    for _, batch in wanted:
        results += batch()
        advance()
    order = list(KINDS)
    return Validation(tuple(sorted(results, key=lambda result: order.index(result.kind))), model.path, file)


def _beside(model: ModelFile) -> Path | None:
    file = model.path.parent / reading.NAME
    return file if file.is_file() else None


def _plan(bench: Bench, written: Written | None, advance: Callable[[], None]) -> list[tuple[str, Batch]]:
    """Return the batches of tests by kind. All names are looked up here, so that a wrong one is told before any run."""
    graph = causal_graph(bench.model)
    plan: list[tuple[str, Batch]] = [
        ("structure", lambda: generic.structure(bench, graph)),
        ("extreme", lambda: generic.extreme(bench)),
        ("integration", lambda: integration.tests(bench, written)),
    ]
    if written is None:
        return plan
    _know_names(bench, written)
    prepared = statements.prepare(written, bench)
    plan += [
        ("structure", lambda: boundary.tests(bench.model, graph, written)),
        ("structure", lambda: conservation.tests(bench, written)),
        *((one.statement.kind, lambda one=one: iter([statements.test(one, bench)])) for one in prepared),
        ("reproduction", lambda: reproduction.tests(bench, written)),
        ("neutrality", lambda: neutrality.tests(bench, written, advance)),
    ]
    return plan


def _know_names(bench: Bench, written: Written) -> None:
    """Look up all names outside the statements, and keep in runs what is read. Raises `InputError` with each place."""
    conservation.columns(bench, written)
    reproduction.columns(bench, written)
    problems = []
    for where, word in _words(written.checks):
        try:
            bench.variable(word)
        except InputError as error:
            problems += [written.problem(where, p.what, p.hint) for p in error.problems]
    for where, moment in _moments(written.checks):
        try:
            bench.time(moment)
        except ValueError as error:
            problems.append(written.problem(where, str(error)))
    if problems:
        raise InputError(*problems)


def _words(checks: Checks) -> Iterator[tuple[Location, str]]:
    """Give the names of variables outside statements and chains, each with its place."""
    if checks.boundary is not None:
        for key in ("endogenous", "exogenous"):
            yield from ((("boundary", key, k), word) for k, word in enumerate(getattr(checks.boundary, key)))
    if checks.integration is not None:
        yield ("integration", "cumulative"), checks.integration.cumulative
    if checks.neutrality is not None:
        yield ("neutrality", "cumulative"), checks.neutrality.cumulative
        for key in ("instruments", "both_regions"):
            yield from ((("neutrality", key, k), word) for k, word in enumerate(getattr(checks.neutrality, key)))
        yield from ((("neutrality", "one_sided", word), word) for word in checks.neutrality.one_sided)


def _moments(checks: Checks) -> Iterator[tuple[Location, str]]:
    """Give the times outside statements, each with its place."""
    if checks.integration is not None:
        yield from ((("integration", "years", k), year) for k, year in enumerate(checks.integration.years))
    if checks.neutrality is not None:
        yield ("neutrality", "from"), checks.neutrality.start
        yield ("neutrality", "to"), checks.neutrality.end
