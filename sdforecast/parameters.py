"""Every constant of the model: its centre, its prior, its unit, its kind, its source and who could narrow it.

The table is `calibration/parameters.toml`. Priors are normal or log-normal and cut at stated bounds; `position`
counts in prior standard deviations from the centre, so that one number means the same for all of them.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sdforecast import shipped
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model import ModelFile

KINDS = ("data", "literature", "estimated", "assumption")
DISTRIBUTIONS = ("lognormal", "normal")
GRADES = ("seen", "derived", "memory", "judgement")
_TEXT = {"name": None, "unit": None, "source": None, "kind": KINDS, "grade": GRADES, "narrowed_by": None}
_FIXED = "fixed_because"
_NUMBERS = ("value", "spread", "low", "high")
_ROUNDED = 1e-5


@dataclass(frozen=True)
class Parameter:
    """One constant.

    Attributes
    ----------
    value : centre of the prior (median), in `unit`.
    distribution, spread, low, high : the prior; spread is the standard deviation, of the logarithm where
        log-normal. Constants of kind `data` are fixed: distribution is empty, spread is zero.
    source, grade : where the centre and the range come from, and how sure that is.
    narrowed_by : the owner of data, or the study, that could narrow the range.
    fixed_because : why a constant of kind `data` has no range; empty for the others.
    """

    name: str
    unit: str
    kind: str
    value: float
    distribution: str
    spread: float
    low: float
    high: float
    source: str
    grade: str
    narrowed_by: str = ""
    fixed_because: str = ""

    def at(self, position: float) -> float:
        """Return the value `position` prior standard deviations from the centre, cut at the bounds."""
        if self.distribution == "lognormal":
            value = self.value * math.exp(position * self.spread)
        else:
            value = self.value + position * self.spread
        return min(max(value, self.low), self.high)

    def position(self, value: float) -> float:
        """Return how many prior standard deviations `value` lies from the centre."""
        if self.spread == 0:
            return 0.0
        if self.distribution == "lognormal":
            return math.log(value / self.value) / self.spread
        return (value - self.value) / self.spread

    @property
    def bounds(self) -> tuple[float, float]:
        """Return the bounds as positions."""
        return self.position(self.low), self.position(self.high)


def load(path: Path | None = None, beside: Sequence[str] = ()) -> list[Parameter]:
    """Return the parameters of a table, by default the shipped one; tables `beside` them may be in the file.

    Raises `InputError` with all faults.
    """
    file = path or shipped.calibration_dir() / "parameters.toml"
    text, entries = read_entries(file, "parameter", beside)
    lines = [
        text[: match.start()].count("\n") + 1
        for match in re.finditer(r"^[ \t]*\[\[ *parameter *\]\]", text, re.MULTILINE)
    ]
    problems: list[Problem] = []
    parameters: list[Parameter] = []
    seen: set[str] = set()
    for k, entry in enumerate(entries):
        faults = [*_faults(entry)]
        if isinstance(entry.get("name"), str):
            if entry["name"] in seen:
                faults.append((f"'{entry['name']}' stands here a second time", None))
            seen.add(entry["name"])
        line = lines[k] if k < len(lines) else None
        problems += [Problem(what, file=str(file), line=line, hint=hint) for what, hint in faults]
        if not faults:
            parameters.append(_parameter(entry))
    if problems:
        raise InputError(*problems)
    return parameters


def read_tables(file: Path, known: Iterable[str]) -> tuple[str, dict[str, Any]]:
    """Return the text of a TOML file and its tables. Raises `InputError` for a file that is none, or another table."""
    try:
        text = file.read_text(encoding="utf-8")
        tables = tomllib.loads(text)
    except FileNotFoundError as error:
        raise InputError(Problem("no such file", file=str(file))) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(Problem(f"is not readable TOML: {error}", file=str(file))) from error
    unknown = sorted(set(tables) - set(known))
    if unknown:
        hint = nearest(unknown[0], known) or f"only [[{next(iter(known))}]] tables"
        raise InputError(Problem(f"unknown entry '{unknown[0]}'", file=str(file), hint=hint))
    return text, tables


def read_entries(file: Path, key: str, beside: Sequence[str] = ()) -> tuple[str, list[dict[str, Any]]]:
    """Return the text of a TOML file and its array of tables `key`; others `beside` may be there.

    Raises `InputError`.
    """
    text, tables = read_tables(file, (key, *beside))
    entries = tables.get(key)
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise InputError(Problem(f"has no [[{key}]] tables", file=str(file)))
    return text, entries


def _faults(entry: Mapping[str, Any]) -> Iterable[tuple[str, str | None]]:
    label = f"parameter '{entry.get('name', '?')}'"
    yield from _key_faults(label, entry)
    for word, choices in {**_TEXT, "distribution": DISTRIBUTIONS, _FIXED: None}.items():
        value = entry.get(word)
        if value is None:
            continue
        if not isinstance(value, str) or not value.strip():
            yield f"{label}: '{word}' must be text", None
        elif choices and value not in choices:
            yield f"{label}: '{value}' is no {word}", nearest(value, choices)
    numbers = {word: entry[word] for word in _NUMBERS if word in entry}
    for word, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            yield f"{label}: '{word}' must be a finite number", None
            return
    if len(numbers) == len(_NUMBERS):
        yield from _prior_faults(label, entry)


def _key_faults(label: str, entry: Mapping[str, Any]) -> Iterable[tuple[str, str | None]]:
    fixed = entry.get("kind") == "data"
    needed = {*_TEXT, "value"} | ({_FIXED} if fixed else {"distribution", *_NUMBERS})
    known = {*_TEXT, "distribution", *_NUMBERS, _FIXED}
    for word in sorted(set(entry) - known):
        yield f"{label}: unknown key '{word}'", nearest(word, known)
    for word in sorted(needed - set(entry)):
        yield f"{label}: '{word}' is missing", None
    if not fixed and _FIXED in entry:
        yield f"{label}: '{_FIXED}' is for constants of kind 'data', which have no range", None


def _prior_faults(label: str, entry: Mapping[str, Any]) -> Iterable[tuple[str, str | None]]:
    if entry["spread"] <= 0:
        yield f"{label}: 'spread' must be above zero", None
    if not entry["low"] <= entry["value"] <= entry["high"] or entry["low"] == entry["high"]:
        yield f"{label}: 'low' <= 'value' <= 'high' does not hold", None
    if entry.get("distribution") == "lognormal" and entry["low"] <= 0:
        yield f"{label}: a lognormal prior needs 'low' above zero", None


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    value = float(entry["value"])
    return Parameter(
        name=entry["name"], unit=entry["unit"], kind=entry["kind"], value=value,
        distribution=entry.get("distribution", ""), spread=float(entry.get("spread", 0.0)),
        low=float(entry.get("low", value)), high=float(entry.get("high", value)),
        source=entry["source"], grade=entry["grade"], narrowed_by=entry["narrowed_by"],
        fixed_because=entry.get(_FIXED, ""),
    )  # fmt: skip


def disagreements(parameters: Iterable[Parameter], model: ModelFile) -> list[Problem]:
    """Return where table and model differ: a constant without an entry, an entry without a constant, a value.

    The model file carries the best estimate, the table the centre of the prior: the value must lie within bounds,
    and be the same only where it is fixed.
    """
    constants = model.variables[model.variables["kind"] == "constant"].set_index("name")
    values = {str(name): float(value) for name, value in constants["value"].items()}
    units = {str(name): str(unit) for name, unit in constants["unit"].items()}
    by_name = {p.name: p for p in parameters}
    problems = [
        Problem(f"constant '{name}' has no entry in the table of parameters", file=str(model.path))
        for name in values
        if name not in by_name
    ]
    for name, parameter in by_name.items():
        if name not in values:
            problems.append(Problem(f"parameter '{name}' is no constant of the model", hint=nearest(name, model.names)))
            continue
        value, unit = values[name], units[name]
        if parameter.kind == "data" and not np.isclose(value, parameter.value, rtol=1e-9):
            problems.append(Problem(f"'{name}' is {value:g} in the model and {parameter.value:g} in the table"))
        slack = _ROUNDED * max(abs(parameter.low), abs(parameter.high))  # the file has six digits
        if not parameter.low - slack <= value <= parameter.high + slack:
            what = f"'{name}' is {value:g} in the model, outside {parameter.low:g} to {parameter.high:g}"
            problems.append(Problem(what))
        if parameter.unit != unit:
            problems.append(Problem(f"'{name}' has unit '{unit}' in the model and '{parameter.unit}' in the table"))
    return problems


def table(parameters: Iterable[Parameter]) -> pd.DataFrame:
    """Return the parameters as a table, one row each."""
    return pd.DataFrame([vars(p) for p in parameters])
