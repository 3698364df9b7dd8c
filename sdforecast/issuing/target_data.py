"""What was counted, for a hub: every vintage we hold, and the closed counts that a forecast is scored against."""

from __future__ import annotations

import pandas as pd

from sdforecast.history import USABLE
from sdforecast.issuing.quantities import QUANTITIES, Quantity
from sdforecast.issuing.tables import LOCATION


def time_series(observed: pd.DataFrame, vintages: pd.DataFrame) -> pd.DataFrame:
    """Return `target_end_date, target, location, observation, as_of`, one row a month and vintage.

    `as_of` is the day of the publisher's file, the last day where only its month is known. Sums of twelve months have
    all vintages, single months (differences of them) the newest only.
    """
    parts = [_of(each, pd.concat([vintages, observed]), ("final", "provisional")) for each in QUANTITIES]
    found = pd.concat(parts, ignore_index=True)
    found["as_of"] = [_day(vintage) for vintage in found["vintage"]]
    unit = ["target_end_date", "target", "location", "as_of"]
    found = found.drop_duplicates(unit, keep="first").sort_values(unit, kind="stable")
    return found[["target_end_date", "target", "location", "observation", "as_of"]].reset_index(drop=True)


def oracle_output(observed: pd.DataFrame) -> pd.DataFrame:
    """Return `location, target_end_date, target, oracle_value` of the months that are closed."""
    found = pd.concat([_of(each, observed, ("final",)) for each in QUANTITIES], ignore_index=True)
    found = found.rename(columns={"observation": "oracle_value"})
    return found[["location", "target_end_date", "target", "oracle_value"]]


def outcomes(observed: pd.DataFrame) -> pd.DataFrame:
    """Return `target, target_end_date, value, vintage, status` of all counts as they stand today."""
    found = pd.concat([_of(each, observed, USABLE) for each in QUANTITIES], ignore_index=True)
    found["target_end_date"] = pd.to_datetime(found["target_end_date"])
    return found.rename(columns={"observation": "value"})[["target", "target_end_date", "value", "vintage", "status"]]


def _of(quantity: Quantity, rows: pd.DataFrame, statuses: tuple[str, ...]) -> pd.DataFrame:
    wanted = (
        rows["series"].eq(quantity.series)
        & rows["aggregation"].eq(quantity.aggregation)
        & rows["geography"].eq("US")
        & rows["breakdown"].eq("occurrence")
        & rows["status"].isin(statuses)
    )
    found = rows[wanted]
    return pd.DataFrame(
        {
            "target_end_date": found["period_end"].dt.strftime("%Y-%m-%d"),
            "target": quantity.target,
            "location": LOCATION,
            "observation": found["value"].astype(float),
            "vintage": found["vintage"],
            "status": found["status"],
        }
    )


def _day(vintage: str) -> str:
    """Return the last day that a vintage (`YYYY`, `YYYY-MM` or a day) may mean."""
    return f"{pd.Period(vintage, {4: 'Y', 7: 'M', 10: 'D'}[len(vintage)]).end_time:%Y-%m-%d}"
