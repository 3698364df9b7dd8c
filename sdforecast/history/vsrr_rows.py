"""The rows of our history that a published table becomes: sums of twelve months, calendar years, single months."""

from __future__ import annotations

import pandas as pd

from sdforecast.history.vocabulary import USABLE

LEADING = ("all_drug_deaths", "synthetic_opioid_deaths")
"""Series that a file must have without a gap, and whose single months are derived."""

_SOURCE = "NCHS, Vital Statistics Rapid Release, Provisional Drug Overdose Death Counts, data.cdc.gov xkb8-kh2a"
_DERIVED = (
    "derived from the 12-month sums of NCHS VSRR (xkb8-kh2a): month = same month a year before + change of the sum; "
    "first twelve months by the seasonal shape of CDC WONDER"
)


def sums_of(rows: pd.DataFrame, series: str) -> pd.DataFrame:
    """Return the usable sums of twelve months of a series, in order of time."""
    wanted = rows["series"].eq(series) & rows["aggregation"].eq("12-month-ending") & rows["status"].isin(USABLE)
    return rows[wanted].sort_values("period_end")


def made_of(rows: pd.DataFrame, current: pd.DataFrame, vintage: str, closed: int) -> pd.DataFrame:
    """Return the rows that `deaths.csv` gets.

    Parameters
    ----------
    rows : as published: series, period_end, value, predicted.
    current : what the history has of these series by place of occurrence.
    vintage : date of the file; closed : last closed year.
    """
    parts = []
    for series, found in rows.groupby("series", sort=True):
        held = current[current["series"] == series]
        start = sums_of(current, str(series))["period_end"].min()
        kept = found[found["period_end"] >= start] if start == start else found
        sums = kept.set_index("period_end")["value"]
        unit = str(held["unit"].iloc[0]) if len(held) else "deaths"
        parts.append(_made(series, sums, 12, "12-month-ending", unit, _SOURCE, "seen"))
        predicted = kept.set_index("period_end")["predicted"].dropna()
        parts.append(_made(series, predicted, 12, "12-month-ending", unit, _SOURCE, "seen").assign(status="predicted"))
        if unit == "deaths":
            years = sums[pd.DatetimeIndex(sums.index).month == 12]
            parts.append(_made(series, years, 12, "calendar-year", unit, f"{_SOURCE}; December row", "seen"))
        if series in LEADING:
            months = held[held["aggregation"] == "month"].sort_values("period_end")
            parts.append(_made(series, _months(sums, months), 1, "month", unit, _DERIVED, "derived"))
    made = pd.concat([part for part in parts if len(part)], ignore_index=True).assign(vintage=vintage)
    final = made["period_end"].dt.year <= closed
    made["status"] = made["status"].where(
        made["status"] == "predicted", final.map({True: "final", False: "provisional"})
    )
    return made


def _made(
    series: object, values: pd.Series, months: int, aggregation: str, unit: str, source: str, grade: str
) -> pd.DataFrame:
    ends = pd.DatetimeIndex(values.index)
    starts = (ends - pd.offsets.MonthBegin(1)) - pd.DateOffset(months=months - 1)
    return pd.DataFrame(
        {
            "series": series, "period_start": starts, "period_end": ends, "aggregation": aggregation, "geography": "US",
            "breakdown": "occurrence", "value": values.to_numpy(float), "unit": unit, "status": "", "vintage": "",
            "source": source, "licence": "public-domain", "grade": grade,
        }
    )  # fmt: skip


def _months(sums: pd.Series, held: pd.DataFrame) -> pd.Series:
    """Return single months of 12-month sums; the first twelve divide the first sum as the held ones do."""
    first = sums.index[0]
    known = held[held["period_end"] <= first].tail(12)["value"].to_numpy(float)
    shape = known / known.sum() if len(known) == 12 else [1 / 12] * 12
    values = [float(sums.iloc[0]) * share for share in shape]
    if len(known) == 12 and abs(known.sum() - sums.iloc[0]) < 1:
        values = list(map(float, known))  # to the digit, where the sum is the same
    for k in range(1, len(sums)):
        values.append(values[k - 1] + float(sums.iloc[k]) - float(sums.iloc[k - 1]))
    ends = pd.date_range(first - pd.DateOffset(months=11) + pd.offsets.MonthEnd(0), periods=len(values), freq="ME")
    return pd.Series(values, index=ends).round(1)
