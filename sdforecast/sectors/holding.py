"""The series that stand for the inputs of a sector: from a run of the whole model, from history, from an earlier run.

Whatever the source says nothing of, a variable or a part of the time, comes from a run of the whole model, so that each
input has a value at each step. A run is saved at every step: an equation of the sector then sees, with Euler's
method, exactly what it saw in the whole model. (In the middle of a Runge-Kutta step a line between the two ends stands
for what it saw.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import calendar, runfiles
from sdforecast.engine.compiled.clock import clock
from sdforecast.engine.once import once
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model import ModelFile
from sdforecast.model.references import references
from sdforecast.model.vocabulary import CONTROL
from sdforecast.observation.predicting import CUMULATIVE
from sdforecast.sectors import observed
from sdforecast.sectors.boundary import Boundary

Inputs = str | Path | xr.Dataset
"""`run`, `history`, the file of an earlier run, or a run."""

RUN, HISTORY, FILE = "run", "history", "file"


@dataclass(frozen=True)
class Origin:
    """Where one input comes from.

    Attributes
    ----------
    variable, unit, sector : the input and where it belongs.
    used_by : variables of the sector that use it.
    source : `run`, `history` or `file`.
    first, last : the part of the time for which that source speaks (months, or times of the model); a run of the
        whole model stands before and after. Empty for a run.
    """

    variable: str
    unit: str
    sector: str
    used_by: tuple[str, ...]
    source: str
    first: str = ""
    last: str = ""

    def as_dict(self) -> dict[str, object]:
        """Return it as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Held:
    """Series by variable or `variable[element]` over model time, and where each comes from."""

    series: Mapping[str, pd.Series]
    origins: tuple[Origin, ...]


def held(
    model: ModelFile,
    within: Boundary,
    inputs: Inputs = RUN,
    *,
    scenario: str = "",
    over: Mapping[str, float | pd.Series] | None = None,
    until: float | None = None,
    monthly: bool = False,
    rows: pd.DataFrame | None = None,
    engine: str = "auto",
) -> Held:
    """Return the series that stand for the inputs of a sector.

    Parameters
    ----------
    inputs : `run`, `history`, a file that `sdforecast run -o` wrote, or a Dataset that a run gave.
    scenario : name of the scenario, to find its run where `inputs` holds several.
    over : what overrides the whole model's equations in its run: constants, levels of instruments.
    until : last time.
    monthly : whether the model counts months from January 2010, so that months and history mean something to it.
    rows : observations, for `history`; see :func:`.observed.periods`.
    engine : see :data:`sdforecast.engine.ENGINES`.

    Raises
    ------
    InputError : history is asked of a model of another kind; the file holds none of the inputs, or no such scenario.
    """
    if not within.inputs:
        return Held({}, ())
    series = _of_run(model, list(within.inputs), over or {}, until, engine)
    known: dict[str, tuple[str, str]] = {}  # the span of each input that another source speaks of
    source = RUN
    if isinstance(inputs, str) and inputs.casefold() == HISTORY:
        source = HISTORY
        if not monthly:
            what = "does not count months from January 2010 as the history does"
            raise InputError(Problem(what, file=str(model.path), hint="--inputs run, or a file of an earlier run"))
        for name, found in observed.periods(list(within.inputs), rows).items():
            if name in series:
                times = series[name].index.to_numpy(float)
                series[name] = _filled(observed.path(found, times), series[name])
                known[name] = observed.span(found)
    elif not isinstance(inputs, str) or inputs.casefold() != RUN:
        source = FILE
        given, where = _given(inputs, scenario)
        for key, values in given.items():
            name = _input(model, within, key)
            if name and (cell := f"{name}{key[key.index('[') :] if '[' in key else ''}") in series:
                series[cell], known[name] = _of_earlier(model, name, values, series[cell], monthly)
        if not known:
            hint = "it takes: " + ", ".join(list(within.inputs)[:6])
            raise InputError(Problem(f"holds none of the inputs of sector '{within.sector}'", file=where, hint=hint))
    return Held(series, tuple(_origins(model, within, source, known)))


