"""Under which assumptions something happens: scenario discovery by PRIM and CART.

Runs over the full ranges are cases or not (one scenario has fewer deaths than another). PRIM (Friedman and Fisher 1999;
Bryant and Lempert 2010, in ema-workbench) peels the ranges until a box holds mostly cases, a classification tree
(scikit-learn) splits them. Both see the first half of the runs; what is told of a box, its coverage (share of all
cases that lie in it), density (share of its runs that are cases) and mass, is counted in the other half.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sdforecast.policy.extra import library
from sdforecast.policy.ranking import share

FEWEST = 20
"""Cases in the first half below which no box is looked for."""

QUASI_P = 0.05
"""A restriction of PRIM's stays if the density without it would be so improbable."""

LEAVES, DEPTH = 2, 3
"""How many leaves of a tree are told, and how many splits lie above one at most."""


@dataclass(frozen=True)
class Restriction:
    """One side or both of what an assumption must be; `inside` is the share of all runs that are so.

    `p` is PRIM's quasi-p-value, the smaller of both sides; NaN of a tree.
    """

    name: str
    low: float | None
    high: float | None
    inside: float
    p: float


@dataclass(frozen=True)
class Box:
    """Where cases are: how it was found, its restrictions, and what the half that it was not found in says.

    Attributes
    ----------
    coverage, density : each with its standard error, in the half that the box was not found in.
    mass : share of the runs of that half that lie in the box.
    runs, cases : how many of that half lie in it.
    fitted_coverage, fitted_density : the same where the box was found: better, as it was chosen for it.
    """

    method: str
    restrictions: tuple[Restriction, ...]
    coverage: float
    coverage_error: float
    density: float
    density_error: float
    mass: float
    runs: int
    cases: int
    fitted_coverage: float
    fitted_density: float


@dataclass(frozen=True)
class Case:
    """Something that happens in some runs.

    Attributes
    ----------
    title : what happens, as a sentence without its full stop.
    runs, cases, probability, error, low, high : how often; see :func:`.ranking.share`.
    boxes : where; empty if there is nothing to tell.
    why : why there is no box; empty where there is one.
    """

    title: str
    runs: int
    cases: int
    probability: float
    error: float
    low: float
    high: float
    boxes: tuple[Box, ...]
    why: str = ""


def discover(values: pd.DataFrame, holds: np.ndarray, title: str, seed: int = 1) -> Case:
    """Return how often something holds and under which assumptions.

    Parameters
    ----------
    values : assumptions, one row a run, in an order whose halves are alike.
    holds : whether each run is a case [runs].
    """
    half = len(values) // 2
    told = share(holds.astype(float))
    often = {**{key: told[key] for key in ("probability", "error", "low", "high")}}
    found = int(holds[:half].sum())
    if min(found, half - found) < FEWEST:
        return Case(title, len(holds), int(holds.sum()), **often, boxes=(), why=_why(int(holds.sum()), len(holds), told))
    learned, held = (values.iloc[:half], holds[:half]), (values.iloc[half:], holds[half:])
    limits = [("PRIM", *found_) for found_ in _prim(*learned)] + [("CART", *found_) for found_ in _cart(*learned, seed)]
    boxes = [_box(method, box, p, values, learned, held) for method, box, p in limits]
    good = tuple(box for box in boxes if box.density - 2 * box.density_error > told["probability"])
    why = "" if good else "no box holds more cases than chance in the half that it was not found in"
    return Case(title, len(holds), int(holds.sum()), **often, boxes=good, why=why)


def _why(cases: int, runs: int, told: dict[str, float]) -> str:
    if cases == 0:
        return f"in none of {runs:,} runs; with 95 % confidence in less than {_percent(told['high'])} of the ranges"
    if cases == runs:
        return f"in all of {runs:,} runs; with 95 % confidence in more than {_percent(told['low'])} of the ranges"
    few = min(cases, runs - cases)
    return f"too few runs, {few:,} of {runs:,}, {'do' if few == cases else 'do not'}, to say where"


Limits = dict[str, tuple[float | None, float | None]]


