"""Claims about runs, as text that a reader understands: the language of `then:` in a file of checks.

    increase(cumulative synthetic opioid deaths, 2027..2036) / base < 0.95
    0.2 < min(dose, 2027-01..2028-06) / at(dose, 2027-01) < 0.8
    max_ratio(naloxone kits, 2027..2035, run, base) > 1

    claim    = sum (relation sum)+             relation = < <= > >=
    sum      = product (("+" | "-") product)*
    product  = value (("*" | "/") value)*
    value    = number | measure | run | "(" sum ")" | "-" value
    measure  = name "(" variable "," span ["," run ["," run]] ")"

The name of a run by itself means the measure before it, in that run: `… / base`. Nothing is ever evaluated as code.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from sdforecast.errors import InputError, Problem, nearest

LONGEST = 1000
"""Characters beyond which a claim is refused."""

DEEPEST = 20
"""Brackets and signs within each other beyond which a claim is refused."""

_RELATIONS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_TOKEN = re.compile(
    r"\s*(?:(?P<call>[a-z_]+)\s*\((?P<inside>[^()<>]*,[^()<>]*)\)"
    r"|(?P<number>\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+)"
    r"|(?P<word>[A-Za-z][\w-]*)"
    r"|(?P<sign><=|>=|[<>+\-*/()]))"
)


@dataclass(frozen=True)
class Span:
    """Times of a model, both ends included; infinity is the end of a run."""

    first: float
    last: float


@dataclass(frozen=True)
class Measure:
    """A number read from a run: what, of which variable, over which times, in which run (and against which)."""

    name: str
    variable: str
    span: Span
    run: str
    other: str = ""


@dataclass(frozen=True)
class Sum:
    """Arithmetic of two values."""

    sign: str
    left: Term
    right: Term


Term = float | Measure | Sum


@dataclass(frozen=True)
class Claim:
    """Terms with relations between them.

    Attributes
    ----------
    text : as it was written.
    measures : all measures in it.
    """

    text: str
    terms: tuple[Term, ...]
    relations: tuple[str, ...]
    measures: tuple[Measure, ...]


Time = Callable[[str], tuple[float, float]]
"""From a word such as `2027` or `2027-01` to the first and last time that it means. Raises `ValueError`."""


def parse_claim(text: str, runs: Sequence[str], time: Time, variable: Callable[[str], str] = str) -> Claim:
    """Return the claim that `text` makes about `runs`; the first of them is meant where none is named.

    `variable` gives the name that the model has for a word. Raises `InputError` with what is wrong, the nearest name
    as hint.
    """
    return _Parser(text, runs, time, variable).claim()


class _Parser:
    """Recursive descent over tokens."""

    def __init__(self, text: str, runs: Sequence[str], time: Time, variable: Callable[[str], str]) -> None:
        self.text, self.runs, self.time, self.variable = text, tuple(runs), time, variable
        self.tokens = self._tokens()
        self.place = self.depth = 0
        self.measures: list[Measure] = []

    def _tokens(self) -> list[re.Match[str]]:
        if len(self.text) > LONGEST:
            raise self.fault(f"is longer than {LONGEST} characters")
        found, place, end = [], 0, len(self.text.rstrip())
        while place < end:
            token = _TOKEN.match(self.text, place)
            if token is None:
                hint = "a measure looks like at(dose, 2030-01)"
                raise self.fault(f"cannot be read from '{self.text[place : place + 20].strip()}' on", hint)
            found.append(token)
            place = token.end()
        return found

    def fault(self, what: str, hint: str | None = None) -> InputError:
        shown = self.text if len(self.text) <= 60 else self.text[:59] + "…"
        return InputError(Problem(f"the claim '{shown}' {what}", hint=hint))

    def sign(self, *signs: str) -> str | None:
        """Take the next token if it is one of `signs`."""
        if self.place < len(self.tokens) and self.tokens[self.place]["sign"] in signs:
            self.place += 1
            return self.tokens[self.place - 1]["sign"]
        return None

    def claim(self) -> Claim:
        terms, relations = [self.sum()], []
        while relation := self.sign(*_RELATIONS):
            relations.append(relation)
            terms.append(self.sum())
        if self.place < len(self.tokens):
            raise self.fault(f"has '{self.tokens[self.place].group().strip()}' where nothing should follow")
        if not relations:
            raise self.fault("compares nothing", "it needs <, <=, > or >=")
        if not self.measures:
            raise self.fault("measures nothing", f"measures: {', '.join(MEASURES)}")
        return Claim(self.text, tuple(terms), tuple(relations), tuple(self.measures))

    def sum(self) -> Term:
        term = self.product()
        while sign := self.sign("+", "-"):
            term = Sum(sign, term, self.product())
        return term

    def product(self) -> Term:
        term = self.value()
        while sign := self.sign("*", "/"):
            term = Sum(sign, term, self.value())
        return term

    def value(self) -> Term:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fault("is nested too deep")
        try:
            return self._value()
        finally:
            self.depth -= 1

    def _value(self) -> Term:
        if self.sign("-"):
            return Sum("-", 0.0, self.value())
        if self.sign("("):
            inner = self.sum()
            if not self.sign(")"):
                raise self.fault("lacks a closing bracket")
            return inner
        if self.place >= len(self.tokens):
            raise self.fault("ends too early")
        token = self.tokens[self.place]
        self.place += 1
        if token["number"]:
            return float(token["number"])
        if token["call"]:
            return self.measure(token["call"], token["inside"])
        if token["word"]:
            return self.again(token["word"])
        raise self.fault(f"has '{token['sign']}' where a value should stand")

    def again(self, run: str) -> Measure:
        """Return the last measure in another run."""
        if run in MEASURES:
            raise self.fault(f"has {run} without variable and span", f"such as {run}(dose, 2030)")
        self.known(run)
        if not self.measures:
            raise self.fault(f"names the run '{run}' before any measure")
        self.measures.append(replace(self.measures[-1], run=run))
        return self.measures[-1]

    def measure(self, name: str, inside: str) -> Measure:
        if name not in MEASURES:
            raise self.fault(f"has no measure '{name}'", nearest(name, MEASURES))
        parts = [" ".join(part.split()) for part in inside.split(",")]
        most = 4 if name in _OF_TWO else 3
        if not 2 <= len(parts) <= most or not all(parts) or (name in _OF_TWO and len(parts) == 2):
            wanted = "variable, span, run, other run" if name in _OF_TWO else "variable, span, run"
            raise self.fault(f"gives {name}() '{inside.strip()}'", f"it takes {wanted}")
        run = self.known(parts[2]) if len(parts) > 2 else self.runs[0]
        other = self.known(parts[3]) if len(parts) > 3 else ("base" if name in _OF_TWO else "")
        span = self.span(parts[1], whole=name != "at")
        self.measures.append(Measure(name, self.variable(parts[0]), span, run, other))
        return self.measures[-1]

    def known(self, run: str) -> str:
        if run not in self.runs:
            raise self.fault(f"names no run '{run}'", nearest(run, self.runs))
        return run

    def span(self, text: str, *, whole: bool) -> Span:
        begin, dots, end = text.partition("..")
        if dots and not whole:
            raise self.fault("reads at() at more than one time", "at() takes one, such as 2030-01")
        first, last = self.moment(begin), self.moment(end if dots else begin)
        span = Span(first[0], last[1] if whole else first[0])
        if span.last < span.first:
            raise self.fault(f"has the span '{text}', which ends before it begins")
        return span

    def moment(self, word: str) -> tuple[float, float]:
        """Return the first and last time that a word means; the ends of a run are infinitely far away."""
        if word in ("start", "end"):
            return (-math.inf, -math.inf) if word == "start" else (math.inf, math.inf)
        try:
            return self.time(word)
        except ValueError as error:
            raise self.fault(f"has a time that is none: {error}") from error


# --- measuring -----------------------------------------------------------------------------------------


def _largest_step(values: np.ndarray) -> float:
    return float(np.abs(np.diff(values)).max()) if len(values) > 1 else 0.0


_OF_ONE: dict[str, Callable[[np.ndarray], float]] = {
    "at": lambda x: float(x[0]),
    "mean": lambda x: float(x.mean()),
    "min": lambda x: float(x.min()),
    "max": lambda x: float(x.max()),
    "increase": lambda x: float(x[-1] - x[0]),
    "step": _largest_step,
}
_OF_TWO: dict[str, Callable[[np.ndarray, np.ndarray], float]] = {
    "max_ratio": lambda x, y: float(_ratio(x, y).max()),
    "min_ratio": lambda x, y: float(_ratio(x, y).min()),
}
MEASURES = (*_OF_ONE, *_OF_TWO)
"""`at`: value at a time; `mean`, `min`, `max` over saved times; `increase`: last less first; `step`: largest change
from one saved time to the next; `max_ratio`, `min_ratio`: of one run to another, time by time."""

Table = Mapping[str, pd.Series]
"""A run: values by saved time for each variable."""


def _ratio(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        found: np.ndarray = np.where(x == y, 1.0, x / y)
    return found


def value_of(term: Term, runs: Mapping[str, Table]) -> float:
    """Return the number that a term stands for; a division by zero gives NaN or infinity, which fulfil nothing."""
    if isinstance(term, Sum):
        left, right = np.float64(value_of(term.left, runs)), np.float64(value_of(term.right, runs))
        with np.errstate(all="ignore"):
            match term.sign:
                case "+":
                    return float(left + right)
                case "-":
                    return float(left - right)
                case "*":
                    return float(left * right)
                case _:
                    return float(left / right)
    if isinstance(term, Measure):
        values = _within(runs[term.run][term.variable], term.span)
        if term.other:
            return _OF_TWO[term.name](values, _within(runs[term.other][term.variable], term.span))
        return _OF_ONE[term.name](values)
    return float(term)


def _within(series: pd.Series, span: Span) -> np.ndarray:
    """Return the values over a span; at one time, linear between saved ones."""
    times, values = series.index.to_numpy(float), series.to_numpy(float)
    if span.first == span.last:
        return np.array([np.interp(span.first, times, values)])
    inside = (times >= span.first - 1e-9) & (times <= span.last + 1e-9)
    return values[inside] if inside.any() else np.array([np.nan])


def holds(claim: Claim, values: Sequence[float]) -> bool:
    """Return whether all relations of a claim hold between the values of its terms."""
    return all(
        _RELATIONS[relation](left, right)
        for relation, left, right in zip(claim.relations, values, values[1:], strict=False)
    )
