"""From the trajectories of a forecast to counts as the CDC will publish them: known, nowcast and forecast months.

A draw of a forecast says what would be expected in a month; a count strays from it. Three kinds of months:

- *closed*: the publisher has closed the year. Every draw has the count itself.
- *incomplete* (the nowcast): deaths are still being added. Given a draw's expectation `m`, the closed count F has
  log F ~ N(log m, s²), with s² the spread of counts; the count R reported so far has log R = log F + log(share) + e
  with e ~ N(0, r²), share and r those that past files had at that age (:mod:`sdforecast.observation.revisions`). So
  log F is normal with the precision 1/s² + 1/r² about the weighted mean of log m and log(R / share). Errors that months
  of a file share are taken month by month.
- *future*: log F ~ N(log m, s²), mean-corrected.

Deviations belong to a draw and not to a scenario, so that the same draw under two scenarios differs by these alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import history
from sdforecast.errors import InputError, Problem
from sdforecast.evaluation.levels import SYNTHETIC_OPIOIDS
from sdforecast.forecasting import Forecast
from sdforecast.forecasting.propagating import generator
from sdforecast.issuing.quantities import QUANTITIES, Quantity
from sdforecast.observation.revisions import completeness, provisional

SPREAD = 0.015
"""Relative spread of a month's count beyond counting noise, where the targets of a forecast state none."""


@dataclass(frozen=True)
class Counts:
    """Paths of the hub's targets.

    Attributes
    ----------
    reference : last day of the last month that was counted, if only in part: horizons count from it.
    paths : by target, (draw, scenario, time) from the first incomplete month to the end of the forecast.
    incomplete : by target, how many months (or sums) up to the reference are not closed.
    """

    reference: pd.Timestamp
    paths: dict[str, xr.DataArray]
    incomplete: dict[str, int]

    def horizons(self, target: str) -> np.ndarray:
        """Return the horizon of each time of a target's paths, in months after the reference."""
        return months_after(self.reference, self.paths[target]["time"].to_numpy())


def months_after(reference: pd.Timestamp, ends: np.ndarray) -> np.ndarray:
    """Return how many months the month of each day of `ends` lies after that of `reference`."""
    days = pd.DatetimeIndex(ends)
    return np.asarray((days.year - reference.year) * 12 + days.month - reference.month)


def possible(forecast: Forecast) -> bool:
    """Return whether a forecast has the deaths that a hub asks about."""
    return all(each.variable in forecast.trajectories for each in QUANTITIES)


def counts(forecast: Forecast, vintages: pd.DataFrame | None = None) -> Counts:
    """Return paths of counts of all targets.

    Parameters
    ----------
    vintages : what was known when, by default of the shipped history: how incomplete months are completed.

    Raises
    ------
    InputError : the forecast lacks a variable, or ends before the last counted month.
    """
    absent = [each.variable for each in QUANTITIES if each.variable not in forecast.trajectories]
    if absent:
        raise InputError(Problem(f"the forecast has no variable '{absent[0]}'", hint="make it with all deaths"))
    vintages = history.load_vintages() if vintages is None else vintages
    known = {each.series: _known(forecast.history, each.series) for each in QUANTITIES}
    reference = max(rows["period_end"].max() for rows in known.values())
    if pd.Timestamp(forecast.trajectories["time"].to_numpy()[-1]) <= reference:
        raise InputError(Problem("the forecast ends before the last counted month"))
    found, incomplete = {}, {}
    months: dict[str, xr.DataArray] = {}
    for each in QUANTITIES:
        rows = known[each.series]
        if each.variable not in months:
            months[each.variable] = _months(forecast, each, rows, vintages)
        sums = months[each.variable].rolling(time=each.months).sum() if each.months > 1 else months[each.variable]
        first = _first_open(rows)
        found[each.target] = sums.sel(time=slice(first, None))
        incomplete[each.target] = int(months_after(first, np.array([reference]))[0]) + 1
    return Counts(reference, found, incomplete)


def _known(observed: pd.DataFrame, series: str) -> pd.DataFrame:
    return history.select(observed, series, aggregation="month", breakdown="occurrence")


def _first_open(rows: pd.DataFrame) -> pd.Timestamp:
    """Return the last day of the first month after which nothing is closed."""
    closed = rows.loc[rows["status"] != "provisional", "period_end"]
    last = closed.max() if len(closed) else rows["period_end"].min() - pd.offsets.MonthEnd(1)
    return pd.Timestamp(last) + pd.offsets.MonthEnd(1)


def _months(forecast: Forecast, quantity: Quantity, rows: pd.DataFrame, vintages: pd.DataFrame) -> xr.DataArray:
    """Return the paths of single months, from the forecast's first month on."""
    expected = forecast.trajectories[quantity.variable].transpose("draw", "scenario", "time")
    values = expected.to_numpy().astype(float).copy()
    ends = pd.DatetimeIndex(expected["time"].to_numpy())
    at = pd.Series(np.arange(len(ends)), index=ends)
    seed = int(forecast.manifest.get("seed", 1))
    steps = generator(seed, f"count of {quantity.variable}").standard_normal((len(ends), values.shape[0]))
    spread = _spread(forecast)

    still = rows["status"].eq("provisional") & rows["period_end"].isin(ends)
    closed = rows[~rows["status"].eq("provisional") & rows["period_end"].isin(ends)]
    values[..., at[closed["period_end"]].to_numpy()] = closed["value"].to_numpy(float)

    reported = rows[still]
    late = provisional(reported, completeness(vintages, quantity.series)) if len(reported) else None
    place = at[reported["period_end"]].to_numpy()
    if late is not None:
        centre = np.log(reported["value"].to_numpy(float)) - late["log_share"].to_numpy()
        values[..., place] = _completed(values[..., place], centre, late["sd"].to_numpy(), spread, steps[place])

    last = rows["period_end"].max()
    later = np.flatnonzero(ends > last)
    values[..., later] = _scattered(values[..., later], spread, steps[later])
    return expected.copy(data=values)


def _completed(
    expected: np.ndarray, centre: np.ndarray, sd: np.ndarray, spread: float, steps: np.ndarray
) -> np.ndarray:
    """Return closed counts [draw, scenario, month] of months counted in part: see the module."""
    prior = 1.0 / (spread**2 + 1.0 / np.maximum(expected, 1.0))
    told = 1.0 / np.maximum(sd, 1e-6) ** 2
    mean = (prior * np.log(np.maximum(expected, 1e-9)) + told * centre) / (prior + told)
    return np.asarray(np.exp(mean + steps.T[:, None, :] / np.sqrt(prior + told)))


def _scattered(expected: np.ndarray, spread: float, steps: np.ndarray) -> np.ndarray:
    """Return counts [draw, scenario, month] about their expectation, which stays their mean."""
    variance = spread**2 + 1.0 / np.maximum(expected, 1.0)
    return np.asarray(expected * np.exp(np.sqrt(variance) * steps.T[:, None, :] - variance / 2))


def _spread(forecast: Forecast) -> float:
    """Return the relative spread of monthly counts that the targets state."""
    rows = forecast.targets
    monthly = rows[(rows["variable"] == SYNTHETIC_OPIOIDS) & (rows["first"] == rows["last"])]
    return float(monthly["sd"].iloc[-1]) if len(monthly) else SPREAD
