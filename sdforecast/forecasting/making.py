"""Making a forecast from an estimate: the sets that fit acceptably, run under policy mixes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import calendar, history, parameters, scenario
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting.result import Forecast
from sdforecast.forecasting.running import trajectories
from sdforecast.inference import Estimate, load
from sdforecast.inference.estimate import CARRIED
from sdforecast.manifest import manifest
from sdforecast.model import ModelFile
from sdforecast.model import read as read_model

DEFAULT_SCENARIOS = (
    "current-course",
    "soft-power-with-teeth",
    "military-only",
    "treatment-naloxone-surge",
    "demand-plus-essay",
)
"""What is run when nothing is named; the first is the reference."""

HORIZON = "2035-12"


def forecast(
    scenarios: Sequence[str | Path] = DEFAULT_SCENARIOS,
    *,
    model: ModelFile | None = None,
    estimate: Estimate | None = None,
    sets: int | None = None,
    horizon: str = HORIZON,
    variables: Sequence[str] | None = None,
    engine: str = "auto",
    command: str = "sdforecast forecast",
    advance: Callable[[], None] = lambda: None,
) -> Forecast:
    """Run the acceptable parameter sets of an estimate under scenarios.

    Parameters
    ----------
    scenarios : names or files; the first is the reference.
    estimate : by default the shipped one.
    sets : use only so many of its sets, the best first.
    horizon : last month, YYYY-MM, at most 2035-12.
    variables : what to keep (default: every stock and auxiliary).
    engine : see :data:`sdforecast.engine.ENGINES`.
    advance : called after each run.

    Raises
    ------
    InputError : an unknown scenario, a horizon out of range, an estimate made for another model.
    """
    model = model or read_model()
    estimate = estimate or load()
    mixes = _mixes(scenarios)
    kept = estimate.sets.drop(columns="loss").iloc[: _how_many(sets, len(estimate.sets))]
    _belongs(estimate, model)
    constants = [{str(k): float(v) for k, v in row.items()} for row in kept.to_dict("records")]
    runs = _finite(
        trajectories(model, constants, mixes, variables, last=_last(horizon), engine=engine, advance=advance)
    )
    return Forecast(
        trajectories=runs,
        scenarios=mixes,
        levels={mix.name: scenario.levels(mix) for mix in mixes},
        reference=mixes[0].name,
        history=history.load(),
        targets=estimate.residuals,
        fit=estimate.fit,
        parameters=_parameters(estimate, model),
        summary=estimate.manifest["fit"],
        manifest=_manifest(command, model, estimate, mixes, len(kept), horizon),
    )


def _mixes(scenarios: Sequence[str | Path]) -> tuple[scenario.Scenario, ...]:
    mixes = tuple(scenario.load(name) for name in scenarios)
    if not mixes:
        raise InputError(Problem("no scenario to run"))
    names = [mix.name for mix in mixes]
    for name in names:
        if names.count(name) > 1:
            raise InputError(Problem(f"scenario '{name}' is asked for twice"))
    return mixes


def _finite(runs: xr.Dataset) -> xr.Dataset:
    """Return the runs; `InputError` names variable, time, set and scenario of a value that is not finite."""
    for name, array in runs.data_vars.items():
        broken = ~np.isfinite(array.to_numpy())
        if broken.any():
            k, mix, row = np.unravel_index(int(broken.argmax()), broken.shape)
            month = str(runs["time"].to_numpy()[row])[:7]
            what = f"'{name}' is not finite in {month} with parameter set {k} under {runs['scenario'].to_numpy()[mix]}"
            raise InputError(Problem(what, hint="look at this set's constants in the estimate"))
    return runs


def _how_many(sets: int | None, there: int) -> int:
    if sets is None:
        return there
    if not 1 <= sets <= there:
        raise InputError(Problem(f"{sets} parameter sets asked for", hint=f"the estimate has 1 to {there}"))
    return sets


def _last(horizon: str) -> int:
    try:
        last = calendar.parse_month(horizon)
    except ValueError as error:
        raise InputError(Problem(f"horizon: {error}")) from error
    end = calendar.parse_month(HORIZON)
    begin = calendar.parse_month("2025-12")
    if not begin <= last <= end:
        raise InputError(Problem(f"horizon {horizon} is out of range", hint=f"2025-12 to {HORIZON}"))
    return last


def _belongs(estimate: Estimate, model: ModelFile) -> None:
    constants = set(model.variables.loc[model.variables["kind"] == "constant", "name"])
    strange = [name for name in estimate.best["parameter"] if name not in constants]
    if strange:
        what = f"the estimate is for another model: '{strange[0]}' is no constant of this one"
        raise InputError(Problem(what, file=str(model.path), hint="estimate anew: sdforecast calibrate"))


def _parameters(estimate: Estimate, model: ModelFile) -> pd.DataFrame:
    """Return all constants with the value that set 0 runs with: estimated, else the model file's."""
    table = parameters.table(parameters.load())
    best = estimate.best.set_index("parameter")["value"]
    held = table["name"].map(model.variables.set_index("name")["value"]).fillna(table["value"])
    return table.assign(estimate=table["name"].map(best).fillna(held))


def _partial(estimate: Estimate) -> list[str]:
    """Return what more is to be told of an estimate of one sector alone."""
    return ["partial"] if "partial" in estimate.manifest else []


def _manifest(
    command: str, model: ModelFile, estimate: Estimate, mixes: Sequence[scenario.Scenario], sets: int, horizon: str
) -> dict[str, object]:
    return manifest(
        command,
        model_sha256=model.sha256,
        scenarios=[mix.name for mix in mixes],
        sets=sets,
        horizon=horizon,
        estimate={key: estimate.manifest[key] for key in (*CARRIED, *_partial(estimate)) if key != "fit"},
        data_vintage=estimate.manifest["data_vintage"],
        last_observed=estimate.manifest["last_observed"],
        fit=estimate.manifest["fit"],
    )
