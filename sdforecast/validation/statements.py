"""Reality checks and all tests of their form: if this is changed, then these claims about runs hold.

Extreme conditions, cut loops, surprises, family members and policy responses differ in what they are for, not in how
they are tested.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.scenario.yamltree import Location
from sdforecast.validation.bench import Bench, Table, gaps
from sdforecast.validation.claims import Claim, Measure, Sum, Term, holds, parse_claim, value_of
from sdforecast.validation.reading import Written
from sdforecast.validation.results import FAILED, Result, outcome, short
from sdforecast.validation.schema import Change, Statement

BASE, RUN = "base", "run"
_DEEPEST = 5


@dataclass(frozen=True)
class Prepared:
    """A statement whose names are known: its runs by name, and its claims."""

    statement: Statement
    runs: Mapping[str, tuple[Change, ...]]
    claims: tuple[Claim, ...]


def prepare(written: Written, bench: Bench) -> list[Prepared]:
    """Return all statements, ready to be tested; what they read is kept in the runs of `bench`.

    Raises `InputError` with every name that is unknown, at its place.
    """
    problems: list[Problem] = []
    for name, changes in written.checks.cases.items():
        problems += _wrong(changes, bench, written, ("cases", name))
    prepared = []
    for k, statement in enumerate(written.checks.statements):
        where: Location = ("statements", k)
        try:
            runs = _runs(statement, written, where)
        except InputError as error:
            problems += error.problems
            continue
        found = [*_unknown(statement, bench, written, where)]
        claims = []
        names = [RUN if RUN in runs else next(iter(runs), BASE), *runs, BASE]
        for j, text in enumerate(statement.then):
            try:
                claims.append(parse_claim(text, list(dict.fromkeys(names)), bench.time, bench.variable))
            except InputError as error:
                found += [written.problem((*where, "then", j), p.what, p.hint) for p in error.problems]
        problems += found
        if not found:
            prepared.append(Prepared(statement, {**runs, BASE: ()}, tuple(claims)))
    if problems:
        raise InputError(*problems)
    for one in prepared:
        _note_inputs(one, bench, written)
    return prepared


def test(prepared: Prepared, bench: Bench) -> Result:
    """Run what a statement needs and hold its claims against it."""
    statement = prepared.statement
    needed = {measure.run for claim in prepared.claims for measure in claim.measures}
    needed |= {measure.other for claim in prepared.claims for measure in claim.measures if measure.other}
    runs = {name: bench.run(prepared.runs[name]) for name in prepared.runs if name in needed}
    result = Result(
        statement.id, statement.kind, statement.statement, FAILED, why=statement.why,
        numbers={"loop": statement.loop} if statement.loop else {},
    )  # fmt: skip
    for name, table in runs.items():
        if broken := gaps(table):
            note = f"in the run '{name}' {broken[0][0]} is not a finite number from time {broken[0][1]:g} on"
            return replace(result, note=note)
    found = [_tested(claim, runs) for claim in prepared.claims]
    numbers = {**result.numbers, "claims": [one for one, _, _ in found]}
    return replace(
        result, outcome=outcome(all(one["holds"] for one, _, _ in found)),
        measured="; ".join(measured for _, measured, _ in found), limit="; ".join(limit for _, _, limit in found),
        note="; ".join(str(one["claim"]) for one, _, _ in found if not one["holds"]), numbers=numbers,
    )  # fmt: skip


def _tested(claim: Claim, runs: Mapping[str, Table]) -> tuple[dict[str, object], str, str]:
    """Return a claim for programs, what was measured and what it was held against."""
    values = [value_of(term, runs) for term in claim.terms]
    k = next(k for k, term in enumerate(claim.terms) if _measures(term))
    limits = []
    if k > 0:
        limits.append(f"{_MIRRORED[claim.relations[k - 1]]} {short(values[k - 1])}")
    if k < len(claim.relations):
        limits.append(f"{claim.relations[k]} {short(values[k + 1])}")
    finite = [value if abs(value) < float("inf") else None for value in values]
    record: dict[str, object] = {"claim": claim.text, "values": finite, "holds": holds(claim, values)}
    return record, short(values[k]), " and ".join(limits)


_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def _measures(term: Term) -> bool:
    return isinstance(term, Measure) or (isinstance(term, Sum) and (_measures(term.left) or _measures(term.right)))


# --- the runs of a statement ---------------------------------------------------------------------------


def _runs(statement: Statement, written: Written, where: Location) -> dict[str, tuple[Change, ...]]:
    """Return the changes of every run of a statement, without references to others."""
    own = {RUN: statement.changes, **statement.runs} if statement.changes else dict(statement.runs)
    problems = []
    for name in own:
        if name == BASE or (name == RUN and name in statement.runs):
            problems.append(written.problem((*where, "runs", name), f"'{name}' names another run already"))
    if problems:
        raise InputError(*problems)
    return {name: tuple(_flat(changes, own, written, where)) for name, changes in own.items()}


def _flat(
    changes: Sequence[Change],
    own: Mapping[str, Sequence[Change]],
    written: Written,
    where: Location,
    depth: int = 0,
) -> Iterator[Change]:
    for change in changes:
        for word, known in ((change.case, written.checks.cases), (change.like, own)):
            if word is None:
                continue
            if word not in known or depth > _DEEPEST:
                what = "refers to itself" if word in known else f"names no case or run '{word}'"
                raise InputError(written.problem(where, what, nearest(word, known) if known else None))
            yield from _flat(known[word], own, written, where, depth + 1)
        yield change.model_copy(update={"case": None, "like": None})


def _unknown(statement: Statement, bench: Bench, written: Written, where: Location) -> Iterator[Problem]:
    """Yield a problem for each name and time in the changes of a statement that the model does not know."""
    yield from _wrong(statement.changes, bench, written, (*where, "if"))
    for name, changes in statement.runs.items():
        yield from _wrong(changes, bench, written, (*where, "runs", name))


def _wrong(changes: Sequence[Change], bench: Bench, written: Written, where: Location) -> Iterator[Problem]:
    for k, change in enumerate(changes):
        for key in ("set", "scale", "add", "hold", "follow", "initial"):
            for j, word in enumerate(getattr(change, key)):
                place: Location = (*where, k, key, j if key in ("hold", "follow") else word)
                try:
                    stock = bench.kinds.get(bench.variable(word)) == "stock"
                except InputError as error:
                    yield from (written.problem(place, p.what, p.hint) for p in error.problems)
                    continue
                if key == "initial" and not stock:
                    yield written.problem(place, f"'{word}' is no stock, so it has no initial value")
                if key != "initial" and stock:
                    yield written.problem(place, f"'{word}' is a stock", "change a flow, or give it an initial value")
        for key, moment in (("from", change.start), ("to", change.end)):
            try:
                bench.time(moment) if moment is not None else None
            except ValueError as error:
                yield written.problem((*where, k, key), str(error))


def _note_inputs(prepared: Prepared, bench: Bench, written: Written) -> None:
    """Have inputs from outside that a check moves given in every run."""
    boundary = written.checks.boundary
    outside = set(boundary.exogenous) if boundary else set()
    for changes in prepared.runs.values():
        bench.inputs |= {n: None for n in bench.changed(changes) if n in outside and bench.kinds[n] != "constant"}
