"""Which errors belong together: own errors with the one before, counts, and counts that share a discrepancy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

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
    """Errors that share a discrepancy: how they vary together, and their log density (in :mod:`.normal`)."""

    of: Shared
    season: float

    @cached_property
    def distances(self) -> sparse.csr_array:
        """How much months so far apart count in each pair of observations [lower triangle row by row, distances]."""
        mean = self.of.mean.tocsr()
        first, second = np.tril_indices(mean.shape[0])
        parts = []
        for one, two in zip(first, second, strict=True):
            a, b = (slice(mean.indptr[k], mean.indptr[k + 1]) for k in (one, two))
            apart = np.abs(mean.indices[a][:, None] - mean.indices[b][None, :]).ravel()
            parts.append((apart, np.outer(mean.data[a], mean.data[b]).ravel()))
        rows = np.repeat(np.arange(len(parts)), [len(apart) for apart, _ in parts])
        columns, weights = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
        shape = (len(parts), mean.shape[1])
        return sparse.coo_array((weights, (rows, columns)), shape).tocsr()

    def covariance(self, innovation: float, half_life: float, walk: float) -> np.ndarray:
        """Return the covariance of the errors without their noise [observations, observations]."""
        kept = 0.5 ** (1 / half_life)
        result: np.ndarray = innovation**2 * self._fast(kept) + walk**2 * self.drift + self.of_season
        return result

    def _fast(self, kept: float) -> np.ndarray:
        return self._observed((kept ** np.arange(len(self.of.months)) / (1 - kept**2))[self.of.apart])

    def _observed(self, monthly: np.ndarray) -> np.ndarray:
        mean = self.of.mean
        result: np.ndarray = mean @ (mean @ monthly).T
        return result

    @cached_property
    def drift(self) -> np.ndarray:
        """The covariance of a drift of step 1 [observations, observations]."""
        return self._observed(self.of.since)

    @cached_property
    def of_season(self) -> np.ndarray:
        """The covariance of the season [observations, observations]."""
        waves = self.of.mean @ season_waves(self.of.months)
        return np.asarray(self.season**2 * (waves @ waves.T))
