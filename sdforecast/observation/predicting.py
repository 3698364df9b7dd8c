"""What the model gives for an observation, and how far the two are apart."""

from __future__ import annotations

from collections.abc import Container, Sequence

import numpy as np
import pandas as pd
from scipy import sparse

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
    result: np.ndarray = reading(observations, len(run), columns) @ np.ravel(run)
    return result


def reading(observations: pd.DataFrame, rows: int, columns: Sequence[str]) -> sparse.csr_array:
    """Return the matrix [observations, rows x columns] that takes a run, row by row, to the value of each observation.

    Its transpose takes derivatives back. Raises `InputError` for an observation beyond the last row.
    """
    place = {name: k for k, name in enumerate(columns)}
    entries: list[tuple[int, int, float]] = []
    steps = observations["step"] if "step" in observations else np.ones(len(observations))
    periods = zip(
        observations["kind"], observations["variable"], observations["first"], observations["last"], steps, strict=True
    )
    for k, (kind, variable, first, last, step) in enumerate(periods):
        if not 0 <= first <= last < rows - (kind != "instant"):
            raise InputError(Problem(f"an observation of '{variable}' lies outside the run"))
        if kind == "flow" and CUMULATIVE + variable in place:
            column, moments = place[CUMULATIVE + variable], [(last + 1, 1.0), (first, -1.0)]
        elif kind == "instant":
            column, moments = place[variable], [(first, 1.0)]
        else:
            column, share = place[variable], step if kind == "flow" else 1 / (last + 1 - first)
            ends = (first, last + 1)
            moments = [(t, share / 2 if t in ends else share) for t in range(first, last + 2)]
        entries += [(k, int(t) * len(columns) + column, weight) for t, weight in moments]
    row, place_of, value = (list(part) for part in zip(*entries, strict=True)) if entries else ([], [], [])
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
