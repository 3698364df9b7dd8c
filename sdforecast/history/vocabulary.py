"""The closed vocabularies of the history tables, and what the words of `aggregation` mean in days."""

from __future__ import annotations

from datetime import date, timedelta

COLUMNS = (
    "series",
    "period_start",
    "period_end",
    "aggregation",
    "geography",
    "breakdown",
    "value",
    "low",
    "high",
    "unit",
    "status",
    "vintage",
    "source",
    "licence",
    "grade",
)
"""The columns of every history file, in this order."""

AGGREGATIONS = ("month", "half-year", "calendar-year", "fiscal-year", "12-month-ending", "point", "period")
"""Length of the period; `fiscal-year` is the federal one, `point` a single day, `period` any other span."""

STATUSES = ("final", "provisional", "modelled", "predicted", "partial", "disputed", "superseded")
"""How far a value is settled; `calibration/data/README.md` defines each word."""

USABLE = ("final", "provisional", "modelled")
"""The statuses of which a series has at most one for each period: what a fit may use."""

GRADES = ("seen", "derived", "memory", "judgement")
"""How the value came here: read in the named source, computed, quoted unverified, or judged."""

LICENCES = ("public-domain", "CC-BY-4.0", "cited-fact")
"""Terms of the source; `cited-fact` is a single figure quoted from a publication."""

GEOGRAPHIES = (
    "US",
    "US-Midwest",
    "US-Northeast",
    "US-South",
    "US-West",
    "US-southwest-border",
    "US-northern-border",
    "US-coastal-and-interior",
    "Mexico",
    "Mexico-Sinaloa",
    "China",
)
"""Places; the four directions are Census regions, the borders are CBP's."""

UNITS = (
    "deaths",
    "people",
    "people_per_year",
    "percent",
    "fraction",
    "lb_gross",
    "kg_gross",
    "events",
    "reports",
    "samples",
    "pills",
    "sites",
    "mg",
    "kits",
    "units",
    "prescriptions",
    "prescriptions_per_100_people",
    "mme",
    "usd_per_kg",
    "usd_per_gross_kg",
    "usd_per_pill",
    "index_1999",
)
"""Units; `gross` weighs the mixture as seized, not the fentanyl in it; `mme` is morphine milligram equivalents."""

CEILINGS = {"percent": 100.0, "fraction": 1.0}
"""Largest possible value of the units that have one; no unit here can be negative (one that a folder adds may be)."""

KINDS = ("count", "level", "share", "mean")
"""What the value is over its period: something counted up, a level, a share, or a mean of measurements."""


def matches(aggregation: str, start: date, end: date) -> bool:
    """Return whether the days `start` to `end`, both included, are a period of this aggregation."""
    if aggregation == "point":
        return start == end
    if aggregation == "period":
        return start <= end
    following = end + timedelta(days=1)
    if start.day != 1 or following.day != 1:
        return False
    months = (following.year - start.year) * 12 + following.month - start.month
    return (months, start.month) in _SHAPES[aggregation]


_ANY = range(1, 13)
_SHAPES: dict[str, set[tuple[int, int]]] = {
    "month": {(1, month) for month in _ANY},
    "half-year": {(6, 1), (6, 7)},
    "calendar-year": {(12, 1)},
    "fiscal-year": {(12, 10)},
    "12-month-ending": {(12, month) for month in _ANY},
}
