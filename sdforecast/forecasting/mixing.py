"""Running structures under scenarios, and mixing their draws: one dataset, one structure's draws after the other's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import xarray as xr

from sdforecast import history, scenario
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting.disturbing import Disturbances, disturbances
from sdforecast.forecasting.drawing import run_draws
from sdforecast.forecasting.parts import Part
from sdforecast.forecasting.pooling import borrowed, hosts_of, together
from sdforecast.forecasting.remaining import Counted, counted
from sdforecast.observation.remainders import Remainder

CURRENT_COURSE = "current-course"
"""The scenario under which policies stay as they are: what a structure without policies runs under."""


@dataclass(frozen=True)
class Asked:
    """What all structures are run with."""

    mixes: tuple[scenario.Scenario, ...]
    last: int
    seed: int
    engine: str
    variables: Sequence[str] | None
    told: Callable[[str], None]
    advance: Callable[[], None]

    @property
    def run(self) -> tuple[scenario.Scenario, ...]:
        """The scenarios, and the current course after them if it is not one: what is borrowed is measured from it."""
        names = [mix.name for mix in self.mixes]
        return self.mixes if CURRENT_COURSE in names else (*self.mixes, scenario.load(CURRENT_COURSE))


def mixed(given: Sequence[Part], count: Sequence[int], asked: Asked) -> tuple[xr.Dataset, Disturbances]:
    """Return the trajectories of all structures, and what acts on the first."""
    lending = any(part.structure.borrows for part in given)
    mixes = asked.run if lending else asked.mixes
    acting = [
        disturbances(part.posterior.thin(n), part.model, asked.last, asked.seed, part.structure.targets)
        for part, n in zip(given, count, strict=True)
    ]
    own = [k for k, part in enumerate(given) if not part.structure.borrows]
    made = {k: _own(given[k], count[k], acting[k], mixes, asked) for k in own}
    hosts = together([made[k] for k in own])
    sums = {name for of, _ in acting[own[0]].discrepancies for name in of.contained_in}
    sums |= {of.whole for of in acting[own[0]].remainders}
    for k, part in enumerate(given):
        if part.structure.borrows:
            made[k] = _borrowing(part, count[k], acting[k], hosts, sums, mixes, asked)
    found = together([made[k] for k in range(len(given))])
    return found.isel(scenario=slice(len(asked.mixes))), acting[own[0]]


def _own(part: Part, count: int, beside: Disturbances, mixes: Sequence[scenario.Scenario], asked: Asked) -> xr.Dataset:
    """Return the runs of a structure that has policies."""
    model = part.model
    wanted = None if asked.variables is None else list(dict.fromkeys(map(model.name_of, asked.variables)))
    found = run_draws(
        model, part.posterior.thin(count).draws, beside.latents, mixes, wanted and beside.needed(wanted),
        last=asked.last, fixed=part.held, engine=asked.engine, advance=asked.advance,
    )  # fmt: skip
    for line in _rewritten(mixes, beside, found):
        asked.told(line)
    return beside.applied(_finite(found), wanted, _counted, _actual(mixes))


def _borrowing(
    part: Part,
    count: int,
    beside: Disturbances,
    hosts: xr.Dataset,
    sums: Iterable[str],
    mixes: Sequence[scenario.Scenario],
    asked: Asked,
) -> xr.Dataset:
    """Return the runs of a structure without policies, each completed by a host's."""
    flows, own = without_policies(part, count, beside, asked.last, asked.engine, asked.advance)
    actual = [mix.name for mix in mixes].index(CURRENT_COURSE)
    made = hosts
    place = hosts_of(count, hosts.sizes["draw"])
    for flow in flows:
        if flow in hosts:
            made = borrowed(made, own, flow, [*sums], actual, place)
            place = np.arange(count)
    return made if len(flows) and made is not hosts else hosts.isel(draw=place)


def without_policies(
    part: Part, count: int, beside: Disturbances, last: int, engine: str = "auto",
    advance: Callable[[], None] = lambda: None,
) -> tuple[list[str], xr.Dataset]:  # fmt: skip
    """Return the flows of a structure without policies, discrepancies in them, and their runs (draw, time)."""
    flows = [flow for _, names in beside.discrepancies for flow in names]
    found = run_draws(
        part.model, part.posterior.thin(count).draws, beside.latents, [scenario.load(CURRENT_COURSE)], flows,
        last=last, fixed=part.held, engine=engine, advance=advance,
    )  # fmt: skip
    return flows, beside.applied(_finite(found), flows, _counted).isel(scenario=0, drop=True)


def _actual(mixes: Sequence[scenario.Scenario]) -> int:
    """Return the position of a scenario whose past is what happened: the current course, or one with its past."""
    names = [mix.name for mix in mixes]
    if CURRENT_COURSE in names:
        return names.index(CURRENT_COURSE)
    return next((k for k, mix in enumerate(mixes) if not mix.counterfactual), 0)


def _rewritten(mixes: Sequence[scenario.Scenario], beside: Disturbances, runs: xr.Dataset) -> list[str]:
    """Return that months counted are set against another past, in one sentence; nothing if they are not."""
    wholes = [of.whole for of in beside.remainders if of.whole in runs]
    mix = mixes[_actual(mixes)]
    if not wholes or not mix.counterfactual or mix.name == CURRENT_COURSE:
        return []
    return [f"counts of '{wholes[0]}' are set against {mix.name}, whose past is another: run {CURRENT_COURSE}, too"]


@lru_cache(maxsize=8)
def _counted(of: Remainder) -> Counted:
    """Return what the shipped history counted of a remainder: how reports come in takes seconds to estimate."""
    return counted(of, history.load(), history.load_vintages())


def _finite(runs: xr.Dataset) -> xr.Dataset:
    """Return the runs; `InputError` names variable, time, draw and scenario of a value that is not finite."""
    for name, array in runs.data_vars.items():
        broken = ~np.isfinite(array.to_numpy())
        if broken.any():
            k, mix, row = np.unravel_index(int(broken.argmax()), broken.shape)
            month = str(runs["time"].to_numpy()[row])[:7]
            what = f"'{name}' is not finite in {month} with draw {k} under {runs['scenario'].to_numpy()[mix]}"
            raise InputError(Problem(what, hint="look at the constants of this draw"))
    return runs
