"""What it would be worth to know an assumption before choosing: expected value of (partial) perfect information.

`deaths` [runs, scenarios] are what each choice costs. Who knows nothing more takes the scenario with the fewest expected
deaths. Who learned everything would take the best of each run; the difference of the expectations is the EVPI. Who
learned one assumption would take the best of the expectations given it: the EVPPI. Given one assumption, expectations
are estimated by regressing the difference of deaths on it, with a cubic spline (Strong, Oakley and Brennan 2014).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sdforecast.policy.extra import library

KNOTS = 5
RESAMPLED = 200


def evpi(deaths: np.ndarray) -> tuple[float, float]:
    """Return the expected deaths that knowing everything would avert, and its standard error."""
    chosen = int(deaths.mean(axis=0).argmin())
    averted = deaths[:, chosen] - deaths.min(axis=1)
    return float(averted.mean()), float(averted.std(ddof=1) / np.sqrt(len(averted)))


def evppi(deaths: np.ndarray, values: pd.DataFrame, seed: int = 1) -> pd.DataFrame:
    """Return the expected deaths that knowing each assumption alone would avert, most first.

    Parameters
    ----------
    deaths : [runs, scenarios].
    values : assumptions, one row a run; or their places in their ranges, which makes no difference but for tails.

    Returns
    -------
    Columns `name, value, error, bias, held_out, held_out_error`. `value` is the estimate less its `bias` upwards (the
    larger of noisy numbers is too large), at least 0; `error` its standard error from the regression's. `held_out` is
    what choosing by a regression on one half of the runs averts in the other half: lower, and biased by nothing.
    """
    order = deaths.mean(axis=0).argsort()
    differences = (deaths - deaths[:, order[:1]])[:, order[1:]]
    chance = np.random.default_rng(seed)
    rows = [{"name": str(name), **_one(differences, values[name].to_numpy(float), chance)} for name in values]
    found = pd.DataFrame(rows)
    return found.sort_values(["value", "held_out"], ascending=False, kind="stable").reset_index(drop=True)


def together(deaths: np.ndarray, values: pd.DataFrame, seed: int = 1) -> tuple[float, float]:
    """Return what knowing several assumptions at once would avert, and its standard error.

    Expectations are those of gradient-boosted trees that were fitted to the other half of the runs: what they avert is a
    choice that anyone could have made, so that the number is, in expectation, a lower bound.
    """
    order = deaths.mean(axis=0).argsort()
    differences = (deaths - deaths[:, order[:1]])[:, order[1:]]
    trees: Any = library("sklearn.ensemble").HistGradientBoostingRegressor
    x = values.to_numpy(float)

    def expected(some: np.ndarray, others: np.ndarray) -> np.ndarray:
        fitted = [trees(max_iter=100, learning_rate=0.08, random_state=seed).fit(x[some], differences[some, k])
                  for k in range(differences.shape[1])]  # fmt: skip
        return np.column_stack([each.predict(x[others]) for each in fitted])

    return _held_out(differences, expected)


def _one(differences: np.ndarray, value: np.ndarray, chance: np.random.Generator) -> dict[str, float]:
    """Return the estimates for one assumption; differences are from the choice without knowledge [runs, others]."""
    basis = _basis(value)
    inverse = np.linalg.pinv(basis.T @ basis)
    coefficients = inverse @ basis.T @ differences
    fitted = basis @ coefficients
    residuals = differences - fitted
    freedom = max(1, len(value) - np.linalg.matrix_rank(basis))
    covariance = residuals.T @ residuals / freedom
    raw = _averted(fitted)
    across, along = _root(covariance), _root(inverse)
    size = (RESAMPLED, basis.shape[1], differences.shape[1])
    noise = np.einsum("ij,rjk,lk->ril", along, chance.standard_normal(size), across)
    again = np.array([_averted(fitted + basis @ one) for one in noise])
    bias = float(again.mean() - raw)

    def expected(some: np.ndarray, others: np.ndarray) -> np.ndarray:
        solved = np.linalg.lstsq(basis[some], differences[some], rcond=None)[0]
        return np.asarray(basis[others] @ solved)

    held, error = _held_out(differences, expected)
    return {
        "value": max(0.0, raw - max(0.0, bias)), "error": float(again.std(ddof=1)), "bias": bias, "held_out": held,
        "held_out_error": error,
    }  # fmt: skip


def _averted(differences: np.ndarray) -> float:
    """Return by how much the best of each run is below the best of all; the choice without knowledge counts as 0."""
    return float(min(0.0, differences.mean(axis=0).min()) - np.minimum(0.0, differences.min(axis=1)).mean())


def _held_out(differences: np.ndarray, expected: Any) -> tuple[float, float]:
    half = np.arange(len(differences)) < len(differences) // 2
    averted = np.zeros(len(differences))
    for some, others in ((half, ~half), (~half, half)):
        given = expected(some, others)
        best = given.argmin(axis=1)
        rows = np.arange(len(given))
        averted[others] = np.where(given[rows, best] < 0, -differences[others][rows, best], 0.0)
    return float(averted.mean()), float(averted.std(ddof=1) / np.sqrt(len(averted)))


def _basis(value: np.ndarray) -> np.ndarray:
    """Return a cubic spline basis over the values, knots at their quantiles [runs, basis]."""
    if np.ptp(value) == 0:
        return np.ones((len(value), 1))
    spline: Any = library("sklearn.preprocessing").SplineTransformer(n_knots=KNOTS, degree=3, knots="quantile")
    return np.asarray(spline.fit_transform(value[:, None]), dtype=float)


def _root(matrix: np.ndarray) -> np.ndarray:
    """Return a square root of a covariance that may be singular."""
    sizes, directions = np.linalg.eigh(matrix)
    return np.asarray(directions * np.sqrt(np.clip(sizes, 0, None)))
