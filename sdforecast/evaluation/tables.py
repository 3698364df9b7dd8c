"""Tables of forecasts, checked: every quantile there, none twice, none crossing, nothing that cannot be a count."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pandas.api.types import is_numeric_dtype

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.evaluation.levels import COLUMNS, HUB_LEVELS, KEYS

SLACK = 1e-9
"""Quantiles that cross by less than this share of their size are rounding."""

MOST_NAMED = 5
"""So many forecasts with the same fault are named, the rest are counted."""

IDENTITY = [*KEYS, "target_end_date"]


def wide(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return a checked table of forecasts with one forecast a row and one level a column.

    Parameters
    ----------
    forecasts : columns as in `levels.COLUMNS`, one quantile a row; further columns are dropped.

    Returns
    -------
    The values (deaths), columns the 23 hub levels in order, index `method, target, origin, horizon, target_end_date`.

    Raises
    ------
    InputError : a column is missing or of the wrong type, a level is missing, unknown or there twice, quantiles cross,
        a value is negative or not finite, a date is not the end of a month or not `horizon` months after the origin.
    """
    _columns(forecasts)
    table = _dated(forecasts[list(COLUMNS)].assign(quantile=forecasts["quantile"].round(6)))
    _refuse(_levels(table), _months(table))
    table = table.astype({"horizon": int})
    twice = table.duplicated([*KEYS, "quantile"])
    _refuse(_named(table.loc[twice, :], "has a quantile twice"))
    values = table.pivot(index=IDENTITY, columns="quantile", values="value").reindex(columns=list(HUB_LEVELS))
    numbers = values.to_numpy(float)
    rows = values.reset_index()
    _refuse(
        _named(rows[np.isnan(numbers).any(1)], "lacks some of the 23 quantiles of the hub, or has one not a number"),
        _named(rows[np.isinf(numbers).any(1)], "has a value that is not finite"),
        _named(rows[np.less(numbers, 0).any(1)], "has a negative number of deaths"),
    )
    falls = np.diff(numbers, axis=1) < -SLACK * np.abs(numbers[:, 1:])
    _refuse(_named(rows[falls.any(1)], "has quantiles that cross"))
    return values.astype(float)


def tidy(values: pd.DataFrame) -> pd.DataFrame:
    """Return the table of forecasts, one quantile a row, of what `wide` gives: its inverse, sorted by key and level."""
    long = values.reset_index().melt(IDENTITY, var_name="quantile", value_name="value").astype({"quantile": float})
    return long.loc[:, list(COLUMNS)].sort_values([*KEYS, "quantile"], ignore_index=True)


def _columns(forecasts: pd.DataFrame) -> None:
    missing = [name for name in COLUMNS if name not in forecasts]
    _refuse(
        Problem(f"a table of forecasts lacks '{name}'", hint=nearest(name, map(str, forecasts))) for name in missing
    )
    words = [name for name in ("horizon", "quantile", "value") if not is_numeric_dtype(forecasts[name])]
    _refuse(Problem(f"'{name}' of a table of forecasts holds something else than numbers") for name in words)
    empty = [name for name in KEYS if forecasts[name].isna().any()]
    _refuse(Problem(f"'{name}' of a table of forecasts has an empty cell") for name in empty)


def _dated(table: pd.DataFrame) -> pd.DataFrame:
    try:
        days = {name: pd.to_datetime(table[name], format="ISO8601") for name in ("origin", "target_end_date")}
    except (ValueError, TypeError) as error:
        what = f"a table of forecasts has a date that cannot be read: {str(error)[:80]}"
        raise InputError(Problem(what, hint="write YYYY-MM-DD")) from error
    return table.assign(**{name: each.astype("datetime64[ns]") for name, each in days.items()})


def _levels(table: pd.DataFrame) -> Iterator[Problem]:
    unknown = sorted(set(table["quantile"].dropna()) - set(HUB_LEVELS))
    if unknown or table["quantile"].isna().any():
        shown = ", ".join(f"{level:g}" for level in unknown[:MOST_NAMED]) or "an empty cell"
        yield Problem(f"not a quantile level of the hub: {shown}", hint="0.01, 0.025, 0.05, 0.1 … 0.95, 0.975, 0.99")


def _months(table: pd.DataFrame) -> Iterator[Problem]:
    """Yield the forecasts whose dates are no ends of months, or not as far apart as their horizon says."""
    origin, end = table["origin"], table["target_end_date"]
    ends = origin.dt.is_month_end & end.dt.is_month_end
    yield from _named(table[~ends], "has a date that is not the last day of a month")
    apart = (end.dt.year - origin.dt.year) * 12 + end.dt.month - origin.dt.month
    yield from _named(table[ends & (apart != table["horizon"])], "ends at another month than its horizon says")


def _named(rows: pd.DataFrame, what: str) -> Iterator[Problem]:
    """Yield one problem for each of the first few forecasts in `rows`, and one for the others."""
    forecasts = rows[list(KEYS)].drop_duplicates()
    for row in forecasts.head(MOST_NAMED).itertuples(index=False):
        forecast = f"the forecast of {_shown(row.target)} by '{_shown(row.method)}'"
        forecast += f" from {_day(row.origin)} at {_shown(row.horizon)} months"
        yield Problem(f"{forecast} {what}")
    if len(forecasts) > MOST_NAMED:
        yield Problem(f"and {len(forecasts) - MOST_NAMED} more forecasts of which one {what}")


def _shown(cell: object) -> str:
    """Return a cell as a message may show it: short, and without control characters."""
    return "".join(sign if sign.isprintable() else "?" for sign in str(cell)[:60])


def _day(moment: object) -> str:
    return str(moment)[:10]


def _refuse(*problems: Iterator[Problem]) -> None:
    found = [problem for each in problems for problem in each]
    if found:
        raise InputError(*found)
