"""Scores of forecasts, one row a forecast: how far off, how wide, how often inside.

All scores are negatively oriented: smaller is better. The weighted interval score (Bracher et al. 2021, PLoS
Comput Biol 17(2) e1008618) on the 23 levels is

    WIS = 1 / (11 + 1/2) * (|y - m| / 2 + sum over 11 intervals of (alpha / 2) * IS_alpha)
        = dispersion + overprediction + underprediction,

which for symmetric levels is twice the mean pinball loss: so it is computed here (`scoringrules.crps_quantile`; the
numpy form of `weighted_interval_score` in scoringrules 0.10 takes the median itself where the formula has its distance
from the outcome). On the logarithm (of the count plus one: Bosse et al. 2023, PLoS Comput Biol 19(8) e1011393) an
error of ten per cent weighs the same at any height of the epidemic.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.evaluation import tables
from sdforecast.evaluation.extra import library
from sdforecast.evaluation.levels import HUB_LEVELS, KEYS

INTERVALS = (50, 80, 90, 95)
"""Nominal coverage (per cent) of the central intervals whose hits are counted."""

POINTS = 1000
"""So many evenly spaced points of the quantile function stand for the distribution in the CRPS."""

_LEVELS = np.array(HUB_LEVELS)
_MIDDLE = len(HUB_LEVELS) // 2


def score(forecasts: pd.DataFrame, outcomes: pd.DataFrame, draws: pd.DataFrame | None = None) -> pd.DataFrame:
    """Score every forecast whose outcome is known; forecasts of months not counted yet are left out.

    Parameters
    ----------
    forecasts : one quantile a row, columns `levels.COLUMNS`; values in deaths.
    outcomes : `target, target_end_date, value` (deaths), one row a target and month; other columns are kept out, but
        `provisional` is carried over.
    draws : single draws where there are some: `method, target, origin, horizon, draw, value` (deaths). They serve
        the CRPS only.

    Returns
    -------
    One row a forecast, sorted: its key (`method, target, origin, horizon`), `target_end_date`, `outcome`,
    `provisional`, `median`, then

    - `wis`, `dispersion`, `overprediction`, `underprediction` (deaths; the last three add up to the first);
    - `wis_log` (the WIS of logarithms), `crps_log` (continuous ranked probability score of logarithms, from the
      draws where given, else from the quantile function, straight between levels and flat beyond them), `crps_from`;
    - `covered_50`, `covered_80`, `covered_90`, `covered_95`: whether the outcome lies in the central interval;
    - `bias` from -1 (all too low) to 1 (all too high), as Funk et al. 2019 (PLoS Comput Biol 15(2) e1006785) define
      it, from quantiles: 1 - 2 * the highest level not above an outcome below the median, and the mirror image;
    - `pit`: the share of the distribution below the outcome, between levels by straight line, 0.005 and 0.995 beyond
      the outermost; in a run of equal quantiles the middle of their levels;
    - `percent_error` of the median, per cent of the outcome.

    Raises
    ------
    InputError : see `tables.wide`; outcomes stand twice, are missing for a whole target, or are not above zero.
    MachineError : the extra `evaluate` is not installed.
    """
    values = tables.wide(forecasts)
    happened = _outcomes(outcomes, values)
    known = happened["outcome"].notna().to_numpy()
    values, happened = values[known], happened[known].astype({"provisional": bool})
    quantiles, outcome = values.to_numpy(float), happened["outcome"].to_numpy(float)
    scores = happened.assign(median=quantiles[:, _MIDDLE], **_parts(quantiles, outcome))
    scores["wis_log"] = wis(np.log1p(quantiles), np.log1p(outcome))
    scores["crps_log"] = _crps(np.log1p(_points(quantiles)), np.log1p(outcome))
    scores["crps_from"] = "quantiles"
    for nominal in INTERVALS:
        scores[f"covered_{nominal}"] = _covered(quantiles, outcome, nominal)
    scores["bias"] = bias(quantiles, outcome)
    scores["pit"] = pit(quantiles, outcome)
    scores["percent_error"] = 100 * (scores["median"] / outcome - 1)
    table = scores.reset_index().sort_values(list(KEYS), ignore_index=True)
    return table if draws is None else _with_draws(table, draws)


def wis(quantiles: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Return the weighted interval score of forecasts (n, 23) against outcomes (n), in their unit."""
    if not len(outcome):
        return np.zeros(0)
    return np.asarray(library("scoringrules").crps_quantile(outcome, quantiles, _LEVELS, backend="numpy"), float)


