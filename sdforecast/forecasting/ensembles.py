"""Draws of constants under scenarios, as one labelled dataset: in memory, as quantiles, or straight to disk.

Members are run in chunks of draws, and each chunk goes at once where it is wanted (:mod:`.sinks`), so that memory
holds the result and one chunk.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import calendar
from sdforecast.engine import layout
from sdforecast.engine.choosing import choose
from sdforecast.engine.compiled.clock import clock, labels
from sdforecast.engine.members import Draws, run_members
from sdforecast.engine.naming import key_of
from sdforecast.engine.once import shown
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting.running import outputs
from sdforecast.forecasting.single import counts_months
from sdforecast.forecasting.sinks import DiskSink, MemorySink, QuantileSink, Sink
from sdforecast.model import ModelFile
from sdforecast.scenario import Scenario
from sdforecast.scenario.inputs import constants, series

CHUNK, FEWEST = 4_000_000, 64
"""Bytes of results that are run at a time, and the fewest members: enough for all threads and lanes."""

AnyDraws = pd.DataFrame | xr.Dataset | Mapping[str, object]
"""Draws as users have them: a table with a column a constant, a dataset over `draw` (and `chain`), arrays by name."""


def run_ensemble(
    model: ModelFile,
    draws: AnyDraws,
    scenarios: Sequence[Scenario] = (),
    variables: Sequence[str] | None = None,
    *,
    parameters: Mapping[str, float] | None = None,
    quantiles: Sequence[float] | None = None,
    to: str | Path | None = None,
    first: float | None = None,
    last: float | None = None,
    engine: str = "auto",
    threads: int | None = None,
    fast: bool = False,
    advance: Callable[[int], None] = lambda count: None,
) -> xr.Dataset:
    """Run every draw under every scenario; draws are paired: the same ones under each.

    Parameters
    ----------
    draws : values of constants that differ; a variable over (`draw`, `time`) is given over time.
    scenarios : policy mixes, for a model that counts months and has our instruments (default: the current course).
    variables : what to keep (default: every stock and auxiliary).
    parameters : constants that all draws share.
    quantiles : levels; the result has the dimension `quantile` instead of `draw`, and the members are not kept.
    to : a NetCDF file to write the members to while they are run; the result is read from it lazily.
    first, last : months (or times, for a model with a time of its own) to keep.
    engine, threads : see :data:`sdforecast.engine.ENGINES`; all cores by default.
    fast : multiply by reciprocals of constants instead of dividing: faster, to some units of the last place.
    advance : called with the number of members that have ended.

    Returns
    -------
    Dataset with dimensions (draw or quantile, scenario, time, the variables' own); without `scenario` for a model with
    a time of its own.

    Raises
    ------
    InputError : an unknown name, draws of different length, scenarios asked of a model without instruments.
    """
    given = as_draws(model, draws)
    plan = _plan(model, scenarios, variables, parameters or {}, (first, last), engine)
    shape = (len(given), len(plan.settings), len(plan.times), len(plan.keys))
    sink = _sink(plan, shape, quantiles, to)
    size = max(FEWEST, CHUNK // max(8 * (plan.rows or shape[2]) * len(plan.keys), 1))
    for s, setting in enumerate(plan.settings):
        for begin in range(0, len(given), size):
            rows = slice(begin, min(begin + size, len(given)))
            chunk = Draws(given.names, given.values[rows], {n: (t, v[rows]) for n, (t, v) in given.series.items()})
            _, values = run_members(
                model, plan.keys, chunk, fixed=setting.fixed, series=setting.series, until=plan.until,
                engine=engine, threads=threads, fast=fast, advance=advance,
            )  # fmt: skip
            sink.take(s, rows, plan.kept(values))
        sink.ended(s)
    return sink.result()


def as_draws(model: ModelFile, draws: AnyDraws) -> Draws:
    """Return draws as arrays by key. Raises `InputError` for unknown names or lengths that differ."""
    found = draws if isinstance(draws, xr.Dataset) else _as_dataset(draws)
    _check(found)
    if "chain" in found.dims:
        found = found.stack(sample=("chain", "draw")).drop_vars(["chain", "draw", "sample"], errors="ignore")
        found = found.rename(sample="draw")
    names: list[str] = []
    columns: list[np.ndarray] = []
    over_time: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for word, array in found.data_vars.items():
        name = key_of(model, str(word))
        values = array.transpose("draw", ...)
        if "time" in array.dims:
            over_time |= _over_time(name, values.sortby("time"))
        elif len(values.dims) == 1:
            names.append(name)
            columns.append(values.to_numpy().astype(float))
        else:
            flat = values.stack(cell=values.dims[1:])
            names += [f"{name}[{', '.join(map(str, cell))}]" for cell in flat["cell"].to_numpy()]
            columns += list(flat.to_numpy().astype(float).T)
    table = np.stack(columns, axis=1) if columns else np.zeros((found.sizes["draw"], 0))
    return Draws(tuple(names), np.ascontiguousarray(table), over_time)


def _over_time(name: str, values: xr.DataArray) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Return times and values [draw, time] of a variable given over time, by cell where it has subscripts."""
    times = values["time"].to_numpy().astype(float)
    others = [dim for dim in values.dims if dim not in ("draw", "time")]
    if not others:
        return {name: (times, values.to_numpy().astype(float))}
    cells = values.stack(cell=others).transpose("cell", "draw", "time")
    labels = [f"{name}[{', '.join(map(str, cell))}]" for cell in cells["cell"].to_numpy()]
    return {label: (times, one) for label, one in zip(labels, cells.to_numpy().astype(float), strict=True)}


def _check(found: xr.Dataset) -> None:
    """Raise `InputError` if a dataset does not hold draws: one number or more of each variable for each draw."""
    if not found.data_vars or 0 in found.sizes.values():
        raise InputError(Problem("no draws"))
    for word, array in found.data_vars.items():
        if "draw" not in array.dims:
            what = f"'{word}' has no dimension 'draw'"
            raise InputError(Problem(what, hint="give what all draws share as parameters"))
        if not np.issubdtype(array.dtype, np.number) or np.issubdtype(array.dtype, np.complexfloating):
            raise InputError(Problem(f"draws of '{word}' that are no numbers"))
        if "time" in array.dims and ("time" not in array.coords or not np.issubdtype(array["time"].dtype, np.number)):
            raise InputError(Problem(f"draws of '{word}' over time without times", hint="numbers in the model's time"))
        if not np.isfinite(array).all():
            raise InputError(Problem(f"draws of '{word}' that are not finite"))


def _as_dataset(draws: pd.DataFrame | Mapping[str, object]) -> xr.Dataset:
    if not isinstance(draws, pd.DataFrame | Mapping):
        hint = "a table, a mapping of arrays by name, or an xarray Dataset"
        raise InputError(Problem(f"draws of type {type(draws).__name__}", hint=hint))
    parts: dict[str, object] = {}
    try:
        for name, values in draws.items():
            parts[str(name)] = values if isinstance(values, xr.DataArray) else ("draw", np.asarray(values, dtype=float))
        return xr.Dataset(parts)
    except (TypeError, ValueError) as error:
        raise InputError(Problem(f"draws that do not go together: {error}")) from error


@dataclass(frozen=True)
class _Setting:
    """What one scenario changes."""

    name: str
    fixed: Mapping[str, float]
    series: Mapping[str, pd.Series]


@dataclass(frozen=True)
class _Plan:
    """What is run and kept; `months` where monthly values are made of the rows."""

    model: ModelFile
    settings: Sequence[_Setting]
    chosen: Sequence[layout.Layout]
    keys: Sequence[str]
    flows: np.ndarray
    times: np.ndarray
    until: float | None
    months: tuple[int, int] | None
    rows: int
    keep: slice

    def kept(self, values: np.ndarray) -> np.ndarray:
        """Return what is kept [members, times, keys]: flows as the increase over a month, levels at its end."""
        if self.months is None:
            return values[:, self.keep]
        first, last = self.months
        levels = values[:, first + 1 : last + 2].copy()
        levels[..., self.flows] -= values[:, first : last + 1][..., self.flows]
        return levels


def _plan(
    model: ModelFile,
    scenarios: Sequence[Scenario],
    variables: Sequence[str] | None,
    parameters: Mapping[str, float],
    span: tuple[float | None, float | None],
    engine: str,
) -> _Plan:
    first, last = span
    fixed = {key_of(model, name): float(value) for name, value in parameters.items()}
    if not counts_months(model):
        return _own_time(model, scenarios, variables, fixed, span, engine)
    begin, end = int(first or 0), int(311 if last is None else last)
    mixes = scenarios or (Scenario(name="current-course", title="Current course"),)
    wanted = outputs(model, variables)
    chosen = [layout.Layout(name, (), (), (column,)) for name, column in wanted.items()]
    return _Plan(
        model=model,
        settings=[_Setting(mix.name, {**fixed, **constants(mix, model)}, series(mix, model)) for mix in mixes],
        chosen=chosen,
        keys=list(wanted.values()),
        flows=np.array([name != column for name, column in wanted.items()], dtype=bool),
        times=pd.DatetimeIndex(calendar.month_ends(begin, end)).as_unit("ns").to_numpy(),
        until=end + 1.0,
        months=(begin, end),
        rows=end + 2,
        keep=slice(None),
    )


def _own_time(
    model: ModelFile,
    scenarios: Sequence[Scenario],
    variables: Sequence[str] | None,
    fixed: Mapping[str, float],
    span: tuple[float | None, float | None],
    engine: str,
) -> _Plan:
    first, last = span
    if scenarios:
        what = "does not count months with our instruments, so a scenario cannot be applied"
        raise InputError(Problem(what, file=str(model.path), hint="run it without a scenario"))
    names = [model.name_of(name) for name in variables] if variables is not None else shown(model)
    found = choose(model, engine, lambda machine: (machine.base, machine.control(fixed)))
    program, control = found if found is not None else (None, {n: fixed.get(n, v) for n, v in model.control.items()})
    if program is None:  # PySD: scalars only
        several = set(model.variables.loc[model.variables["subscripts"] != "", "name"])
        names = names if variables is not None else [name for name in names if name not in several]
        chosen = [layout.Layout(name, (), (), (name,)) for name in names]
    else:
        chosen = layout.layouts(program, names)
    final = control["FINAL TIME"] if last is None else last
    times, saved = clock(control["INITIAL TIME"], final, control["TIME STEP"], control["SAVEPER"])
    rows = labels(times[saved, 0], control["TIME STEP"])
    begin = 0 if first is None else int(np.searchsorted(rows, first))
    if begin >= len(rows):
        raise InputError(Problem("the span asked for holds no saved time", file=str(model.path)))
    keys = names if program is None else layout.columns(program, chosen)
    return _Plan(
        model, [_Setting("", fixed, {})], chosen, keys, np.zeros(len(keys), bool), rows[begin:], last, None, len(rows),
        slice(begin, None),
    )  # fmt: skip


def _sink(
    plan: _Plan, shape: tuple[int, int, int, int], quantiles: Sequence[float] | None, to: str | Path | None
) -> Sink:
    if quantiles is not None and to is not None:
        raise InputError(Problem("either quantiles or a file of members", hint="write the quantiles yourself"))
    labelled = plan.months is not None
    names = [setting.name for setting in plan.settings]

    def dataset(values: np.ndarray, dim: str, labels: np.ndarray) -> xr.Dataset:
        dims: list[str] = [dim]
        coords: dict[str, object] = {dim: labels, "time": plan.times}
        if labelled:
            dims, coords = [dim, "scenario"], {**coords, "scenario": names}
        else:
            values = values[:, 0]
        made = layout.dataset(plan.model, plan.chosen, plan.keys, values, [*dims, "time"], coords)
        for k, chosen in enumerate(plan.chosen):
            made[chosen.name].attrs["per"] = "month" if labelled and plan.flows[k] else ""
        return made

    if quantiles is not None:
        return QuantileSink(shape, quantiles, dataset)
    if to is not None:
        return DiskSink(shape, Path(to), dataset)
    return MemorySink(shape, dataset)
