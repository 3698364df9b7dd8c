"""Outcomes whose every number can be worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import scenario
from sdforecast.policy.kept import ALL_DEATHS, DEATHS, LIFE_YEARS, OUTCOMES
from sdforecast.policy.outcomes import Outcomes

YEARS = tuple(range(2027, 2036))
PER_DEATH = 30.0
BASE = 50_000.0


def outcomes(
    averted: Mapping[str, np.ndarray | float],
    *,
    costs: Mapping[str, float] | None = None,
    draws: int = 40,
    onset: Mapping[str, Sequence[float]] | None = None,
) -> Outcomes:
    """Return outcomes in which a scenario averts so many deaths a year of 50,000 [draws or draws, years].

    Every cost is 1 a year under the reference, and more by `costs` under a scenario; a death loses 30 years; every
    stage is 10 under the reference and 12 under each scenario.
    """
    names = ["current-course", *averted]
    shape = (draws, len(names), len(YEARS))
    less = np.zeros(shape)
    for k, name in enumerate(names[1:], start=1):
        given = np.asarray(averted[name], dtype=float)
        less[:, k] = given[:, None] if given.ndim == 1 else given
    more = np.zeros(shape)
    for k, name in enumerate(names):
        more[:, k] = (costs or {}).get(name, 0.0)
    later = np.zeros(shape)
    later[:, 1:] = 2.0
    arrays = {}
    for kept in OUTCOMES:
        values = BASE - less if kept.name in (DEATHS, ALL_DEATHS) else 1 + more if kept.group == "cost" else 10 + later
        values = PER_DEATH * (BASE - less) if kept.name == LIFE_YEARS else values
        attributes = {"title": kept.title, "unit": kept.unit, "group": kept.group}
        arrays[kept.name] = (("draw", "scenario", "year"), values, attributes)
    months = np.full(shape[:2], np.nan)
    for name, given in (onset or {}).items():
        months[:, names.index(name)] = given
    coords = {"draw": np.arange(draws), "scenario": names, "year": list(YEARS)}
    return Outcomes(
        yearly=xr.Dataset(arrays, coords),
        onset=xr.DataArray(months, {"draw": np.arange(draws), "scenario": names}, ("draw", "scenario")),
        constants=pd.DataFrame(index=range(draws)),
        scenarios=tuple(scenario.load(name) for name in names),
        reference="current-course",
        manifest={"command": "by hand", "sdforecast": "0"},
    )
