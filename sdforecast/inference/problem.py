"""The least-squares problem: positions of parameters in, standardised residuals out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from sdforecast.engine import Job, Runner
from sdforecast.observation import predicted, residuals
from sdforecast.parameters import Parameter

FAILED = 50.0
"""A residual in standard deviations where a run gives no finite value."""

STEP = 1e-3
"""Step of a finite difference, in prior standard deviations: small against a prior, large against rounding."""


@dataclass(frozen=True)
class Problem:
    """What is estimated from what.

    Attributes
    ----------
    parameters : all constants with a prior, in the order of positions.
    observations : rows of :func:`sdforecast.observation.observations`.
    columns : variables that `run` returns, in its order.
    run : runs jobs of the model.
    fixed : constants without a prior whose value is not that of the model file.
    """

    parameters: Sequence[Parameter]
    observations: pd.DataFrame
    columns: Sequence[str]
    run: Runner
    advance: Callable[[], None] = field(default=lambda: None)
    fixed: Mapping[str, float] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the parameters."""
        return [p.name for p in self.parameters]

    @property
    def fitted(self) -> np.ndarray:
        """Which observations enter the fit."""
        return self.observations["fitted"].to_numpy(bool)

    def constants(self, positions: np.ndarray) -> dict[str, float]:
        """Return values by name."""
        return {p.name: p.at(float(z)) for p, z in zip(self.parameters, positions, strict=True)} | dict(self.fixed)

    def runs(self, positions: np.ndarray) -> np.ndarray:
        """Run the rows of `positions` (run, parameter); returns (run, month, column)."""
        return self.run([Job(self.constants(row)) for row in positions], self.advance)

    def values(self, run: np.ndarray) -> np.ndarray:
        """Return the model's value of each observation in one run (month, column)."""
        return predicted(self.observations, run, self.columns)

    def residuals(self, positions: np.ndarray) -> np.ndarray:
        """Return standardised residuals (run, fitted observation) for rows of `positions`."""
        fitted = self.fitted
        rows = [residuals(self.observations, self.values(run))[fitted] for run in self.runs(np.atleast_2d(positions))]
        finite = np.nan_to_num(np.stack(rows), nan=FAILED, posinf=FAILED, neginf=-FAILED)
        return np.asarray(np.clip(finite, -FAILED, FAILED))

    def jacobian(self, position: np.ndarray, at: np.ndarray, free: np.ndarray | None = None) -> np.ndarray:
        """Return derivatives (fitted observation, free parameter) by forward differences, backward at a high bound.

        `at` are the residuals at `position`; `free` the indices of the parameters that move (default: all).
        """
        moving = np.arange(len(position)) if free is None else free
        shifted = np.repeat(position[None, :], len(moving), axis=0)
        high = np.array([self.parameters[int(k)].bounds[1] for k in moving])
        steps = np.where(position[moving] + STEP > high, -STEP, STEP)  # beyond a bound nothing would move
        shifted[np.arange(len(moving)), moving] += steps
        difference: np.ndarray = (self.residuals(shifted) - at) / steps[:, None]
        return difference.T
