"""Where an instrument enters the equations, and the constants that give it its strength."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sdforecast.documentation.equations import cut, names_in, terms
from sdforecast.documentation.gathering import Subject

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])")


@dataclass(frozen=True)
class Action:
    """One place where an instrument acts.

    Attributes
    ----------
    on : the variable whose equation has it.
    through : constants that multiply it.
    written : numbers that do.
    """

    on: str
    through: tuple[str, ...]
    written: tuple[str, ...]


def actions(subject: Subject, instrument: str) -> list[Action]:
    """Return where `instrument` acts. What only hands it on (a delay, another name) is passed through."""
    found: dict[str, Action] = {}
    waiting: list[tuple[str, tuple[str, ...]]] = [(instrument, ())]
    seen = {instrument}
    while waiting:
        cause, carried = waiting.pop(0)
        for name in subject.used_by[cause]:
            constants, numbers = _strength(subject, subject.equations.by_name[name].expression, cause)
            through = tuple(dict.fromkeys([*carried, *constants]))
            if not _hands_on(subject, name):
                old = found.get(name, Action(name, (), ()))
                both = (tuple(dict.fromkeys(pair)) for pair in ((*old.through, *through), (*old.written, *numbers)))
                found[name] = Action(name, *both)
            elif name not in seen:
                seen.add(name)
                waiting.append((name, through))
    return list(found.values())


def _hands_on(subject: Subject, name: str) -> bool:
    """Tell whether a variable rests on nothing but instruments, other inputs, constants and itself."""
    outside = (
        subject.graph.variables[cause].kind in ("input", "constant") for cause in subject.uses[name] if cause != name
    )
    return any(user != name for user in subject.used_by[name]) and all(outside)


def _strength(subject: Subject, expression: str, name: str) -> tuple[list[str], list[str]]:
    """Return the constants and the numbers that multiply `name`, wherever it stands in `expression`.

    Those of the innermost product that has any: in `stock * rate * (0.5 + name)` that is the outer one.
    """
    constants: dict[str, None] = {}
    numbers: dict[str, None] = {}
    for chain in _products(expression, name):
        for product in chain:
            here = names_in(product, subject.constants)
            written = [each for each in _NUMBER.findall(product) if float(each) != 1]
            if here or written:
                constants.update(dict.fromkeys(here))
                numbers.update(dict.fromkeys(written))
                break
    return list(constants), list(numbers)


def _products(text: str, name: str) -> Iterator[tuple[str, ...]]:
    """Give for each place of `name` the products around it, innermost first, each without its brackets' insides."""
    for part in cut(text, ","):
        for _, term in terms(part):
            bare, insides = _opened(term)
            if names_in(bare, [name]):
                yield (bare,)
            for inside in insides:
                yield from ((*chain, bare) for chain in _products(inside, name))


def _opened(term: str) -> tuple[str, list[str]]:
    """Return `a * (b + f(c)) * d` as `a * ( 1 ) * d` and the list of what stood in its outermost brackets."""
    bare, insides, depth, begin = "", [], 0, 0
    for k, character in enumerate(term):
        if character == "(":
            depth += 1
            if depth == 1:
                begin = k + 1
        if depth == 0:
            bare += character
        if character == ")":
            depth -= 1
            if depth == 0:
                insides.append(term[begin:k])
                bare += " * 1 "
    return bare, insides
