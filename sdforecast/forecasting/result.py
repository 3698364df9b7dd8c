"""A forecast as one plain object: trajectories and everything a reader needs to judge them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
import xarray as xr

from sdforecast.scenario import Scenario


@dataclass(frozen=True)
class Forecast:
    """Trajectories under scenarios, with the history and the fit they rest on.

    Attributes
    ----------
    trajectories : dimensions (draw, scenario, time); `time` are the last days of months; variables by their names in
        the model, with attributes unit, comment, sector and `per` ("month" for flows, "" for levels at month's end).
        The same draw has the same constants, latent series and discrepancies in every scenario. The attribute
        `discrepancy` says what of the latter is in a variable; `<flow> of the model` is the flow without it.
    scenarios : in the order of the run; levels has their instruments by month.
    reference : name of the scenario that others are compared with.
    history : the tidy history.
    targets : observations with the median of the model alone: target, title, series, variable, unit, start, end,
        observed, model, residual, sd, scale, fitted.
    fit : one row a target, as measured.
    parameters : every constant with its prior and posterior; see :func:`.believed.believed`.
    summary : the figures of the fit: annual_mape, recent_mape, peak_model, peak_observed, …
    manifest : how it was made.
    structures : one row a structure in the order of the draws: name, title, about, weight, draws, borrows.
    """

    trajectories: xr.Dataset
    scenarios: tuple[Scenario, ...]
    levels: dict[str, pd.DataFrame]
    reference: str
    history: pd.DataFrame
    targets: pd.DataFrame
    fit: pd.DataFrame
    parameters: pd.DataFrame
    summary: dict[str, Any]
    manifest: dict[str, Any]
    structures: pd.DataFrame = field(default_factory=pd.DataFrame)

    def structure(self, name: str) -> Forecast:
        """Return the forecast of one structure alone. Raises `KeyError` for another name."""
        if name not in set(self.structures["name"]):
            raise KeyError(name)
        ends = self.structures["draws"].cumsum()
        k = int((self.structures["name"] == name).to_numpy().argmax())
        rows = slice(int(ends.iloc[k] - self.structures["draws"].iloc[k]), int(ends.iloc[k]))
        return replace(self, trajectories=self.trajectories.isel(draw=rows), structures=self.structures.iloc[k : k + 1])
