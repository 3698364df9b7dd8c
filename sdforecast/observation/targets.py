"""Targets: which published series stands against which variable (`calibration/targets.toml`)."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sdforecast import history, shipped
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.observation import times
from sdforecast.observation.times import Clock
from sdforecast.parameters import read_entries

KINDS = ("flow", "level", "instant")
LIKELIHOODS = {"negative-binomial": "log", "log-normal": "log", "logit-normal": "logit", "normal": "identity"}
"""Distributions of an observation around the model's value, each with the scale on which its errors are measured."""

_REQUIRED = (
    "name",
    "title",
    "series",
    "aggregation",
    "breakdown",
    "from",
    "to",
    "variable",
    "kind",
    "likelihood",
    "sd",
)
_OPTIONAL = ("group", "leave_out", "fitted", "reason", "sd_spread", "memory", "offset", "discrepancy", "provisional",
             "geography")  # fmt: skip
SD_SPREAD = 0.3
"""Standard deviation of the logarithm of an error's sd, where a target does not say: a factor of 1.6 either way."""


@dataclass(frozen=True)
class Target:
    """One line of evidence.

    Attributes
    ----------
    series : names of series whose values are added.
    aggregation : the kinds of period used.
    first, last : units of `clock` (months unless told otherwise) that periods must lie within.
    kind : `flow` (sum of a flow over the period), `level` (mean of a level over it) or `instant` (the level at its
        start).
    likelihood : one of :data:`LIKELIHOODS`; it sets the `scale` of residuals.
    sd : centre of the standard deviation of a residual on that scale (of counts: beyond counting noise).
    sd_spread : standard deviation of the logarithm of `sd`; 0 where it is known.
    memory : half-life of the correlation of errors, in units of `clock`; 0 where they are independent.
    offset : prior standard deviation of a constant difference, for a series that broke; 0 for none.
    discrepancy : name of the discrepancy that the errors share, see :mod:`.errors`; empty for none.
    provisional : whether young counts are corrected for reports still to come, see :mod:`.revisions`.
    group : months (units of `clock`) added up into one observation.
    leave_out : first months of periods not used, since another covers them.
    fitted : whether it enters the fit; `reason` says why not.
    geography : the place its series are of.
    clock : what its periods are counted in.
    file, line : where it stands.
    """

    name: str
    title: str
    series: tuple[str, ...]
    aggregation: tuple[str, ...]
    breakdown: str
    first: int
    last: int
    variable: str
    kind: str
    likelihood: str
    sd: float
    sd_spread: float
    memory: float
    offset: float
    discrepancy: str
    provisional: bool
    group: int
    leave_out: tuple[int, ...]
    fitted: bool
    reason: str
    geography: str = "US"
    clock: Clock = times.MONTHS
    file: str | None = None
    line: int | None = None

    @property
    def scale(self) -> str:
        """Return the scale of residuals: `log`, `logit` or `identity`."""
        return LIKELIHOODS[self.likelihood]


def load(path: Path | None = None) -> list[Target]:
    """Return the targets of a table, by default the shipped one. Raises `InputError` with all faults."""
    file = path or shipped.calibration_dir() / "targets.toml"
    text, entries = read_entries(file, "target", beside=("discrepancy", "remainder", "latent", "fitting", "time"))
    clock = times.read(text, file)
    lines = [
        text[: match.start()].count("\n") + 1 for match in re.finditer(r"^[ \t]*\[\[ *target *\]\]", text, re.MULTILINE)
    ]
    problems: list[Problem] = []
    targets: list[Target] = []
    for k, entry in enumerate(entries):
        faults = list(_faults(entry, clock))
        line = lines[k] if k < len(lines) else None
        problems += [Problem(what, file=str(file), line=line, hint=hint) for what, hint in faults]
        if not faults:
            targets.append(_target(entry, clock, str(file), line))
    if problems:
        raise InputError(*problems)
    return targets


def _faults(entry: Mapping[str, Any], clock: Clock) -> Iterable[tuple[str, str | None]]:
    label = f"target '{entry.get('name', '?')}'"
    known = _REQUIRED + _OPTIONAL
    for word in sorted(set(entry) - set(known)):
        yield f"{label}: unknown key '{word}'", nearest(word, known)
    missing = [word for word in _REQUIRED if word not in entry]
    for word in missing:
        yield f"{label}: '{word}' is missing", None
    if missing:
        return
    for word, choices in (("kind", KINDS), ("likelihood", tuple(LIKELIHOODS))):
        if entry[word] not in choices:
            yield f"{label}: '{entry[word]}' is no {word}", nearest(str(entry[word]), choices)
    for what in (*_wrong_types(entry), *_wrong_months(entry, clock)):
        yield f"{label}: {what}", None


def _wrong_types(entry: Mapping[str, Any]) -> Iterable[str]:
    yield from _wrong_texts(entry)
    yield from _wrong_numbers(entry)
    for word in ("fitted", "provisional"):
        if not isinstance(entry.get(word, True), bool):
            yield f"'{word}' must be true or false"
    if not isinstance(entry.get("leave_out", []), list):
        yield "'leave_out' must be a list of months"


def _wrong_texts(entry: Mapping[str, Any]) -> Iterable[str]:
    for word in ("name", "title", "breakdown", "variable", "reason", "discrepancy", "geography"):
        if not isinstance(entry.get(word, ""), str):
            yield f"'{word}' must be text"
    for word in ("series", "aggregation"):
        words = [entry[word]] if isinstance(entry[word], str) else entry[word]
        if not isinstance(words, list) or not words or not all(isinstance(item, str) for item in words):
            yield f"'{word}' must be text or a list of texts"


