"""The level of every instrument in every month, under a scenario."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from sdforecast.errors import InputError, Problem
from sdforecast.scenario.checking import check
from sdforecast.scenario.instruments import instrument_history
from sdforecast.scenario.resolving import resolve
from sdforecast.scenario.schema import InstrumentChange, Scenario
from sdforecast.shipped import history_dir

MONTHS = 312
"""Length of model time: levels are given at 0, 1, … 312."""

CONSENT = "military_consent"
"""Column of the switch that goes with `military_action`: 1 while the partner agrees, otherwise 0."""


def history_levels(history: pd.DataFrame) -> pd.DataFrame:
    """Return the levels (0 to 1) that history gives, the last one held.

    `history` has the columns `instrument, time, level` of :func:`instrument_history`. The result has one row for
    each whole month of model time, 0 to 312, and one column for each instrument.
    """
    times = np.arange(MONTHS + 1)
    columns = {
        str(name): np.interp(times, knots["time"].to_numpy(float), knots["level"].to_numpy(float))
        for name, knots in history.groupby("instrument", sort=False)
    }
    return pd.DataFrame(columns, index=pd.Index(times, name="time"))


def _shipped_levels() -> pd.DataFrame:
    """Return the levels that the shipped history gives, read again only when its file has changed."""
    path = history_dir() / "instruments.csv"
    return _levels_of(path, path.stat().st_mtime_ns).copy() if path.is_file() else history_levels(instrument_history())


@lru_cache(maxsize=1)
def _levels_of(path: Path, changed: int) -> pd.DataFrame:
    del changed  # it tells one state of the file from another
    return history_levels(instrument_history(path))


def levels(scenario: Scenario, history: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the level (0 to 1) of every instrument under `scenario`, at the beginning of every month.

    `history` is a frame of :func:`instrument_history`, by default the shipped one. The result has 313 rows
    (`time` in months since 2010-01, 0 to 312), one column for each instrument and `military_consent` (0 or 1).
    From the start of a change the level goes in a straight line from where it was to the intensity; from the end of
    its last month it goes back, over as many months, to the level held without it. Raises `InputError` where the
    scenario breaks a rule, as :func:`check` finds.
    """
    problems = check(scenario)
    if problems:
        raise InputError(*(Problem(p.what, hint=p.hint) for p in problems))
    whole = resolve(scenario)
    table = _shipped_levels() if history is None else history_levels(history)
    consent = np.zeros(MONTHS + 1)
    for change in sorted(whole.instruments, key=lambda change: change.first):
        before = table[change.instrument].to_numpy(copy=True)
        table[change.instrument] = apply_change(before, change)
        if change.instrument == "military_action":
            _switch(consent, change)
    table[CONSENT] = consent
    return table


def apply_change(before: np.ndarray, change: InstrumentChange) -> np.ndarray:
    """Return the levels `before` (one for each whole month from 0) with `change` on top."""
    times = np.arange(len(before))
    start = before[min(change.first, len(before) - 1)]
    share = _ramp(times - change.first, change.ramp_months)
    after = np.where(times >= change.first, _between(start, change.intensity, share), before)
    if change.released is None:
        return after
    back = _ramp(times - change.released, change.ramp_months)
    return np.where(times >= change.released, _between(change.intensity, before, back), after)


def _between(old: float | np.ndarray, new: float | np.ndarray, share: np.ndarray) -> np.ndarray:
    return old * (1 - share) + new * share  # exact at both ends, unlike old + (new - old) * share


def _ramp(elapsed: np.ndarray, months: int) -> np.ndarray:
    """Return how much of a ramp of `months` is done after `elapsed` months, 0 to 1; a step is done at once."""
    return np.clip(elapsed / months, 0.0, 1.0) if months else (elapsed >= 0).astype(float)


def _switch(consent: np.ndarray, change: InstrumentChange) -> None:
    # Consent lasts until the force is back at its old level, or the way back would count as without consent.
    last = len(consent) if change.released is None else change.released + change.ramp_months
    consent[change.first : last] = float(bool(change.consent))
