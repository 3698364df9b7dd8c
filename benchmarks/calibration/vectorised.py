"""The same log density written again in NumPy, for many points at once: what the samplers without gradients ask for."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from problems import Problem
from scipy.linalg import solve_triangular

from sdforecast.inference.covariance import Rows, SharedErrors, months_and_days
from sdforecast.inference.density import HALF_LIFE_SPREAD
from sdforecast.inference.positions import values_at
from sdforecast.observation import on_scale
from sdforecast.observation.predicting import reading

Predict = Callable[[np.ndarray], np.ndarray]
"""From constants [points, constants] to the model's value of each observation [points, observations]."""

LOG_2_PI = np.log(2 * np.pi)


def in_lanes(problem: Problem) -> Predict:
    """Return our engine as a function of many points at once, on one thread."""
    predictor = problem.setting.study.predictor
    asked = predictor.repeated
    matrix = reading(predictor.observations, len(asked.times), asked.columns)

    def predict(constants: np.ndarray) -> np.ndarray:
        runs = asked.run(constants, threads=1)
        return (matrix @ runs.reshape(len(runs), -1).T).T

    return predict


class Vectorised:
    """A log density of points [points, n]; -inf where the model gives no finite value.

    Attributes
    ----------
    evaluations : points so far.
    """

    def __init__(self, problem: Problem, predict: Predict) -> None:
        self.evaluations = 0
        self._problem, self._predict, study = problem, predict, problem.setting.study
        if any(t.offset > 0 for t in study.targets) or len(Rows(study).counted):
            raise SystemExit("this benchmark knows no offsets and no counts without a discrepancy")
        self._study, self._rows, self._days, self._observed = study, Rows(study), months_and_days(study), study.observed
        self._sd = np.array([(t.sd, t.sd_spread) for t in study.targets]).T
        memories = [t.memory for t in study.targets if t.memory > 0]
        self._memory = np.array([memories, [HALF_LIFE_SPREAD] * len(memories)])
        self._shared = [(d, SharedErrors(self._rows.shared[d.name], d.season)) for d in study.discrepancies]
        self._kept: tuple[bytes, np.ndarray] = (b"", np.empty(0))

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Return the log density [points]."""
        points = np.atleast_2d(points)
        self.evaluations += len(points)
        whole = self._problem.embedded(points)
        parts = self._problem.whole.split(whole)
        with np.errstate(all="ignore"):
            values = self._predict(values_at(self._study.parameters, parts["position"]))
            errors = self._observed - on_scale(self._study.observations, values) - self._days
            sd = _positive(self._sd, parts["error sd: position"])
            total = -((whole**2).sum(axis=1) + whole.shape[1] * LOG_2_PI) / 2
            total += self._own(parts, errors, sd)
            for discrepancy, shared in self._shared:
                scales = [(discrepancy.innovation, "innovation"), (discrepancy.half_life, "half-life")]
                scales.append((discrepancy.walk, "walk"))
                given = [_positive(np.array(s), parts[f"{discrepancy.name} {name}: position"]) for s, name in scales]
                noise = shared.of.counting + sd[:, self._rows.target[shared.of.rows]] ** 2
                total += self._normal(shared, np.stack(given, axis=1), errors[:, shared.of.rows], noise)
        return np.where(np.isfinite(total), total, -np.inf)

    def _own(self, parts: dict[str, np.ndarray], errors: np.ndarray, sd: np.ndarray) -> np.ndarray:
        rows, kept = self._rows, 0.0
        if not len(rows.own):
            return np.zeros(len(errors))
        if self._memory.size:
            half_life = _positive(self._memory, parts["memory: position"])[:, rows.memory]
            kept = np.where(rows.gap > 0, 0.5 ** (rows.gap / half_life), 0.0)
        scale = sd[:, rows.target[rows.own]] * np.sqrt(1 - kept**2)
        off = (errors[:, rows.own] - kept * errors[:, rows.before]) / scale
        return -(off**2 + LOG_2_PI).sum(axis=1) / 2 - np.log(scale).sum(axis=1)

    def _normal(self, shared: SharedErrors, scales: np.ndarray, errors: np.ndarray, noise: np.ndarray) -> np.ndarray:
        """Return the joint normal density; the factor of a covariance that all points share is kept."""
        if (scales == scales[0]).all() and (noise == noise[0]).all():
            key = scales[0].tobytes() + noise[0].tobytes()
            if key != self._kept[0]:
                self._kept = key, np.linalg.cholesky(shared.covariance(*scales[0]) + np.diag(noise[0]))
            factor = self._kept[1]
            white = solve_triangular(factor, errors.T, lower=True, check_finite=False).T
            logarithm = np.log(np.diag(factor)).sum()
        else:
            white, logarithm = np.empty_like(errors), np.empty(len(errors))
            for k in range(len(errors)):
                factor = np.linalg.cholesky(shared.covariance(*scales[k]) + np.diag(noise[k]))
                white[k] = solve_triangular(factor, errors[k], lower=True, check_finite=False)
                logarithm[k] = np.log(np.diag(factor)).sum()
        return -((white**2).sum(axis=1) + errors.shape[1] * LOG_2_PI) / 2 - logarithm


def _positive(prior: np.ndarray, position: np.ndarray) -> np.ndarray:
    """Return positive numbers with log-normal priors [median and spread, ...]."""
    return prior[0] * np.exp(prior[1] * position)
