"""Published series as inputs of a sector: from periods to a value at each step.

Which series stands against which variable is said by the targets. Between observations a path is interpolated; before
the first period and after the last there is none.
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from sdforecast import history, observation
from sdforecast.calendar import month_label

_DIGITS = 9


def periods(names: Collection[str], observed: pd.DataFrame | None = None) -> dict[str, pd.DataFrame]:
    """Return what was observed of each of `names`: columns first, last (months of model time), observed, kind.

    `observed` are rows of :func:`sdforecast.observation.observations` (default: the shipped targets and history).
    What is compared with a variable but kept from the fit is an observation of it, too.
    """
    if observed is None:
        observed = observation.observations(observation.load(), history.load())
    by_case = {name.casefold(): name for name in names}
    found = {}
    for variable, rows in observed.groupby(observed["variable"].str.casefold(), sort=False):
        if (name := by_case.get(str(variable))) is not None:
            rows = rows[rows["kind"] == rows["kind"].iloc[0]]  # sums are not averaged with means
            found[name] = rows[["first", "last", "observed", "kind"]].sort_values(["first", "last"], ignore_index=True)
    return found


def path(rows: pd.DataFrame, times: np.ndarray) -> np.ndarray:
    """Return observed values at `times` [n], NaN outside the span of the periods in `rows`."""
    first, last, values = (rows[name].to_numpy(float) for name in ("first", "last", "observed"))
    return (flow if (rows["kind"] == "flow").all() else level)(first, last, values, times)


def level(first: np.ndarray, last: np.ndarray, values: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return a level given by means over months `first` to `last` [k]: each at its middle, linear between."""
    middle, place = np.unique((first + last + 1) / 2, return_inverse=True)
    mean = np.bincount(place, values) / np.bincount(place)  # two tables may have the same period
    times = np.round(times, _DIGITS)  # sums of steps
    inside = (times >= first.min()) & (times <= last.max() + 1)
    return np.where(inside, np.interp(times, middle, mean), np.nan)


def flow(first: np.ndarray, last: np.ndarray, sums: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Return a rate given by sums over months `first` to `last` [k], in order, as Euler's steps between `times` use it.

    The sums are added up, the total is interpolated (monotone cubic: Fritsch and Carlson 1980, so that no rate is
    below zero where no sum is), and the rate of a step is its increase over the step. The steps of a period add up
    to its sum to rounding. In a gap the rate is the mean of those beside it; what overlaps an earlier period is left
    out.
    """
    from scipy.interpolate import PchipInterpolator

    edges, totals = [float(first[0])], [0.0]
    rate = np.nan
    for begin, end, total in zip(first, last + 1, sums, strict=True):
        if begin < edges[-1]:
            continue
        if begin > edges[-1]:
            between = (rate + total / (end - begin)) / 2
            totals.append(totals[-1] + between * (begin - edges[-1]))
            edges.append(float(begin))
        rate = total / (end - begin)
        edges.append(float(end))
        totals.append(totals[-1] + total)
    with np.errstate(all="ignore"):  # a period without any is a slope of zero, whose inverse it weighs
        total_at = PchipInterpolator(edges, totals, extrapolate=False)
    times = np.round(times, _DIGITS)  # sums of steps
    found = np.append((total_at(times[1:]) - total_at(times[:-1])) / np.diff(times), np.nan)
    return np.asarray(found)


def span(rows: pd.DataFrame) -> tuple[str, str]:
    """Return the first and last month of the periods in `rows`, as `YYYY-MM`."""
    return month_label(int(rows["first"].min())), month_label(int(rows["last"].max()))
