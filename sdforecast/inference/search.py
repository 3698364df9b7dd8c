"""Multi-start bounded least squares on standardised residuals and priors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sdforecast.inference.problem import Problem

FARTHEST = 4.0
"""Prior standard deviations beyond which nothing is searched."""

SPREAD_OF_STARTS = 0.7
"""Standard deviation of random starting positions; the first start is the prior centre."""


@dataclass(frozen=True)
class Start:
    """Where one search ended: positions of all parameters, the cost (data and prior), evaluations, and why."""

    positions: np.ndarray
    cost: float
    evaluations: int
    message: str


def search(
    problem: Problem,
    free: np.ndarray,
    starts: int,
    rng: np.random.Generator,
    *,
    max_evaluations: int = 300,
    finished: Callable[[Start], None] = lambda start: None,
) -> list[Start]:
    """Minimise the sum of squared residuals plus squared positions; returns the starts, best first.

    Parameters
    ----------
    free : indices of the parameters that are estimated; the others stay at their centre.
    finished : called when a start has ended.
    """
    results = []
    for k in range(starts):
        begin = np.zeros(len(free)) if k == 0 else rng.normal(0, SPREAD_OF_STARTS, len(free))
        results.append(_one(problem, free, begin, max_evaluations))
        finished(results[-1])
    return sorted(results, key=lambda start: start.cost)


def _one(problem: Problem, free: np.ndarray, begin: np.ndarray, max_evaluations: int) -> Start:
    low, high = _bounds(problem, free)
    at: dict[bytes, np.ndarray] = {}  # the residuals that least_squares has just asked for serve the derivatives

    def full(z: np.ndarray) -> np.ndarray:
        positions = np.zeros(len(problem.parameters))
        positions[free] = z
        return positions

    def data(z: np.ndarray) -> np.ndarray:
        key = z.tobytes()
        if key not in at:
            at.clear()
            at[key] = problem.residuals(full(z))[0]
        return at[key]

    def errors(z: np.ndarray) -> np.ndarray:
        return np.concatenate([data(z), z])

    def derivatives(z: np.ndarray) -> np.ndarray:
        return np.vstack([problem.jacobian(full(z), data(z), free), np.eye(len(free))])

    from scipy.optimize import least_squares  # here: a run or a forecast does not wait for it

    result = least_squares(
        errors,
        np.clip(begin, low + 1e-6, high - 1e-6),
        jac=derivatives,
        bounds=(low, high),
        max_nfev=max_evaluations,
        ftol=1e-6,
        xtol=1e-6,
    )
    return Start(full(result.x), float(2 * result.cost), int(result.nfev), str(result.message))


def _bounds(problem: Problem, free: Sequence[int] | np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pairs = [problem.parameters[k].bounds for k in free]
    low = np.array([max(pair[0], -FARTHEST) for pair in pairs])
    high = np.array([min(pair[1], FARTHEST) for pair in pairs])
    return low, high
