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

    def row(self, than: Sampled) -> dict[str, Any]:
        """Return a row of the results; `than` is ours on the same problem."""
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

    def apart(self, than: Sampled) -> float:
        """Return how many standard errors the means, or logarithms of standard deviations, are apart at most."""
        if than is self:
            return 0.0
        means = self.draws.mean(axis=(0, 1)) - than.draws.mean(axis=(0, 1))
        error = np.sqrt(self.spread**2 / self.ess + than.spread**2 / than.ess)
        spreads = np.log(self.spread / than.spread)
        of_spreads = np.sqrt(1 / self.ess + 1 / than.ess)  # twice a normal's variance: tails are longer, squares mix less
        return float(max(np.abs(means / error).max(), np.abs(spreads / of_spreads).max()))


class Counted:
    """A function that counts its calls."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function, self.calls = function, 0

    def __call__(self, *args: Any) -> Any:
        self.calls += 1
        return self.function(*args)
