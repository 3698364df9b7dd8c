"""Running one sector of a model alone, its inputs held: the feedback through the other sectors is cut."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import xarray as xr

from sdforecast.engine.naming import key_of
from sdforecast.engine.once import Override, once
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.forecasting.running import trajectories
from sdforecast.model import ModelFile
from sdforecast.observation.predicting import CUMULATIVE
from sdforecast.scenario import Scenario
from sdforecast.scenario.inputs import constants, series
from sdforecast.sectors import Boundary, Held, Inputs, boundary, held

_Value = TypeVar("_Value")


def by_month(
    model: ModelFile,
    sector: str,
    inputs: Inputs,
    scenarios: Sequence[Scenario],
    given: Mapping[str, float],
    variables: Sequence[str] | None = None,
    *,
    first: int = 0,
    last: int = 311,
    engine: str = "auto",
    advance: Callable[[], None] = lambda: None,
) -> xr.Dataset:
    """Run a sector of our model under each scenario.

    Parameters
    ----------
    sector : its name, any case.
    inputs : see :func:`sdforecast.sectors.held`.
    given : constants. One of the sector changes the sector alone, its inputs held; one of another sector changes the
        run that the inputs come from, too.
    variables : of the sector (default: its stocks and auxiliaries).
    first, last : months of model time to keep.

    Returns
    -------
    Dataset over (scenario, time); the attributes `sector` and `inputs` (JSON) say what was run, and on what.
    """
    within = boundary(model, sector)
    names = chosen(model, within, variables)
    others = _of_others(within, given)
    fixed = [
        held(
            model, within, inputs, scenario=mix.name, over={**series(mix, model), **others, **constants(mix, model)},
            until=last + 1, monthly=True, engine=engine,
        )
        for mix in scenarios
    ]  # fmt: skip
    runs = trajectories(
        model, [given], scenarios, names, first=first, last=last, held=[one.series for one in fixed], engine=engine,
        advance=advance,
    )  # fmt: skip
    return _told(runs.isel(draw=0, drop=True), within, fixed[0])


def at_own_times(
    model: ModelFile,
    sector: str,
    inputs: Inputs,
    given: Mapping[str, Override],
    variables: Sequence[str] | None = None,
    *,
    initial: Mapping[str, float] | None = None,
    until: float | None = None,
    engine: str = "auto",
) -> xr.Dataset:
    """Run a sector of any model over its own time; parameters as for :func:`by_month` and `once`."""
    within = boundary(model, sector)
    names = chosen(model, within, variables)
    starts = {key_of(model, name): value for name, value in (initial or {}).items()}
    overrides = {key_of(model, name): value for name, value in given.items()}
    elsewhere = _of_others(within, starts)
    own = {key: value for key, value in starts.items() if key not in elsewhere}
    fixed = held(
        model, within, inputs, over=_of_others(within, overrides), initial=elsewhere, until=until, engine=engine
    )
    runs = once(model, {**fixed.series, **overrides}, names, initial=own, until=until, engine=engine)
    return _told(runs, within, fixed)


def chosen(model: ModelFile, within: Boundary, variables: Sequence[str] | None) -> list[str]:
    """Return the variables of a sector that are asked for. Raises `InputError` for one of another sector."""
    if variables is None:
        plain = [name for name in within.shown if not name.casefold().startswith(CUMULATIVE)]
        return plain or list(within.shown)
    names = list(dict.fromkeys(model.name_of(name) for name in variables))
    if strange := next((name for name in names if name not in within.variables), None):
        what = f"'{strange}' is not in sector '{within.sector}'"
        raise InputError(Problem(what, file=str(model.path), hint=nearest(strange, within.shown)))
    return names


def _of_others(within: Boundary, given: Mapping[str, _Value]) -> dict[str, _Value]:
    """Return what is given for variables of other sectors, and for control variables."""
    return {key: value for key, value in given.items() if key.partition("[")[0] not in within.variables}


def _told(runs: xr.Dataset, within: Boundary, fixed: Held) -> xr.Dataset:
    origins = [origin.as_dict() for origin in fixed.origins]
    return runs.assign_attrs(sector=within.sector, inputs=json.dumps(origins, ensure_ascii=False))
