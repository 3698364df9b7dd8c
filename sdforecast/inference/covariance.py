"""Which errors belong together: own errors with the one before, counts, and counts that share a discrepancy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse
from scipy.linalg import cho_solve
from scipy.linalg.lapack import dpotrf, dpotri

from sdforecast import calendar
from sdforecast.inference.study import Study

MEAN_MONTH = 365.2425 / 12
"""Days in a mean month."""


@dataclass(frozen=True)
class Shared:
    """Observations that share a discrepancy.

    Attributes
    ----------
    rows : which observations.
    months : model times of the months that they cover.
    mean : how much each month counts in each observation [rows, months].
    apart : months between two months [months, months].
    since : months since the drift began, of the earlier of two [months, months].
    counting : variance of the logarithm of a count that comes from counting, and from reports to come [rows].
    """

    rows: np.ndarray
    months: np.ndarray
    mean: sparse.csr_array
    apart: np.ndarray
    since: np.ndarray
    counting: np.ndarray


class Rows:
    """The observations of a study, sorted by the kind of their errors.

    Attributes
    ----------
    target : position of each observation's target.
    own : observations with errors of their own.
    counted : counts without a discrepancy.
    before, gap, memory : for each of `own`: the observation before it in its target (itself if there is none), the
        time between the middles of the two (0: none, or no memory), and the position of its target's memory.
    """

    def __init__(self, study: Study) -> None:
        self._study, table = study, study.observations
        by_name = {t.name: t for t in study.targets}
        place = {name: k for k, name in enumerate(by_name)}
        remembering = {t.name: k for k, t in enumerate([t for t in study.targets if t.memory > 0])}
        self.target = table["target"].map(place).to_numpy(int)
        kinds = [_kind(by_name[name].discrepancy, by_name[name].likelihood) for name in table["target"]]
        self.own = np.array([k for k, kind in enumerate(kinds) if kind == "own"], dtype=int)
        self.counted = np.array([k for k, kind in enumerate(kinds) if kind == "counted"], dtype=int)
        middle = (table["first"].to_numpy(float) + table["last"].to_numpy(float) + 1) / 2
        names = table["target"].to_numpy()
        before = [k - 1 if k and names[k - 1] == names[k] and names[k] in remembering else k for k in self.own]
        self.before = np.array(before, dtype=int)
        self.gap = middle[self.own] - middle[self.before]
        self.memory = np.array([remembering.get(names[k], 0) for k in self.own], dtype=int)

    @cached_property
    def shared(self) -> Mapping[str, Shared]:
        """Observations that share a discrepancy, by its name."""
        table = self._study.observations
        by_target = {t.name: t.discrepancy for t in self._study.targets}
        of = table["target"].map(by_target).to_numpy()
        return {each.name: self._shared(np.flatnonzero(of == each.name)) for each in self._study.discrepancies}

    def _shared(self, rows: np.ndarray) -> Shared:
        part = self._study.observations.iloc[rows]
        first, last = part["first"].to_numpy(int), part["last"].to_numpy(int)
        months = np.arange(first.min(), last.max() + 1)
        mean = ((months >= first[:, None]) & (months <= last[:, None])).astype(float)
        mean /= mean.sum(axis=1, keepdims=True)
        k = np.arange(len(months))
        report = part["report_sd"].to_numpy(float) if "report_sd" in part else np.zeros(len(part))
        return Shared(
            rows=rows,
            months=months,
            mean=sparse.csr_array(mean),
            apart=np.abs(k[:, None] - k[None, :]),
            since=np.minimum(k[:, None], k[None, :]) + 1.0,
            counting=1 / np.maximum(part["observed"].to_numpy(float), 0.5) + report**2,
        )


def _kind(discrepancy: str, likelihood: str) -> str:
    if discrepancy:
        return discrepancy
    return "counted" if likelihood == "negative-binomial" else "own"


def months_and_days(study: Study) -> np.ndarray:
    """Return what each expected logarithm gains: for longer or shorter months, and for reports still to come."""
    wanted = {each.name for each in study.discrepancies if each.month_lengths}
    with_days = {t.name for t in study.targets if t.discrepancy in wanted}
    found = np.zeros(len(study.observations))
    table = study.observations
    for k, (name, first, last) in enumerate(zip(table["target"], table["first"], table["last"], strict=True)):
        if name in with_days:
            days = (calendar.month_end(int(last)) - calendar.month_start(int(first))).days + 1
            found[k] = np.log(days / ((last - first + 1) * MEAN_MONTH))
    if "log_share" in table:
        found += table["log_share"].to_numpy(float)
    return found


def season_waves(months: np.ndarray) -> np.ndarray:
    """Return the two harmonics of the year [months, 4]."""
    angle = 2 * np.pi * np.asarray(months)[:, None] / 12
    return np.hstack([wave(harmonic * angle) for harmonic in (1, 2) for wave in (np.cos, np.sin)])


@dataclass(frozen=True, eq=False)
class SharedErrors:
    """Log density of errors that share a discrepancy, as a function with derivatives.

    What goes in: the innovation and half-life of the fast part, the monthly step of the drift, then the errors and the
    variance of the noise of each, [3 + 2 x observations]. What comes out: one number.
    """

    of: Shared
    season: float

    @property
    def size(self) -> int:
        """How many numbers go in."""
        return 3 + 2 * len(self.of.rows)

    @property
    def count(self) -> int:
        """How many numbers come out."""
        return 1

    def forward(self, point: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """Return the log density (minus infinity where there is none), and what `pull` needs."""
        scales, errors, noise = np.split(point, [3, 3 + len(self.of.rows)])
        if not np.isfinite(point).all():
            return np.array([-np.inf]), ()
        covariance = self.covariance(*scales) + np.diag(noise)
        if not (np.isfinite(covariance).all() and np.isfinite(errors).all()):
            return np.array([-np.inf]), ()
        factor, failed = dpotrf(covariance, lower=1)
        if failed:
            return np.array([-np.inf]), ()
        solved = cho_solve((factor, True), errors)
        logarithm = 2 * np.log(np.diag(factor)).sum()
        value = -(errors @ solved + logarithm + len(errors) * np.log(2 * np.pi)) / 2
        return np.array([value]), (scales, solved, factor)

    def pull(self, ran: tuple[np.ndarray, ...], cotangent: np.ndarray) -> np.ndarray:
        """Return derivatives: by an entry of the covariance, half of (solved solved' - inverse).

        The covariance of months depends on how far apart they are alone, so that entries are added up by distance.
        """
        if not ran:
            return np.full(self.size, np.nan)
        scales, solved, factor = ran
        innovation, half_life, walk = scales
        inverse = dpotri(factor, lower=1)[0]
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        by_entry = (np.outer(solved, solved) - inverse) / 2
        by_months = self.of.mean.T @ (self.of.mean.T @ by_entry).T
        kept, k = max(0.5 ** (1 / half_life), 1e-12), np.arange(len(self.of.months))
        by_distance = np.bincount(self.of.apart.ravel(), by_months.ravel(), len(k))
        power = kept**k
        by_kept = k * power / kept / (1 - kept**2) + power * 2 * kept / (1 - kept**2) ** 2
        by_scale = [
            2 * innovation * (power / (1 - kept**2)) @ by_distance,
            innovation**2 * kept * np.log(2) / half_life**2 * by_kept @ by_distance,
            2 * walk * (by_months * self.of.since).sum(),
        ]
        result: np.ndarray = cotangent[0] * np.concatenate([by_scale, -solved, np.diag(by_entry)])
        return result

    def covariance(self, innovation: float, half_life: float, walk: float) -> np.ndarray:
        """Return the covariance of the errors without their noise [observations, observations]."""
        kept = 0.5 ** (1 / half_life)
        result: np.ndarray = innovation**2 * self._fast(kept) + walk**2 * self._drift + self._season
        return result

    def _fast(self, kept: float) -> np.ndarray:
        return self._observed((kept ** np.arange(len(self.of.months)) / (1 - kept**2))[self.of.apart])

    def _observed(self, monthly: np.ndarray) -> np.ndarray:
        mean = self.of.mean
        result: np.ndarray = mean @ (mean @ monthly).T
        return result

    @cached_property
    def _drift(self) -> np.ndarray:
        return self._observed(self.of.since)

    @cached_property
    def _season(self) -> np.ndarray:
        waves = self.of.mean @ season_waves(self.of.months)
        return np.asarray(self.season**2 * (waves @ waves.T))
