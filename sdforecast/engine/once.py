"""One run of any model, as a labelled dataset."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.engine.choosing import choose
from sdforecast.engine.compiled.clock import misses_final_time
from sdforecast.engine.compiled.machine import Machine, Ready
from sdforecast.engine.compiled.program import Table, start_of
from sdforecast.engine.layout import Layout, columns, dataset, layouts
from sdforecast.engine.naming import ELEMENT, key_of
from sdforecast.engine.reference import Simulator
from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile

Override = float | pd.Series
"""A constant, a series over model time linear between its points and flat outside, or the points of a table."""

INTEGRATIONS = ("", "euler", "rk4")
"""How to integrate; nothing: as the file says."""


def once(
    model: ModelFile,
    overrides: Mapping[str, Override] | None = None,
    names: Sequence[str] | None = None,
    *,
    initial: Mapping[str, float] | None = None,
    until: float | None = None,
    engine: str = "auto",
    integration: str = "",
) -> xr.Dataset:
    """Run a model once.

    Parameters
    ----------
    overrides : by variable (any case) or `variable[element]`: a number, a series over time, or for a table a series of
        its points.
    names : variables to return, any case; all that have a value at each time if None, constants too.
    initial : initial values of stocks by name, instead of their equations.
    until : last time.
    engine : see :data:`.choosing.ENGINES`.
    integration : `euler` or `rk4` (Runge-Kutta of fourth order) instead of what the file asks for; `rk4` needs the
        compiled engine.

    Returns
    -------
    Dataset over `time` and the variables' own dimensions, with unit and comment.

    Raises
    ------
    InputError : an unknown name with the nearest; something the model cannot do.
    """
    if integration not in INTEGRATIONS:
        raise InputError(Problem(f"no integration '{integration}'", hint="euler or rk4"))
    given = {key_of(model, name): value for name, value in (overrides or {}).items()}
    begin = {key_of(model, name): float(value) for name, value in (initial or {}).items()}
    wanted = [model.name_of(name) for name in names] if names is not None else numbers(model)
    made = choose(model, engine, lambda machine: _compiled(machine, given, begin, wanted, until, integration))
    if made is None and integration == "rk4":
        raise InputError(Problem("PySD integrates by Euler's method only", hint="the compiled engine knows rk4"))
    return made if made is not None else _with_pysd(model, given, begin, wanted, until)


def shown(model: ModelFile) -> list[str]:
    """Return the names of all stocks and auxiliaries."""
    table = model.variables
    return [str(name) for name in table.loc[table["kind"].isin(("stock", "auxiliary")), "name"]]


def numbers(model: ModelFile) -> list[str]:
    """Return the names of all variables that have a value at each time, constants and data among them."""
    table = model.variables
    return [str(name) for name in table.loc[~table["kind"].isin(("lookup",)), "name"]]


def split(
    model: ModelFile, given: Mapping[str, Override]
) -> tuple[dict[str, float], dict[str, pd.Series], list[Table]]:
    """Return overrides as numbers, series over time and tables, both in order of their points.

    Raises `InputError` for what is neither a number nor a series of numbers by numbers.
    """
    kinds = dict(zip(model.variables["name"], model.variables["kind"], strict=True))
    fixed: dict[str, float] = {}
    series: dict[str, pd.Series] = {}
    tables: list[Table] = []
    for key, value in given.items():
        if kinds.get(key.partition("[")[0]) == "lookup":
            level = value if isinstance(value, pd.Series) else pd.Series(_number(key, value), index=[0.0, 1.0])
            points = _points(key, level)
            tables.append(Table(key, tuple(map(float, points.index)), tuple(map(float, points)), "interpolate"))
        elif isinstance(value, pd.Series):
            series[key] = _points(key, value)
        else:
            fixed[key] = _number(key, value)
    return fixed, series, tables


def by_cell(machine: Machine, given: Mapping[str, float]) -> dict[str, float]:
    """Return values by key, where a name may stand for all cells of a variable; what is said of one counts more."""
    whole = {cell: value for name, value in given.items() if "[" not in name for cell in machine.cells(name)}
    return whole | {name: value for name, value in given.items() if "[" in name}


def _number(key: str, value: object) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        hint = "a number, or a pandas Series by time"
        raise InputError(Problem(f"'{key}' is given as {type(value).__name__}", hint=hint)) from error
    if not math.isfinite(number):
        raise InputError(Problem(f"'{key}' is given as {number}, which is no number that a model can use"))
    return number


def _points(key: str, value: pd.Series) -> pd.Series:
    """Return points in order. Raises `InputError` if there are none or some are no numbers."""
    try:
        points = pd.Series(value.to_numpy(float), index=value.index.to_numpy(float)).sort_index(kind="stable")
    except (TypeError, ValueError) as error:
        raise InputError(Problem(f"the series for '{key}' holds what is no number: {error}")) from error
    if not len(points) or not np.isfinite(points.to_numpy()).all() or not np.isfinite(points.index.to_numpy()).all():
        what = "holds values that are not finite" if len(points) else "is empty"
        raise InputError(Problem(f"the series for '{key}' {what}"))
    return points


def _compiled(
    machine: Machine,
    given: Mapping[str, Override],
    initial: Mapping[str, float],
    names: Sequence[str],
    until: float | None,
    integration: str,
) -> xr.Dataset:
    fixed, series, tables = split(machine.model, given)
    if until is not None:
        fixed["FINAL TIME"] = float(until)
    chosen = layouts(machine.base, names)
    keys = columns(machine.base, chosen)
    begin = by_cell(machine, initial)
    ready: Ready = machine.ready(
        keys, fixed=fixed, series=list(series), initials=list(begin), tables=tables, method=integration
    )
    batch = ready.batch({**fixed, **{start_of(key): value for key, value in begin.items()}}, series=series)
    if misses_final_time(batch.inputs.clock, batch.inputs.saved, ready.final(batch), ready.program.step):
        last = float(batch.times[-1]) if len(batch.times) else math.nan
        warnings.warn(f"FINAL TIME {ready.final(batch):g} is not saved: the last row is {last:g}", stacklevel=2)
    values = ready.run(batch)[0]
    return dataset(machine.model, chosen, keys, values, ("time",), {"time": batch.times})


def _with_pysd(
    model: ModelFile,
    given: Mapping[str, Override],
    initial: Mapping[str, float],
    names: Sequence[str],
    until: float | None,
) -> xr.Dataset:
    if initial:
        raise InputError(Problem("initial values need the compiled engine", hint="--engine compiled"))
    refuse_elements(model, given)
    fixed, series, tables = split(model, given)
    points = {table.name: pd.Series(table.y, index=table.x) for table in tables}
    table = Simulator(model).run({**fixed, **series, **points}, None, until)
    chosen = [_laid_out(name, table.columns) for name in names]
    keys = [key for layout in chosen for key in layout.keys if key in table.columns]
    values = table[keys].to_numpy(float)
    return dataset(model, chosen, keys, values, ("time",), {"time": table.index.to_numpy(float)})


def refuse_elements(model: ModelFile, keys: Iterable[str]) -> None:
    """Raise `InputError` for elements of variables, which PySD cannot override."""
    element = next((key for key in keys if "[" in key), None)
    if element is not None:
        what = f"'{element}': PySD cannot override one element of a variable"
        raise InputError(Problem(what, file=str(model.path), hint="the compiled engine can"))


def _laid_out(name: str, there: pd.Index) -> Layout:
    """Return the layout of a variable from the columns into which PySD has split it."""
    if name in there:
        return Layout(name, (), (), (name,))
    cells = []
    for column in there:
        found = ELEMENT.match(str(column))
        if found and found["name"] == name:
            cells.append((str(column), [part.strip() for part in found["cell"].split(",")]))
    if not cells:
        raise InputError(Problem(f"'{name}' is no number over time"))
    axes = [tuple(dict.fromkeys(cell[k] for _, cell in cells)) for k in range(len(cells[0][1]))]
    spelled = {tuple(cell): column for column, cell in cells}
    keys = tuple(spelled.get(cell, f"{name}{list(cell)}") for cell in itertools.product(*axes))
    return Layout(name, tuple(f"{name} {k + 1}" for k in range(len(axes))), tuple(axes), keys)


def not_finite(runs: xr.Dataset) -> list[tuple[str, Any]]:
    """Return the variables that are not finite somewhere, each with the first time at which."""
    broken = []
    times = runs["time"].to_numpy()
    for name in runs.data_vars:
        variable = runs.variables[name]  # thousands of labelled arrays would take seconds
        place = variable.dims.index("time")
        others = tuple(k for k in range(variable.ndim) if k != place)
        good = np.isfinite(variable.to_numpy()).all(axis=others)
        if not good.all():
            broken.append((str(name), times[int(good.argmin())]))
    return sorted(broken, key=lambda found: found[1])
