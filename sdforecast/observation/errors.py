"""What beside the constants stands between a model and its data, as `targets.toml` says it.

A `[[discrepancy]]` is what the model gets wrong about a count in the same way for months: a fast part that returns to
zero, a slow drift that does not, and a season. A `[[latent]]` is an input of the model that nobody measured, to be
inferred with everything else. A `[[remainder]]` (:mod:`.remainders`) is what is left of a count without a part of it,
which has an error of its own that is estimated after the fit. `[fitting]` says how the model is run while it is fitted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sdforecast import shipped
from sdforecast.calendar import parse_month
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.observation import remainders
from sdforecast.observation.remainders import Remainder
from sdforecast.observation.targets import Target, load
from sdforecast.parameters import read_tables

Scale = tuple[float, float]
"""Prior of a positive number: its median, and the standard deviation of its logarithm (0: it is known)."""


@dataclass(frozen=True)
class Discrepancy:
    """An error on the logarithm of a flow that months share.

    Attributes
    ----------
    innovation : monthly standard deviation of the fast part's changes.
    half_life : of the fast part, in months.
    walk : monthly standard deviation of the slow drift's changes.
    season : standard deviation of each coefficient of the season's two harmonics; 0 for none.
    month_lengths : whether counts follow the days in a month.
    contained_in : variables that are sums with the flow in them, which change by as many.
    """

    name: str
    title: str
    innovation: Scale
    half_life: Scale
    walk: Scale
    season: float
    month_lengths: bool
    contained_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class Latent:
    """An input of the model that is inferred: knots of a mean-reverting series, linear between them.

    Attributes
    ----------
    variable : the constant of the model that it stands for.
    first : model time of the first knot.
    every : time between knots.
    sd : stationary standard deviation.
    half_life : of its return to zero.
    """

    name: str
    title: str
    variable: str
    first: int
    every: int
    sd: Scale
    half_life: Scale


@dataclass(frozen=True)
class Fitting:
    """How the model is run while it is fitted: empty or None means as its file says."""

    integration: str = ""
    time_step: float | None = None


@dataclass(frozen=True)
class Evidence:
    """All of a table of targets."""

    targets: tuple[Target, ...]
    discrepancies: tuple[Discrepancy, ...] = ()
    latents: tuple[Latent, ...] = ()
    fitting: Fitting = Fitting()
    remainders: tuple[Remainder, ...] = ()


_TABLES = ("target", "discrepancy", "remainder", "latent", "fitting", "time")
_DISCREPANCY = ("name", "title", "innovation", "half_life", "walk", "season", "month_lengths", "contained_in")
_LATENT = ("name", "title", "variable", "from", "every", "sd", "half_life")
_FITTING = ("integration", "time_step")
_OPTIONAL = ("contained_in",)
_SCALES = ("innovation", "half_life", "walk", "sd")
_INTEGRATIONS = ("euler", "rk4")


def evidence(path: Path | None = None) -> Evidence:
    """Return what a table of targets says, by default the shipped one. Raises `InputError` with all faults."""
    file = path or shipped.calibration_dir() / "targets.toml"
    targets = load(file)
    _, tables = read_tables(file, _TABLES)
    faults = [
        *_faults(tables.get("discrepancy", []), "discrepancy", _DISCREPANCY),
        *_faults(tables.get("latent", []), "latent", _LATENT),
        *remainders.faults(tables.get("remainder", [])),
        *_fitting_faults(tables.get("fitting", {})),
    ]
    if not faults:
        faults = [*_unknown(targets, [each["name"] for each in tables.get("discrepancy", [])])]
    if faults:
        raise InputError(*(Problem(what, file=str(file), hint=hint) for what, hint in faults))
    return Evidence(
        targets=tuple(targets),
        discrepancies=tuple(_discrepancy(each) for each in tables.get("discrepancy", [])),
        latents=tuple(_latent(each) for each in tables.get("latent", [])),
        fitting=Fitting(**tables.get("fitting", {})),
        remainders=tuple(Remainder(**each) for each in tables.get("remainder", [])),
    )


def _faults(entries: object, kind: str, keys: tuple[str, ...]) -> Iterable[tuple[str, str | None]]:
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        yield f"'{kind}' must be [[{kind}]] tables", None
        return
    names = [entry.get("name") for entry in entries]
    for entry in entries:
        label = f"{kind} '{entry.get('name', '?')}'"
        if names.count(entry.get("name")) > 1:
            yield f"{label} stands here a second time", None
        for word in sorted(set(entry) - set(keys)):
            yield f"{label}: unknown key '{word}'", nearest(word, keys)
        for word in keys:
            if word not in entry:
                if word not in _OPTIONAL:
                    yield f"{label}: '{word}' is missing", None
            elif what := _wrong(word, entry[word]):
                yield f"{label}: '{word}' must be {what}", None


def _wrong(word: str, value: Any) -> str | None:
    """Return what the value of a key should have been, or None."""
    if word in _SCALES:
        fine = isinstance(value, list) and len(value) == 2 and all(map(_is_number, value))
        good = fine and value[0] > 0 and value[1] >= 0
        return None if good else "a median above zero and the sd of its logarithm, as in [0.02, 0.5]"
    if word == "season":
        return None if _is_number(value) and value >= 0 else "a number, zero or above"
    if word == "every":
        return None if isinstance(value, int) and not isinstance(value, bool) and value > 0 else "a number of months"
    if word == "month_lengths":
        return None if isinstance(value, bool) else "true or false"
    if word == "contained_in":
        fine = isinstance(value, list) and all(isinstance(name, str) and name.strip() for name in value)
        return None if fine else 'names of variables, as in ["opioid deaths"]'
    if word == "from":
        try:
            return None if parse_month(value) >= 0 else "a month, 2010-01 or later"
        except ValueError:
            return "a month, as in 2013-01"
    return None if isinstance(value, str) and value.strip() else "text"


def _fitting_faults(entry: object) -> Iterable[tuple[str, str | None]]:
    if not isinstance(entry, dict):
        yield "'fitting' must be one [fitting] table", None
        return
    for word in sorted(set(entry) - set(_FITTING)):
        yield f"fitting: unknown key '{word}'", nearest(word, _FITTING)
    if entry.get("integration", "rk4") not in _INTEGRATIONS:
        yield f"fitting: '{entry['integration']}' is no integration", nearest(str(entry["integration"]), _INTEGRATIONS)
    step = entry.get("time_step", 1.0)
    if not _is_number(step) or step <= 0:
        yield "fitting: 'time_step' must be a number above zero", None


def _unknown(targets: Iterable[Target], names: list[str]) -> Iterable[tuple[str, str | None]]:
    for target in targets:
        if target.discrepancy and target.discrepancy not in names:
            yield f"target '{target.name}': no discrepancy '{target.discrepancy}'", nearest(target.discrepancy, names)
        if target.discrepancy and target.scale != "log":
            yield f"target '{target.name}': a discrepancy is of a logarithm, not of a {target.likelihood} value", None


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)


def _pair(value: list[float]) -> Scale:
    return float(value[0]), float(value[1])


def _discrepancy(entry: Mapping[str, Any]) -> Discrepancy:
    return Discrepancy(
        entry["name"], entry["title"], _pair(entry["innovation"]), _pair(entry["half_life"]), _pair(entry["walk"]),
        float(entry["season"]), entry["month_lengths"], tuple(entry.get("contained_in", ())),
    )  # fmt: skip


def _latent(entry: Mapping[str, Any]) -> Latent:
    return Latent(
        entry["name"], entry["title"], entry["variable"], parse_month(entry["from"]), entry["every"],
        _pair(entry["sd"]), _pair(entry["half_life"]),
    )  # fmt: skip