def _prim(values: pd.DataFrame, holds: np.ndarray) -> list[tuple[Limits, dict[str, float]]]:
    """Return PRIM's box of the largest F1 (harmonic mean of coverage and density), without what is not significant."""
    prim: Any = library("ema_workbench.analysis.prim")
    logging.getLogger("EMA").setLevel(logging.ERROR)
    smallest = min(0.05, max(holds.mean() / 2, FEWEST / len(holds)))
    data = values.reset_index(drop=True).astype(float)
    box = prim.Prim(data, holds.astype(int), threshold=min(0.5, holds.mean()), mass_min=smallest).find_box()
    path = box.peeling_trajectory
    score = 2 * path["coverage"] * path["density"] / (path["coverage"] + path["density"])
    chosen = int(np.nanargmax(score.to_numpy(dtype=float)))
    while True:
        weak = {name: min(_sides(of)) for name, of in box.qp[chosen].items() if min(_sides(of)) > QUASI_P}
        if not weak:
            break
        box.drop_restriction(max(weak, key=lambda name: weak[name]), chosen)
        chosen = len(box.box_lims) - 1
    ends, limits = box.box_lims[0], box.box_lims[chosen]
    found: Limits = {}
    for name in box.qp[chosen]:
        low, high = (float(limits[name].iloc[side]) for side in (0, 1))
        first, last = (float(ends[name].iloc[side]) for side in (0, 1))
        found[str(name)] = (low if low > first else None, high if high < last else None)
    p = {str(name): min(_sides(of)) for name, of in box.qp[chosen].items()}
    return [(found, p)] if found else []


def _sides(of: Any) -> list[float]:
    """Return the quasi-p-values of the sides that are restricted; -1 stands for none."""
    return [float(value) for value in of if value >= 0] or [1.0]


def _cart(values: pd.DataFrame, holds: np.ndarray, seed: int) -> list[tuple[Limits, dict[str, float]]]:
    """Return the leaves of a small tree whose density is highest, most cases first."""
    grown: Any = library("sklearn.tree").DecisionTreeClassifier(
        max_depth=DEPTH, min_samples_leaf=max(FEWEST, len(holds) // 100), class_weight="balanced", random_state=seed
    )
    tree = grown.fit(values.to_numpy(float), holds).tree_
    leaves: list[tuple[float, int, Limits]] = []
    waiting: list[tuple[int, Limits, np.ndarray]] = [(0, {}, np.ones(len(holds), dtype=bool))]
    while waiting:
        node, limits, inside = waiting.pop()
        if tree.children_left[node] < 0:
            leaves.append((float(holds[inside].mean()), int(holds[inside].sum()), limits))
            continue
        name, at = str(values.columns[tree.feature[node]]), float(tree.threshold[node])
        low, high = limits.get(name, (None, None))
        below = values[name].to_numpy() <= at
        waiting.append((tree.children_left[node], {**limits, name: (low, at)}, inside & below))
        waiting.append((tree.children_right[node], {**limits, name: (at, high)}, inside & ~below))
    dense = [leaf for leaf in leaves if leaf[0] > 1.5 * holds.mean() or leaf[0] > (1 + holds.mean()) / 2]
    dense.sort(key=lambda leaf: -leaf[1])
    return [(limits, {}) for _, _, limits in dense[:LEAVES] if limits]


def _box(
    method: str,
    limits: Limits,
    p: dict[str, float],
    values: pd.DataFrame,
    learned: tuple[pd.DataFrame, np.ndarray],
    held: tuple[pd.DataFrame, np.ndarray],
) -> Box:
    sides = {name: {name: limit} for name, limit in limits.items()}
    restrictions = tuple(
        Restriction(name, *limits[name], float(_inside(values, side).mean()), p.get(name, float("nan")))
        for name, side in sides.items()
    )
    inside, fitted = _inside(held[0], limits), _inside(learned[0], limits)
    runs, cases, total = int(inside.sum()), int(held[1][inside].sum()), int(held[1].sum())
    coverage, density = cases / max(total, 1), cases / max(runs, 1)
    return Box(
        method, restrictions, coverage, _error(coverage, total), density, _error(density, runs), runs / len(inside),
        runs, cases, float(learned[1][fitted].sum() / learned[1].sum()), float(learned[1][fitted].mean()),
    )  # fmt: skip


def _inside(values: pd.DataFrame, limits: Limits) -> np.ndarray:
    inside = np.ones(len(values), dtype=bool)
    for name, (low, high) in limits.items():
        column = values[name].to_numpy(float)
        inside &= (column >= low if low is not None else True) & (column <= high if high is not None else True)
    return inside


def _error(part: float, count: int) -> float:
    return float(np.sqrt(part * (1 - part) / max(count, 1)))


def _percent(part: float) -> str:
    return f"{100 * part:.2g} %"