def _origins(model: ModelFile, within: Boundary, source: str, known: Mapping[str, tuple[str, str]]) -> list[Origin]:
    facts = model.variables.set_index("name")
    return [
        Origin(
            name, str(facts.loc[name, "unit"]), str(facts.loc[name, "sector"]), users,
            source if name in known else RUN, *known.get(name, ("", "")),
        )
        for name, users in within.inputs.items()
    ]  # fmt: skip


def _of_run(
    model: ModelFile,
    names: Sequence[str],
    over: Mapping[str, float | pd.Series],
    until: float | None,
    engine: str,
) -> dict[str, pd.Series]:
    """Return variables over a run of the whole model, at each step."""
    control = {name: float(over.get(name, value)) for name, value in model.control.items()}  # type: ignore[arg-type]
    saving = any("SAVEPER" in used for name, used in references(model).items() if name not in CONTROL)
    every = {} if saving else {"SAVEPER": control["TIME STEP"]}  # an equation that reads SAVEPER would change
    runs = once(model, {**over, **every}, names, until=until, engine=engine)
    times = runs["time"].to_numpy()
    last = control["FINAL TIME"] if until is None else until
    exact, _ = clock(control["INITIAL TIME"], last, control["TIME STEP"], control["TIME STEP"])
    if len(exact) == len(times):
        runs = runs.assign_coords(time=exact[:, 0])  # labels are rounded; the equations see the sum of the steps
    return runfiles.by_key(runs)


def _filled(values: np.ndarray, run: pd.Series) -> pd.Series:
    """Return `values` [times] where there are any, else those of the run."""
    return pd.Series(np.where(np.isnan(values), run.to_numpy(float), values), index=run.index)


def _given(inputs: Inputs, scenario: str) -> tuple[runfiles.Run, str | None]:
    """Return the run that a file or a Dataset holds, of the scenario where it holds several."""
    if isinstance(inputs, xr.Dataset):
        runs, where = runfiles.by_scenario(inputs), None
    else:
        path = Path(inputs)
        if isinstance(inputs, str) and not runfiles.is_run_file(inputs):
            hint = nearest(inputs, [RUN, HISTORY]) + ", or a file: .csv, .tab, .nc, .parquet"
            raise InputError(Problem(f"no inputs '{inputs}'", hint=hint))
        runs, where = runfiles.read(path), str(path)
    if len(runs) == 1:
        return next(iter(runs.values())), where
    if scenario not in runs:
        raise InputError(Problem(f"holds no scenario '{scenario}'", file=where, hint=nearest(scenario, runs)))
    return runs[scenario], where


def _input(model: ModelFile, within: Boundary, key: str) -> str | None:
    """Return the input that a key of a file means, None if it is none."""
    word = " ".join(key.partition("[")[0].replace("_", " ").split()).casefold()
    return next((name for name in within.inputs if name.replace("_", " ").casefold() == word), None)


def _of_earlier(
    model: ModelFile, name: str, values: pd.Series, run: pd.Series, monthly: bool
) -> tuple[pd.Series, tuple[str, str]]:
    """Return an earlier run's values at the times of `run`, which stands where it has none, and their span."""
    values = values.dropna()
    if not len(values) or not np.isfinite(values.to_numpy(float)).all():
        raise InputError(Problem(f"the values of '{name}' are not finite"))
    times = run.index.to_numpy(float)
    if not isinstance(values.index, pd.DatetimeIndex):
        known, first, last = values.index.to_numpy(float), values.index[0], values.index[-1]
        inside = (times >= known[0]) & (times <= known[-1])
        found = np.where(inside, np.interp(times, known, values.to_numpy(float)), np.nan)
        return _filled(found, run), (f"{first:g}", f"{last:g}")
    if not monthly:
        what = f"gives '{name}' by days, and the model does not count months from January 2010"
        raise InputError(Problem(what, hint="give the model's own times"))
    months = ((values.index.year - calendar.FIRST_YEAR) * 12 + values.index.month - 1).to_numpy(float)
    label = (calendar.month_label(int(months[0])), calendar.month_label(int(months[-1])))
    if (CUMULATIVE + name).casefold() in {known.casefold() for known in model.names}:  # a sum over the month
        return _filled(observed.flow(months, months, values.to_numpy(float), times), run), label
    ends = months + 1  # a level at the month's end
    inside = (times >= ends[0]) & (times <= ends[-1])
    return _filled(np.where(inside, np.interp(times, ends, values.to_numpy(float)), np.nan), run), label
