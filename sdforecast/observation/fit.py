"""How well a run meets the observations: each target as measured, and the figures that matter most."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sdforecast import calendar, history

RECENT = ("2023-01", "2025-04")
"""The months in which deaths turned; annual error alone does not tell a right model from a wrong one."""

ANNUAL = (2013, 2024)


def fit_table(observed: pd.DataFrame, model_values: np.ndarray) -> pd.DataFrame:
    """Return one row a target: n, mape (%), bias (%), worst factor, when that was, and points off by over two.

    `bias` is the mean logarithm of model over observed, as a per cent; a factor is the larger of
    model / observed and its inverse.
    """
    ratio = np.asarray(model_values) / observed["observed"].to_numpy(float)
    table = observed.assign(ratio=ratio, factor=np.maximum(ratio, 1 / ratio))
    rows = [_target_row(str(name), part) for name, part in table.groupby("target", sort=False)]
    return pd.DataFrame(rows)


def _target_row(name: str, part: pd.DataFrame) -> dict[str, Any]:
    worst = part.iloc[int(part["factor"].to_numpy().argmax())]
    return {
        "target": name,
        "title": part["title"].iloc[0],
        "fitted": bool(part["fitted"].iloc[0]),
        "n": len(part),
        "mape": float(100 * (part["ratio"] - 1).abs().mean()),
        "bias": float(100 * np.expm1(np.log(part["ratio"]).mean())),
        "worst_factor": float(worst["factor"]),
        "worst_when": _when(worst["start"], worst["end"]),
        "beyond_two": int((part["factor"] > 2).sum()),
    }


def _when(start: pd.Timestamp, end: pd.Timestamp) -> str:
    """Return a period in words: by months if it is made of whole ones, otherwise by days, a single day once."""
    shape = "%Y-%m" if start.is_month_start and end.is_month_end else "%Y-%m-%d"
    return f"{start:{shape}}" if start == end else f"{start:{shape}} to {end:{shape}}"


def measured_fit(cumulative_deaths: np.ndarray, rows: pd.DataFrame) -> dict[str, Any]:
    """Return the figures by which the fit of deaths is judged.

    Parameters
    ----------
    cumulative_deaths : the stock of synthetic-opioid deaths at model time 0, 1, …
    rows : the history.

    Returns
    -------
    `annual`: year -> (observed, model) for 2013 to 2024 (residents to 2014, by occurrence after);
    `annual_mape` (%); `recent_mape` (%) over January 2023 to April 2025 by month; `peak_model` and
    `peak_observed`, the months that end the highest 12-month sum to April 2025.
    """
    flow = np.diff(cumulative_deaths)
    annual = _annual(rows)
    model = {year: float(flow[(year - calendar.FIRST_YEAR) * 12 :][:12].sum()) for year in annual}
    monthly = history.select(rows, "synthetic_opioid_deaths", aggregation="month", breakdown="occurrence")
    first, _ = calendar.months_of(monthly["period_start"], monthly["period_end"])
    counts = dict(zip(first.tolist(), monthly["value"].to_numpy(float), strict=True))
    recent = range(calendar.parse_month(RECENT[0]), calendar.parse_month(RECENT[1]) + 1)
    sums = history.select(rows, "synthetic_opioid_deaths", aggregation="12-month-ending", breakdown="occurrence")
    peak = sums.iloc[int(sums["value"].to_numpy().argmax())]
    ends = range(11, min(len(flow), calendar.parse_month(RECENT[1]) + 1))
    highest = max(ends, key=lambda month: float(flow[month - 11 : month + 1].sum()))
    return {
        "annual": {year: (annual[year], round(model[year])) for year in annual},
        "annual_mape": float(100 * np.mean([abs(model[year] / annual[year] - 1) for year in annual])),
        "recent_mape": float(100 * np.mean([abs(flow[k] / counts[k] - 1) for k in recent])),
        "peak_model": calendar.month_label(highest),
        "peak_observed": str(peak["period_end"])[:7],
        "peak_model_value": round(float(flow[highest - 11 : highest + 1].sum())),
        "peak_observed_value": round(float(peak["value"])),
    }


def _annual(rows: pd.DataFrame) -> dict[int, float]:
    found: dict[int, float] = {}
    for breakdown in ("residents", "occurrence"):  # the later one wins: it is the basis of the monthly counts
        table = history.select(rows, "synthetic_opioid_deaths", aggregation="calendar-year", breakdown=breakdown)
        for end, value in zip(table["period_end"], table["value"], strict=True):
            if ANNUAL[0] <= end.year <= ANNUAL[1]:
                found[int(end.year)] = float(value)
    return dict(sorted(found.items()))
