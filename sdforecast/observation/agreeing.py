"""Whether targets, history, parameters and a model speak of the same things, told before anything is run.

Each fault is one message with the file and the line of what is to be changed: a variable or a series that is not
there, a unit that does not fit, a series outside the time of the model, a constant that the model lacks or holds in
another unit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model import ModelFile
from sdforecast.observation.predicting import CUMULATIVE
from sdforecast.observation.targets import Target
from sdforecast.parameters import Parameter
from sdforecast.structure.words import UnitError, Units, synonyms

STANDS_FOR = {
    "deaths": ("death", "person"),
    "people": ("person",),
    "people_per_year": ("person/year",),
    "events": ("event", "person"),
    "reports": ("report", "person", "sample"),
    "units": ("unit", "kit"),
    "fraction": ("Dmnl",),
    "mme": ("mme", "mg"),
    "prescriptions_per_100_people": ("prescription/person",),
    "index_1999": ("Dmnl",),
}
"""Units of the history that a model may write in other words; every other one must be read as the model's own.

A count has no dimension, so who is counted must agree: deaths are counted in persons, never in kilograms. The words
`gross` (a mixture as it was weighed) and `per` are not part of a unit, or a fraction line.
"""

MOST = 25
"""So many problems of one call are told, the rest are counted."""

_HUNDREDS = {"prescriptions_per_100_people": 0.01}


def check(
    targets: Sequence[Target],
    rows: pd.DataFrame,
    model: ModelFile,
    parameters: Iterable[Parameter] = (),
    parameter_file: Path | None = None,
) -> None:
    """Raise `InputError` with everything in which targets, history, parameters and model disagree.

    A model that knows none of the variables is told so once: it is about something else than the targets.
    """
    if len(targets) > 1 and not any(_is_there(target, model) for target in targets):
        what = f"none of the {len(targets)} targets is about a variable of {model.path.name}"
        raise InputError(Problem(what, targets[0].file, hint="targets and parameters of your own belong to your model"))
    problems = disagreements(targets, rows, model) + unknown_constants(parameters, model, parameter_file)
    if len(problems) > MOST:
        problems = [*problems[:MOST], Problem(f"and {len(problems) - MOST} more problems")]
    if problems:
        raise InputError(*problems)


def disagreements(targets: Sequence[Target], rows: pd.DataFrame, model: ModelFile) -> list[Problem]:
    """Return what of the targets does not fit the model or the history, in the order of the targets."""
    units = Units(synonyms(model.path))
    problems: list[Problem] = []
    for target in targets:
        problems += [
            Problem(f"target '{target.name}': {what}", target.file, target.line, hint=hint)
            for what, hint in _faults(target, rows, model, units)
        ]
    return problems


def unknown_constants(parameters: Iterable[Parameter], model: ModelFile, file: Path | None = None) -> list[Problem]:
    """Return parameters that are no constants of the model, or that the model holds in another unit."""
    units = Units(synonyms(model.path))
    constants = model.variables[model.variables["kind"] == "constant"]
    of = {str(name).casefold(): str(unit) for name, unit in zip(constants["name"], constants["unit"], strict=True)}
    problems = []
    for each in parameters:
        label, (where, line) = f"parameter '{each.name}'", _place(each.name, file)
        if each.name.casefold() not in of:
            hint = nearest(each.name, constants["name"].astype(str))
            problems.append(Problem(f"{label}: {model.path.name} has no such constant", where, line, hint=hint))
            continue
        apart = _apart(each.unit, [_parsed(each.unit, units)], of[each.name.casefold()], units, "the table")
        if apart:
            problems.append(Problem(f"{label}: {apart}", where, line))
    return problems


def _place(name: str, file: Path | None) -> tuple[str | None, int | None]:
    """Return the file and the line in which a parameter is named."""
    if file is None:
        return None, None
    lines = file.read_text(encoding="utf-8").splitlines()
    named = re.compile(rf"""\s*name\s*=\s*["']{re.escape(name)}["']""")
    return str(file), next((k for k, line in enumerate(lines, 1) if named.match(line)), None)


def _is_there(target: Target, model: ModelFile) -> bool:
    known = {name.casefold() for name in model.names}
    counted = target.kind == "flow" and (CUMULATIVE + target.variable).casefold() in known
    return counted or target.variable.casefold() in known


def _faults(target: Target, rows: pd.DataFrame, model: ModelFile, units: Units) -> Iterator[tuple[str, str | None]]:
    there = _is_there(target, model)
    if not there:
        yield f"{model.path.name} has no variable '{target.variable}'", nearest(target.variable, model.names)
    for series in target.series:
        of_series = rows[rows["series"] == series]
        if of_series.empty:
            yield f"the history has no series '{series}'", nearest(series, rows["series"].unique())
            continue
        if there:
            yield from _of_unit(target, series, list(of_series["unit"].unique()), model, units)
        yield from _of_time(target, series, of_series)


# --- units ---------------------------------------------------------------------------------------------------


def _of_unit(
    target: Target, series: str, words: Sequence[str], model: ModelFile, units: Units
) -> Iterator[tuple[str, str | None]]:
    texts = dict(zip(model.variables["name"].str.casefold(), model.variables["unit"].astype(str), strict=True))
    time = _parsed(model.time_unit, units)
    own, over = texts.get(target.variable.casefold(), ""), time if target.kind == "flow" else None
    if target.kind == "flow" and (CUMULATIVE + target.variable).casefold() in texts:
        own, over = texts[(CUMULATIVE + target.variable).casefold()], None
    for word in words:
        allowed = [_parsed(each, units) for each in _in_model_words(word)]
        factor = _HUNDREDS.get(word, 1.0)
        apart = _apart(word, allowed, own, units, f"series '{series}'", over=over, factor=factor)
        if apart:
            a_flow = target.kind != "flow" and time is not None
            fits = a_flow and not _apart(word, allowed, own, units, "", over=time, factor=factor)
            yield apart, 'if it is a flow, write kind = "flow"' if fits else None


def _in_model_words(word: str) -> tuple[str, ...]:
    """Return how a unit of the history may be written in a model: `usd_per_gross_kg` as `usd/kg`."""
    if word in STANDS_FOR:
        return STANDS_FOR[word]
    plain = re.sub(r"_gross\b|_gross(?=_)|\bgross_|(?<=_)gross_", "", word)
    return (plain.replace("_per_", "/"),)


def _parsed(text: str, units: Units) -> Any | None:
    try:
        return units.parse(text)
    except UnitError:
        return None


def _apart(
    word: str, allowed: Sequence[Any], text: str, units: Units, whose: str, *, over: Any = None, factor: float = 1.0
) -> str | None:
    """Say how a unit differs from that of the model, None where it does not; a missing unit fits anything.

    `over` is the unit of time that a flow of the model is multiplied by before it is compared.
    """
    own = _parsed(text, units)
    if own is None or None in allowed:
        return None
    own = own if over is None else own * over
    for unit in allowed:
        if unit.dimensionality == own.dimensionality:
            size = factor * float(units.registry.Quantity(1.0, unit / own).to_base_units().magnitude)
            if math.isclose(size, 1.0, rel_tol=1e-9):
                return None
            shown = text if over is None else units.written(own)
            return f"{whose} is in '{word}' and the model in '{shown}': they differ by a factor of {size:g}"
    return f"{whose} is in '{word}' and the model in '{text}', which are different things"


# --- time ----------------------------------------------------------------------------------------------------


def _of_time(target: Target, series: str, rows: pd.DataFrame) -> Iterator[tuple[str, str | None]]:
    """Yield that a series lies before the model, in another place, or not in the span asked for."""
    starts = target.clock.first_day(0)
    if rows["period_end"].max() < starts:
        end = f"{rows['period_end'].max():%Y-%m-%d}"
        yield f"series '{series}' ends on {end}, before the model starts ({starts:%Y-%m-%d})", "see [time] start"
        return
    for column, words in (
        ("geography", (target.geography,)), ("aggregation", target.aggregation), ("breakdown", (target.breakdown,)),
    ):  # fmt: skip
        found = rows[rows[column].isin(words)]
        if found.empty:
            here = sorted(rows[column].unique())
            yield f"series '{series}' has no {column} {' or '.join(map(repr, words))}", nearest(words[0], here)
            return
        rows = found
    first: np.ndarray = target.clock.counts(rows["period_start"])
    last: np.ndarray = target.clock.counts(rows["period_end"])
    inside = (first >= target.first) & (last <= target.last)
    if not inside.any():
        spans = f"{rows['period_start'].min():%Y-%m-%d} to {rows['period_end'].max():%Y-%m-%d}"
        yield f"no period of series '{series}' lies from 'from' to 'to'", f"it has {spans}"
        return
    if (first[inside] < 0).any():
        when = f"{rows['period_start'][inside].min():%Y-%m-%d}"
        yield f"series '{series}' is used from {when}, before the model starts ({starts:%Y-%m-%d})", "set 'from' later"
        return
    if target.kind == "flow":
        yield from _of_halves(target, series, rows[inside], first[inside], last[inside])


def _of_halves(
    target: Target, series: str, rows: pd.DataFrame, first: np.ndarray, last: np.ndarray
) -> Iterator[tuple[str, str | None]]:
    """Yield that a flow's period is not made of whole units of the clock, so that its sum would be of another span."""
    for start, end, one, two in zip(rows["period_start"], rows["period_end"], first, last, strict=True):
        if start != target.clock.first_day(one) or end != target.clock.last_day(two):
            period = f"{start:%Y-%m-%d} to {end:%Y-%m-%d}"
            yield (
                f"series '{series}' counts {period}, no whole {target.clock.unit}s of [time]",
                f"such as {target.clock.first_day(one):%Y-%m-%d} to {target.clock.last_day(two):%Y-%m-%d}",
            )
            return


# --- values --------------------------------------------------------------------------------------------------


def check_values(targets: Sequence[Target], observed: pd.DataFrame) -> None:
    """Raise `InputError` where an observation has no value on the scale of its target: the logarithm of 0, say.

    A count may be 0, unless it has a discrepancy, which is one of logarithms.
    """
    problems = []
    for target in targets:
        part = observed[observed["target"] == target.name]
        values, whole = part["observed"], np.full(len(part), np.inf)
        if target.scale == "logit":
            whole = np.where(part["unit"] == "percent", 100.0, 1.0)
        counted = target.likelihood == "negative-binomial" and not target.discrepancy
        outside = (values < 0 if counted else values <= 0) | (values >= whole)
        if target.scale == "identity":
            outside = ~np.isfinite(values)
        for _, row in part[outside].head(1).iterrows():
            what = f"target '{target.name}': {row['observed']:g} on {row['start']:%Y-%m-%d} has no {target.scale}"
            problems.append(Problem(what, target.file, target.line, hint="leave the period out with 'leave_out'"))
    if problems:
        raise InputError(*problems)


def check_start(observed: pd.DataFrame, values: np.ndarray, model: ModelFile) -> None:
    """Raise `InputError` where the model gives no finite number for an observation at the centre of the priors."""
    bad = observed[~np.isfinite(values)]
    problems = []
    for name, part in bad.groupby("target", sort=False):
        when = f"{part['start'].iloc[0]:%Y-%m-%d}"
        what = f"at the centre of the priors the model gives no number for target '{name}' on {when}"
        hint = f"look at '{part['variable'].iloc[0]}' in a run with the values of the table"
        problems.append(Problem(what, str(model.path), hint=hint))
    if problems:
        raise InputError(*problems)
