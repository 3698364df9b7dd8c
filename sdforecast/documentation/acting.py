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
            if not _hands_on(subject, name, seen):
                on = _stock_of(subject, name)
                old = found.get(on, Action(on, (), ()))
                both = (tuple(dict.fromkeys(pair)) for pair in ((*old.through, *through), (*old.written, *numbers)))
                found[on] = Action(on, *both)
            elif name not in seen:
                seen.add(name)
                waiting.append((name, through))
    return list(found.values())


def _stock_of(subject: Subject, name: str) -> str:
    """Return the stock that a net flow belongs to, any other variable as it is."""
    stock = name.removeprefix("change in ")
    return stock if stock in subject.starts or stock in subject.graph.variables else name


def _hands_on(subject: Subject, name: str, seen: set[str]) -> bool:
    """Tell whether a variable rests on nothing but constants, itself, what handed on before, and what no policy sets.

    A stock and its net flow count as one.
    """
    stock = _stock_of(subject, name)
    own = {name, stock, f"change in {stock}"}
    causes = [cause for cause in subject.uses[name] if cause not in own | seen]
    users = {*subject.used_by[name], *subject.used_by[stock]} - own
    return bool(users) and all(subject.kind(cause) in ("input", "constant") for cause in causes)


def _strength(subject: Subject, expression: str, name: str) -> tuple[list[str], list[str]]:
    """Return the constants and the numbers that multiply `name`, wherever it stands in `expression`.

    Constants that are times are left out: they say how fast, not how much. Those of the innermost product that has
    any: in `stock * rate * (0.5 + name)` that is the outer one.
    """
    strengths = [each.name for each in subject.graph.of_kind("constant") if each.unit != subject.model.time_unit]
    constants: dict[str, None] = {}
    numbers: dict[str, None] = {}
    for chain in _products(expression, name):
        for product in chain:
            here = names_in(product, strengths)
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
