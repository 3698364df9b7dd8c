"""What the model gives for an observation, and how far the two are apart."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import sparse

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
    result: np.ndarray = reading(observations, len(run), columns) @ np.ravel(run)
    return result


def reading(observations: pd.DataFrame, rows: int, columns: Sequence[str]) -> sparse.csr_array:
    """Return the matrix [observations, rows x columns] that takes a run, row by row, to the value of each observation.

    Its transpose takes derivatives back. Raises `InputError` for an observation beyond the last row.
    """
    place = {name: k for k, name in enumerate(columns)}
    entries: list[tuple[int, int, float]] = []
    periods = zip(
        observations["kind"], observations["variable"], observations["first"], observations["last"], strict=True
    )
    for k, (kind, variable, first, last) in enumerate(periods):
        if not 0 <= first <= last < rows - 1:
            raise InputError(Problem(f"an observation of '{variable}' lies outside the run"))
        if kind == "flow":
            column, moments = place[CUMULATIVE + variable], [(last + 1, 1.0), (first, -1.0)]
        else:
            column, share = place[variable], 1 / (last + 1 - first)
            ends = (first, last + 1)
            moments = [(t, share / 2 if t in ends else share) for t in range(first, last + 2)]
        entries += [(k, int(t) * len(columns) + column, weight) for t, weight in moments]
    row, place_of, value = (np.array(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
    return sparse.csr_array((value, (row, place_of)), shape=(len(observations), rows * len(columns)))


def residuals(observations: pd.DataFrame, model_values: np.ndarray) -> np.ndarray:
    """Return (model - observed) / sd on each observation's scale: logarithm, logit of a share, or the value itself."""
    difference = on_scale(observations, model_values) - on_scale(observations, observations["observed"].to_numpy(float))
    result: np.ndarray = difference / observations["sd"].to_numpy(float)
    return result


def on_scale(observations: pd.DataFrame, values: np.ndarray) -> np.ndarray:
    """Return values of the observations (last axis) on the scale on which their errors are measured."""
    shares = values / whole(observations)
    found = np.array(values, dtype=float)
    for name, transform in (("log", _log), ("logit", _logit)):
        rows = (observations["scale"] == name).to_numpy()
        found[..., rows] = transform(shares[..., rows])
    return found


def whole(observations: pd.DataFrame) -> np.ndarray:
    """Return what is one in the unit of each observation: a hundred for per cents."""
    return np.where(observations["unit"] == "percent", 100.0, 1.0)


def _log(x: np.ndarray) -> np.ndarray:
    return np.asarray(np.log(np.maximum(x, _TINY)))


def _logit(x: np.ndarray) -> np.ndarray:
    inside = np.clip(x, _TINY, 1 - _TINY)
    return np.asarray(np.log(inside / (1 - inside)))
