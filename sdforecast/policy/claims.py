"""Claims about policy as data: what is claimed, what in the model stands for it, and which comparison tests it.

A file of claims is TOML: `[mixes.NAME]` tables are scenarios made from others, `[[claim]]` tables the claims. A test
is a weighted sum of one outcome under several mixes; the statement holds in a draw where the sum is above a threshold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model import ModelFile
from sdforecast.parameters import read_entries
from sdforecast.policy import mixing
from sdforecast.policy.kept import OUTCOMES
from sdforecast.policy.mixing import Recipe
from sdforecast.scenario import Scenario

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True)
Text = Annotated[str, Field(min_length=1)]
Years = Annotated[tuple[int, int], Field(strict=False)]


class Term(BaseModel):
    """One outcome under one mix, with its weight in a sum."""

    model_config = _STRICT

    mix: Text
    weight: float
    measure: Text | None = None
    """Another outcome than that of the test."""
    years: Years | None = None
    """Other years than those of the test."""


class Parts(BaseModel):
    """What a mix saves beyond its instruments run singly: beyond their sum, or beyond the best of them."""

    model_config = _STRICT

    of: Text
    take: Literal["sum", "best"]


class Test(BaseModel):
    """One statement that a claim implies, as a comparison.

    Attributes
    ----------
    says : the statement; it holds in a draw where the value is above `above`.
    against : what would have to come out for it to fail.
    measure : a variable of the model or an outcome of :mod:`.kept`, a mean over `years` (of yearly sums, for a flow).
    terms : the value is the sum of weight times measure; with `parts` it is what a mix saves beyond its parts.
    per : a mix: the value is in percent of the measure under it in `years`; without, in the measure's own unit.
    """

    model_config = _STRICT

    says: Text
    against: Text
    measure: Text
    years: Years = (2027, 2032)
    terms: Annotated[tuple[Term, ...], Field(strict=False)] = ()
    parts: Parts | None = None
    per: str | None = None
    above: float = 0.0

    @property
    def measures(self) -> list[str]:
        """Names of the outcomes it needs."""
        return list(dict.fromkeys([self.measure, *(term.measure for term in self.terms if term.measure)]))

    @property
    def span(self) -> tuple[int, int]:
        """First and last year it needs."""
        years = [self.years, *(term.years for term in self.terms if term.years)]
        return min(first for first, _ in years), max(last for _, last in years)


class Claim(BaseModel):
    """One claim of a text.

    Attributes
    ----------
    structure : variables of the model that stand for it.
    limits : what of the claim the model has no structure for, or takes as given.
    evidence, source : what is known outside the model, and where that is from.
    """

    model_config = _STRICT

    number: int
    about: Text
    claim: Text
    structure: Annotated[tuple[Text, ...], Field(strict=False)] = ()
    limits: str = ""
    evidence: Text
    source: Text
    test: Annotated[tuple[Test, ...], Field(strict=False)] = ()


@dataclass(frozen=True)
class Claims:
    """A file of claims: the claims, and every mix that their tests need, the parts of mixes among them."""

    source: str
    claims: tuple[Claim, ...]
    mixes: dict[str, Scenario]

    @property
    def tests(self) -> Iterator[tuple[Claim, int, Test]]:
        """Each test with its claim and its position there."""
        for claim in self.claims:
            for position, test in enumerate(claim.test):
                yield claim, position, test


def read(file: Path, model: ModelFile) -> Claims:
    """Return the claims of a file.

    Raises `InputError` with all problems: what is no claim, an unknown mix, instrument, variable or assumption.
    """
    text, entries = read_entries(file, "claim", ("mixes", "source"))
    import tomllib

    tables = tomllib.loads(text)
    lines = [k for k, line in enumerate(text.splitlines(), start=1) if line.strip() == "[[claim]]"]
    problems: list[Problem] = []
    recipes = _recipes(tables.get("mixes", {}), file, problems)
    claims = [claim for claim in (_claim(e, file, n, problems) for e, n in zip(entries, lines, strict=True)) if claim]
    mixes: dict[str, Scenario] = {}
    for claim, line in zip(claims, lines, strict=False):
        problems += [Problem(what, str(file), line, hint=hint) for what, hint in _unknown(claim, model)]
        try:
            for test in claim.test:
                mixes |= mixing.needed(_mixes(test), recipes, test.parts.of if test.parts else None, model)
        except InputError as error:
            problems += [
                Problem(f"claim {claim.number}: {p.what}", str(file), line, hint=p.hint) for p in error.problems
            ]
    if problems:
        raise InputError(*dict.fromkeys(problems))
    return Claims(str(tables.get("source", "")), tuple(claims), mixes)


def _recipes(tables: Any, file: Path, problems: list[Problem]) -> dict[str, Recipe]:
    found = {}
    for name, table in tables.items():
        try:
            found[name] = Recipe.model_validate(table)
        except ValidationError as error:
            problems += [Problem(f"mix {name}: {_words(e)}", str(file)) for e in error.errors(include_url=False)]
    return found


def _claim(entry: dict[str, Any], file: Path, line: int, problems: list[Problem]) -> Claim | None:
    try:
        return Claim.model_validate(entry)
    except ValidationError as error:
        what = f"claim {entry.get('number', '?')}"
        problems += [Problem(f"{what}: {_words(e)}", str(file), line) for e in error.errors(include_url=False)]
    return None


def _words(error: Any) -> str:
    return f"{'.'.join(str(part) for part in error['loc'])}: {error['msg']}"


def _mixes(test: Test) -> list[str]:
    names = [term.mix for term in test.terms] + ([test.per] if test.per else [])
    return list(dict.fromkeys(names + ([mixing.BASE, test.parts.of] if test.parts else [])))


def _unknown(claim: Claim, model: ModelFile) -> Iterator[tuple[str, str | None]]:
    names = set(model.names)
    outcomes = {kept.name for kept in OUTCOMES}
    for name in claim.structure:
        if name not in names:
            yield f"claim {claim.number}: the model has no variable '{name}'", nearest(name, names)
    for test in claim.test:
        for name in test.measures:
            if name not in names | outcomes:
                yield f"claim {claim.number}: nothing is called '{name}'", nearest(name, names | outcomes)
        if bool(test.terms) == bool(test.parts):
            yield f"claim {claim.number}: a test needs either terms or parts", None
    if not claim.test and not claim.limits:
        yield f"claim {claim.number}: has no test and does not say why", None
