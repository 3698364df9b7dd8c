"""Two problems with known answers: a linear one in closed form, and logistic growth with a known truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pandas as pd
import pytest

from sdforecast.engine import Job, Simulator, run_jobs
from sdforecast.inference import FitProblem
from sdforecast.observation import predicted
from sdforecast.parameters import Parameter
from tests.small import small


def parameter(name: str, value: float, spread: float, low: float, high: float, lognormal: bool = False) -> Parameter:
    distribution = "lognormal" if lognormal else "normal"
    return Parameter(name, "Dmnl", "estimated", value, distribution, spread, low, high, "Made up.", "judgement")


def levels(variable: str, observed: Sequence[float], sd: float, target: str = "t") -> pd.DataFrame:
    """Observations of a level, one a month."""
    months = range(len(observed))
    return pd.DataFrame(
        {
            "target": target, "title": target, "series": target, "variable": variable, "kind": "level", "scale": "log",
            "sd": sd, "fitted": True, "first": months, "last": months, "observed": observed, "unit": "person",
        }
    )  # fmt: skip


SLOPES = np.array([[1.0, 0.5, 0.0], [0.3, -1.0, 0.0], [0.8, 0.8, 0.0], [0.0, 2.0, 0.0], [-1.5, 0.2, 0.0]])
"""Derivatives of five log levels with respect to three constants; the third does nothing."""


def linear_runner(jobs: Sequence[Job], advance: Callable[[], None]) -> np.ndarray:
    """A model whose log levels are linear in its constants: each of five columns stays at its level."""
    x = np.array([[job.constants[name] for name in ("a", "b", "c")] for job in jobs])
    for _ in jobs:
        advance()
    return np.repeat(np.exp(x @ SLOPES.T)[:, None, :], 2, axis=1)


@pytest.fixture
def linear() -> FitProblem:
    """Five observations of the linear model, each of another column, and wide bounds."""
    columns = [f"y{k}" for k in range(5)]
    observed = np.exp(np.array([0.4, -0.9, 0.5, 1.8, -0.2]))
    rows = pd.concat([levels(name, [value], 0.4) for name, value in zip(columns, observed, strict=True)])
    priors = [parameter("a", 0.2, 1.0, -9, 9), parameter("b", 0.1, 2.0, -9, 9), parameter("c", 5.0, 0.5, 3, 7)]
    return FitProblem(priors, rows.reset_index(drop=True), columns, linear_runner)


TRUTH = {"growth rate": 0.24, "capacity": 1400.0}


@pytest.fixture(scope="session")
def logistic() -> Iterator[FitProblem]:
    """Synthetic observations of logistic growth with known constants, under priors centred elsewhere."""
    model = small("logistic.mdl")
    columns = ["Population", "cumulative net growth"]
    truth = Simulator(model).run(TRUTH, columns, until=41).to_numpy(float)
    rows = pd.concat([levels("Population", [1.0] * 40, 0.02), levels("net growth", [1.0] * 40, 0.05, target="flow")])
    rows["kind"] = np.where(rows["target"] == "flow", "flow", "level")
    rows = rows.reset_index(drop=True)
    rows["observed"] = predicted(rows, truth, columns)
    priors = [
        parameter("growth rate", 0.3, 0.3, 0.05, 1.0, lognormal=True),
        parameter("capacity", 1000.0, 0.5, 100.0, 9000.0, lognormal=True),
    ]
    with run_jobs(model, columns, until=41) as run:
        yield FitProblem(priors, rows, columns, run)
