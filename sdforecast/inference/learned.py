"""What the data taught about each constant, and what they could not.

Positions have a standard normal prior, so that their posterior standard deviation is the share of the prior's spread
that is left. What shrank is learned; what only moved is told beside it, above all where a constant is an assumption or
a value from the literature that the fit has no business to move far.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.errors import InputError, Problem
from sdforecast.inference.draws import positions, scalars
from sdforecast.parameters import Parameter

LEARNED = 0.65
PARTLY = 0.2
MOVED = 1.0
"""Prior standard deviations by which a constant that is not estimated may move before it is told."""
INTERVAL = (0.05, 0.95)
HELD_KINDS = ("assumption", "literature")


def learned(tree: xr.DataTree, parameters: Iterable[Parameter]) -> pd.DataFrame:
    """Return what the data taught, one row a constant that was sampled, in the order of the table of parameters.

    Columns: parameter, unit, kind; `prior`, `prior_low`, `prior_high` (centre and central 90 %, cut at the bounds);
    `median`, `low`, `high` (of the posterior, in the parameter's unit); `shrinkage`, 1 less the posterior standard
    deviation of its position (below zero where the posterior is wider); `shift` of the median in prior standard
    deviations; `taught`: learned (above 0.65), partly (above 0.2) or not; `moved`: shifted by more than one though an
    assumption or from the literature.

    Raises
    ------
    InputError : the tree is not of the layout, or holds none of the parameters.
    """
    values, labels = positions(tree)
    where = {label: values[:, :, k] for k, label in enumerate(labels)}
    constants = scalars(tree)
    rows = [_row(p, where[p.name], constants[p.name]) for p in parameters if p.name in where and p.name in constants]
    if not rows:
        hint = "is it the table of parameters that the posterior was made with?"
        raise InputError(Problem("the posterior holds no constant of this table of parameters", hint=hint))
    return pd.DataFrame(rows)


def _row(parameter: Parameter, position: np.ndarray, values: np.ndarray) -> dict[str, Any]:
    low, high = prior_interval(parameter)
    shrinkage, shift = 1 - float(position.std(ddof=1)), float(np.median(position))
    return {
        "parameter": parameter.name,
        "unit": parameter.unit,
        "kind": parameter.kind,
        "prior": parameter.value,
        "prior_low": low,
        "prior_high": high,
        "median": float(np.median(values)),
        "low": float(np.quantile(values, INTERVAL[0])),
        "high": float(np.quantile(values, INTERVAL[1])),
        "shrinkage": shrinkage,
        "shift": shift,
        "taught": "learned" if shrinkage > LEARNED else "partly" if shrinkage > PARTLY else "not",
        "moved": abs(shift) > MOVED and parameter.kind in HELD_KINDS,
    }


def prior_interval(parameter: Parameter) -> tuple[float, float]:
    """Return the central 90 % of a prior cut at its bounds, in the parameter's unit."""
    from scipy.stats import truncnorm

    if parameter.spread == 0:
        return parameter.value, parameter.value
    low, high = (float(truncnorm.ppf(level, *parameter.bounds)) for level in INTERVAL)
    return parameter.at(low), parameter.at(high)


def told(table: pd.DataFrame) -> list[str]:
    """Return a table of :func:`learned` in sentences: how many of each, and each assumption that moved."""
    counts = table["taught"].value_counts()
    parts = [f"{word} {counts.get(word, 0)}" for word in ("learned", "partly", "not")]
    lines = [f"of {len(table)} constants: " + ", ".join(parts)]
    moved = table[table["moved"]].sort_values("shift", key=abs, ascending=False)
    for row in moved.to_dict("records"):
        sentence = f"'{row['parameter']}' ({row['kind']}) moved by {row['shift']:+.1f} prior standard deviations"
        lines.append(f"{sentence}, from {row['prior']:.4g} to {row['median']:.4g} {row['unit']}")
    return lines


def correlations(tree: xr.DataTree, top: int = 20) -> pd.DataFrame:
    """Return the pairs of coordinates most correlated in the posterior: first, second, correlation.

    Raises `InputError` where the tree is not of the layout, or `top` is below one.
    """
    if top < 1:
        raise InputError(Problem(f"the number of pairs must be at least 1, not {top}"))
    values, labels = positions(tree)
    rows = values.reshape(-1, len(labels))
    moving = np.flatnonzero(np.ptp(rows, axis=0) > 0)
    if len(moving) < 2:
        return pd.DataFrame({"first": [], "second": [], "correlation": []})
    matrix = np.corrcoef(rows[:, moving], rowvar=False)
    first, second = np.triu_indices(len(moving), 1)
    order = np.argsort(-np.abs(matrix[first, second]), kind="stable")[:top]
    names = np.array(labels, dtype=object)[moving]
    found = {"first": names[first[order]], "second": names[second[order]]}
    return pd.DataFrame(found | {"correlation": matrix[first, second][order]})
