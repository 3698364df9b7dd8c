"""Deaths as they were known: from the file of the day where one is kept, else with the noise of such a file simulated.

Three variants: `then` (the file where one is kept, simulated noise elsewhere), `simulated` (noise everywhere) and
`today` (today's counts, which flatter every method alike).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd

from sdforecast import calendar
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.observation.revisions import Completeness, simulate

Variant = Literal["then", "simulated", "today"]
VARIANTS: tuple[Variant, ...] = get_args(Variant)

SERIES = ("synthetic_opioid_deaths", "all_drug_deaths")
"""Series that NCHS publishes by month of occurrence in one file: what origins and targets are about."""

NEAR = pd.Timedelta(days=100)
"""A file stands for that of the day if it came at most so much later; its months after the origin are cut off.

A file three months late has the youngest month at ten months' age instead of seven: completer than it was on the day.
Its vintage is kept, so that the model of the delay knows the true age. Only `simulated` has the lag of the day at every
origin.
"""

MEASURED = Completeness(
    level=0.11945, shape=1.7322, spread=0.048935, fade=6.46595, common=0.32199, log_errors=(0.11506, 0.05597),
    uncertainty=0.167, n=125, span=("2015-12", "2025-04"), residual_sd=0.0141, series="synthetic_opioid_deaths",
)  # fmt: skip
"""The revision pattern as measured on all files up to June 2026 (docs/revisions.md), from which noise is simulated.

