"""What the model gives for an observation, and how far the two are apart."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
import pandas as pd

from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile

CUMULATIVE = "cumulative "
"""A flow `x` that is counted by the month has a stock `cumulative x`; its differences are exact sums."""

_TINY = 1e-9


def columns_needed(observations: pd.DataFrame, model: ModelFile) -> list[str]:
    """Return the variables of the model that the observations read. Raises `InputError` if one is missing.

    A flow is read from its stock `cumulative x` where the model has one, and from its own values where not.
    """
    known = {name.casefold() for name in model.names}
    columns: dict[str, None] = {}
    for kind, variable in zip(observations["kind"], observations["variable"].astype(str), strict=True):
        counted = kind == "flow" and (_is_counted(variable, known) or variable.casefold() not in known)
        columns[CUMULATIVE + variable if counted else variable] = None
    missing = [name for name in columns if name.casefold() not in known]
    if missing:
        raise InputError(
            *(Problem(f"a target needs the variable '{name}', which the model lacks", file=str(model.path))
              for name in missing)
        )  # fmt: skip
    return list(columns)


def _is_counted(variable: str, known: Container[str]) -> bool:
    return (CUMULATIVE + variable).casefold() in known


def predicted(observations: pd.DataFrame, run: np.ndarray, columns: Sequence[str]) -> np.ndarray:
    """Return the model's value of each observation, in the unit of the observation.

    `run` has one row for each saved time, from the initial time, and the `columns` named; an observation's `first`
    and `last` count those rows (one a month for the shipped model; :func:`sdforecast.observation.times.on_rows`).

    A flow is the sum over the period: exact where the model has its stock `cumulative x`. Where it has none the
    values of the flow itself at the saved rows are joined by straight lines (trapezoid), times the `step` between
    rows: that is only as good as the rows are close. A level is the mean over the period, its ends included
    (trapezoid); an instant the level at the start of the period.
    """
    place = {name: k for k, name in enumerate(columns)}
    steps = observations["step"] if "step" in observations else np.ones(len(observations))
    values = np.empty(len(observations))
    periods = zip(
        observations["kind"], observations["variable"], observations["first"], observations["last"], steps, strict=True
    )
    for row, (kind, variable, first, last, step) in enumerate(periods):
        if kind == "flow" and CUMULATIVE + variable in place:
            total = run[:, place[CUMULATIVE + variable]]
            values[row] = total[last + 1] - total[first]
        elif kind == "instant":
            values[row] = run[first, place[variable]]
        else:
            level = run[first : last + 2, place[variable]]
            between = (level[1:] + level[:-1]) / 2
            values[row] = step * np.sum(between) if kind == "flow" else np.mean(between)
    return values


def residuals(observations: pd.DataFrame, model_values: np.ndarray) -> np.ndarray:
    """Return (model - observed) / sd on each observation's scale: logarithm, or logit of a share."""
    whole = np.where(observations["unit"] == "percent", 100.0, 1.0)
    observed = observations["observed"].to_numpy(float)
    logit = (observations["scale"] == "logit").to_numpy()
    difference = np.empty(len(observations))
    for rows, transform in ((~logit, _log), (logit, _logit)):
        difference[rows] = transform(model_values[rows] / whole[rows]) - transform(observed[rows] / whole[rows])
    result: np.ndarray = difference / observations["sd"].to_numpy(float)
    return result


def _log(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(np.maximum(x, _TINY)))


def _logit(x: np.ndarray) -> np.ndarray:
    inside = np.clip(x, _TINY, 1 - _TINY)
    return np.asarray(np.log(inside / (1 - inside)))
