"""Results of a back-test that take no fit: the spreadsheet's rules from what was known, under other names."""

from __future__ import annotations

import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from sdforecast.backtesting import known_at, origin_of
from sdforecast.backtesting.keeping import Done
from sdforecast.backtesting.names import OURS, RIVAL
from sdforecast.backtesting.rivals import rivals
from sdforecast.backtesting.working import Setup, Task
from sdforecast.errors import InputError

MONTHS = ("2017-12", "2018-06", "2019-12", "2020-06", "2022-12")
SOURCE = {"drift": OURS, "linear trend": RIVAL}
"""Whose forecasts stand for ours and for the best simple method."""


@lru_cache
def forecasts(month: str) -> pd.DataFrame:
    """Forecasts of three methods from one origin."""
    table = rivals(known_at(month), methods=("last value", *SOURCE))
    return table.assign(method=table["method"].replace(SOURCE))


def result(month: str, **facts: Any) -> Done:
    """A result as a refit gives it."""
    deaths = dict(known_at(month).deaths_from)
    told = {"origin": f"{origin_of(month):%Y-%m-%d}", "plan": {"method": "laplace"}, "deaths_from": deaths, **facts}
    return Done(origin_of(month), forecasts(month), told)


def quick(task: Task) -> Done:
    """In the place of `perform`: no fit, but everything else."""
    facts = {"warm_start": task.near_from, "mode": {"rate": task.origin.year}, "deaths_from": {"all": "simulated"}}
    return Done(task.origin, forecasts(f"{task.origin:%Y-%m}"), {**task.identity, **facts})


def identified(setup: Setup, origin: pd.Timestamp) -> dict[str, Any]:
    """In the place of the real one, which reads the history at every origin."""
    plan = {name: getattr(setup.plan, name) for name in ("method", "draws", "seed")}
    return {"origin": f"{origin:%Y-%m-%d}", "model_sha256": setup.model.sha256, "known_sha256": f"{origin}",
            "plan": plan, "variant": setup.variant, "noise": setup.noise, "horizons": list(setup.horizons),
            "structures": []}  # fmt: skip


def slow(task: Task) -> Done:
    """As `quick`, but every origin after the first takes long."""
    if task.origin.year > 2017:
        time.sleep(60)
    return quick(task)


def failing(task: Task) -> Done:
    """As `quick`, but one origin has no mode."""
    if task.origin == origin_of("2018-06"):
        raise InputError("no mode was found")
    return quick(task)


def contents(folder: Path) -> dict[str, bytes]:
    """The forecasts in a folder of results."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.csv"))}
