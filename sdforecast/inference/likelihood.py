"""The likelihood of many draws at once, in NumPy, block by block: totals, terms with one point left out, and paths.

A block is a set of observations whose errors belong together: one target, or all targets that share a discrepancy.
:mod:`.density` says the same in PyTensor, for one draw with its gradient; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from sdforecast.inference.covariance import Rows, SharedErrors, months_and_days, season_waves
from sdforecast.inference.study import Study
from sdforecast.observation import on_scale
from sdforecast.observation.errors import Discrepancy
from sdforecast.observation.predicting import whole

Derived = Mapping[str, np.ndarray]
"""Deterministic variables of the density by name [draws, ...]."""

CHUNK = 100
"""Draws whose covariances are held at a time."""


@dataclass(frozen=True)
class Terms:
    """What the likelihood says of each draw.

    Attributes
    ----------
    total : log likelihood [draws].
    left_out : log density of each observation given all others of its block [draws, observations].
    middle, width : mean and standard deviation of that density, on the scale of the errors [draws, observations].
    """

    total: np.ndarray
    left_out: np.ndarray
    middle: np.ndarray
    width: np.ndarray


@dataclass(frozen=True)
class Paths:
    """Drawn paths of a discrepancy: fast part and drift [draws, months], and the season's coefficients [draws, 4]."""

    months: np.ndarray
    fast: np.ndarray
    drift: np.ndarray
    season: np.ndarray

    @property
    def whole(self) -> np.ndarray:
        """All of it, the season with it [draws, months]."""
        result: np.ndarray = self.fast + self.drift + self.season @ season_waves(self.months).T
        return result


