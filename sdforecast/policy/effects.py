"""What scenarios change against the reference, draw by draw."""

from __future__ import annotations

import xarray as xr

from sdforecast.policy import lives
from sdforecast.policy.kept import ALL_DEATHS, COSTS, LIFE_YEARS
from sdforecast.policy.outcomes import Outcomes

PHYSICAL = ("border hours",)
"""Costs that are not money: never discounted."""


def of_years(outcomes: Outcomes, name: str, rate: float = 0.0) -> xr.DataArray:
    """Return an outcome (draw, scenario, year); money and years of life discounted to the start of the first year.

    Deaths and hours are counted, never discounted.
    """
    found = outcomes.yearly[name]
    first = int(found["year"][0])
    if rate == 0 or (name != LIFE_YEARS and (name not in COSTS or name in PHYSICAL)):
        return found
    if name == LIFE_YEARS:
        return lives.discounted(found, outcomes.yearly[ALL_DEATHS], rate, first)
    worth = xr.DataArray(lives.present(found["year"].to_numpy(), first, rate), dims="year")
    return (found * worth).assign_attrs(found.attrs)


def less(outcomes: Outcomes, name: str, rate: float = 0.0) -> xr.DataArray:
    """Return how much less than under the reference (draw, scenario without it, year): deaths averted, years saved."""
    values = of_years(outcomes, name, rate)
    others = [mix for mix in outcomes.names if mix != outcomes.reference]
    base = values.sel(scenario=outcomes.reference, drop=True)
    return (base - values.sel(scenario=others)).transpose("draw", "scenario", "year").assign_attrs(values.attrs)


def more(outcomes: Outcomes, name: str, rate: float = 0.0) -> xr.DataArray:
    """Return how much more than under the reference (draw, scenario without it, year): what a mix costs."""
    found = less(outcomes, name, rate)
    return (-found).assign_attrs(found.attrs)


def relative(outcomes: Outcomes, name: str) -> xr.DataArray:
    """Return by how much an outcome is above the reference's, as a share (draw, scenario without it, year)."""
    base = outcomes.yearly[name].sel(scenario=outcomes.reference, drop=True)
    return more(outcomes, name) / base
