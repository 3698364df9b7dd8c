"""Running parameter sets under scenarios, and laying the results out by draw, scenario and month."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import calendar
from sdforecast.engine import Job, run_jobs
from sdforecast.model import ModelFile
from sdforecast.observation.predicting import CUMULATIVE
from sdforecast.scenario import Scenario
from sdforecast.scenario.inputs import constants, series


def outputs(model: ModelFile, names: Sequence[str] | None = None) -> dict[str, str]:
    """Return which column of a run gives each variable: a cumulative stock where a flow has one, else itself.

    By default all stocks and auxiliaries but the cumulative ones; `names` chooses (any case) and raises
    `InputError` for an unknown one.
    """
    totals = {n[len(CUMULATIVE) :].casefold(): n for n in model.names if n.casefold().startswith(CUMULATIVE)}
    if names is None:
        table = model.variables
        chosen = [
            str(n)
            for n, kind, dims in zip(table["name"], table["kind"], table["subscripts"], strict=True)
            if kind in ("stock", "auxiliary") and not dims and not str(n).casefold().startswith(CUMULATIVE)
        ]
    else:
        chosen = list(dict.fromkeys(model.name_of(name) for name in names))
    return {name: totals.get(name.casefold(), name) for name in chosen}


def trajectories(
    model: ModelFile,
    sets: Sequence[Mapping[str, float]],
    scenarios: Sequence[Scenario],
    variables: Sequence[str] | None = None,
    *,
    first: int = 0,
    last: int = 311,
    held: Sequence[Mapping[str, pd.Series]] = (),
    engine: str = "auto",
    advance: Callable[[], None] = lambda: None,
) -> xr.Dataset:
    """Run every set of constants under every scenario.

    Parameters
    ----------
    sets : constants by name, one mapping a set; an empty one is the model as it stands.
    variables : what to keep (default: every scalar stock and auxiliary).
    first, last : months of model time to keep.
    held : for each scenario, series that replace further variables, each by model time.
    engine : see :data:`sdforecast.engine.ENGINES`.
    advance : called after each run.

    Returns
    -------
    Dataset with dimensions (draw, scenario, time), float64; see :class:`sdforecast.forecasting.Forecast`.
    """
    wanted = outputs(model, variables)
    columns = list(dict.fromkeys(wanted.values()))
    inputs = [series(scenario, model) for scenario in scenarios]
    inputs = [{**levels, **more} for levels, more in zip(inputs, held, strict=True)] if held else inputs
    own = [constants(scenario, model) for scenario in scenarios]
    jobs = [Job({**constants_, **own[k]}, k) for constants_ in sets for k in range(len(scenarios))]
    with run_jobs(model, columns, inputs, until=last + 1, jobs=len(jobs), engine=engine) as run:
        values = run(jobs, advance)
    shaped = values.reshape(len(sets), len(scenarios), *values.shape[1:])
    return dataset(model, shaped, wanted, columns, [s.name for s in scenarios], first, last)


def dataset(
    model: ModelFile,
    values: np.ndarray,
    wanted: Mapping[str, str],
    columns: Sequence[str],
    scenarios: Sequence[str],
    first: int,
    last: int,
) -> xr.Dataset:
    """Lay out `values` (draw, scenario, model time, column) as months `first` to `last`.

    A flow with a cumulative stock is its increase over the month; every other variable is read at the month's end.
    """
    facts = model.variables.set_index("name")
    variables = {}
    for name, column in wanted.items():
        level = values[..., columns.index(column)]
        counted = name != column
        monthly = np.diff(level, axis=-1)[..., first : last + 1] if counted else level[..., first + 1 : last + 2]
        attributes = {
            "unit": str(facts.loc[name, "unit"]),
            "comment": str(facts.loc[name, "comment"]),
            "sector": str(facts.loc[name, "sector"]),
            "per": "month" if counted else "",
        }
        variables[name] = (("draw", "scenario", "time"), monthly, attributes)
    return xr.Dataset(
        variables,
        coords={
            "draw": np.arange(values.shape[0]),
            "scenario": list(scenarios),
            "time": pd.DatetimeIndex(calendar.month_ends(first, last)).as_unit("ns"),
        },
    )
