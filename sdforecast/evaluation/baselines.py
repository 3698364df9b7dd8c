"""The simple methods to beat, from what was known at an origin: the same code for a backtest and for today."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.evaluation import automatic, spreadsheet
from sdforecast.evaluation.combining import quantile_mean
from sdforecast.evaluation.levels import COLUMNS, HORIZONS, HUB_LEVELS, TARGETS, later

LAST_VALUE = "last value"
ON_MONTHLY_DEATHS = "AutoETS on monthly deaths"
SINGLE: tuple[str, ...] = (*spreadsheet.RULES, *automatic.ON_SUMS, ON_MONTHLY_DEATHS)
ENSEMBLE = "mean of the simple methods"
BASELINES: tuple[str, ...] = (*SINGLE, ENSEMBLE)

LEAST_MONTHS = 36
"""Seasons are learnt from three years."""
LEAST_SUMS = spreadsheet.TREND_MONTHS + 6
MOST_MONTHS = 240
"""Nobody extrapolates further than twenty years."""


def baselines(
    monthly: pd.Series, sums: pd.Series, target: str, horizons: Sequence[int] = HORIZONS
) -> pd.DataFrame:
    """Forecast a target by all simple methods from one origin.

    Parameters
    ----------
    monthly : deaths of single months known at the origin, by month end, without gaps. Counts that are still
        incomplete are completed, or dropped, by the caller.
    sums : deaths in twelve months known at the origin, by month end, without gaps; the last month is the same.
    target : the target's name, one of `levels.TARGETS`.
    horizons : months from the last month known.

    Returns
    -------
    Columns `levels.COLUMNS`, one quantile a row: eight methods (`BASELINES`). *Last value* repeats the last sum; its
    spread comes from how far the sums moved before (changes of their logarithm over as many months as the horizon, in both
    directions), see `spreadsheet`. The same input gives the same bytes.

    Raises
    ------
    InputError : a series has gaps, too few months, values not above zero; the two end apart; a horizon is no month.
    MachineError : the extra `evaluate` is not installed.
    """
    if target not in TARGETS:
        raise InputError(Problem(f"unknown target '{target}'", hint=nearest(target, TARGETS)))
    asked = sorted(set(horizons))
    if not asked or any(not 1 <= horizon <= MOST_MONTHS or horizon != int(horizon) for horizon in asked):
        raise InputError(Problem(f"horizons are whole months from 1 to {MOST_MONTHS}, not {list(horizons)}"))
    flows, totals = _checked(monthly, "monthly deaths", LEAST_MONTHS), _checked(sums, "sums", LEAST_SUMS)
    if monthly.index[-1] != sums.index[-1]:
        ends = f"{monthly.index[-1]:%Y-%m} and {sums.index[-1]:%Y-%m}"
        raise InputError(Problem(f"monthly deaths and sums of twelve months end in different months: {ends}"))
    found = {name: spreadsheet.quantiles(name, totals, asked) for name in spreadsheet.RULES}
    found |= {name: automatic.on_sums(name, totals, asked) for name in automatic.ON_SUMS}
    found[ON_MONTHLY_DEATHS] = automatic.on_monthly_deaths(flows, asked)
    table = _table(found, target, sums.index[-1])
    return pd.concat([table, quantile_mean(table, SINGLE, ENSEMBLE)], ignore_index=True)


def _checked(series: pd.Series, what: str, least: int) -> np.ndarray:
    """Return the values of a monthly series without gaps. Raises `InputError`."""
    index, values = series.index, series.to_numpy(float)
    if len(series) < least:
        raise InputError(Problem(f"{len(series)} {what} are known at the origin; the simple methods need {least}"))
    if not isinstance(index, pd.DatetimeIndex) or not index.equals(
        pd.date_range(index[0], periods=len(index), freq="ME", name=index.name)
    ):
        raise InputError(Problem(f"the {what} are not one value for each month, by the month's last day, in order"))
    if not (np.isfinite(values) & (values > 0)).all():
        raise InputError(Problem(f"the {what} hold a value that is not a number above zero"))
    return values


def _table(found: dict[str, dict[int, np.ndarray]], target: str, origin: pd.Timestamp) -> pd.DataFrame:
    parts = [
        pd.DataFrame({"method": name, "horizon": horizon, "quantile": HUB_LEVELS, "value": values})
        for name, by_horizon in found.items()
        for horizon, values in by_horizon.items()
    ]
    table = pd.concat(parts, ignore_index=True).assign(target=target, origin=origin)
    ends = {horizon: later(origin, horizon) for horizon in table["horizon"].unique()}
    return table.assign(target_end_date=table["horizon"].map(ends))[list(COLUMNS)]