class Likelihood:
    """The likelihood of a study."""

    def __init__(self, study: Study) -> None:
        self.study, self.rows = study, Rows(study)
        self._days = months_and_days(study)

    def expected(self, values: np.ndarray, derived: Derived) -> np.ndarray:
        """Return what is expected on the scale of the errors [draws, observations] of the model's `values`."""
        found: np.ndarray = on_scale(self.study.observations, values) + self._days
        broken = [t.name for t in self.study.targets if t.offset > 0]
        for k, name in enumerate(broken):
            found[:, (self.study.observations["target"] == name).to_numpy()] += derived["offset"][:, [k]]
        return found

    def terms(self, values: np.ndarray, derived: Derived) -> Terms:
        """Return the terms of draws.

        Parameters
        ----------
        values : the model's value of each observation, in its unit [draws, observations].
        derived : as :meth:`.compiling.LogDensity.derived` gives it.
        """
        expected = self.expected(values, derived)
        errors = self.study.observed - expected
        draws, count = values.shape
        total, left_out = np.zeros(draws), np.full((draws, count), -np.inf)
        middle, width = np.array(expected), np.ones((draws, count))
        for begin in range(0, draws, CHUNK):
            some = slice(begin, min(begin + CHUNK, draws))
            part = {name: array[some] for name, array in derived.items()}
            for rows, covariance in self._blocks(part, some.stop - begin):
                found = _normal(errors[some][:, rows], covariance)
                total[some] += found[0]
                for target, values_ in zip((left_out, middle, width), found[1:], strict=True):
                    target[some][:, rows] = values_
                middle[some][:, rows] += expected[some][:, rows]
        self._count(values, derived, total, left_out, width)
        return Terms(total, left_out, middle, width)

    def total(self, values: np.ndarray, derived: Derived) -> np.ndarray:
        """Return the log likelihood of draws [draws]; quicker than :meth:`terms`."""
        errors = self.study.observed - self.expected(values, derived)
        total = np.zeros(len(values))
        for begin in range(0, len(values), CHUNK):
            some = slice(begin, min(begin + CHUNK, len(values)))
            part = {name: array[some] for name, array in derived.items()}
            for rows, covariance in self._blocks(part, some.stop - begin):
                root = np.linalg.cholesky(covariance)
                white = np.linalg.solve(root, errors[some][:, rows, None])[..., 0]
                logarithm = 2 * np.log(np.diagonal(root, axis1=1, axis2=2)).sum(axis=1)
                total[some] -= ((white**2).sum(axis=1) + logarithm + len(rows) * np.log(2 * np.pi)) / 2
        counted = np.zeros(values.shape)
        self._count(values, derived, total, counted, np.ones(values.shape))
        return total

    def _blocks(self, derived: Derived, draws: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Yield the observations of each block of normal errors, and their covariance [draws, n, n]."""
        sd, remembering = derived["error sd"], [t.name for t in self.study.targets if t.memory > 0]
        table = self.study.observations
        middle = (table["first"].to_numpy(float) + table["last"].to_numpy(float) + 1) / 2
        for k, target in enumerate(self.study.targets):
            rows = self.rows.own[self.rows.target[self.rows.own] == k]
            if not len(rows):
                continue
            apart = np.abs(middle[rows][:, None] - middle[rows][None, :])
            if target.name in remembering:
                half_life = derived["memory"][:, remembering.index(target.name)]
                shape = 0.5 ** (apart / half_life[:, None, None])
            else:
                shape = np.broadcast_to(np.eye(len(rows)), (draws, len(rows), len(rows)))
            yield rows, sd[:, k, None, None] ** 2 * shape
        for discrepancy in self.study.discrepancies:
            yield self._shared(discrepancy, derived, draws)

    def _shared(self, discrepancy: Discrepancy, derived: Derived, draws: int) -> tuple[np.ndarray, np.ndarray]:
        of = self.rows.shared[discrepancy.name]
        errors = SharedErrors(of, discrepancy.season)
        scales, noise = self._scales(discrepancy, derived), self._noise(discrepancy, derived)
        return of.rows, np.stack([errors.covariance(*scales[k]) + np.diag(noise[k]) for k in range(draws)])

    def _scales(self, discrepancy: Discrepancy, derived: Derived) -> np.ndarray:
        names = [f"{discrepancy.name} {part}" for part in ("innovation", "half-life", "walk")]
        return np.stack([derived[name] for name in names], axis=-1)

    def _noise(self, discrepancy: Discrepancy, derived: Derived) -> np.ndarray:
        of = self.rows.shared[discrepancy.name]
        result: np.ndarray = of.counting + derived["error sd"][:, self.rows.target[of.rows]] ** 2
        return result

    def _count(
        self, values: np.ndarray, derived: Derived, total: np.ndarray, left_out: np.ndarray, width: np.ndarray
    ) -> None:
        """Fill in the terms of counts without a discrepancy."""
        from scipy.stats import nbinom

        rows = self.rows.counted
        if not len(rows):
            return
        mean, sd = values[:, rows], derived["error sd"][:, self.rows.target[rows]]
        size = 1 / sd**2
        observed = np.rint(self.study.observations["observed"].to_numpy(float)[rows])
        left_out[:, rows] = nbinom.logpmf(observed, size, size / (size + mean))
        width[:, rows] = np.sqrt(1 / mean + sd**2)
        total += left_out[:, rows].sum(axis=1)

    # --- what follows from a draw ----------------------------------------------------------------------

    def paths(self, discrepancy: Discrepancy, values: np.ndarray, derived: Derived, rng: np.random.Generator) -> Paths:
        """Draw paths of a discrepancy, one for each draw, given the observations.

        A path from the prior is corrected by what it leaves unexplained (Matheron's rule), which is exact.
        """
        of = self.rows.shared[discrepancy.name]
        errors = (self.study.observed - self.expected(values, derived))[:, of.rows]
        scales, noise = self._scales(discrepancy, derived), self._noise(discrepancy, derived)
        shared, waves = SharedErrors(of, discrepancy.season), season_waves(of.months)
        fast, drift, season = (np.empty((len(values), n)) for n in (len(of.months), len(of.months), waves.shape[1]))
        for k in range(len(values)):
            innovation, half_life, walk = scales[k]
            kept = 0.5 ** (1 / half_life)
            steps = rng.standard_normal((2, len(of.months)))
            x, u = _autoregressive(steps[0], innovation, kept), walk * np.cumsum(steps[1])
            s = discrepancy.season * rng.standard_normal(waves.shape[1])
            blurred = of.mean @ (x + u + waves @ s) + np.sqrt(noise[k]) * rng.standard_normal(len(of.rows))
            covariance = shared.covariance(*scales[k]) + np.diag(noise[k])
            pull = of.mean.T @ np.linalg.solve(covariance, errors[k] - blurred)
            power = kept ** np.arange(len(of.months)) / (1 - kept**2)
            fast[k] = x + innovation**2 * power[of.apart] @ pull
            drift[k] = u + walk**2 * of.since @ pull
            season[k] = s + discrepancy.season**2 * waves.T @ pull
        return Paths(of.months, fast, drift, season)

    def replicated(self, values: np.ndarray, derived: Derived, rng: np.random.Generator) -> np.ndarray:
        """Draw what might have been observed, all errors new [draws, observations], in units of the observations."""
        found = self.expected(values, derived)
        for begin in range(0, len(values), CHUNK):
            some = slice(begin, min(begin + CHUNK, len(values)))
            part = {name: array[some] for name, array in derived.items()}
            for rows, covariance in self._blocks(part, some.stop - begin):
                steps = rng.standard_normal((some.stop - begin, len(rows)))
                found[some][:, rows] += np.einsum("dij,dj->di", np.linalg.cholesky(covariance), steps)
        return self._with_counts(self.in_units(found), values, derived, rng)

    def left_out(self, terms: Terms, values: np.ndarray, derived: Derived, rng: np.random.Generator) -> np.ndarray:
        """Draw each observation given all the others [draws, observations], in units of the observations."""
        drawn = self.in_units(terms.middle + terms.width * rng.standard_normal(terms.middle.shape))
        return self._with_counts(drawn, values, derived, rng)

    def _with_counts(
        self, found: np.ndarray, values: np.ndarray, derived: Derived, rng: np.random.Generator
    ) -> np.ndarray:
        rows = self.rows.counted
        if len(rows):
            size = 1 / derived["error sd"][:, self.rows.target[rows]] ** 2
            found[:, rows] = rng.poisson(values[:, rows] * rng.gamma(size) / size)
        return found

    def in_units(self, on_scale: np.ndarray) -> np.ndarray:
        """Return values on the scale of the errors as values in the unit of the observations."""
        scale = self.study.observations["scale"].to_numpy()
        found = np.where(scale == "log", np.exp(np.where(scale == "log", on_scale, 0.0)), on_scale)
        found = np.where(scale == "logit", 1 / (1 + np.exp(-np.where(scale == "logit", on_scale, 0.0))), found)
        result: np.ndarray = found * np.where(scale == "identity", 1.0, whole(self.study.observations))
        return result


def _autoregressive(steps: np.ndarray, innovation: float, kept: float) -> np.ndarray:
    """Return an AR(1) path from its stationary distribution."""
    from scipy.signal import lfilter

    driven = innovation * steps
    driven[0] /= np.sqrt(1 - kept**2)
    return np.asarray(lfilter([1.0], [1.0, -kept], driven))


def _normal(errors: np.ndarray, covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return log density [draws], and of each error given the others its log density, mean and sd [draws, n].

    Bürkner, Gabry and Vehtari 2021, Computational Statistics 36, 1243-1261: mean y_i - g_i / Q_ii, variance 1 / Q_ii
    with the precision Q and g = Q y.
    """
    precision = np.linalg.inv(covariance)
    logarithm = np.linalg.slogdet(covariance)[1]
    weighed = np.einsum("dij,dj->di", precision, errors)
    diagonal = np.diagonal(precision, axis1=1, axis2=2)
    total = -(np.einsum("di,di->d", errors, weighed) + logarithm + errors.shape[1] * np.log(2 * np.pi)) / 2
    left_out = (np.log(diagonal) - np.log(2 * np.pi) - weighed**2 / diagonal) / 2
    return total, left_out, errors - weighed / diagonal, 1 / np.sqrt(diagonal)
