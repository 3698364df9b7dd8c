"""What is kept of a run for policy analysis, and how its months become a year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import xarray as xr

from sdforecast.errors import InputError, Problem, nearest

BILLION = 1e-9


@dataclass(frozen=True)
class Kept:
    """One outcome by year.

    Attributes
    ----------
    name : of the outcome.
    title : for readers.
    unit : of a year's value.
    of : variables of the model that are added up.
    by : `sum` over the months (of a flow) or their `mean` (of a level).
    scale : from the model's unit to this one.
    group : `outcome`, `cost` or `stage`.
    less_is_better : None where neither is.
    """

    name: str
    title: str
    unit: str
    of: tuple[str, ...]
    by: Literal["sum", "mean"]
    group: Literal["outcome", "cost", "stage"]
    scale: float = 1.0


DEATHS = "deaths"
ALL_DEATHS = "all drug deaths"
LIFE_YEARS = "life years lost"
BORDER_HOURS = "border hours"
TRADE_LOSS = "trade loss"

_USD = "billion 2024 USD a year"
OUTCOMES = (
    Kept(DEATHS, "Deaths involving synthetic opioids", "person a year", ("synthetic opioid deaths",), "sum", "outcome"),
    Kept(ALL_DEATHS, "All drug overdose deaths", "person a year", ("all drug deaths",), "sum", "outcome"),
    Kept(LIFE_YEARS, "Years of life lost to overdose", "year a year", ("all drug deaths",), "sum", "outcome"),
    Kept("budget", "Cost of the instruments, whoever pays", _USD, ("instrument cost",), "sum", "cost", BILLION),
    Kept("public budget", "Public budgets: instruments and overdose care", _USD, ("public budget cost",), "sum",
         "cost", BILLION),
    Kept(BORDER_HOURS, "Added waiting at the Mexican border", "million person hours a year", ("crossing time",), "mean",
         "cost"),
    Kept(TRADE_LOSS, "Trade with Mexico that does not take place", _USD, ("bilateral trade",), "mean", "cost"),
    Kept("trade income loss", "Income lost with that trade", _USD, ("trade loss cost",), "sum", "cost", BILLION),
    Kept("precursors", "Precursors that reach producers in Mexico", "kg a year", ("precursors delivered to Mexico",),
         "sum", "stage"),
    Kept("production", "Production in Mexico", "kg a year", ("production in Mexico",), "sum", "stage"),
    Kept("crossings", "Fentanyl that gets through", "kg a year", ("border arrivals", "direct mail arrivals"), "sum",
         "stage"),
    Kept("purity", "Purity of powder", "percent", ("powder purity",), "mean", "stage"),
    Kept("price", "Price on delivery, 1 = the price at which making breaks even", "1", ("producer price",), "mean",
         "stage"),
    Kept("consumption", "Fentanyl sold", "kg a year", ("retail sales",), "sum", "stage"),
    Kept("demand", "People in the illicit market, weighted by use", "person", ("people exposed",), "mean", "stage"),
    Kept("treatment", "People in treatment with medication", "person", ("people in treatment",), "mean", "stage"),
    Kept("fatality", "Deaths per overdose", "1", ("fatality",), "mean", "stage"),
)  # fmt: skip
"""Every outcome, in the order in which they are shown: deaths, costs, then the stages from precursors to deaths."""

STAGES = tuple(kept.name for kept in OUTCOMES if kept.group == "stage")
COSTS = tuple(kept.name for kept in OUTCOMES if kept.group == "cost")


def chosen(names: Sequence[str] | None) -> tuple[Kept, ...]:
    """Return the outcomes of these names (default: all), in their own order. Raises `InputError` for an unknown one."""
    known = {kept.name: kept for kept in OUTCOMES}
    for name in names or ():
        if name not in known:
            raise InputError(Problem(f"no outcome '{name}'", hint=nearest(name, known)))
    return tuple(kept for kept in OUTCOMES if names is None or kept.name in names)


def yearly(months: xr.Dataset, kept: Sequence[Kept]) -> dict[str, xr.DataArray]:
    """Return each outcome over (draw, scenario, year) from whole years of months (draw, scenario, time)."""
    found = {}
    for each in kept:
        total = sum((months[name] for name in each.of[1:]), start=months[each.of[0]]).transpose(
            "draw", "scenario", "time"
        )
        years = total["time"].dt.year.to_numpy()[::12]
        by_month = total.to_numpy().reshape(
            *total.shape[:2], len(years), 12
        )  # xarray's grouping takes longer than the runs
        made = by_month.sum(axis=-1) if each.by == "sum" else by_month.mean(axis=-1)
        coords = {"scenario": total["scenario"].to_numpy(), "year": years}
        found[each.name] = xr.DataArray(made * each.scale, coords, ("draw", "scenario", "year"))
    return found


def described(kept: Sequence[Kept], arrays: Mapping[str, xr.DataArray]) -> dict[str, xr.DataArray]:
    """Return the arrays with title, unit and group as attributes."""
    return {
        each.name: arrays[each.name].assign_attrs(title=each.title, unit=each.unit, group=each.group) for each in kept
    }


def by_name(name: str) -> Kept:
    """Return one outcome."""
    return next(kept for kept in OUTCOMES if kept.name == name)
