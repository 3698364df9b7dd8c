"""What a sampler took, and how many effective draws came of it."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # ArviZ announces its next version
    import arviz as az

FURTHEST = 4.5
"""Standard errors that a mean may be from ours: chance exceeds it in one of a hundred thousand comparisons."""

MIXED = 1.1
"""R-hat above which chains, or walkers, have not forgotten where they began."""


@dataclass
class Spent:
    """CPU time of the process, all threads, and wall time, in seconds."""

    cpu: float = 0.0
    wall: float = 0.0


@contextmanager
def clocked() -> Iterator[Spent]:
    """Measure what is done within."""
    spent, wall, cpu = Spent(), time.perf_counter(), time.process_time()
    yield spent
    spent.cpu, spent.wall = time.process_time() - cpu, time.perf_counter() - wall


@dataclass(eq=False)
class Sampled:
    """Draws of one tool [chains, draws, n] and what they took.

    Attributes
    ----------
    start : spent on loading and compiling.
    work : on everything after that: search, warm-up, draws.
    evaluations : of the density (with gradient for NUTS), warm-up included.
    """

    problem: str
    tool: str
    draws: np.ndarray
    start: Spent
    work: Spent
    evaluations: int
    labels: list[str]
    note: str = ""
    ess: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        columns = [self.draws[..., k] for k in range(self.draws.shape[-1])]
        self.ess = np.array([float(az.ess(c, method="bulk")) for c in columns])
        self.r_hat = max(float(az.rhat(c)) for c in columns)

    @property
    def effective(self) -> float:
        """Effective draws of the worst coordinate."""
        return float(self.ess.min())

    @property
    def spread(self) -> np.ndarray:
        """Standard deviations [n]."""
        return self.draws.std(axis=(0, 1))

    def row(self, than: Sampled | Moments) -> dict[str, Any]:
        """Return a row of the results; `than` is ours on the same problem, or the truth."""
        return {
            "problem": self.problem,
            "tool": self.tool,
            "numbers": len(self.labels),
            "start_cpu": self.start.cpu,
            "start_wall": self.start.wall,
            "cpu": self.work.cpu,
            "wall": self.work.wall,
            "evaluations": self.evaluations,
            "draws": self.draws.shape[0] * self.draws.shape[1],
            "ess": self.effective,
            "worst": self.labels[int(self.ess.argmin())],
            "r_hat": self.r_hat,
            "apart": self.apart(than),
            "ess_per_cpu_s": self.effective / self.work.cpu,
            "ess_per_wall_s": self.effective / self.work.wall,
            "evaluations_per_ess": self.evaluations / self.effective,
            "note": self.note,
        }

    def moments(self) -> Moments:
        """Return means and standard deviations with their Monte Carlo errors."""
        flat = self.draws.reshape(-1, self.draws.shape[-1])
        off = (flat - flat.mean(axis=0)) / self.spread
        of_spread = np.array([float(az.ess(self.draws[..., k], method="sd")) for k in range(flat.shape[1])])
        error = np.sqrt(((off**4).mean(axis=0) - 1) / 4 / of_spread)  # of the logarithm of the standard deviation
        return Moments(flat.mean(axis=0), self.spread, self.spread / np.sqrt(self.ess), error)

    def apart(self, than: Sampled | Moments) -> float:
        """Return how many standard errors the means, or logarithms of standard deviations, are apart at most."""
        if than is self:
            return 0.0
        mine, theirs = self.moments(), than if isinstance(than, Moments) else than.moments()
        of_means = np.abs(mine.mean - theirs.mean) / np.hypot(mine.mean_error, theirs.mean_error)
        of_spreads = np.abs(np.log(mine.spread / theirs.spread)) / np.hypot(mine.spread_error, theirs.spread_error)
        return float(max(of_means.max(), of_spreads.max()))


@dataclass(frozen=True, eq=False)
class Moments:
    """Means and standard deviations [n], and the standard errors of the means and of the latter's logarithms."""

    mean: np.ndarray
    spread: np.ndarray
    mean_error: np.ndarray
    spread_error: np.ndarray


def on_a_grid(density: Callable[[np.ndarray], np.ndarray], around: Sampled, points: int = 45) -> Moments:
    """Return exact moments by quadrature over a grid, seven standard deviations wide to each side; for few numbers."""
    centre, n = around.draws.mean(axis=(0, 1)), len(around.labels)
    axes = [centre[k] + around.spread[k] * np.linspace(-7, 7, points) for k in range(n)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, n)
    height = np.concatenate([density(part) for part in np.array_split(grid, 64)])
    weight = np.exp(height - height.max())
    weight /= weight.sum()
    mean = weight @ grid
    return Moments(mean, np.sqrt(weight @ (grid - mean) ** 2), np.zeros(n), np.zeros(n))


class Counted:
    """A function that counts its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.calls = function, 0

    def __call__(self, *args: Any) -> Any:
        """Call the function."""
        self.calls += 1
        return self.function(*args)
