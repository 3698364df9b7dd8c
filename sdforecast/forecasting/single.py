"""One deterministic run a scenario, of our model or of anyone's."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.engine.naming import key_of
from sdforecast.engine.once import once
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting import alone
from sdforecast.forecasting.running import outputs, trajectories
from sdforecast.model import ModelFile
from sdforecast.scenario import Scenario
from sdforecast.scenario.inputs import counts_months as counts_months
from sdforecast.scenario.inputs import has_instruments
from sdforecast.sectors import Inputs
from sdforecast.structure import causal_graph


def run(
    model: ModelFile,
    scenarios: Sequence[Scenario] = (),
    overrides: Mapping[str, float] | None = None,
    variables: Sequence[str] | None = None,
    *,
    first: float | None = None,
    last: float | None = None,
    sector: str | None = None,
    inputs: Inputs = "run",
    engine: str = "auto",
    advance: Callable[[], None] = lambda: None,
) -> xr.Dataset:
    """Run `model` once under each scenario, or once as it stands.

    Parameters
    ----------
    overrides : values of constants by name, on top of what a scenario sets.
    variables : what to keep (default: every scalar stock and auxiliary).
    first, last : months of model time to keep; for a model with a time of its own, the times.
    sector : a sector to run alone, its `inputs` held; see :mod:`.alone`.
    inputs : see :func:`sdforecast.sectors.held`.
    engine : see :data:`sdforecast.engine.ENGINES`.

    Returns
    -------
    Dataset with dimensions (scenario, time) for a model that counts months, otherwise (time,), where time is the
    model's own.

    Raises
    ------
    InputError : an unknown name, a stock set to a number, a scenario twice, scenarios asked of a model without
        instruments; what :func:`sdforecast.sectors.held` raises.
    """
    names = [mix.name for mix in scenarios]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise InputError(Problem(f"scenario '{twice}' is asked for twice"))
    given = {_settable(model, name): float(value) for name, value in (overrides or {}).items()}
    if counts_months(model):
        begin, end = int(first or 0), int(311 if last is None else last)
        mixes = scenarios or (Scenario(name="current-course", title="Current course"),)
        if sector is not None:
            return alone.by_month(
                model, sector, inputs, mixes, given, variables, first=begin, last=end, engine=engine, advance=advance
            )
        runs = trajectories(model, [given], mixes, variables, first=begin, last=end, engine=engine, advance=advance)
        return runs.isel(draw=0, drop=True)
    if scenarios:
        lacks = "does not count months from time 0 with SAVEPER 1" if has_instruments(model) else "has no instrument"
        what = f"{lacks}, so a scenario cannot be applied"
        raise InputError(Problem(what, file=str(model.path), hint="run it without a scenario"))
    if sector is not None:
        runs = alone.at_own_times(model, sector, inputs, given, variables, until=last, engine=engine)
    else:
        runs = once(
            model, given, None if variables is None else list(outputs(model, variables)), until=last, engine=engine
        )
    advance()
    return _from(model, runs, first)


def _settable(model: ModelFile, word: str) -> str:
    name = key_of(model, word)
    kinds = dict(zip(model.variables["name"], model.variables["kind"], strict=True))
    kind = kinds.get(name.partition("[")[0], "constant")
    if kind in ("stock", "lookup", "data"):
        what = f"'{name}' is not a constant but of kind {kind}, which one number cannot replace"
        raise InputError(Problem(what, file=str(model.path)))
    return name


def _from(model: ModelFile, runs: xr.Dataset, first: float | None) -> xr.Dataset:
    """Return a run in a model's own time from `first` on."""
    if first is not None:
        runs = runs.sel(time=runs["time"] >= first)
    for array in runs.data_vars.values():
        array.attrs["per"] = ""
    if not runs.sizes["time"]:
        raise InputError(Problem("the span asked for holds no saved time", file=str(model.path)))
    return runs


def tidy(runs: xr.Dataset) -> pd.DataFrame:
    """Return a run as a tidy table: scenario (where there is one), time, variable, unit, value.

    A variable over subscripts has one row an element, under `variable[element]`.
    """
    parts = []
    for name, array in runs.data_vars.items():
        part = array.to_dataframe(name="value").reset_index()
        own = [str(dim) for dim in array.dims if dim not in ("scenario", "time")]
        names = str(name) if not own else str(name) + "[" + part[own].astype(str).agg(", ".join, axis=1) + "]"
        parts.append(part.drop(columns=own).assign(variable=names, unit=array.attrs["unit"]))
    table = pd.concat(parts, ignore_index=True)
    if np.issubdtype(runs["time"].dtype, np.datetime64):
        table["time"] = table["time"].dt.strftime("%Y-%m-%d")
    columns = ["scenario"] if "scenario" in table else []
    return table[[*columns, "time", "variable", "unit", "value"]]


def by_year(runs: xr.Dataset, years: Sequence[int]) -> pd.DataFrame:
    """Return one row a scenario and variable and one column a year: sums of flows, levels at the year's end."""
    rows: list[dict[str, object]] = []
    for mix in runs["scenario"].to_numpy():
        for name, array in runs.sel(scenario=mix).data_vars.items():
            yearly = array.resample(time="YE")
            counted = array.attrs["per"] == "month"
            values = yearly.sum() if counted else yearly.last()
            there = [int(year) for year in values["time"].dt.year.to_numpy()]
            found = dict(zip(there, values.to_numpy().tolist(), strict=True))
            unit = array.attrs["unit"].replace("/Month", "/year") if counted else array.attrs["unit"]
            row: dict[str, object] = {"scenario": str(mix), "variable": str(name), "unit": unit}
            rows.append(row | {str(year): found.get(year) for year in years})
    return pd.DataFrame(rows)


def headline(model: ModelFile, runs: xr.Dataset) -> xr.Dataset:
    """Return what a table of a sector shows: its stocks, and flows that are counted; all where it has neither.

    They stand as in the file, where what comes first in a chain is written first.
    """
    stocks = set(model.variables.loc[model.variables["kind"] == "stock", "name"])
    chosen = [name for name, array in runs.data_vars.items() if array.attrs["per"] or name in stocks]
    place = {name: k for k, name in enumerate(causal_graph(model).variables)}
    return runs[sorted(chosen or runs.data_vars, key=lambda name: place.get(str(name), len(place)))]


def whole_years(runs: xr.Dataset) -> list[int]:
    """Return the calendar years of which the run holds all twelve months."""
    years, counts = np.unique(pd.DatetimeIndex(runs["time"].to_numpy()).year, return_counts=True)
    return [int(year) for year in years[counts == 12]]
