"""Where the rest of a count stands against the model: a level, a season and noise, drawn given what was counted.

With R the counted rest of a month (whole minus part), reports to come added, and r that of a draw of the model,

    y = log R - log r - log(days / mean month) = level + season + noise,
    level a random walk from a vague start, season two harmonics of a year with normal coefficients,
    variance of the noise: noise² + 1/R + what is not known of reports to come.

The scales are given, so the covariance is the same for all draws: it is factored once, and each draw of the posterior
has one exact draw of level and season given its own y, by Matheron's rule (draw from the prior, correct it by the gain
times what it misses of y: Doucet 2010, A note on efficient conditional simulation of Gaussian distributions). After the
last month counted the level walks on with steps of Student's t, as the drift of a discrepancy does; before the first it
stays. The result is a factor on the rest, the same under every scenario.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr
from scipy.linalg import cho_factor, cho_solve

from sdforecast import calendar, history
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting.applying import OF_THE_MODEL, factor
from sdforecast.forecasting.propagating import FREEDOM, WAVES, Path, generator
from sdforecast.inference.covariance import MEAN_MONTH, season_waves
from sdforecast.observation import revisions
from sdforecast.observation.remainders import Remainder

START = 2.0
"""Standard deviation of the level in the first month: the model may be off by any factor that could occur."""

_PAST = 0
"""Seed of what is drawn of the past: as with the draws of a posterior, the seed of a forecast does not change it."""


@dataclass(frozen=True)
class Counted:
    """The rest, month by month, as far as it was counted.

    Attributes
    ----------
    months : model time of each, rising.
    logarithm : of the count with reports to come.
    variance : of the logarithm: counting, and what is not known of reports to come.
    """

    months: np.ndarray
    logarithm: np.ndarray
    variance: np.ndarray

    def before(self, month: int) -> Counted:
        """Return what was counted of the months before one."""
        kept = self.months < month
        return Counted(self.months[kept], self.logarithm[kept], self.variance[kept])


def counted(of: Remainder, rows: pd.DataFrame, vintages: pd.DataFrame) -> Counted:
    """Return the rest in the months, from 2010-01 on, in which both whole and part were counted.

    Both are completed, each from the file that it comes from. In one file a report that is missing is missing in both,
    so that their errors go together; errors of different files are taken as independent.

    Parameters
    ----------
    rows, vintages : as from `history.load` and `history.load_vintages`.

    Raises
    ------
    InputError : a series without months, no month in common, or a part that is not below its whole.
    """
    both = _completed(of, of.series, rows, vintages).join(
        _completed(of, of.part_series, rows, vintages), how="inner", lsuffix="", rsuffix="_part"
    )
    both = both[both.index >= 0]
    if both.empty:
        raise InputError(Problem(f"'{of.series}' and '{of.part_series}' have no month in common"))
    whole, part = both["value"].to_numpy(float), both["value_part"].to_numpy(float)
    rest = whole - part
    if not ((part >= 0) & (rest > 0)).all():
        month = calendar.month_label(int(both.index[int(np.argmin((part >= 0) & (rest > 0)))]))
        raise InputError(Problem(f"'{of.part_series}' is not between zero and '{of.series}' in {month}"))
    error, error_part = whole * both["sd"].to_numpy(float), part * both["sd_part"].to_numpy(float)
    together = (both["vintage"] == both["vintage_part"]).to_numpy()
    late = np.where(together, np.abs(error - error_part), np.hypot(error, error_part)) / rest
    return Counted(both.index.to_numpy(int), np.log(rest), 1 / rest + late**2)


def _completed(of: Remainder, series: str, rows: pd.DataFrame, vintages: pd.DataFrame) -> pd.DataFrame:
    """Return `value` with reports to come, the `sd` of its logarithm and its `vintage`, by month."""
    months = history.select(rows, series, aggregation=of.aggregation, breakdown=of.breakdown)
    log_share, sd = np.zeros((2, len(months)))
    if (months["status"] == "provisional").any():
        kept = (vintages["series"] == series).any()  # the history holds one count of a month: no revision
        lacking = revisions.provisional(months, revisions.completeness(vintages if kept else rows, series))
        log_share, sd = lacking["log_share"].to_numpy(), lacking["sd"].to_numpy()
    _, ends = calendar.months_of(months["period_start"], months["period_end"])
    value = months["value"].to_numpy(float) * np.exp(-log_share)
    return pd.DataFrame({"value": value, "sd": sd, "vintage": months["vintage"].to_numpy()}, index=ends)


def conditional(
    residuals: np.ndarray,
    months: np.ndarray,
    variance: np.ndarray,
    walk: float,
    season: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return one draw of level and season for each row of residuals, given the row.

    Parameters
    ----------
    residuals : logarithms that are level, season and noise together [draws, observed].
    months : model time of each of them, rising; months between may lack.
    variance : of the noise of each [observed].
    walk : monthly standard deviation of the level's changes.
    season : standard deviation of each coefficient.

    Returns
    -------
    Level in the months from the first to the last observed [draws, months], and coefficients of the season [draws, 4].
    """
    every = np.arange(months[0], months[-1] + 1)
    place, draws = months - months[0], len(residuals)
    first = START * rng.standard_normal((draws, 1))
    steps = walk * rng.standard_normal((draws, len(every) - 1))
    level = np.hstack([first, first + np.cumsum(steps, axis=1)])
    coefficients = season * rng.standard_normal((draws, WAVES))
    noise = np.sqrt(variance) * rng.standard_normal((draws, len(months)))

    waves = season_waves(months)
    of_level = START**2 + walk**2 * np.minimum.outer(place, np.arange(len(every)))  # [observed, months]
    of_season = season**2 * waves  # [observed, 4]
    total = of_level[:, place] + of_season @ waves.T + np.diag(variance)
    missed = residuals - (level[:, place] + coefficients @ waves.T + noise)
    weights = cho_solve(cho_factor(total, lower=True), missed.T).T
    return level + weights @ of_level, coefficients + weights @ of_season


