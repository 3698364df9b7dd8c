"""What a hub of ours asks about: deaths of a month, and of the twelve months that end with it."""

from __future__ import annotations

from dataclasses import dataclass

from sdforecast.evaluation.levels import ALL_DRUGS, SERIES, SYNTHETIC_OPIOIDS

MONTH = " month"
"""What is added to the name of a target of twelve months for the single month."""


@dataclass(frozen=True)
class Quantity:
    """One target of the hub.

    Attributes
    ----------
    target : its id in the hub, at most 30 characters.
    title : for people.
    variable : monthly flow of the model.
    series : of the history, by place of occurrence.
    months : how many months are added up, 1 or 12.
    """

    target: str
    title: str
    variable: str
    series: str
    months: int

    @property
    def aggregation(self) -> str:
        """The word of the history for its periods."""
        return "month" if self.months == 1 else "12-month-ending"


_TITLES = {SYNTHETIC_OPIOIDS: "Overdose deaths involving synthetic opioids", ALL_DRUGS: "Overdose deaths, all drugs"}

QUANTITIES: tuple[Quantity, ...] = tuple(
    Quantity(
        target=name if months == 12 else f"{name}{MONTH}",
        title=f"{_TITLES[name]}, {'twelve months ending' if months == 12 else 'month'}",
        variable=name,
        series=SERIES[name],
        months=months,
    )
    for name in (SYNTHETIC_OPIOIDS, ALL_DRUGS)
    for months in (12, 1)
)
"""All targets: the two series, as 12-month sums and as months."""
