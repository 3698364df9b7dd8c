"""What the project knows with hindsight, and what a back-test uses instead (`calibration/hindsight.toml`).

The file says for each table over time when a knot is known and how it goes on, for instruments set from statistics how
late they are known, and for constants which value or prior holds before a month. Everything not in it stands as it is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from sdforecast import shipped
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.parameters import Parameter, read_tables

AFTERWARDS = ("hold", "end", "decay", "trend", "damped")
"""How a table goes on from the last knot known."""

_FADES = ("decay", "damped")
_KEYS = {
    "input": ("name", "known_after_months", "afterwards", "half_life", "before", "why"),
    "instrument": ("name", "known_after_months", "why"),
    "constant": ("name", "before", "held", "value", "spread", "low", "high", "spread_times", "why"),
}
_TEXTS = ("name", "why")
_NUMBERS = ("half_life", "held", "value", "spread", "low", "high", "spread_times")


@dataclass(frozen=True)
class Rule:
    """When the knots of a table are known, and how it goes on; see the head of the file."""

    name: str
    known_after_months: int
    afterwards: str = "hold"
    half_life: float = 0.0
    before: float = 0.0
    why: str = ""


@dataclass(frozen=True)
class Constant:
    """What stands for a constant at origins before `before`: a held value, or what differs of its prior."""

    name: str
    before: pd.Timestamp
    held: float | None
    prior: Mapping[str, float]
    why: str


@dataclass(frozen=True)
class Hindsight:
    """The whole file: rules by name of input and of instrument, and the entries for constants in their order."""

    inputs: Mapping[str, Rule] = field(default_factory=dict)
    instruments: Mapping[str, Rule] = field(default_factory=dict)
    constants: Sequence[Constant] = ()

    def at(self, origin: pd.Timestamp) -> dict[str, Constant]:
        """Return what stands for constants at an origin, by name."""
        found: dict[str, Constant] = {}
        for each in sorted(self.constants, key=lambda one: one.before, reverse=True):
            if origin < each.before:
                found[each.name] = each
        return found

    def priors(self, table: Sequence[Parameter], origin: pd.Timestamp, *, whole: bool = True) -> list[Parameter]:
        """Return the table of parameters as it may be used at an origin.

        Raises `InputError` for an unknown name if the table is to have all (`whole`); that of another model has not.
        """
        used, names = self.at(origin), {each.name for each in table}
        lost = next((each.name for each in self.constants if each.name not in names), None)
        if whole and lost is not None:
            raise InputError(Problem(f"hindsight: no parameter '{lost}'", hint=nearest(lost, names)))
        return [_prior(each, used[each.name]) if each.name in used else each for each in table]

    def held(self, origin: pd.Timestamp) -> dict[str, float]:
        """Return the constants that keep a value at an origin, with it."""
        return {name: each.held for name, each in self.at(origin).items() if each.held is not None}


def _prior(known: Parameter, used: Constant) -> Parameter:
    times = used.prior.get("spread_times", 1.0)
    return replace(
        known,
        value=used.prior.get("value", known.value),
        spread=used.prior.get("spread", known.spread * times),
        low=used.prior.get("low", _stretched(known, known.low, times)),
        high=used.prior.get("high", _stretched(known, known.high, times)),
    )


def _stretched(known: Parameter, bound: float, times: float) -> float:
    """Return a bound so many times as far from the centre, on the prior's own scale."""
    if known.distribution == "lognormal":
        return known.value * math.exp(times * math.log(bound / known.value))
    return known.value + (bound - known.value) * times


# --- Reading --------------------------------------------------------------------------------------------------------


