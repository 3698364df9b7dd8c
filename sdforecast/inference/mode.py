"""The most probable point, from several starts, and the curvature around it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from sdforecast.errors import InputError, Problem
from sdforecast.inference.compiling import Value

SPREAD_OF_STARTS = 0.7
"""Standard deviation of random starting positions; the first start is the prior centre."""

STEP = 0.1
"""Step of the differences of gradients that give the curvature, in prior standard deviations: wide enough to see
through kinks, where a condition of the model changes sides."""

LOWEST = 1.0
"""Least curvature: the prior alone gives 1 in each direction; what is below it is noise, or a ridge."""


@dataclass(frozen=True)
class Search:
    """Where one search ended: position, log density, evaluations, and why."""

    position: np.ndarray
    value: float
    evaluations: int
    message: str


@dataclass(frozen=True)
class Laplace:
    """A normal approximation of a density.

    Attributes
    ----------
    mode : the most probable point [size].
    root : a square root of the covariance [size, size].
    curvature : eigenvalues of minus the second derivatives, lowest first; below 1 the prior is undone by the data.
    """

    mode: np.ndarray
    root: np.ndarray
    curvature: np.ndarray

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return draws [count, size] and their log density in the approximation [count]."""
        white = rng.standard_normal((count, len(self.mode)))
        widths = np.log(np.maximum(self.curvature, LOWEST)).sum() / 2
        lp = widths - ((white**2).sum(axis=1) + len(self.mode) * np.log(2 * np.pi)) / 2
        # By the symmetric root: signs of eigenvectors, and turns among like ones, are accidents of rounding. So two
        # searches that end at the same mode, within their tolerance, give the same draws.
        vectors = self.root / np.linalg.norm(self.root, axis=0)
        return self.mode + white @ (vectors @ self.root.T), lp


def search(
    density: Callable[[np.ndarray], Value],
    size: int,
    starts: int,
    rng: np.random.Generator,
    *,
    first: np.ndarray | None = None,
    labels: Sequence[str] = (),
    most: int = 3000,
    finished: Callable[[Search], None] = lambda one: None,
) -> list[Search]:
    """Maximise a log density from several starts by L-BFGS; returns the searches, best first.

    Parameters
    ----------
    first : the first start (default: the prior centre); the others are drawn around the prior centre.
    most : evaluations of a start at most.
    finished : called when a start has ended.

    Raises
    ------
    InputError : the density is not finite at the first start.
    """
    centre = np.zeros(size) if first is None else first
    if not np.isfinite(density(centre)[0]):
        raise InputError(
            Problem(
                "the model gives no finite value for some observation at the start point",
                hint="run it with the centres of the priors, and look at the variables of the targets",
            )
        )
    found = []
    for k in range(starts):
        begin = centre if k == 0 else _finite_start(density, size, rng, centre)
        found.append(_one(density, begin, most))
        finished(found[-1])
    return sorted(found, key=lambda one: -one.value)


def _finite_start(
    density: Callable[[np.ndarray], Value], size: int, rng: np.random.Generator, centre: np.ndarray
) -> np.ndarray:
    for shrunk in np.geomspace(1, 0.05, 20):
        begin: np.ndarray = rng.normal(0, SPREAD_OF_STARTS, size) * shrunk
        if np.isfinite(density(begin)[0]):
            return begin
    return centre


def _one(density: Callable[[np.ndarray], Value], begin: np.ndarray, most: int) -> Search:
    from scipy.optimize import minimize  # here: a run or a forecast does not wait for it

    worst = -density(begin)[0] + 1e6

    def negative(point: np.ndarray) -> tuple[float, np.ndarray]:
        value, gradient = density(point)
        return (-value, -gradient) if np.isfinite(value) else (worst, point)  # back towards the centre

    result = minimize(
        negative, begin, jac=True, method="L-BFGS-B",
        options={"maxfun": most, "maxiter": most, "maxcor": 30, "ftol": 1e-11, "gtol": 1e-3},
    )  # fmt: skip
    return Search(result.x, float(-result.fun), int(result.nfev), str(result.message))


def laplace(gradient: Callable[[np.ndarray], Value], mode: np.ndarray, *, callers: int = 1) -> Laplace:
    """Return the normal approximation at `mode`: minus the inverse of the second derivatives.

    `callers` threads ask at a time, for a function that shares runs between them.

    Second derivatives are central differences of exact gradients. Directions whose curvature is below the prior's are
    given the prior's: there the density is no normal one, and the approximation should not be wider than the prior.
    """

    def row(k: int) -> np.ndarray:
        step = np.zeros(len(mode))
        step[k] = STEP
        found: np.ndarray = (gradient(mode + step)[1] - gradient(mode - step)[1]) / (2 * STEP)
        return found

    with ThreadPoolExecutor(callers) as threads:
        hessian: np.ndarray = np.stack(list(threads.map(row, range(len(mode)))))
    curvature, vectors = np.linalg.eigh(-(hessian + hessian.T) / 2)
    return Laplace(mode, vectors / np.sqrt(np.maximum(curvature, LOWEST)), curvature)
