"""What the model gives for an observation, and how far the two are apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile

CUMULATIVE = "cumulative "
"""A flow `x` that is counted by the month has a stock `cumulative x`; its differences are exact sums."""

_TINY = 1e-9


def columns_needed(observations: pd.DataFrame, model: ModelFile) -> list[str]:
    """Return the variables of the model that the observations read. Raises `InputError` if one is missing."""
    columns = dict.fromkeys(
        (CUMULATIVE if kind == "flow" else "") + str(variable)
        for kind, variable in zip(observations["kind"], observations["variable"], strict=True)
    )
    known = {name.casefold() for name in model.names}
    missing = [name for name in columns if name.casefold() not in known]
    if missing:
        raise InputError(
            *(Problem(f"a target needs the variable '{name}', which the model lacks", file=str(model.path))
              for name in missing)
        )  # fmt: skip
    return list(columns)


def predicted(observations: pd.DataFrame, run: np.ndarray, columns: Sequence[str]) -> np.ndarray:
    """Return the model's value of each observation, in the unit of the observation.

    `run` has one row a month, from model time 0, and the `columns` named. A flow is the sum over the months of the
    period; a level the mean over it, the months' ends included (trapezoid).
    """
    place = {name: k for k, name in enumerate(columns)}
    values = np.empty(len(observations))
    periods = zip(
        observations["kind"], observations["variable"], observations["first"], observations["last"], strict=True
    )
    for row, (kind, variable, first, last) in enumerate(periods):
        if kind == "flow":
            total = run[:, place[CUMULATIVE + variable]]
            values[row] = total[last + 1] - total[first]
        else:
            level = run[first : last + 2, place[variable]]
            values[row] = np.mean((level[1:] + level[:-1]) / 2)
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
