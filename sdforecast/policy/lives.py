"""Years of life lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import xarray as xr

from sdforecast.policy.kept import LIFE_YEARS

PER_DEATH = "remaining life years per death"


def derived(yearly: Mapping[str, xr.DataArray], value: Callable[[str], xr.DataArray]) -> dict[str, xr.DataArray]:
    """Return the years of life lost, undiscounted: deaths times what one of them loses, draw by draw."""
    if LIFE_YEARS not in yearly:
        return {}
    return {LIFE_YEARS: yearly[LIFE_YEARS] * value(PER_DEATH)}
