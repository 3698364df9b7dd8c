"""Runs of the shipped model that the tests of its behaviour share."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import pytest

from sdforecast.engine import Simulator
from sdforecast.engine.once import once
from sdforecast.model import ModelFile, read
from sdforecast.scenario import history_levels, instrument_history

START = 204
"""Model time (January 2027) at which the tests change an instrument."""


@pytest.fixture(scope="session")
def model() -> ModelFile:
    return read()


@pytest.fixture(scope="session")
def every_step(model: ModelFile) -> pd.DataFrame:
    """The current course at every step of a quarter month, by PySD: at the model's own step it takes long."""
    return Simulator(model).run({"TIME STEP": 0.25, "SAVEPER": 0.25})


Run = Callable[..., pd.DataFrame]


@pytest.fixture(scope="session")
def run(model: ModelFile) -> Run:
    """A run with instruments moved to new levels from January 2027 on, and constants set."""
    base = history_levels(instrument_history())
    base["military_consent"] = 0.0

    def one(instruments: Mapping[str, float] | None = None, **constants: float) -> pd.DataFrame:
        levels = base.copy()
        for name, level in (instruments or {}).items():
            levels.loc[levels.index > START, name] = level
        series = {str(name).replace("_", " "): levels[name] for name in levels}
        given = {**series, **{name.replace("_", " "): value for name, value in constants.items()}}
        return once(model, given, engine="compiled").to_dataframe()

    return one


@pytest.fixture(scope="session")
def current_course(run: Run) -> pd.DataFrame:
    return run()


def deaths(table: pd.DataFrame, first: int = START, last: int = 312) -> float:
    """Synthetic-opioid deaths between two model times."""
    total = table["cumulative synthetic opioid deaths"]
    return float(total.loc[last] - total.loc[first])
