"""Parameter sets that fit acceptably: until there is a posterior, their spread is the uncertainty shown.

Candidates are drawn from the Gaussian that the derivatives at the best estimate give, for all constants with a
prior at once: what the data inform moves with it, what they do not keeps its prior. A candidate is run, and kept
if it fits about as well as the best one. Errors of neighbouring months are alike, so months count for fewer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sdforecast.inference.problem import Problem

SHORTEST_SERIES = 20
"""Targets with fewer observations are taken as independent errors."""

COVERAGE = 0.95
"""Part of the chi-squared distribution within which a candidate's loss of fit is acceptable."""


@dataclass(frozen=True)
class Acceptance:
    """The sets that were kept, and how.

    Attributes
    ----------
    positions : (set, parameter); the first is the best estimate.
    loss : how much worse each fits than the best, in discounted squared standard deviations.
    informed : number of directions in which the data say more than the prior.
    limit : largest loss that was accepted.
    tried : candidates run.
    weights : discount of each fitted observation.
    """

    positions: np.ndarray
    loss: np.ndarray
    informed: float
    limit: float
    tried: int
    weights: np.ndarray


def acceptable_sets(
    problem: Problem,
    best: np.ndarray,
    wanted: int,
    rng: np.random.Generator,
    *,
    most_tried: int | None = None,
    batch: int = 40,
    told: Callable[[int, int], None] = lambda kept, tried: None,
) -> Acceptance:
    """Return at most `wanted` parameter sets that fit acceptably; the first is the best estimate itself.

    At most `most_tried` candidates are run, by default 25 for each set that is wanted and no fewer than 600.
    """
    most_tried = max(600, 25 * wanted) if most_tried is None else most_tried
    from scipy.stats import chi2  # here: a run or a forecast does not wait for it

    at = problem.residuals(best)[0]
    weights = discounts(problem, at)
    jacobian = problem.jacobian(best, at)
    data = jacobian.T @ (weights[:, None] * jacobian)
    covariance = np.linalg.inv(data + np.eye(len(best)))
    informed = float(np.trace(covariance @ data))
    limit = float(chi2.ppf(COVERAGE, max(informed, 1.0)))
    root = np.linalg.cholesky((covariance + covariance.T) / 2)
    low, high = np.array([p.bounds for p in problem.parameters]).T
    kept, losses, tried = [best], [0.0], 0
    floor = float(weights @ at**2)
    while len(kept) < wanted and tried < most_tried:
        candidates = np.clip(best + rng.standard_normal((batch, len(best))) @ root.T, low, high)
        loss = problem.residuals(candidates) ** 2 @ weights - floor
        tried += batch
        for row in np.flatnonzero(loss <= limit)[: wanted - len(kept)]:
            kept.append(candidates[row])
            losses.append(float(loss[row]))
        told(len(kept), tried)
    return Acceptance(np.stack(kept), np.array(losses), informed, limit, tried, weights)


def discounts(problem: Problem, at: np.ndarray) -> np.ndarray:
    """Return for each fitted observation how much of an independent one it is worth.

    A series of n errors with lag-one correlation r is worth n (1 - r) / (1 + r) (Bartlett's formula for an AR(1)).
    """
    targets = problem.observations.loc[problem.fitted, "target"].to_numpy()
    weights = np.ones(len(at))
    for name in dict.fromkeys(targets):
        rows = targets == name
        if rows.sum() >= SHORTEST_SERIES:
            errors = at[rows] - at[rows].mean()
            correlation = float(np.clip(errors[1:] @ errors[:-1] / (errors @ errors), 0.0, 0.95))
            weights[rows] = (1 - correlation) / (1 + correlation)
    return weights
