"""Costs: what carries the cost of each instrument, what the sources say of it, and what the model does not have.

`calibration/costs.toml` names the constants of the model that carry the cost of an instrument, and says whether any
cost of it was published. What the model does not have stands there with its range and is drawn here. Prices of an
instrument are constants of the model with ranges of their own (`parameters.toml`); a posterior has a value of each for
every draw, so that they are uncertain, and the same under every scenario.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import truncnorm

from sdforecast import parameters, shipped
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.parameters import Parameter
from sdforecast.policy.kept import BILLION, BORDER_HOURS, TRADE_LOSS
from sdforecast.scenario import InstrumentChange, Scenario, instrument_ids, resolve

CROSSINGS = "people crossing in vehicles a year"
BASES = ("published", "assumption", "none")
_KEYS = ("name", "constants", "basis", "dollars", "source", "grade")
_MINUTES = 60
_MILLION = 1e-6


@dataclass(frozen=True)
class Cost:
    """What carries the cost of one instrument.

    Attributes
    ----------
    constants : of the model.
    basis : `published`, `assumption` or `none`.
    dollars : year of the prices in the source.
    """

    name: str
    constants: tuple[str, ...]
    basis: str
    dollars: str
    source: str
    grade: str


@lru_cache(maxsize=2)
def load(file: Path | None = None) -> tuple[dict[str, Cost], tuple[Parameter, ...]]:
    """Return the cost of each instrument by its id, and the constants beside the model.

    Raises `InputError` with all faults of the table: every instrument has one entry, whose constants are in
    `parameters.toml`.
    """
    path = file or shipped.calibration_dir() / "costs.toml"
    _, entries = parameters.read_entries(path, "instrument", ("parameter",))
    known = {each.name for each in parameters.load()}
    problems = [Problem(what, str(path), hint=hint) for entry in entries for what, hint in _faults(entry, known)]
    named = [entry.get("name") for entry in entries]
    for name in instrument_ids():
        if named.count(name) != 1:
            problems.append(Problem(f"'{name}' has {named.count(name)} entries instead of one", str(path)))
    if problems:
        raise InputError(*problems)
    found = {str(entry["name"]): Cost(**{**entry, "constants": tuple(entry["constants"])}) for entry in entries}
    return found, tuple(parameters.load(path, ("instrument",)))


def _faults(entry: Mapping[str, Any], known: set[str]) -> list[tuple[str, str | None]]:
    label = f"instrument '{entry.get('name', '?')}'"
    if set(entry) != set(_KEYS):
        return [(f"{label}: has not the keys {', '.join(_KEYS)}", None)]
    faults: list[tuple[str, str | None]] = []
    if entry["name"] not in instrument_ids():
        faults.append((f"{label} is unknown", nearest(str(entry["name"]), instrument_ids())))
    if entry["basis"] not in BASES:
        faults.append((f"{label}: basis '{entry['basis']}'", nearest(str(entry["basis"]), BASES)))
    if not isinstance(entry["constants"], list):
        return [*faults, (f"{label}: constants are no list", None)]
    faults += [(f"{label}: no constant '{c}'", nearest(str(c), known)) for c in entry["constants"] if c not in known]
    if (entry["basis"] == "none") == bool(entry["constants"]):
        faults.append((f"{label}: constants and basis '{entry['basis']}' do not go together", None))
    return faults


def unpublished() -> tuple[str, ...]:
    """Return the instruments whose cost no source has: what rests on them is marked."""
    return tuple(name for name, cost in load()[0].items() if cost.basis == "assumption")


def assumed(mix: Scenario, reference: Scenario) -> tuple[str, ...]:
    """Return the instruments that a mix moves otherwise than the reference and whose cost no source has."""

    def moved(name: str, of: Scenario) -> list[InstrumentChange]:
        return [change for change in resolve(of).instruments if change.instrument == name]

    return tuple(name for name in unpublished() if moved(name, mix) != moved(name, reference))


def table() -> pd.DataFrame:
    """Return one row for each constant that carries a cost.

    Columns `instrument, basis, constant, value, low, high, unit, distribution, dollars, source, grade`; low and high
    are the bounds of the range.
    """
    known = {each.name: each for each in parameters.load()}
    rows = [
        {
            "instrument": cost.name, "basis": cost.basis, "constant": name, "value": known[name].value,
            "low": known[name].low, "high": known[name].high, "unit": known[name].unit,
            "distribution": known[name].distribution, "dollars": cost.dollars, "source": cost.source,
            "grade": cost.grade,
        }
        for cost in load()[0].values()
        for name in cost.constants
    ]  # fmt: skip
    return pd.DataFrame(rows)


def beside(draws: int, seed: int) -> pd.DataFrame:
    """Return draws of the constants that the model does not have, one row a draw, each from its own range."""
    return pd.DataFrame({of.name: drawn(of, draws, seed) for of in load()[1]})


def drawn(of: Parameter, draws: int, seed: int) -> np.ndarray:
    """Return draws from the prior of a constant: normal or log-normal, cut at its bounds [draws].

    They depend on seed and name alone, and the first of many are those of few.
    """
    if of.spread == 0:
        return np.full(draws, of.value)
    rng = np.random.default_rng([seed, *of.name.encode("utf-8")])
    positions = truncnorm.ppf(rng.random(draws), *of.bounds)
    return np.array([of.at(position) for position in positions])


def derived(yearly: Mapping[str, xr.DataArray], value: Callable[[str], xr.DataArray]) -> dict[str, xr.DataArray]:
    """Return added hours at the border (million) and the value of trade that does not take place (billion USD).

    Hours are those of everybody who comes in by vehicle: minutes beyond `base crossing time` times people. Both are
    against a border without added searches and trade undisturbed, so that the reference has some, too.
    """
    found = {}
    if BORDER_HOURS in yearly:
        added = yearly[BORDER_HOURS] - value("base crossing time")
        found[BORDER_HOURS] = added / _MINUTES * value(CROSSINGS) * _MILLION
    if TRADE_LOSS in yearly:
        found[TRADE_LOSS] = (1 - yearly[TRADE_LOSS]) * value("bilateral trade value") * BILLION
    return found
