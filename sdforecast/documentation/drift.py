"""Where the guide's prose and the model differ: names, numbers, sections that should be there.

What is looked at is the prose alone; generated blocks are right by themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sdforecast import scenario
from sdforecast.diagrams import named_loops
from sdforecast.documentation.facts import facts
from sdforecast.documentation.gathering import Subject
from sdforecast.documentation.marking import prose
from sdforecast.documentation.numbers import disagreement
from sdforecast.documentation.reference import anchors
from sdforecast.errors import Problem, nearest

SECTIONS = (
    "Purpose and use", "Boundary", "Sectors", "Feedback loops", "Instruments", "Closures and their alternatives",
    "What the data say, and what they do not", "How it is tested", "Weak points", "Model card",
)  # fmt: skip
"""Headings that the guide must have: what the field asks of a model's documentation (Rahmandad and Sterman 2012)."""

_COUNTED = ("variables", "constants", "stocks", "flows", "auxiliaries", "sectors", "instruments", "loops", "targets")
_HEADING = re.compile(r"^(#{1,4}) +(.+?) *$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+(?:\n[^`\n]+)?)`")
_LINK = re.compile(r"\[([^\]\n]+)\]\(([^)\s]*)\)")
_LOOP = re.compile(r"(?<![\w.])[RB]\d+\b")
_UNCHECKED = re.compile(rf"(?<![\w.,\[])(\d[\d,]*) (?:{'|'.join(_COUNTED)})\b")
_KEYS = (
    "name",
    "unit",
    "kind",
    "value",
    "distribution",
    "spread",
    "low",
    "high",
    "source",
    "grade",
    "from",
    "to",
    "sd",
    "fixed_because",
)
"""Keys of the tables of parameters and targets that prose may name."""

_PROGRAMS = ("sdforecast", "python", "make", "pip", "git")


@dataclass(frozen=True)
class _Guide:
    text: str
    file: str

    def problem(self, what: str, place: int, hint: str | None = None) -> Problem:
        return Problem(what, file=self.file, line=self.text.count("\n", 0, place) + 1, hint=hint)

    def section(self, title: str) -> str:
        """Return what stands under a heading of the second level, up to the next."""
        found = re.search(rf"^## +{re.escape(title)} *$(.*?)(?=^## |\Z)", self.text, re.MULTILINE | re.DOTALL)
        return found[1] if found else ""


def drift(text: str, subject: Subject, file: Path) -> list[Problem]:
    """Return every place where the guide `text`, which stands in `file`, does not agree with the model.

    The files that it names are looked for beside `file` and one folder above.
    """
    guide = _Guide(prose(text), str(file))
    checks = (_sections, _sectors, _loops, _instruments, _links, _counts)
    problems = [problem for check in checks for problem in check(guide, subject)]
    problems += _names(guide, subject, file.resolve().parent)
    return sorted(problems, key=lambda problem: problem.line or 0)


def _sections(guide: _Guide, subject: Subject) -> Iterator[Problem]:
    there = [match[2] for match in _HEADING.finditer(guide.text) if match[1] == "##"]
    for title in SECTIONS:
        if title not in there:
            yield Problem(f"the section '{title}' is missing", file=guide.file, hint=nearest(title, there))


def _sectors(guide: _Guide, subject: Subject) -> Iterator[Problem]:
    names = list(subject.equations.sectors)
    headings = [match[2] for match in _HEADING.finditer(guide.text)]
    for name in names:
        if name not in headings:
            yield Problem(f"the sector '{name}' has no heading", file=guide.file, hint=nearest(name, headings))
    begin = guide.text.find(guide.section("Sectors") or "\0")
    for match in _HEADING.finditer(guide.section("Sectors")):
        if match[1] == "###" and match[2] not in names:
            yield guide.problem(
                f"the model has no sector '{match[2]}'", begin + match.start(2), nearest(match[2], names)
            )


def _loops(guide: _Guide, subject: Subject) -> Iterator[Problem]:
    ids = [loop.id for loop in subject.loops]
    for loop in subject.loops:
        if not loop.does:
            file = str(named_loops.beside(subject.model.path))
            yield Problem(f"the loop {loop.id} ({loop.name}) has no line that says what it does", file=file)
    for match in _LOOP.finditer(guide.text):
        if match[0] not in ids:
            yield guide.problem(f"there is no loop {match[0]}", match.start(), nearest(match[0], ids))
    for each in subject.equations.by_name.values():
        for name in _LOOP.findall(each.comment):
            if name not in ids:
                what = f"the comment of '{each.name}' names a loop {name} that is not in the list of loops"
                yield Problem(what, file=str(subject.model.path), line=each.line, hint=nearest(name, ids))


def _instruments(guide: _Guide, subject: Subject) -> Iterator[Problem]:
    section = guide.section("Instruments")
    for name in subject.instruments:
        if f"`{name}`" not in section:
            yield Problem(f"the instrument '{name}' has no line under 'Instruments'", file=guide.file)


def _links(guide: _Guide, subject: Subject) -> Iterator[Problem]:
    known, variables = facts(subject), anchors(subject)
    folder = Path(guide.file).resolve().parent
    for match in _LINK.finditer(guide.text):
        words, (target, _, place) = match[1], match[2].partition("#")
        if target == "REFERENCE.md" and place:
            for what, hint in disagreement(words, place, subject, known, variables):
                yield guide.problem(what, match.start(), hint)
        elif target and "://" not in target and not (folder / target).exists() and _is_here(target, folder):
            yield guide.problem(f"no file '{target}'", match.start())


def _counts(guide: _Guide, subject: Subject) -> Iterator[Problem]:
    for match in _UNCHECKED.finditer(guide.text):
        what = f"'{match[0]}' is not checked: make the number a link"
        yield guide.problem(what, match.start(), f"[{match[1]}](REFERENCE.md#…)")


def _names(guide: _Guide, subject: Subject, folder: Path) -> Iterator[Problem]:
    names = list(dict.fromkeys(_words(subject)))
    for match in _CODE.finditer(guide.text):
        text = " ".join(match[1].split())
        if text.split()[0] in _PROGRAMS:
            continue
        if ("/" in text and " / " not in text) or re.search(r"\.\w{2,5}$", text):
            if _is_here(text, folder) and not any((base / text).exists() for base in (folder, folder.parent)):
                yield guide.problem(f"no file '{text}'", match.start())
            continue
        name = re.split(r" *(?:=|→) *", text)[0]
        if name not in names:
            yield guide.problem(f"the model has no variable '{name}'", match.start(), nearest(name, names))


def _words(subject: Subject) -> Iterable[str]:
    """Yield what may stand in backticks: names of the model and of its tables."""
    yield from subject.equations.by_name
    yield from ("INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER")
    yield from (each.id for each in subject.instruments.values())
    yield from (name for target in subject.targets for name in (target.name, *target.series))
    yield from scenario.shipped()
    yield from _KEYS


def _is_here(target: str, folder: Path) -> bool:
    """Tell whether a path's first folder is there: an installed package has no docs and tests."""
    parts = Path(target).parts
    first = next((part for part in parts if part != ".."), "")
    return len(parts) == 1 or any((base / first).exists() for base in (folder, folder.parent))
