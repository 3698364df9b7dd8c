"""From constants and knots to the model's value of each observation, and the derivatives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from sdforecast.engine.compiled.kernel import Forward
from sdforecast.engine.repeated import Repeated
from sdforecast.model import ModelFile
from sdforecast.observation import columns_needed
from sdforecast.observation.errors import Fitting
from sdforecast.observation.predicting import reading


@dataclass(frozen=True, eq=False)
class Predictor:
    """The model as a function of numbers.

    Attributes
    ----------
    repeated : the model, asked again and again.
    observations : rows of :func:`sdforecast.observation.observations`: what it is asked for.
    """

    repeated: Repeated
    observations: pd.DataFrame

    @property
    def size(self) -> int:
        """How many numbers go in: constants, then knots."""
        return self.repeated.size

    @property
    def count(self) -> int:
        """How many numbers come out: one an observation."""
        return len(self.observations)

    def forward(self, point: np.ndarray) -> tuple[np.ndarray, Forward]:
        """Return the value of each observation, in its unit, and what `pull` needs."""
        ran = self.repeated.forward(point)
        return self._reading @ ran.values.ravel(), ran

    def pull(self, ran: Forward, cotangent: np.ndarray) -> np.ndarray:
        """Return how much each number that went in counts, given how much each observation does."""
        return self.repeated.pull(ran, (self._reading.T @ cotangent).reshape(ran.values.shape))

    def forward_many(self, points: np.ndarray) -> tuple[np.ndarray, Forward]:
        """Do what :meth:`forward` does for the rows of `points` [runs, size], side by side: the same bits, sooner."""
        ran = self.repeated.forward_many(points)
        return np.stack([self._reading @ values.ravel() for values in ran.values]), ran

    def pull_many(self, ran: Forward, cotangents: np.ndarray) -> np.ndarray:
        """Return what :meth:`pull` does for each run [runs, size], given cotangents [runs, observations]."""
        each = [(self._reading.T @ cotangent).reshape(ran.values.shape[1:]) for cotangent in cotangents]
        return self.repeated.pull_many(ran, np.stack(each))

    def many(self, points: np.ndarray) -> np.ndarray:
        """Return the value of each observation for the rows of `points` [runs, observations]."""
        runs = self.repeated.run(points)
        result: np.ndarray = (self._reading @ runs.reshape(len(runs), -1).T).T
        return result

    @cached_property
    def _reading(self) -> sparse.csr_array:
        return reading(self.observations, len(self.repeated.times), self.repeated.columns)

    def __getstate__(self) -> dict[str, object]:
        return {"repeated": self.repeated, "observations": self.observations}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)


def predictor(
    model: ModelFile,
    observations: pd.DataFrame,
    varied: Sequence[str],
    *,
    knots: Mapping[str, np.ndarray] | None = None,
    fixed: Mapping[str, float] | None = None,
    series: Mapping[str, pd.Series] | None = None,
    fitting: Fitting | None = None,
) -> Predictor:
    """Return the predictor of `observations`.

    Parameters
    ----------
    varied : constants that change from run to run.
    knots : by variable that is inferred over time, the times of its knots.
    fixed, series : what all runs share.
    fitting : how the model is run; None: as its file says.

    Raises
    ------
    InputError : an unknown name, or a model that is not compiled.
    """
    way = fitting or Fitting()
    asked = Repeated(
        model, tuple(columns_needed(observations, model)), tuple(varied), dict(knots or {}), dict(fixed or {}),
        dict(series or {}), float(observations["last"].max()) + 1, way.time_step, way.integration,
    )  # fmt: skip
    asked.check()
    return Predictor(asked, observations)