Written down rather than estimated at each origin: simulated noise is a property of the world and not of what was known,
and it must not move when rows after the origin do. A fit completes its counts with a curve from files known then.
"""


@dataclass(frozen=True, eq=False)
class Deaths:
    """Deaths of one series at an origin.

    Attributes
    ----------
    rows : months and sums by occurrence, in the form of `history.load`.
    source : `file of YYYY-MM-DD`, `simulated` or `today`.
    file : day of the file, None unless it is one.
    """

    rows: pd.DataFrame
    source: str
    file: pd.Timestamp | None = None


def deaths(
    rows: pd.DataFrame,
    vintages: pd.DataFrame,
    series: str,
    origin: pd.Timestamp,
    released: pd.Timestamp,
    *,
    variant: Variant = "then",
    seed: int = 0,
) -> Deaths:
    """Return the deaths of `series` by occurrence known at `origin`, the last day of the last month known.

    Parameters
    ----------
    rows, vintages : as from `history.load` and `history.load_vintages`.
    released : when the file with that month came out.
    variant : see the module.
    seed : of the simulated noise. Both series have the same errors: a file is slow for all drugs at once.

    Raises
    ------
    InputError : an unknown variant; an origin beyond the last month counted, or before the second year of months.
    """
    if variant not in VARIANTS:
        raise InputError(Problem(f"unknown variant '{variant}'", hint=nearest(variant, VARIANTS)))
    months = _months(rows, series, origin)
    if variant == "today":
        return Deaths(_of(rows, series, origin, ("month", "12-month-ending", "calendar-year")), "today")
    day = file_of_the_day(vintages, series, origin, released) if variant == "then" else None
    if day is not None:
        sums = as_published(vintages, series, origin, day)
        return Deaths(_rows(_differences(months, sums), sums), f"file of {day:%Y-%m-%d}", day)
    noise = np.random.default_rng([seed, calendar.parse_month(f"{origin:%Y-%m}")])
    drawn = simulate(months, MEASURED, noise, f"{released:%Y-%m-%d}")
    new = drawn["vintage"] == f"{released:%Y-%m-%d}"
    drawn["source"] = drawn["source"].where(~new, drawn["source"] + "; noise of provisional reporting simulated")
    drawn["grade"] = drawn["grade"].mask(new, "derived")
    return Deaths(pd.concat([drawn, _sums(drawn)]), "simulated")


def _of(rows: pd.DataFrame, series: str, origin: pd.Timestamp, kinds: Collection[str]) -> pd.DataFrame:
    """Return the counts by occurrence up to the origin, in order, whatever is settled of them."""
    found = rows[
        (rows["series"] == series) & rows["aggregation"].isin(kinds) & (rows["geography"] == "US")
        & (rows["breakdown"] == "occurrence") & rows["status"].isin(["final", "provisional"])
        & (rows["period_end"] <= origin)
    ]  # fmt: skip
    return found.sort_values(["aggregation", "period_end"], kind="stable").reset_index(drop=True)


def _months(rows: pd.DataFrame, series: str, origin: pd.Timestamp) -> pd.DataFrame:
    """Return the single months up to the origin, in order. Raises `InputError` where the origin is not among them."""
    known = _of(rows, series, origin, ("month",))
    if known.empty or known["period_end"].iloc[-1] != origin:
        every = _of(rows, series, rows["period_end"].max(), ("month",))["period_end"]
        span = f"{every.iloc[0]:%Y-%m} to {every.iloc[-1]:%Y-%m}" if len(every) else "none"
        raise InputError(Problem(f"no deaths of '{series}' in {origin:%Y-%m}", hint=f"months counted: {span}"))
    if len(known) < 24 or not (known["period_end"].diff().dropna() <= pd.Timedelta(days=31)).all():
        what = f"'{series}' has no unbroken run of 24 months up to {origin:%Y-%m}"
        raise InputError(Problem(what, hint="choose a later origin"))
    return known


# --- From a file ----------------------------------------------------------------------------------------------------


def file_of_the_day(
    vintages: pd.DataFrame, series: str, origin: pd.Timestamp, released: pd.Timestamp
) -> pd.Timestamp | None:
    """Return the day of the first kept file that reaches the origin and came at most `NEAR` after `released`."""
    found = _sums_of(vintages, series)
    for vintage, part in sorted(found.groupby("vintage"), key=lambda one: str(one[0])):
        if len(part) > 2 and len(str(vintage)) == 10 and part["period_end"].max() >= origin:
            day = pd.Timestamp(str(vintage))
            return day if day <= released + NEAR else None
    return None


def as_published(vintages: pd.DataFrame, series: str, origin: pd.Timestamp, day: pd.Timestamp) -> pd.DataFrame:
    """Return the 12-month sums up to the origin as they stood on `day`, in order: of each the newest count."""
    found = _sums_of(vintages, series)
    found = found[(found["vintage"] <= f"{day:%Y-%m-%d}") & (found["period_end"] <= origin)]
    found = found.sort_values(["period_end", "vintage"], kind="stable").drop_duplicates("period_end", keep="last")
    # A file that repeats only its open months leaves the closed ones as they stood; all are known as of that day.
    return found.reset_index(drop=True)


def _sums_of(vintages: pd.DataFrame, series: str) -> pd.DataFrame:
    return vintages[
        (vintages["series"] == series) & (vintages["aggregation"] == "12-month-ending")
        & (vintages["geography"] == "US") & vintages["status"].isin(["final", "provisional"])
    ]  # fmt: skip


def _differences(months: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """Return `months` with the counts that differ as the sums do: x(m) = x(m - 12) + S(m) - S(m - 1).

    How the first sum divides over its months no file of sums tells: as today's count of those months, closed long
    before any origin. Raises `InputError` for sums that do not reach from the first year of months to the last month.
    """
    ends = pd.DatetimeIndex(months["period_end"])[11:]
    if list(ends) != list(sums["period_end"]):
        name, day = sums["series"].iloc[0], sums["vintage"].iloc[-1]
        raise InputError(Problem(f"the 12-month sums of '{name}' known on {day} have a gap", sums["file"].iloc[0]))
    total, first = sums["value"].to_numpy(float), months["value"].to_numpy(float)[:12]
    value = np.empty(len(months))
    value[:12] = first / first.sum() * total[0]
    for k in range(12, len(value)):
        value[k] = value[k - 12] + total[k - 11] - total[k - 12]
    before = np.zeros(11, dtype=int)
    of_sum = np.concatenate([before, np.arange(len(sums))])
    return months.assign(
        value=value,
        **{name: sums[name].to_numpy()[of_sum] for name in ("status", "vintage", "source", "licence", "file", "line")},
        grade="derived",
    )


# --- Sums of months -------------------------------------------------------------------------------------------------


def _rows(months: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([months, sums, _years(sums)])


def _sums(months: pd.DataFrame) -> pd.DataFrame:
    """Return the 12-month sums of months and the calendar years among them, dated as their last month."""
    sums = months.iloc[11:].assign(
        period_start=months["period_start"].to_numpy()[: len(months) - 11],
        aggregation="12-month-ending",
        value=months["value"].rolling(12).sum().to_numpy()[11:],
        grade="derived",
    )
    return pd.concat([sums, _years(sums)])


def _years(sums: pd.DataFrame) -> pd.DataFrame:
    found: pd.DataFrame = sums[sums["period_end"].dt.month == 12]
    return found.assign(aggregation="calendar-year")
