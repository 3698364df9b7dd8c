"""The numbers behind the figures: yearly sums, spreads over draws, paired differences, what was counted.

Trajectories are arrays with the dimensions `draw`, `scenario` and `time` (the last days of months); a monthly flow
is the month's sum. Tables are tidy: one value a row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.calendar import month_end
from sdforecast.errors import InputError
from sdforecast.forecasting import LEVELS, Forecast
from sdforecast.history import select

DEATHS = "synthetic opioid deaths"
"""The variable that counts."""


def yearly(trajectory: xr.DataArray) -> xr.DataArray:
    """Return the sums over whole calendar years (dimension `year` in place of `time`)."""
    months = trajectory["time"].dt.year
    whole = [int(year) for year, n in zip(*np.unique(months, return_counts=True), strict=True) if n == 12]
    sums = [trajectory.isel(time=np.flatnonzero(months == year)).sum("time") for year in whole]
    return xr.concat(sums, pd.Index(whole, name="year"))


def against(values: xr.DataArray, reference: str) -> xr.DataArray:
    """Return each other scenario less the reference, draw by draw: only the scenario differs in a pair."""
    others = [name for name in values["scenario"].values if name != reference]
    return values.sel(scenario=others) - values.sel(scenario=reference, drop=True)


def drawn_from(forecast: Forecast) -> str:
    """Return where the draws of a forecast come from, as half a sentence."""
    several = len(forecast.structures)
    return f"from {several} structures, each with its weight" if several > 1 else "from the posterior of one model"


def spread(values: xr.DataArray, along: str) -> pd.DataFrame:
    """Return quantiles over the draws as a table with one row for each `scenario`, coordinate `along`, and quantile.

    A single draw has no spread: it is given at the level 0.5 alone.
    """
    levels = list(LEVELS) if values.sizes["draw"] > 1 else [0.5]
    found = np.quantile(values.transpose("draw", "scenario", along).to_numpy(), levels, axis=0)
    labels: list[Any] = [levels, values["scenario"].values, values[along].values]
    index = pd.MultiIndex.from_product(labels, names=["quantile", "scenario", along])
    table = pd.Series(found.ravel(), index, name="value").reset_index()
    return table[["scenario", along, "quantile", "value"]]


def wide(table: pd.DataFrame, along: str) -> pd.DataFrame:
    """Return the spread of one scenario with a column for each quantile."""
    return table.pivot(index=along, columns="quantile", values="value")


def draws(forecast: Forecast) -> int:
    """Return how many draws there are."""
    return int(forecast.trajectories.sizes["draw"])


def others(forecast: Forecast) -> list[str]:
    """Return the names of the scenarios beside the reference, in their order."""
    return [scenario.name for scenario in forecast.scenarios if scenario.name != forecast.reference]


def titles(forecast: Forecast) -> dict[str, str]:
    """Return the titles of the scenarios by name."""
    return {scenario.name: scenario.title for scenario in forecast.scenarios}


def compared_years(forecast: Forecast) -> tuple[int, int]:
    """Return the whole years over which scenarios are compared: from the first change of any of them to the end."""
    changes = [change.start for scenario in forecast.scenarios for change in scenario.instruments]
    end = pd.Timestamp(forecast.trajectories["time"].values[-1])
    last = end.year if end.month == 12 else end.year - 1
    first = int(min(changes)[:4]) if changes else last_counted(forecast).year + 1
    return min(first, last), last


def counted(forecast: Forecast, aggregation: str, breakdown: str = "occurrence") -> pd.DataFrame:
    """Return the counted deaths as `period_end`, `value` and `status`; empty where the history has none."""
    columns = ["period_end", "value", "status"]
    try:
        rows = select(
            forecast.history, "synthetic_opioid_deaths", aggregation=aggregation, breakdown=breakdown,
            status=("final", "provisional"),
        )  # fmt: skip
    except InputError:
        return pd.DataFrame({"period_end": pd.to_datetime([]), "value": [], "status": []})
    return rows[columns]


def last_counted(forecast: Forecast) -> pd.Timestamp:
    """Return the last day of the last month with counted deaths; of the first year where there are none."""
    months = counted(forecast, "month")
    return month_end(11) if months.empty else pd.Timestamp(months["period_end"].max())


def observations(forecast: Forecast, variable: str) -> pd.DataFrame:
    """Return what was observed of a variable as `series, start, end, time, value`, on the scale of its trajectory.

    `time` is the middle of the period. The sum of a flow over several months is divided by them, since trajectories
    are monthly.
    """
    rows = forecast.targets[forecast.targets["variable"] == variable]
    start, end = pd.to_datetime(rows["start"]), pd.to_datetime(rows["end"])
    months = (end.dt.year - start.dt.year) * 12 + end.dt.month - start.dt.month + 1
    divisor = months.where(rows["kind"] == "flow", 1)
    return pd.DataFrame(
        {"series": rows["series"], "start": start, "end": end, "time": start + (end - start) / 2,
         "value": rows["observed"] / divisor}
    ).sort_values("time", kind="stable").reset_index(drop=True)  # fmt: skip