def bias(quantiles: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Return the bias (n), -1 to 1, of forecasts (n, 23): above zero where too much was forecast."""
    y = outcome[:, None]
    below = np.where(quantiles <= y, _LEVELS, 0).max(1)
    above = np.where(quantiles >= y, _LEVELS, 1).min(1)
    middle = quantiles[:, _MIDDLE]
    return np.where(outcome < middle, 1 - 2 * below, np.where(outcome > middle, 1 - 2 * above, 0.0))


def pit(quantiles: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """Return the share (n) of each forecast (n, 23) that lies below its outcome (see `score`)."""
    found = np.empty(len(outcome))
    for row, (forecast, y) in enumerate(zip(quantiles, outcome, strict=True)):
        equal = _LEVELS[forecast == y]
        if len(equal):
            found[row] = (equal[0] + equal[-1]) / 2
        else:
            found[row] = np.interp(y, forecast, _LEVELS, left=_LEVELS[0] / 2, right=(1 + _LEVELS[-1]) / 2)
    return found


def _parts(quantiles: np.ndarray, outcome: np.ndarray) -> dict[str, np.ndarray]:
    """Return the WIS and its three parts, each (n)."""
    lower, upper = quantiles[:, :_MIDDLE], quantiles[:, :_MIDDLE:-1]
    middle, y, whole = quantiles[:, _MIDDLE], outcome[:, None], _MIDDLE + 0.5
    return {
        "wis": wis(quantiles, outcome),
        "dispersion": ((upper - lower) * _LEVELS[:_MIDDLE]).sum(1) / whole,
        "overprediction": (np.maximum(lower - y, 0).sum(1) + np.maximum(middle - outcome, 0) / 2) / whole,
        "underprediction": (np.maximum(y - upper, 0).sum(1) + np.maximum(outcome - middle, 0) / 2) / whole,
    }


def _covered(quantiles: np.ndarray, outcome: np.ndarray, nominal: int) -> np.ndarray:
    tail = round((1 - nominal / 100) / 2, 6)
    k = HUB_LEVELS.index(tail)
    return np.asarray((quantiles[:, k] <= outcome) & (outcome <= quantiles[:, -1 - k]))


def _points(quantiles: np.ndarray) -> np.ndarray:
    """Return evenly spaced points (n, `POINTS`) of the quantile functions (n, 23)."""
    at = (np.arange(POINTS) + 0.5) / POINTS
    return np.array([np.interp(at, _LEVELS, row) for row in quantiles]).reshape(-1, POINTS)


def _crps(sample: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    if not len(outcome):
        return np.zeros(0)
    rules = library("scoringrules")
    return np.asarray(rules.crps_ensemble(outcome, np.sort(sample, 1), sorted_ensemble=True, backend="numpy"), float)


def _outcomes(outcomes: pd.DataFrame, values: pd.DataFrame) -> pd.DataFrame:
    """Return `outcome` and `provisional` for each forecast, NaN where the month is not counted yet."""
    missing = [name for name in ("target", "target_end_date", "value") if name not in outcomes]
    if missing:
        raise InputError(*(Problem(f"the outcomes lack the column '{name}'") for name in missing))
    twice = outcomes[outcomes.duplicated(["target", "target_end_date"])]
    if len(twice):
        first = twice.iloc[0]
        raise InputError(Problem(f"two outcomes of {first['target']} for {str(first['target_end_date'])[:10]}"))
    known = list(outcomes["target"].unique())
    unknown = [target for target in values.index.unique("target") if target not in known]
    if unknown:
        raise InputError(*(Problem(f"no outcomes of target '{each}'", hint=nearest(each, known)) for each in unknown))
    if not (outcomes["value"] > 0).all():
        raise InputError(Problem("an outcome is not a number above zero"))
    columns = {"value": "outcome"}
    if "provisional" not in outcomes:
        outcomes = outcomes.assign(provisional=False)
    table = outcomes.set_index(["target", "target_end_date"])[["value", "provisional"]].rename(columns=columns)
    months = pd.MultiIndex.from_frame(values.index.to_frame()[["target", "target_end_date"]])
    return table.reindex(months).set_axis(values.index)


def _with_draws(table: pd.DataFrame, draws: pd.DataFrame) -> pd.DataFrame:
    """Return the scores with the CRPS from the draws where a forecast has some."""
    missing = [name for name in (*KEYS, "draw", "value") if name not in draws]
    if missing:
        raise InputError(*(Problem(f"the table of draws lacks the column '{name}'") for name in missing))
    bad = ~np.isfinite(draws["value"].to_numpy(float)) | (draws["value"].to_numpy(float) < 0)
    if bad.any() or draws.duplicated([*KEYS, "draw"]).any():
        raise InputError(Problem("the table of draws has a draw twice, or a value that is no number of deaths"))
    samples = {key: rows.to_numpy(float) for key, rows in draws.groupby(list(KEYS), observed=True)["value"]}
    result = table.copy()
    for row, key in enumerate(table[list(KEYS)].itertuples(index=False, name=None)):
        if key in samples:
            outcome = np.log1p(table["outcome"].to_numpy(float)[row : row + 1])
            result.loc[row, "crps_log"] = _crps(np.log1p(samples[key])[None], outcome)[0]
            result.loc[row, "crps_from"] = "draws"
    return result
