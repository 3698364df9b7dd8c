"""What enters the model from outside, as it was known at an origin: instruments and tables over time.

Only knots known by the origin are used; what lies between the last of them and the end of the run follows the rule of
`calibration/hindsight.toml`. A knot still to come has no part in the line that leads to it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdforecast import calendar
from sdforecast.backtesting.hindsight import Hindsight, Rule
from sdforecast.errors import InputError, Problem
from sdforecast.scenario.levels import MONTHS
from sdforecast.scenario.schema import InstrumentChange, Scenario

_LN2 = float(np.log(2.0))


def now(origin: pd.Timestamp) -> int:
    """Return the model time at which the month of the origin has ended."""
    return calendar.parse_month(f"{origin:%Y-%m}") + 1


# --- Instruments ----------------------------------------------------------------------------------------------------


def instruments(history: pd.DataFrame, rules: Hindsight, origin: pd.Timestamp) -> pd.DataFrame:
    """Return the knots of `scenario.instrument_history` that were known at an origin, in their order.

    An action of the origin's own month is known. Every instrument keeps at least its first knot, of 2010-01.
    """
    late = {name: rule.known_after_months for name, rule in rules.instruments.items()}
    known = history["time"] + history["instrument"].map(late).fillna(0) < now(origin)
    return history[known | (history["time"] == 0)].reset_index(drop=True)


def held(history: pd.DataFrame, origin: pd.Timestamp) -> Scenario:
    """Return the scenario in which every instrument keeps the last level of `history`, known at an origin.

    Under it `scenario.levels` gives, whatever knots the shipped history has later, what `history_levels(history)` does.
    """
    last = history.groupby("instrument", sort=False).last()
    changes = [
        InstrumentChange(
            instrument=str(name), intensity=float(knot["level"]), start=calendar.month_label(int(knot["time"]) + 1)
        )
        for name, knot in last.iterrows()
    ]
    month = f"{origin:%Y-%m}"
    return Scenario(
        name=f"known-{month}", title=f"Policies as known at the end of {month}", instruments=tuple(changes),
        description="Every instrument follows its history as known then and keeps the last level.", counterfactual=True,
    )  # fmt: skip


# --- Tables over time -----------------------------------------------------------------------------------------------


def tables(events: pd.DataFrame, rules: Hindsight, origin: pd.Timestamp) -> dict[str, pd.Series]:
    """Return what is known of each table of `scenario.events.events`: by model time, to the end of a run.

    Between points the value is a straight line. Raises `InputError` for a table without a rule.
    """
    names = list(dict.fromkeys(events["input"]))
    missing = [name for name in names if name not in rules.inputs]
    if missing:
        hint = "add an [[input]] to hindsight.toml"
        raise InputError(*(Problem(f"input '{name}' has no rule for back-tests", hint=hint) for name in missing))
    return {name: _table(events[events["input"] == name], rules.inputs[name], now(origin)) for name in names}


def _table(knots: pd.DataFrame, rule: Rule, time: int) -> pd.Series:
    known = knots[knots["time"] + rule.known_after_months <= time]
    if known.empty:
        return pd.Series([rule.before] * 2, index=pd.Index([0.0, float(MONTHS)], name="time"))
    past = pd.Series(known["value"].to_numpy(float), index=known["time"].to_numpy(float))
    since = float(past.index[-1])
    whole = np.arange(np.floor(since) + 1, MONTHS + 1)
    later = pd.Series(_afterwards(past, rule, whole - since), index=whole)
    return pd.concat([past, later]).rename_axis("time")


def _afterwards(past: pd.Series, rule: Rule, elapsed: np.ndarray) -> np.ndarray:
    """Return the values `elapsed` months after the last knot known."""
    last = float(past.iloc[-1])
    if rule.afterwards == "end":
        return np.full(len(elapsed), rule.before)
    if rule.afterwards == "decay":
        return np.asarray(rule.before + (last - rule.before) * 0.5 ** (elapsed / rule.half_life))
    if rule.afterwards == "hold" or len(past) < 2 or last <= 0 or past.iloc[-2] <= 0:
        return np.full(len(elapsed), last)
    growth = np.log(last / past.iloc[-2]) / (past.index[-1] - past.index[-2])
    months = elapsed
    if rule.afterwards == "damped":
        months = rule.half_life / _LN2 * (1 - 0.5 ** (elapsed / rule.half_life))
    return np.asarray(last * np.exp(growth * months))
