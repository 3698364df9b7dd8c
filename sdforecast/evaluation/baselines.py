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
    monthly: pd.Series,
    sums: pd.Series,
    target: str,
    horizons: Sequence[int] = HORIZONS,
    methods: Sequence[str] = BASELINES,
) -> pd.DataFrame:
    """Forecast a target by all simple methods from one origin.

    Parameters
    ----------
    monthly : deaths of single months known at the origin, by month end, without gaps. Counts that are still
        incomplete are completed, or dropped, by the caller.
    sums : deaths in twelve months known at the origin, by month end, without gaps; the last month is the same.
    target : the target's name, one of `levels.TARGETS`.
    horizons : months from the last month known.
    methods : which of `BASELINES`; the mean takes all the others, whether they are asked for or not.

    Returns
    -------
    Columns `levels.COLUMNS`, one quantile a row. *Last value* repeats the last sum; its
    spread comes from how far the sums moved before (changes of their logarithm over as many months as the horizon, in
    both directions), see `spreadsheet`. The same input gives the same bytes.

    Raises
    ------
    InputError : an unknown target or method; a series has gaps, too few months, values not above zero; the two end
        apart; a horizon is no month.
    MachineError : the extra `evaluate` is not installed.
    """
    if target not in TARGETS:
        raise InputError(Problem(f"unknown target '{target}'", hint=nearest(target, TARGETS)))
    unknown = [name for name in methods if name not in BASELINES]
    if unknown or not methods:
        raise InputError(
            *(Problem(f"no simple method '{each}'", hint=nearest(each, BASELINES)) for each in unknown or [""])
        )
    asked = sorted(set(horizons))
    if not asked or any(not 1 <= horizon <= MOST_MONTHS or horizon != int(horizon) for horizon in asked):
        raise InputError(Problem(f"horizons are whole months from 1 to {MOST_MONTHS}, not {list(horizons)}"))
    flows, totals = _checked(monthly, "monthly deaths", LEAST_MONTHS), _checked(sums, "sums", LEAST_SUMS)
    if monthly.index[-1] != sums.index[-1]:
        ends = f"{monthly.index[-1]:%Y-%m} and {sums.index[-1]:%Y-%m}"
        raise InputError(Problem(f"monthly deaths and sums of twelve months end in different months: {ends}"))
    single = SINGLE if ENSEMBLE in methods else [name for name in SINGLE if name in methods]
    table = _table({name: _forecast(name, flows, totals, asked) for name in single}, target, sums.index[-1])
    if ENSEMBLE in methods:
        table = pd.concat([table, quantile_mean(table, SINGLE, ENSEMBLE)])
    return table[table["method"].isin(methods)].reset_index(drop=True)


def _forecast(name: str, flows: np.ndarray, totals: np.ndarray, horizons: Sequence[int]) -> dict[int, np.ndarray]:
    if name in spreadsheet.RULES:
        return spreadsheet.quantiles(name, totals, horizons)
    if name in automatic.ON_SUMS:
        return automatic.on_sums(name, totals, horizons)
    return automatic.on_monthly_deaths(flows, horizons)


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