def load(path: Path | None = None) -> Hindsight:
    """Return what a file of hindsight says, by default the shipped one. Raises `InputError` with all its faults."""
    file = path or shipped.calibration_dir() / "hindsight.toml"
    _, tables = read_tables(file, _KEYS)
    problems: list[Problem] = []
    for kind in _KEYS:
        entries = tables.get(kind, [])
        if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
            raise InputError(Problem(f"'{kind}' is not a list of tables", str(file), hint=f"write [[{kind}]]"))
        for each in entries:
            label = f"{kind} '{each.get('name', '?')}'"
            problems += [Problem(f"{label}: {what}", str(file), hint=hint) for what, hint in _faults(kind, each)]
    if problems:
        raise InputError(*problems)
    return Hindsight(
        inputs={each["name"]: _rule(each) for each in tables.get("input", [])},
        instruments={each["name"]: _rule(each) for each in tables.get("instrument", [])},
        constants=tuple(_constant(each) for each in tables.get("constant", [])),
    )


def _rule(entry: Mapping[str, Any]) -> Rule:
    return Rule(
        entry["name"], entry["known_after_months"], entry.get("afterwards", "hold"), float(entry.get("half_life", 0)),
        float(entry.get("before", 0)), entry["why"],
    )  # fmt: skip


def _constant(entry: Mapping[str, Any]) -> Constant:
    prior = {key: float(entry[key]) for key in ("value", "spread", "low", "high", "spread_times") if key in entry}
    held = float(entry["held"]) if "held" in entry else None
    month = pd.Timestamp(f"{entry['before']}-01")
    return Constant(entry["name"], month, held, prior, entry["why"])


def _faults(kind: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    """Yield what is wrong with one entry, with a hint."""
    yield from ((f"unknown key '{key}'", nearest(key, _KEYS[kind])) for key in entry if key not in _KEYS[kind])
    for key in _TEXTS:
        if not isinstance(entry.get(key), str) or not entry[key].strip():
            yield f"'{key}' is missing or is not text", None
    for key in _NUMBERS:
        if key in entry and not _is_number(entry[key]):
            yield f"'{key}' is not a finite number", None
    yield from _constant_faults(entry) if kind == "constant" else _rule_faults(entry)


def _rule_faults(entry: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    lag, way = entry.get("known_after_months"), entry.get("afterwards", "hold")
    if not isinstance(lag, int) or isinstance(lag, bool) or not 0 <= lag <= 120:
        yield "'known_after_months' is not a whole number from 0 to 120", None
    if way not in AFTERWARDS:
        yield f"'{way}' is no way to go on", nearest(str(way), AFTERWARDS)
    elif (way in _FADES) != ("half_life" in entry):
        yield f"'half_life' belongs to {' and '.join(_FADES)} and to nothing else", None
    if _is_number(entry.get("half_life")) and entry["half_life"] <= 0:
        yield "'half_life' is not above zero", None
    if not _is_number(entry.get("before", 0)):
        yield "'before' is not a finite number", None


def _constant_faults(entry: Mapping[str, Any]) -> Iterator[tuple[str, str | None]]:
    if not isinstance(entry.get("before"), str) or not re.fullmatch(r"20\d{2}-(0[1-9]|1[0-2])", entry["before"]):
        yield "'before' is not a month", "write YYYY-MM"
    prior = [key for key in ("value", "spread", "low", "high", "spread_times") if key in entry]
    if ("held" in entry) == bool(prior):
        yield "says neither or both of 'held' and another prior", "give held, or value and spread, or spread_times"
    for key in ("spread", "spread_times"):
        if _is_number(entry.get(key)) and entry[key] <= 0:
            yield f"'{key}' is not above zero", None
    if _is_number(entry.get("low")) and _is_number(entry.get("high")) and entry["low"] >= entry["high"]:
        yield "'low' is not below 'high'", None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


# --- What is left ---------------------------------------------------------------------------------------------------


def newest_source(table: Sequence[Parameter]) -> pd.DataFrame:
    """Return by constant the newest year that its source names (NaN: none), its kind and whether it has a prior.

    A rough measure of hindsight: at an origin before that year the text, and perhaps the centre, was written later.
    """
    years = [[int(year) for year in re.findall(r"\b(20[0-3]\d)\b", each.source)] for each in table]
    return pd.DataFrame(
        {
            "kind": [each.kind for each in table],
            "free": [each.spread > 0 for each in table],
            "newest": [max(found) if found else math.nan for found in years],
        },
        index=pd.Index([each.name for each in table], name="name"),
    )
