"""Where an instrument enters the equations, and the constants that give it its strength."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sdforecast.documentation.equations import Equation, names_in, terms
from sdforecast.documentation.gathering import Subject

_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])")


@dataclass(frozen=True)
class Action:
    """One place where an instrument acts.

    Attributes
    ----------
    on : the variable whose equation has it.
    through : constants that stand in the same product.
    written : numbers that stand there instead of a constant.
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
        for name in subject.causes.used_by[cause]:
            equation = subject.equations.by_name[name]
            term = " ".join(_products(equation, cause))
            constants = tuple(each for each in names_in(term, subject.constants) if each not in carried)
            through = (*carried, *constants)
            if not _hands_on(subject, name):
                old = found.get(name, Action(name, (), ()))
                written = tuple(dict.fromkeys([*old.written, *(n for n in _NUMBER.findall(term) if float(n) != 1)]))
                found[name] = Action(name, tuple(dict.fromkeys([*old.through, *through])), written)
            elif name not in seen:
                seen.add(name)
                waiting.append((name, through))
    return list(found.values())


def _hands_on(subject: Subject, name: str) -> bool:
    """Tell whether a variable knows nothing but instruments, constants and itself."""
    known = {*subject.instruments, *subject.constants, "military consent", name}
    return set(subject.causes.uses[name]) <= known


def _products(equation: Equation, name: str) -> list[str]:
    """Return the products in which `name` stands, each without the brackets in it that do not have the name."""
    text = equation.rate or equation.expression
    found = []
    for group in _groups(text):
        for _, term in terms(group):
            bare = _without_brackets(term)
            if names_in(bare, [name]):
                found.append(bare)
    return found


def _groups(text: str) -> list[str]:
    """Return the parts between brackets and commas, at every depth, the whole among them."""
    found, open_at = [text], [0]
    for k, character in enumerate(text):
        if character == "(":
            open_at.append(k + 1)
        elif character in ",)" and len(open_at) > 1:
            found.append(text[open_at[-1] : k])
            if character == ")":
                open_at.pop()
            else:
                open_at[-1] = k + 1
    return found


def _without_brackets(term: str) -> str:
    before = None
    while before != term:
        before, term = term, re.sub(r"\([^()]*\)", " 1 ", term)
    return term
