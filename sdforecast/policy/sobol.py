"""How much of the spread of an outcome each assumption makes: Sobol' indices of first and total order, by SALib.

Of everything that varies, the strongest assumptions stand alone, all others are one group, and what the posterior gives
(fitted constants, latent supply, discrepancy) is another, so that the whole spread is shared out. The first index is
the share of the variance that would go if the group alone were known; the total index is the share that would stay if
everything else were known, interactions among it (Sobol' 2001; Saltelli et al. 2010; Jansen 1999 for totals).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sdforecast.policy.extra import library

POINTS = 1024
"""Base points where it is not said; a power of two. Runs are this times the groups and two."""

LEAST = 64
"""Base points below which intervals say nothing."""

PARTS = (4, 2, 1)

Outcome = Callable[[np.ndarray], np.ndarray]
"""Of shares [runs, names] the outcomes [runs, outcomes]."""


def indices(
    outcome: Outcome,
    groups: Mapping[str, Sequence[int]],
    outcomes: Sequence[str],
    *,
    points: int = POINTS,
    seed: int = 1,
) -> pd.DataFrame:
    """Return the indices of each group on each outcome, from a quarter, half and all of the points.

    Parameters
    ----------
    outcome : gives the outcomes of shares between 0 and 1.
    groups : by name, which columns of the shares belong to it; each column is in exactly one.
    points : base points, a power of two.

    Returns
    -------
    Columns `outcome, group, points, first, first_error, total, total_error`; errors are half the width of bootstrap
    intervals of 95 %. Order: as the groups are.

    Raises
    ------
    ValueError : points are no power of two or too few, columns that are in no group or in two.
    """
    if points < LEAST or points & (points - 1):
        raise ValueError(f"{points} points: a power of two from {LEAST} on")
    problem = _problem(groups)
    shares = library("SALib.sample.sobol").sample(problem, points, calc_second_order=False, seed=seed)
    values = outcome(np.asarray(shares, dtype=float))
    each = len(groups) + 2
    rows = []
    for k, title in enumerate(outcomes):
        for part in PARTS:
            some = points // part
            rows.append(_analysed(problem, groups, values[: some * each, k], seed).assign(outcome=title, points=some))
    order = ["outcome", "group", "points", "first", "first_error", "total", "total_error"]
    return pd.concat(rows, ignore_index=True)[order]


def runs(groups: int, points: int) -> int:
    """Return how many runs so many groups and points take."""
    return (groups + 2) * points


def settled(found: pd.DataFrame, outcome: str) -> float:
    """Return the largest change of a total index between half and all of the points."""
    some = found[found["outcome"] == outcome].pivot_table(index="group", columns="points", values="total")
    sizes = sorted(some.columns)
    return float((some[sizes[-1]] - some[sizes[-2]]).abs().max())


def _problem(groups: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    of = {column: name for name, columns in groups.items() for column in columns}
    count = sum(len(columns) for columns in groups.values())
    if sorted(of) != list(range(count)):
        raise ValueError("each column belongs to exactly one group")
    labels = [of[column] for column in range(count)]
    return {"num_vars": count, "names": [str(k) for k in range(count)], "bounds": [[0.0, 1.0]] * count, "groups": labels}


def _analysed(
    problem: Mapping[str, Any], groups: Mapping[str, Sequence[int]], values: np.ndarray, seed: int
) -> pd.DataFrame:
    order = list(dict.fromkeys(problem["groups"]))  # SALib's order: as groups first appear among the columns
    if np.ptp(values) == 0:
        nothing = dict.fromkeys(("first", "first_error", "total", "total_error"), 0.0)
        return pd.DataFrame([{"group": name, **nothing} for name in groups])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found: Any = library("SALib.analyze.sobol").analyze(
            problem, values, calc_second_order=False, num_resamples=200, seed=seed + 1
        )
    columns = {"first": "S1", "first_error": "S1_conf", "total": "ST", "total_error": "ST_conf"}
    table = pd.DataFrame({"group": order, **{name: np.asarray(found[key]) for name, key in columns.items()}})
    return table.set_index("group").loc[list(groups)].reset_index()