def _wrong_numbers(entry: Mapping[str, Any]) -> Iterable[str]:
    sd, group = entry["sd"], entry.get("group", 1)
    if not _is_number(sd) or sd <= 0:
        yield "'sd' must be a number above zero"
    for word in ("sd_spread", "memory", "offset"):
        if not _is_number(entry.get(word, 0)) or entry.get(word, 0) < 0:
            yield f"'{word}' must be a number, zero or above"
    if isinstance(group, bool) or not isinstance(group, int) or group < 1:
        yield "'group' must be a whole number above zero"


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)


def _wrong_months(entry: Mapping[str, Any], clock: Clock) -> Iterable[str]:
    left_out = entry.get("leave_out", [])
    faults = []
    for month in (entry["from"], entry["to"], *(left_out if isinstance(left_out, list) else [])):
        try:
            clock.parse(month)
        except ValueError as error:
            faults.append(str(error))
    if not faults and clock.parse(entry["from"]) > clock.parse(entry["to"], end=True):
        faults.append(f"'from' {entry['from']} is after 'to' {entry['to']}")
    return faults


def _target(entry: Mapping[str, Any], clock: Clock, file: str, line: int | None) -> Target:
    return Target(
        name=entry["name"], title=entry["title"],
        series=_words(entry["series"]), aggregation=_words(entry["aggregation"]), breakdown=entry["breakdown"],
        first=clock.parse(entry["from"]), last=clock.parse(entry["to"], end=True),
        variable=entry["variable"], kind=entry["kind"], likelihood=entry["likelihood"], sd=float(entry["sd"]),
        sd_spread=float(entry.get("sd_spread", SD_SPREAD)), memory=float(entry.get("memory", 0)),
        offset=float(entry.get("offset", 0)), discrepancy=entry.get("discrepancy", ""),
        provisional=bool(entry.get("provisional", False)),
        group=int(entry.get("group", 1)),
        leave_out=tuple(clock.parse(month) for month in entry.get("leave_out", [])),
        fitted=bool(entry.get("fitted", True)), reason=str(entry.get("reason", "")),
        geography=entry.get("geography", "US"), clock=clock, file=file, line=line,
    )  # fmt: skip


def _words(value: str | list[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def observations(targets: Iterable[Target], rows: pd.DataFrame) -> pd.DataFrame:
    """Return the observations that `targets` take from the history `rows`, in their order.

    Columns: `target, title, series, variable, kind, scale, likelihood, sd, fitted, first, last` (months of model time),
    `start, end` (days), `observed`, `unit`, `grade` (the weakest that went in). Raises `InputError` where a target
    finds nothing.
    """
    return pd.concat([_of(target, rows) for target in targets], ignore_index=True)


def _of(target: Target, rows: pd.DataFrame) -> pd.DataFrame:
    parts = [_series(target, name, rows) for name in target.series]
    found = parts[0]
    for part in parts[1:]:
        found = found.merge(part, on=["first", "last"], suffixes=("", "_more"))
        found["observed"] += found.pop("observed_more")
        found["grade"] = found[["grade", "grade_more"]].max(axis=1)
        found = found.drop(columns=[name for name in found if str(name).endswith("_more")])
    if target.group > 1:
        found = _grouped(found, target.group)
    if found.empty:
        raise InputError(Problem(f"target '{target.name}' finds no observation in its span"))
    found = found.assign(
        target=target.name, title=target.title, series=" + ".join(target.series), variable=target.variable,
        kind=target.kind, scale=target.scale, likelihood=target.likelihood, sd=target.sd, fitted=target.fitted,
    )  # fmt: skip
    found["grade"] = [_GRADES[int(order)] for order in found["grade"]]
    found["start"] = [target.clock.first_day(unit) for unit in found["first"]]
    found["end"] = [target.clock.last_day(unit) for unit in found["last"]]
    return found


def _series(target: Target, name: str, rows: pd.DataFrame) -> pd.DataFrame:
    wanted = [
        history.select(rows, name, aggregation=kind, breakdown=target.breakdown, geography=target.geography)
        for kind in target.aggregation
        if ((rows["series"] == name) & (rows["aggregation"] == kind)).any()
    ]
    if not wanted:
        raise InputError(Problem(f"target '{target.name}': series '{name}' has no {' or '.join(target.aggregation)}"))
    chosen = pd.concat(wanted, ignore_index=True)
    first, last = target.clock.counts(chosen["period_start"]), target.clock.counts(chosen["period_end"])
    table = pd.DataFrame(
        {
            "first": first,
            "last": last,
            "observed": chosen["value"].to_numpy(float),
            "unit": chosen["unit"].to_numpy(),
            "grade": [_GRADES.index(str(grade)) for grade in chosen["grade"]],
        }
    )
    inside = (table["first"] >= target.first) & (table["last"] <= target.last)
    return table[inside & ~table["first"].isin(target.leave_out)].sort_values(["first", "last"], ignore_index=True)


_GRADES = history.GRADES  # strongest first, so that the largest index is the weakest that went in


def _grouped(found: pd.DataFrame, months: int) -> pd.DataFrame:
    """Add up whole runs of `months` months; an incomplete last one is left out."""
    block = (found["first"] - found["first"].min()) // months
    whole = found.groupby(block).agg(
        first=("first", "min"), last=("last", "max"), n=("observed", "size"),
        observed=("observed", "sum"), unit=("unit", "first"), grade=("grade", "max"),
    )  # fmt: skip
    return whole[whole["n"] == months].drop(columns="n").reset_index(drop=True)
