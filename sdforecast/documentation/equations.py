"""The equations of a Vensim file as text: PySD's translation has lost how the modeller wrote them.

An entry of such a file is `name = expression ~ unit ~ comment |`. What depends on what is the matter of
:mod:`sdforecast.structure`; here only the points of a table, a call's arguments and a sum's terms are told apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from sdforecast.model.vocabulary import CONTROL

_SKETCH = "\\\\\\---///"
_HEADING = re.compile(r"^\*{8,}\s*\.([^\n~]+?)\s*\*{8,}$", re.DOTALL)
_NAME = re.compile(r'\s*("(?:[^"\\]|\\.)+"|[^"=(\[~|]+?)\s*(?:\[[^\]]*\])?\s*(:EXCEPT:[^=]*)?(==|:=|=|(?=\())')
_TABLE = re.compile(r"WITH\s+LOOKUP\s*\(", re.IGNORECASE)
_WORD = re.compile(r'"(?:[^"\\]|\\.)+"|[^\W\d](?:[\w\s.$\']*[\w$\'])?')
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_POINT = re.compile(rf"\(\s*({_NUMBER})\s*,\s*({_NUMBER})\s*\)")
_RANGE = re.compile(r"\[\s*\(.*?\]\s*,?", re.DOTALL)


@dataclass(frozen=True)
class Equation:
    """One entry of the file.

    Attributes
    ----------
    name : as written, inner spaces made single.
    expression : the right side on one line.
    unit, comment : on one line.
    sector : the group it stands in; empty before the first heading.
    line : 1-based line of its name.
    """

    name: str
    expression: str
    unit: str
    comment: str
    sector: str
    line: int

    @property
    def points(self) -> list[tuple[float, float]]:
        """The points of a table, in their order; empty for anything else."""
        if not (_TABLE.match(self.expression) or self.expression.startswith("(")):
            return []
        return [(float(x), float(y)) for x, y in _POINT.findall(_RANGE.sub("", self.expression, count=1))]

    @property
    def is_over_time(self) -> bool:
        """Whether it is a table that time looks up: an input from outside."""
        return bool(self.points) and arguments(self.expression)[0].casefold() == "time"


@dataclass(frozen=True)
class Equations:
    """A file's entries by name in their order, and what it says of each group."""

    by_name: dict[str, Equation]
    sectors: dict[str, str]

    def of(self, sector: str) -> list[Equation]:
        """Return the entries of a group."""
        return [each for each in self.by_name.values() if each.sector == sector]


def read_equations(text: str) -> Equations:
    """Return the entries of the Vensim file `text`; the control variables and their group are left out."""
    body = text.split(_SKETCH, 1)[0]
    found: dict[str, Equation] = {}
    sectors: dict[str, str] = {}
    sector, place = "", 0
    for entry in body.split("|"):
        line = body.count("\n", 0, place + len(entry) - len(entry.lstrip())) + 1
        place += len(entry) + 1
        left, unit, comment = (*entry.split("~", 2), "", "")[:3]
        heading = _HEADING.match(left.replace("{UTF-8}", "").strip())
        if heading:
            sector = heading[1].strip().lstrip(".")
            sectors[sector] = one_line(unit)
        elif (head := _NAME.match(left)) and (name := one_line(head[1])).upper() not in CONTROL:
            found[name] = Equation(name, one_line(left[head.end() :]), one_line(unit), one_line(comment), sector, line)
    used = {each.sector for each in found.values()}
    return Equations(found, {name: comment for name, comment in sectors.items() if name in used})


def one_line(text: str) -> str:
    """Return `text` without Vensim's marks of continuation, with single spaces."""
    return " ".join(re.sub(r"\\\s*\n", " ", text).split())


def arguments(call: str) -> list[str]:
    """Return the arguments of an outermost call, `INTEG(a * (b, c), d)` giving `a * (b, c)` and `d`."""
    inner = call[call.index("(") + 1 : call.rindex(")")] if "(" in call else ""
    return [part.strip() for part in cut(inner, ",")]


def terms(expression: str) -> list[tuple[str, str]]:
    """Return the terms of a sum with their signs: `a - b * (c - d)` gives `+ a` and `- b * (c - d)`."""
    found = []
    for part in cut(expression, "+-"):
        sign, term = ("-", part[1:]) if part.startswith("-") else ("+", part.removeprefix("+"))
        if term.strip():
            found.append((sign, term.strip()))
    return found


def cut(text: str, marks: str) -> list[str]:
    """Return `text` cut at `marks` outside brackets. A comma is dropped; a sign stays with what follows it.

    A sign after an operator or an `e` of a number (`1e-06`, `a * -b`) belongs to a term.
    """
    parts, depth, begin = [], 0, 0
    for k, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if depth or character not in marks:
            continue
        if character != "," and (not text[begin:k].strip() or re.search(r"(?:[*/^(,<>=]|\d[eE])\s*$", text[begin:k])):
            continue
        parts.append(text[begin:k].strip())
        begin = k + (character == ",")
    return [*parts, text[begin:].strip()]


def names_in(expression: str, names: Iterable[str]) -> list[str]:
    """Return those of `names` that `expression` refers to, once each, in their order there."""
    spelled = {name.casefold(): name for name in names}
    words = (" ".join(word.replace("_", " ").split()).casefold() for word in _WORD.findall(expression))
    return list(dict.fromkeys(spelled[word] for word in words if word in spelled))
