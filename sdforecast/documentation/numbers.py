"""Numbers in prose against what they stand for, to the digits that are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sdforecast.documentation.facts import Fact
from sdforecast.documentation.gathering import Subject
from sdforecast.documentation.markdown import number
from sdforecast.errors import nearest

_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?")
_RANGE = re.compile(r"(-?[\d,.]+) to (-?[\d,.]+)")
_SLACK = 1e-12


def disagreement(
    words: str, place: str, subject: Subject, known: Mapping[str, Fact], variables: Mapping[str, str]
) -> Iterator[tuple[str, str | None]]:
    """Yield what is wrong with a link of the guide to `place` in the reference, and a hint.

    Words without a number need only a place that exists.
    """
    if place not in known and place not in variables:
        yield f"the reference has no '{place}'", nearest(place, [*known, *variables])
        return
    span = _RANGE.search(words)
    if span and place in variables:
        yield from _range(span, variables[place], subject)
        return
    found = _NUMBER.search(words)
    if found is None:
        return
    fact = known.get(place) or _of_variable(variables[place], subject)
    if fact is None:
        yield f"'{words}': '{variables[place]}' has no one value", "link a constant, a stock's start, or a fact"
    elif not agrees(found[0], fact.value, exact=fact.exact):
        yield f"'{words}' is {number(fact.value, 6)} now ({fact.what})", None


def _range(span: re.Match[str], name: str, subject: Subject) -> Iterator[tuple[str, str | None]]:
    parameter = subject.parameters.get(name)
    if parameter is None:
        yield f"'{span[0]}': '{name}' has no range", "only constants have one"
        return
    for text, value in zip(span.groups(), (parameter.low, parameter.high), strict=True):
        if not agrees(text.rstrip(".,"), value):
            now = f"{number(parameter.low, 6)} to {number(parameter.high, 6)}"
            yield f"'{span[0]}' is {now} now (range of {name})", None
            return


def _of_variable(name: str, subject: Subject) -> Fact | None:
    if name in subject.constants:
        return Fact(subject.constants[name], f"value of {name}")
    if name in subject.starts:
        return Fact(subject.starts[name], f"start of {name}")
    return None


def agrees(text: str, value: float, *, exact: bool = False) -> bool:
    """Tell whether the number `text` is `value` rounded to the digits written.

    Zeros at the end of a whole number are taken as rounding (82,000 for 81,973), but two digits always count.
    """
    digits = text.replace(",", "")
    shown = float(digits)
    if exact:
        return shown == value
    decimals = len(digits.partition(".")[2])
    whole = digits.lstrip("-")
    zeros = 0 if decimals else min(len(whole) - len(whole.rstrip("0")), max(len(whole) - 2, 0))
    half = 0.5 * 10.0 ** (zeros - decimals)
    return abs(shown - value) <= half + _SLACK * abs(value)
