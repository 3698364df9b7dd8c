"""A log density seen from coordinates in which it is near a standard normal.

With the centre m of a posterior and a square root R of its covariance (by Laplace's approximation), a point of the
caller is m + R w. In w all directions are about as wide, so that the sampler needs neither a mass matrix nor many
steps. The chains are of the same distribution whatever R is; only their cost changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sdforecast.errors import InputError, Problem

Density = Callable[[np.ndarray], tuple[float, np.ndarray]]
"""From a point [n], the log density there (up to a constant) and its gradient [n]."""

STARTS = 20
"""Starting points that are tried before a chain is given up."""

SPREAD_OF_STARTS = 0.5
"""Standard deviation of the starting points, in the white coordinates."""


@dataclass(frozen=True)
class White:
    """The white coordinates: position = centre [n] + root [n, n] @ w."""

    centre: np.ndarray
    root: np.ndarray

    def __post_init__(self) -> None:
        """Raise `InputError` for what is no centre and square root of a covariance."""
        n = len(self.centre) if self.centre.ndim == 1 else 0
        if not n or self.root.shape != (n, n):
            shapes = f"{self.centre.shape} and {self.root.shape}"
            raise InputError(Problem(f"centre and root must be [n] and [n, n], not {shapes}"))
        if not (np.isfinite(self.centre).all() and np.isfinite(self.root).all()):
            raise InputError(Problem("centre and root must be finite", hint="the Hessian at the mode may be singular"))
        if np.linalg.matrix_rank(self.root) < n:
            hint = "a direction has no width: the Hessian at the mode is not that of a maximum"
            raise InputError(Problem("root has no inverse", hint=hint))

    def positions(self, w: np.ndarray) -> np.ndarray:
        """Return the positions [..., n] of points w [..., n]."""
        return np.asarray(self.centre + w @ self.root.T)


class WhiteDensity:
    """The density in white coordinates, for one chain; it can be stopped from another thread.

    Attributes
    ----------
    fault : what the caller's density raised, if it did; from then on it is not asked again.
    evaluations : how often the density was asked.
    """

    def __init__(self, density: Density, white: White) -> None:
        self.fault: BaseException | None = None
        self.evaluations = 0
        self._density, self._white = density, white
        self._stopped = False
        self._flat = np.zeros(len(white.centre))

    def stop(self) -> None:
        """Return -inf from now on, which ends at once the trajectory that the sampler is on."""
        self._stopped = True

    def __call__(self, w: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log density and its gradient; -inf where either is not finite. Never raises."""
        if self._stopped:
            return -np.inf, self._flat
        try:
            value, gradient = self.at(w)
        except BaseException as error:  # an exception here would end in the sampler's thread, without its traceback
            self.fault, self._stopped = error, True
            return -np.inf, self._flat
        if np.isfinite(value) and np.isfinite(gradient).all():
            return value, gradient
        return -np.inf, self._flat

    def at(self, w: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log density and its gradient as they are. Raises what the caller's density raises."""
        self.evaluations += 1
        value, gradient = self._density(self._white.positions(w))
        gradient = np.asarray(gradient, dtype=float)
        if gradient.shape != self._flat.shape:
            raise InputError(Problem(f"the density's gradient must be {self._flat.shape}, not {gradient.shape}"))
        with np.errstate(invalid="ignore", over="ignore"):  # told by the result
            return float(value), self._white.root.T @ gradient


def starting_point(density: WhiteDensity, labels: Sequence[str], rng: np.random.Generator, chain: int) -> np.ndarray:
    """Return a point w [n] near the centre where the density is finite, and its gradient finite and nowhere 0.

    Raises
    ------
    InputError : there is none among the first 20.
    """
    why = ""
    for _ in range(STARTS):
        w = rng.normal(0, SPREAD_OF_STARTS, len(labels))
        value, gradient = density.at(w)
        bad = np.flatnonzero(~np.isfinite(gradient) | (gradient == 0))
        if np.isfinite(value) and not len(bad):
            return w
        why = f"the density there is {value}" if not np.isfinite(value) else f"its gradient there is {gradient[bad[0]]}"
    what = f"chain {chain} finds no starting point: none of {STARTS} points near the mode will do"
    raise InputError(Problem(what, hint=f"at the last one, {why}"))


def check_labels(labels: Sequence[str], n: int) -> None:
    """Raise `InputError` unless there is one name for each of `n` coordinates."""
    if len(labels) != n:
        raise InputError(Problem(f"{len(labels)} labels for {n} coordinates"))
    twice = sorted({label for label in labels if list(labels).count(label) > 1})
    if twice:
        raise InputError(Problem(f"two coordinates have the label '{twice[0]}'", hint="give each its own name"))
