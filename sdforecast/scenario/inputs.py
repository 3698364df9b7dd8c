"""What a scenario changes in a run: the series and constants that override the model's own."""

from __future__ import annotations

import pandas as pd

from sdforecast.engine import Job, run_jobs
from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile
from sdforecast.scenario import events
from sdforecast.scenario.checking import folded
from sdforecast.scenario.constants import of_model, problems
from sdforecast.scenario.instruments import instrument_history, instrument_ids
from sdforecast.scenario.levels import history_levels, levels
from sdforecast.scenario.resolving import resolve
from sdforecast.scenario.schema import Scenario

CLOSE = 1e-9
"""Difference of levels that is rounding."""


def counts_months(model: ModelFile) -> bool:
    """Return whether the model is ours or made from it: it has our instruments, and saves months from time 0.

    An instrument alone is no sign: a model in years may well have a variable `naloxone`.
    """
    start, period = model.control["INITIAL TIME"], model.control["SAVEPER"]
    return has_instruments(model) and (start, period) == (0, 1) and model.time_unit.casefold().startswith("month")


def has_instruments(model: ModelFile) -> bool:
    """Return whether a variable of the model is named as one of our instruments."""
    known = {name.casefold().replace("_", " ") for name in model.names}
    return any(name.replace("_", " ") in known for name in instrument_ids())


def series(scenario: Scenario, model: ModelFile) -> dict[str, pd.Series]:
    """Return the level of every instrument by month, under the name it has in `model`.

    Raises `InputError` where the model lacks an instrument that the scenario changes; an instrument that neither
    changes nor exists is left out.
    """
    table = levels(scenario)
    known = {name.casefold(): name for name in model.names}
    changed = {change.instrument for change in resolve(scenario).instruments}
    missing = [name for name in changed if _spelled(name) not in known]
    if missing:
        raise InputError(
            *(Problem(f"scenario '{scenario.name}': the model has no variable '{_spelled(name)}'", file=str(model.path))
              for name in missing)
        )  # fmt: skip
    found = {str(name): known.get(_spelled(str(name))) for name in table.columns}
    return {name: table[column].astype(float) for column, name in found.items() if name is not None}


def constants(scenario: Scenario, model: ModelFile) -> dict[str, float]:
    """Return the constants that the scenario sets. Raises `InputError` for each name that is none, with the nearest."""
    whole = resolve(scenario)
    if wrong := problems(whole, model):
        raise InputError(*wrong)
    known = of_model(model)
    return {known[folded(name)]: float(value) for name, value in {**whole.parameters, **whole.assumptions}.items()}


def disagreements(model: ModelFile) -> list[Problem]:
    """Return where the tables over time in `model` differ from those of the data folder.

    Instruments are compared with their history as the scenarios use it, as the model runs, since the file carries
    the current course; all others knot by knot with `events.csv`.
    """
    return [*_of_instruments(model), *events.disagreements(model)]


def _of_instruments(model: ModelFile) -> list[Problem]:
    known = {name.casefold(): name for name in model.names}
    table = history_levels(instrument_history())
    missing = [name for name in table if _spelled(str(name)) not in known]
    problems = [Problem(f"the model has no instrument '{name}'", file=str(model.path)) for name in missing]
    names = [known[_spelled(str(name))] for name in table if name not in missing]
    if not names:
        return problems
    with run_jobs(model, names) as run:
        ran = run([Job({})], lambda: None)[0]
    for k, (column, name) in enumerate(zip([c for c in table if c not in missing], names, strict=True)):
        gap = float(abs(ran[: len(table), k] - table[column].to_numpy()[: len(ran)]).max())
        if gap > CLOSE:
            what = f"'{name}' differs from its history by up to {gap:.3g}"
            problems.append(Problem(what, file=str(model.path), hint="copy the knots of instruments.csv"))
    return problems


def _spelled(instrument: str) -> str:
    return instrument.replace("_", " ").casefold()
