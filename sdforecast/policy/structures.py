"""Outcomes of scenarios from several structures, mixed as a forecast is (:mod:`sdforecast.forecasting.pooling`).

A structure without policies has deaths of its own under the current course; under a scenario they change by the factor
by which those of its host's draw do, here year by year. Years of life follow deaths; all else is the host's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import scenario
from sdforecast.errors import InputError
from sdforecast.forecasting.disturbing import LAST, disturbances
from sdforecast.forecasting.mixing import CURRENT_COURSE, without_policies
from sdforecast.forecasting.parts import Part, counts
from sdforecast.forecasting.pooling import hosts_of
from sdforecast.forecasting.structures import shares
from sdforecast.manifest import manifest
from sdforecast.policy import kept
from sdforecast.policy.drawn import drawn
from sdforecast.policy.kept import ALL_DEATHS, DEATHS, LIFE_YEARS
from sdforecast.policy.outcomes import FIRST, REFERENCE, Outcomes, arranged, last_month, outcomes
from sdforecast.scenario import Scenario

_Data = TypeVar("_Data", xr.Dataset, xr.DataArray)


def outcomes_of(
    given: Sequence[Part],
    scenarios: Sequence[Scenario | str | Path],
    *,
    draws: int | None = None,
    horizon: str = LAST,
    first: int = FIRST,
    seed: int = 1,
    reference: str | Path = REFERENCE,
    engine: str = "auto",
    threads: int | None = None,
    command: str = "sdf.compare(...)",
    told: Callable[[str], None] = lambda line: None,
    advance: Callable[[], None] = lambda: None,
) -> Outcomes:
    """Run the draws of structures under every scenario, and return what comes of each by year.

    Parameters
    ----------
    given : what to run, as `forecasting.parts` gives it.
    draws : how many in all (default: as `forecasting.counts` says); where a posterior has fewer, its rows are taken
        again, in turn.

    The others, and what is raised: see :func:`.outcomes.outcomes`.
    """
    mixes, base = arranged(scenarios, reference, told, given[0].model)
    names = [mix.name for mix in mixes]
    ran = mixes if CURRENT_COURSE in names else (*mixes, scenario.load(CURRENT_COURSE))
    count = counts(given, None) if draws is None else shares([part.structure for part in given], draws)
    own = {
        k: outcomes(
            ran, posterior=part.posterior, model=part.model, draws=n, targets=part.structure.targets, horizon=horizon,
            first=first, seed=seed, reference=base.name, engine=engine, threads=threads, command=command, told=told,
            advance=advance,
        )
        for k, (part, n) in enumerate(zip(given, count, strict=True))
        if not part.structure.borrows
    }  # fmt: skip
    yearly = {k: made.yearly for k, made in own.items()}
    onset = {k: made.onset for k, made in own.items()}
    constants = {k: made.constants.assign(**given[k].held) for k, made in own.items()}
    hosts = xr.concat([yearly[k] for k in own], "draw", join="exact", combine_attrs="override")
    months = xr.concat([onset[k] for k in own], "draw", join="exact", combine_attrs="override")
    rows = pd.concat([constants[k] for k in own], ignore_index=True)
    for k, part in enumerate(given):
        if part.structure.borrows:
            place = hosts_of(count[k], len(rows))
            drawn_part = replace(part, posterior=drawn(part.posterior, count[k], None, told))
            deaths = _own_deaths(drawn_part, count[k], seed, last_month(horizon, first), first, engine, advance)
            yearly[k] = _borrowed(hosts, deaths, place)
            onset[k], constants[k] = months.isel(draw=place), rows.iloc[place]
    order = range(len(given))
    found = next(iter(own.values()))
    told_of = {key: value for key, value in found.manifest.items() if key not in ("draws", "posterior", "scenarios")}
    return Outcomes(
        yearly=_joined([yearly[k] for k in order], names),
        onset=_joined([onset[k] for k in order], names),
        constants=pd.concat([constants[k] for k in order], ignore_index=True),
        scenarios=tuple(mix for mix in ran if mix.name in names),
        reference=base.name,
        manifest=manifest(command) | told_of | {
            "scenarios": names, "draws": sum(count),
            "structures": [
                {"name": part.structure.name, "weight": part.structure.weight, "draws": n,
                 "model_sha256": part.model.sha256}
                for part, n in zip(given, count, strict=True)
            ],
        },
        structures=_listed(given, count),
    )  # fmt: skip


def _listed(given: Sequence[Part], count: Sequence[int]) -> pd.DataFrame:
    """Return the structures in the order of the draws; nothing where there is one."""
    rows = [(part.structure.name, part.structure.title, part.structure.weight) for part in given]
    table = pd.DataFrame(rows, columns=["name", "title", "weight"]).assign(draws=list(count))
    return table if len(given) > 1 else pd.DataFrame()


def _joined(parts: Sequence[_Data], scenarios: Sequence[str]) -> _Data:
    """Return the draws of all parts, one after the other, numbered anew, under these scenarios."""
    made = xr.concat(parts, "draw", join="exact", combine_attrs="override")
    return made.assign_coords(draw=np.arange(made.sizes["draw"])).sel(scenario=list(scenarios))


def _own_deaths(
    part: Part, count: int, seed: int, last: int, first: int, engine: str, advance: Callable[[], None]
) -> np.ndarray:
    """Return deaths of a structure without policies by year [draw, year]."""
    beside = disturbances(part.posterior.thin(count), part.model, last, seed, part.structure.targets)
    flows, found = without_policies(part, count, beside, last, engine, advance)
    of = kept.by_name(DEATHS).of
    if not set(of) <= set(flows):
        raise InputError(f"structure '{part.structure.name}' has no '{of[0]}'")
    months = found[of[0]].transpose("draw", "time")
    months = months.sel(time=months["time"].dt.year >= first)
    return np.asarray(months.to_numpy().reshape(count, -1, 12).sum(axis=2))


def _borrowed(hosts: xr.Dataset, deaths: np.ndarray, place: np.ndarray) -> xr.Dataset:
    """Return the outcomes of draws whose deaths under the current course are `deaths` [draw, year]."""
    made = hosts.isel(draw=place)
    theirs = made[DEATHS]
    ours = theirs / theirs.sel(scenario=CURRENT_COURSE) * xr.DataArray(deaths, dims=("draw", "year"))
    found = {DEATHS: ours}
    if ALL_DEATHS in made:
        found[ALL_DEATHS] = made[ALL_DEATHS] + (ours - theirs)
    if LIFE_YEARS in made and ALL_DEATHS in made:
        found[LIFE_YEARS] = made[LIFE_YEARS] * (found[ALL_DEATHS] / made[ALL_DEATHS])
    order = ("draw", "scenario", "year")
    return made.assign({name: each.transpose(*order).assign_attrs(made[name].attrs) for name, each in found.items()})
