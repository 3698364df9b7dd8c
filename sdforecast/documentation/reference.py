"""The complete reference: every equation by sector, with all that is known of it."""

from __future__ import annotations

import re
import textwrap

from sdforecast.documentation.equations import Equation
from sdforecast.documentation.facts import Fact, facts
from sdforecast.documentation.gathering import Subject
from sdforecast.documentation.markdown import anchor, dated, number, plain, table
from sdforecast.parameters import Parameter

DRAWINGS = "lookups"
"""Folder beside the reference with one drawing a table."""

_WIDTH = 110
_DIGITS = 6
_HEAD = """\
# Reference of the model

Made from `fentanyl.mdl` and its tables by `sdforecast model document --write`; do not edit it. [README.md](README.md)
explains the model in words, [EXPERIMENTS.md](EXPERIMENTS.md) lists how the posterior was made and the policy mixes.
Search this page for a variable's name; below its heading stand its equation, unit, comment with the source, what it
uses and what uses it. A constant has its value in the file (the mode of the posterior) and its prior: centre, range,
kind of evidence, source and the grade of the source (*seen*, *derived*, from *memory*, *judgement*).
"""


def reference(subject: Subject) -> str:
    """Return the whole reference as Markdown."""
    parts = [_HEAD + f"\nModel file: SHA-256 `{subject.model.sha256}`.", _facts(facts(subject)), _index(subject)]
    for name, comment in subject.equations.sectors.items():
        parts.append(f"## Sector: {name}\n\n{plain(comment)}")
        parts += [_entry(subject, each) for each in subject.equations.of(name)]
    parts.append(_targets(subject))
    return "\n\n".join(parts) + "\n"


def drawing_of(name: str) -> str:
    """Return the file name of a table's drawing, in the folder `DRAWINGS`."""
    return f"{anchor(name)}.svg"


def _facts(known: dict[str, Fact]) -> str:
    rows = [
        [f'<a id="{name}"></a>{plain(fact.what)}', number(fact.value, _DIGITS)] for name, fact in known.items()
    ]  # fmt: skip
    head = "## Numbers in the guide\n\nA number in the guide that is a link is checked against this table.\n\n"
    return head + table(["number", "value"], rows)


def _index(subject: Subject) -> str:
    by_letter: dict[str, list[str]] = {}
    for name in sorted(subject.equations.by_name, key=str.casefold):
        by_letter.setdefault(name[0].upper(), []).append(_link(name))
    return "## All variables\n\n" + "\n\n".join(f"**{k}** " + " · ".join(names) for k, names in by_letter.items())


def _link(name: str) -> str:
    """Return a link whose target stands once at the end of the page: names are linked thousands of times."""
    return f"[{name}]"


def _targets(subject: Subject) -> str:
    return "\n".join(f"[{name}]: #{anchor(name)}" for name in subject.equations.by_name)


def _entry(subject: Subject, equation: Equation) -> str:
    name = equation.name
    parameter = subject.parameters.get(name)
    parts = [f"### {name}"]
    if name in subject.constants:
        told = ["constant", f"{number(subject.constants[name], _DIGITS)} {equation.unit}"]
    else:
        parts.append("```text\n" + _wrapped(equation) + "\n```")
        told = [subject.kind(name), equation.unit]
    if name in subject.starts:
        told.append(f"starts at {number(subject.starts[name], _DIGITS)}")
    comment = equation.comment if parameter is None else _meaning(equation.comment)
    parts.append(f"*{' · '.join(map(plain, told))}* · {plain(comment)}")
    if parameter is not None:
        parts.append(_prior(parameter))
    if equation.points:
        parts.append(_points(subject, equation))
    uses, used_by = subject.uses[name], subject.used_by[name]
    arrows = [
        f"{words}: {', '.join(map(_link, names))}" for words, names in (("Uses", uses), ("Used by", used_by)) if names
    ]
    parts.append("<br>\n".join(arrows) if arrows else "Nothing uses it: an output.")
    return "\n\n".join(parts)


def _meaning(comment: str) -> str:
    """Return a comment without what it says in short of its source, which follows in full."""
    return re.split(r" (?=Source: |Assumption\b|Estimated\b)", comment, maxsplit=1)[0]


def _wrapped(equation: Equation) -> str:
    whole = f"{equation.name} = {equation.expression}"
    return "\n".join(textwrap.wrap(whole, _WIDTH, subsequent_indent="    ", break_long_words=False))


def _prior(parameter: Parameter) -> str:
    if parameter.kind == "data":
        text = f"Fixed ({parameter.kind}): {plain(parameter.fixed_because)}"
    else:
        low, high = number(parameter.low, _DIGITS), number(parameter.high, _DIGITS)
        centre = number(parameter.value, _DIGITS)
        text = f"Prior: {centre}, from {low} to {high}, {parameter.distribution} ({parameter.kind})"
    source = f"Source ({parameter.grade}): {plain(parameter.source)}"
    return f"{_ended(text)} {_ended(source)} Could be narrowed by: {_ended(plain(parameter.narrowed_by))}"


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith((".", "!", "?")) else sentence + "."


def _points(subject: Subject, equation: Equation) -> str:
    label = dated if equation.is_over_time else number
    picture = f"![Table {equation.name}]({DRAWINGS}/{drawing_of(equation.name)})"
    knots = subject.knots[subject.knots["input"] == equation.name]
    if knots.empty:
        points = ", ".join(f"{label(x)}: {number(y, _DIGITS)}" for x, y in equation.points)
        return f"{picture}\n\nPoints: {points}."
    rows = [
        [label(row["time"]), number(row["value"], _DIGITS), plain(row["reason"]), plain(row["source"]), row["grade"]]
        for row in knots.to_dict("records")
    ]
    return f"{picture}\n\n{table(['from', 'value', 'reason', 'source', 'grade'], rows)}"


def anchors(subject: Subject) -> dict[str, str]:
    """Return the variable behind each heading of a variable."""
    return {anchor(name): name for name in subject.equations.by_name}