def path(level: np.ndarray, first: int, months: int, walk: float, steps: np.ndarray) -> np.ndarray:
    """Return the level for months 0 to `months` - 1 [draws, months].

    Parameters
    ----------
    level : from month `first` on [draws, known].
    steps : innovations of unit variance, one a month after the last known [later, draws].
    """
    before = np.repeat(level[:, :1], first, axis=1)
    after = level[:, -1:] + walk * np.cumsum(steps, axis=0).T
    return np.hstack([before, level, after])[:, :months]


def factors(of: Remainder, rest: np.ndarray, given: Counted, seed: int) -> np.ndarray:
    """Return what the rest is multiplied by [draws, months].

    Parameters
    ----------
    rest : of the model, by month from month 0 [draws, months], in the course that the history took.
    seed : of the steps after the last month counted.

    Raises `InputError` where nothing was counted in these months, or the model's rest is not above zero in one.
    """
    given = given.before(rest.shape[1])
    if not len(given.months):
        raise InputError(Problem(f"no month of '{of.series}' was counted before the end of the run"))
    there = rest[:, given.months]
    if not (there > 0).all():
        draw, at = np.unravel_index(int(np.argmin(there > 0)), there.shape)
        month = calendar.month_label(int(given.months[at]))
        raise InputError(Problem(f"'{of.part}' is not below '{of.whole}' in {month} with draw {draw}"))
    days = calendar.month_ends(0, rest.shape[1] - 1).day.to_numpy()[given.months] / MEAN_MONTH
    residuals = given.logarithm - np.log(there) - (np.log(days) if of.month_lengths else 0.0)
    noise = given.variance + of.noise**2
    level, season = conditional(residuals, given.months, noise, of.walk, of.season, generator(_PAST, of.name))
    later = max(rest.shape[1] - 1 - int(given.months[-1]), 0)
    scale = np.sqrt((FREEDOM - 2) / FREEDOM)
    steps = scale * generator(seed, of.name).standard_t(FREEDOM, (later, len(rest)))
    drift = path(level, int(given.months[0]), rest.shape[1], of.walk, steps)
    return factor(Path(np.zeros_like(drift), drift), season, of.month_lengths)


def added(runs: xr.Dataset, of: Remainder, model: xr.Dataset, by: np.ndarray) -> xr.Dataset:
    """Return runs whose whole is its part, with what is in it, and the rest with its own error.

    Parameters
    ----------
    runs : (draw, scenario, time), the part and all else with discrepancies applied.
    model : whole and part as the model alone gives them. The whole will be there as `<whole> of the model`.
    by : factor [draws, months], the same under every scenario.
    """
    alone = model[of.whole]
    rest = (alone - model[of.part]) * xr.DataArray(by, dims=("draw", "time"))
    beside = {"season": of.season > 0, "month lengths": of.month_lengths}
    words = ", ".join([f"'{of.name}': level", *(word for word, there in beside.items() if there)])
    inside = runs[of.part].attrs.get("discrepancy")
    told = f"that of {of.part}: {inside}; that of the rest: " if inside else "that of the rest: "
    whole = (runs[of.part] + rest).transpose(*alone.dims)
    return runs.assign({
        of.whole: whole.assign_attrs({**alone.attrs, "discrepancy": told + words}),
        f"{of.whole}{OF_THE_MODEL}": alone.assign_attrs(discrepancy="none: as the model gives it"),
    })  # fmt: skip
