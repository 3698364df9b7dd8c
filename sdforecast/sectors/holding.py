"""The series that stand for the inputs of a sector: from a run of the whole model, from history, from an earlier run.

Whatever the source says nothing of, a variable or a part of the time, comes from a run of the whole model, so that each
input has a value at each step. A run is saved at every step: an equation of the sector then sees, with Euler's
method, exactly what it saw in the whole model. In the middle of a Runge-Kutta step a line between the two ends stands
for what it saw; and what starts from an input starts from its first value, whatever its equation says of the start
(ACTIVE INITIAL).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import runfiles
from sdforecast.engine.compiled.clock import clock
from sdforecast.engine.once import once
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model import ModelFile
from sdforecast.model.references import references
from sdforecast.model.vocabulary import CONTROL
from sdforecast.sectors import earlier, observed
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
    initial: Mapping[str, float] | None = None,
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
    initial : initial values of stocks in that run.
    until : last time.
    monthly : whether the model counts months from January 2010, so that months and history mean something to it.
    rows : observations, for `history`; see :func:`.observed.periods`.
    engine : see :data:`sdforecast.engine.ENGINES`.

    Raises
    ------
    InputError : history is asked of a model of another kind; the file holds none of the inputs, or no such scenario.
    """
    word = inputs.casefold() if isinstance(inputs, str) else ""
    if word not in (RUN, HISTORY) and isinstance(inputs, str) and not runfiles.is_run_file(inputs):
        hint = nearest(inputs, [RUN, HISTORY]) + " or a file: .csv, .tab, .nc, .parquet"
        raise InputError(Problem(f"no inputs '{inputs}'", hint=hint))
    if not within.inputs:
        return Held({}, ())
    series = _of_run(model, list(within.inputs), over or {}, initial, until, engine)
    if word == RUN:
        return Held(series, tuple(_origins(model, within, RUN, {})))
    if word == HISTORY:
        if not monthly:
            what = "does not count months from January 2010 as the history does"
            raise InputError(Problem(what, file=str(model.path), hint="--inputs run, or a file of an earlier run"))
        more, known = _of_history(within, series, rows)
        return Held({**series, **more}, tuple(_origins(model, within, HISTORY, known)))
    more, known = _of_earlier(model, within, series, inputs, scenario, monthly)
    return Held({**series, **more}, tuple(_origins(model, within, FILE, known)))


Spans = dict[str, tuple[str, str]]


def _of_history(
    within: Boundary, run: Mapping[str, pd.Series], rows: pd.DataFrame | None
) -> tuple[dict[str, pd.Series], Spans]:
    """Return the inputs of which there are observations, a run where there are none, and their spans."""
    found = observed.periods([name for name in within.inputs if name in run], rows)
    paths = {name: _filled(observed.path(part, _times(run[name])), run[name]) for name, part in found.items()}
    return paths, {name: observed.span(part) for name, part in found.items()}


def _of_earlier(
    model: ModelFile,
    within: Boundary,
    run: Mapping[str, pd.Series],
    inputs: Inputs,
    scenario: str,
    monthly: bool,
) -> tuple[dict[str, pd.Series], Spans]:
    """Return the inputs that an earlier run holds, this run where it has none, and their spans."""
    given, where = earlier.load(inputs, scenario)
    keys = {_fold(key): key for key in run}
    paths: dict[str, pd.Series] = {}
    spans: Spans = {}
    for word, values in given.items():
        key, values = keys.get(_fold(word)), values.dropna()
        if key is not None and len(values):
            found, spans[key.partition("[")[0]] = earlier.path(
                model, key, values, _times(run[key]), monthly=monthly, where=where
            )
            paths[key] = _filled(found, run[key])
    if not paths:
        hint = "it takes: " + ", ".join(list(within.inputs)[:6])
        raise InputError(Problem(f"holds none of the inputs of sector '{within.sector}'", file=where, hint=hint))
    return paths, spans


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
    initial: Mapping[str, float] | None,
    until: float | None,
    engine: str,
) -> dict[str, pd.Series]:
    """Return variables over a run of the whole model, at each step."""
    control = {name: float(over.get(name, value)) for name, value in model.control.items()}  # type: ignore[arg-type]
    saving = any("SAVEPER" in used for name, used in references(model).items() if name not in CONTROL)
    known = np.isfinite(list(control.values())).all()  # a user's file may let them vary
    every = (
        {} if saving or not known else {"SAVEPER": control["TIME STEP"]}
    )  # an equation that reads SAVEPER would change
    runs = once(model, {**over, **every}, names, initial=initial, until=until, engine=engine)
    if every:
        last = control["FINAL TIME"] if until is None else until
        exact, _ = clock(control["INITIAL TIME"], last, control["TIME STEP"], control["TIME STEP"])
        if len(exact) == runs.sizes["time"]:
            runs = runs.assign_coords(time=exact[:, 0])  # labels are rounded; the equations see the sum of the steps
    return runfiles.by_key(runs)


def _filled(values: np.ndarray, run: pd.Series) -> pd.Series:
    """Return `values` [times] where there are any, else those of the run."""
    return pd.Series(np.where(np.isnan(values), run.to_numpy(float), values), index=run.index)


def _times(series: pd.Series) -> np.ndarray:
    return series.index.to_numpy(float)


def _fold(key: str) -> str:
    return " ".join(key.replace("_", " ").split()).casefold()
