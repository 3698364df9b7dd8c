"""Writing a scenario: a change as one line of words, the whole as a YAML file that reads back the same."""

from __future__ import annotations

import dataclasses
import json
import re
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from sdforecast.errors import InputError, Problem
from sdforecast.scenario.instruments import Instrument, instruments
from sdforecast.scenario.reading import parsed, problems_of
from sdforecast.scenario.schema import InstrumentChange, Scenario
from sdforecast.scenario.yamltree import shown

GRAMMAR = "INSTRUMENT=LEVEL from YYYY-MM [over MONTHS] [to YYYY-MM] [with consent] [# WHY]"
"""A change in one line; `over` is the ramp, `to` the last month in force."""

NO_REASON = "Say here why."

_CHANGE = re.compile(
    r"\s*(?P<instrument>[^=]*?)\s*=\s*(?P<intensity>\S+)\s+from\s+(?P<start>\S+)"
    r"(?:\s+over\s+(?P<ramp_months>\S+?)(?:\s+months?)?)?(?:\s+to\s+(?P<end>\S+))?(?P<consent>\s+with\s+consent)?\s*",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_,.'/%()-]*( [A-Za-z0-9_,.'/%()-]+)*")
_WORDS_OF_YAML = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}
_WIDTH = 110

_Value = TypeVar("_Value", int, float)


def change(text: str) -> InstrumentChange:
    """Return the change that a line of the form of `GRAMMAR` says. Raises `InputError` with all that is wrong in it."""
    found = _CHANGE.fullmatch(text.partition("#")[0])
    if found is None:
        raise InputError(Problem(f"{shown(text)} is not a change", hint=f'write "{GRAMMAR}"'))
    # A number that is none stays text, and is refused with the words that a file would get.
    data: dict[str, Any] = {
        "instrument": found["instrument"].casefold().replace(" ", "_").replace("-", "_"),
        "intensity": _number(float, found["intensity"]),
        "start": found["start"],
        "ramp_months": _number(int, found["ramp_months"] or "0"),
        "end": found["end"],
        "consent": True if found["consent"] else None,
    }
    problems = problems_of({"name": "x", "title": "x", "counterfactual": True, "instruments": [data]})
    if problems:
        raise InputError(*(_without_place(problem, f"{shown(text)}: ") for problem in problems))
    return InstrumentChange.model_validate(data)


def why(text: str) -> str:
    """Return the reason that a line of the form of `GRAMMAR` gives, or words that ask for one."""
    return _printable(text.partition("#")[2]).strip() or NO_REASON


def mix(values: Mapping[str, Any]) -> Scenario:
    """Return the scenario of plain `values`. Raises `InputError` with every rule that they break."""
    problems = problems_of(dict(values))
    if not problems:
        try:
            return Scenario.model_validate(dict(values))
        except ValidationError as error:  # what `problems_of` does not know would be a fault of ours
            problems = [Problem(str(error))]
    raise InputError(*(_without_place(problem) for problem in problems))


def written(scenario: Scenario, path: Path, reasons: Sequence[str] = ()) -> str:
    """Return `scenario` as the text of a file at `path`, with the scale of each instrument above its change.

    `reasons` has the words to put above each change. Parents are looked for in the folder of `path`. Raises
    `InputError` where the file would break a rule.
    """
    about = instruments()
    lines = _comment(
        "A policy mix: conditions under which the model is run, neither a forecast of policy nor advice.", ""
    )
    lines += [
        f"name: {_scalar(scenario.name)}",
        f"title: {_scalar(scenario.title)}",
        *_description(scenario.description),
    ]
    if scenario.extends is not None:
        lines += _comment(f"What this file does not say is as {scenario.extends} has it.", "")
        lines.append(f"extends: {_scalar(scenario.extends)}")
    if scenario.counterfactual:
        lines += ["# A change starts at or before the last observed deaths.", "counterfactual: true"]
    if scenario.instruments:
        lines.append("instruments:")
    for position, one in enumerate(scenario.instruments):
        reason = reasons[position] if position < len(reasons) else NO_REASON
        lines += _comment(reason, "  ") + _scale(about.get(one.instrument)) + _change(one)
    for part, values in (("parameters", scenario.parameters), ("assumptions", scenario.assumptions)):
        if values:
            lines += [f"{part}:", *(f"  {_scalar(name)}: {_decimal(value)}" for name, value in values.items())]
    text = "\n".join(lines) + "\n"
    try:
        again = parsed(text, path).scenario
    except InputError as error:  # the file is not there yet: its lines say nothing to a reader
        raise InputError(*(_without_place(problem) for problem in error.problems)) from error
    if again != scenario:
        raise AssertionError("the scenario does not read back as it was written")
    return text


def _number(kind: Callable[[str], _Value], text: str) -> _Value | str:
    try:
        return kind(text)
    except ValueError:
        return text


def _without_place(problem: Problem, before: str = "") -> Problem:
    return dataclasses.replace(problem, what=before + problem.what, file=None, line=None, column=None)


def _change(one: InstrumentChange) -> list[str]:
    values = {"instrument": one.instrument, "intensity": _decimal(one.intensity), "start": one.start}
    if one.ramp_months:
        values["ramp_months"] = str(one.ramp_months)
    if one.end is not None:
        values["end"] = one.end
    if one.consent is not None:
        values["consent"] = str(one.consent).lower()
    body = [f"{key}: {value}" for key, value in values.items()]
    return [f"  - {body[0]}", *(f"    {line}" for line in body[1:])]


def _scale(instrument: Instrument | None) -> list[str]:
    if instrument is None:
        return []
    scale = f"0 is: {instrument.zero_means}; 1 is: {instrument.one_means}"
    words = f"{instrument.title}, now {instrument.current_level:g}. {scale}"
    return _comment(words, "  ")


def _comment(text: str, indent: str) -> list[str]:
    room = _WIDTH - len(indent) - 2
    lines: Iterable[str] = textwrap.wrap(_printable(text), room) or [""]
    return [f"{indent}# {line}".rstrip() for line in lines]


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else " " for c in text)


def _description(text: str) -> list[str]:
    if not text:
        return []
    if len(text) < 60 or not text.isprintable() or "" in text.split(" "):  # folding would change what is not so
        return [f"description: {_scalar(text)}"]
    words = textwrap.wrap(text, _WIDTH - 2, break_long_words=False, break_on_hyphens=False)
    return ["description: >-", *(f"  {line}" for line in words)]


def _scalar(text: str) -> str:
    """Return `text` as YAML: plain where it can be nothing else, otherwise quoted as JSON does, which YAML reads."""
    plain = _PLAIN.fullmatch(text) and text.casefold() not in _WORDS_OF_YAML
    return text if plain else json.dumps(text, ensure_ascii=False)


def _decimal(value: float) -> str:
    return repr(float(value)).removesuffix(".0")
