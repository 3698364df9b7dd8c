"""Costs that the model gives only in part: hours at the border, trade that does not take place."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.policy.kept import BILLION, BORDER_HOURS, TRADE_LOSS

CROSSINGS = "people crossing in vehicles a year"


def beside(draws: int, seed: int) -> pd.DataFrame:
    """Return draws of the unit costs that the model does not have, one row a draw."""
    rng = np.random.default_rng([seed, *CROSSINGS.encode()])
    return pd.DataFrame({CROSSINGS: np.clip(145e6 * np.exp(0.12 * rng.standard_normal(draws)), 100e6, 200e6)})


def derived(yearly: Mapping[str, xr.DataArray], value: Callable[[str], xr.DataArray]) -> dict[str, xr.DataArray]:
    """Return added hours at the border (million) and the value of trade that does not take place (billion USD)."""
    found = {}
    if BORDER_HOURS in yearly:
        added = yearly[BORDER_HOURS] - value("base crossing time")
        found[BORDER_HOURS] = added / 60 * value(CROSSINGS) * 1e-6
    if TRADE_LOSS in yearly:
        found[TRADE_LOSS] = (1 - yearly[TRADE_LOSS]) * value("bilateral trade value") * BILLION
    return found
