"""Methods against each other on the forecasts that both made: relative scores, and how sure they are.

The relative WIS is the ratio of two means over the common origins, not a mean of ratios, so that an origin at which
little was at stake does not decide. Its interval comes from a paired bootstrap over origins: both methods are drawn at
the same origins, in circular blocks of neighbouring ones, ceil(n^(1/3)) of them (three of nine to fourteen), since the
spans of neighbouring origins overlap. Longer blocks cannot be drawn from so few; at 24 and 36 months the intervals are
therefore still somewhat too narrow. With one or two origins there is no interval.

What happened up to December 2022 served development; later outcomes are for verification and looked at rarely. The two
are told apart by the outcome's month alone: a long forecast that is verified in 2023 was made in the years that served
development, and spans some of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.evaluation.baselines import LAST_VALUE
from sdforecast.evaluation.levels import KEYS

LAST_DEVELOPMENT = pd.Timestamp(2022, 12, 31)
"""Outcomes to this day served the development of the model; later ones verify it."""

PERIODS: tuple[str, ...] = ("development", "verification", "joint")
RESAMPLES = 5000
SEED = 20221231
INTERVAL = (0.05, 0.95)
FEWEST = 3
"""Below so many common origins no interval is given."""

CELL = ["target", "horizon"]


def during(scores: pd.DataFrame, period: str) -> pd.DataFrame:
    """Return the scores whose outcome lies in one of `PERIODS`. Raises `InputError` for another word."""
    if period not in PERIODS:
        raise InputError(Problem(f"unknown period '{period}'", hint=nearest(period, PERIODS)))
    if period == "joint":
        return scores
    early = scores["target_end_date"] <= LAST_DEVELOPMENT
    return scores[early if period == "development" else ~early]


def relative_wis(scores: pd.DataFrame, against: str = LAST_VALUE, *, score: str = "wis") -> pd.DataFrame:
    """Compare every method with one, by target and horizon, in each period.

    Parameters
    ----------
    scores : as `scoring.score` gives them.
    against : the method that stands at 1.
    score : the column compared: `wis`, `wis_log` or `crps_log`.

    Returns
    -------
    One row a period, target, horizon and method: `origins` (common to the two), `mean`, `mean_against`, `relative`,
    `low` and `high` (90 % interval, NaN for fewer than three origins), `wins` (origins at which the method scored
    better). Cells without a common origin are left out.

    Raises
    ------
    InputError : no scores of the method compared with.
    """
    _has(scores, against)
    rows = []
    for period in PERIODS:
        for (target, horizon), cell in during(scores, period).groupby(CELL):
            table = _by_origin(cell, score)
            if against in table:
                for method in table.columns:
                    rows.append(
                        {"period": period, "target": target, "horizon": horizon, "method": method}
                        | _ratio(table[method], table[against])
                    )
    return pd.DataFrame(rows).dropna(subset="relative").reset_index(drop=True)


def relative_overall(scores: pd.DataFrame, against: str = LAST_VALUE, *, score: str = "wis") -> pd.DataFrame:
    """Compare as `relative_wis` does, but over all horizons at once: the ratio of the sums of all common scores.

    Origins are drawn with all their horizons. Long horizons weigh more, since errors are larger there. Columns as
    there, without `horizon` and `wins`.
    """
    _has(scores, against)
    rows = []
    for period in PERIODS:
        for target, cell in during(scores, period).groupby("target"):
            table = cell.pivot(index=["origin", "horizon"], columns="method", values=score)
            if against not in table:
                continue
            for method in table.columns:
                both = pd.DataFrame({"a": table[method], "b": table[against]}).dropna().groupby("origin").sum()
                named = {"period": period, "target": target, "method": method}
                rows.append(named | {k: v for k, v in _ratio(both["a"], both["b"]).items() if k != "wins"})
    return pd.DataFrame(rows).dropna(subset="relative").reset_index(drop=True)


def best_rival(scores: pd.DataFrame, rivals: Sequence[str], *, score: str = "wis") -> pd.DataFrame:
    """Compare every method with the rival that did best in hindsight, by target and horizon, in each period.

    The best of several is partly luck, so this flatters the rivals. The best is chosen on the origins that all rivals
    have. Columns as `relative_wis`, and `rival`. Raises `InputError` for a rival without scores.
    """
    for rival in rivals:
        _has(scores, rival)
    parts = []
    for rival in rivals:
        parts.append(relative_wis(scores, rival, score=score).assign(rival=rival))
    table, keys = pd.concat(parts, ignore_index=True), ["period", "target", "horizon"]
    best = []
    for period in PERIODS:
        for (target, horizon), cell in during(scores, period).groupby(CELL):
            common = _by_origin(cell, score).reindex(columns=list(rivals)).dropna()
            if len(common):
                best.append((period, target, horizon, common.mean().idxmin()))
    chosen = pd.DataFrame(best, columns=[*keys, "rival"])
    return chosen.merge(table, on=[*keys, "rival"], how="left")


def by_origin(scores: pd.DataFrame, against: str = LAST_VALUE) -> pd.DataFrame:
    """Return every forecast with its score and its score relative to one method at the same origin.

    Columns `target, horizon, origin, target_end_date, method, outcome, provisional, median, percent_error, wis,
    relative_wis, covered_50, covered_90, covered_95, period`, sorted by the first three and the method. Raises
    `InputError` as `relative_wis` does.
    """
    _has(scores, against)
    keys = ["target", "origin", "horizon"]
    reference = scores[scores["method"] == against].set_index(keys)["wis"].rename("reference")
    table = scores.join(reference, on=keys)
    early = table["target_end_date"] <= LAST_DEVELOPMENT
    table = table.assign(
        relative_wis=table["wis"] / table["reference"], period=np.where(early, "development", "verification")
    )
    shown = ["target", "horizon", "origin", "target_end_date", "method", "outcome", "provisional", "median"]
    shown += ["percent_error", "wis", "relative_wis", "covered_50", "covered_90", "covered_95", "period"]
    return table[shown].sort_values(["target", "horizon", "origin", "method"], ignore_index=True)


def worst_origin(scores: pd.DataFrame, against: str = LAST_VALUE) -> pd.DataFrame:
    """Return, for each method and target, the forecast with the highest WIS on the logarithm, over all horizons.

    The logarithm, so that the worst is not simply the one when most people died. Columns as `by_origin`, and `wis_log`.
    """
    table = by_origin(scores, against).merge(scores[[*KEYS, "wis_log"]], on=list(KEYS), validate="one_to_one")
    worst = table.groupby(["target", "method"])["wis_log"].idxmax()
    return table.loc[worst].reset_index(drop=True)


def summary(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the means of all scores by period, target, horizon and method.

    Columns `origins, wis, dispersion, overprediction, underprediction` (deaths), `wis_log, crps_log, bias`,
    `percent_error`, `absolute_percent_error` (per cent), `covered_50 … covered_95` (share), `provisional` (share of the
    outcomes that may still change).
    """
    table = scores.assign(absolute_percent_error=scores["percent_error"].abs())
    means = ["wis", "dispersion", "overprediction", "underprediction", "wis_log", "crps_log", "bias", "percent_error"]
    means += ["absolute_percent_error", "covered_50", "covered_80", "covered_90", "covered_95", "provisional"]
    parts = []
    for period in PERIODS:
        groups = during(table, period).groupby([*CELL, "method"])
        found = groups[means].mean()
        found.insert(0, "origins", groups.size())
        parts.append(found.reset_index().assign(period=period))
    whole = pd.concat(parts, ignore_index=True)
    return whole[["period", *(name for name in whole if name != "period")]]


def _has(scores: pd.DataFrame, method: str) -> None:
    known = list(scores["method"].unique())
    if method not in known:
        raise InputError(Problem(f"no scores of the method '{method}'", hint=nearest(method, known)))


def _by_origin(cell: pd.DataFrame, score: str) -> pd.DataFrame:
    return cell.pivot(index="origin", columns="method", values=score).sort_index()


def _ratio(mine: pd.Series, theirs: pd.Series) -> dict[str, float]:
    """Return the relative score over the common origins, with its interval."""
    both = mine.notna() & theirs.notna()
    a, b = mine[both].to_numpy(float), theirs[both].to_numpy(float)
    mean, reference = (a.mean(), b.mean()) if len(a) else (np.nan, np.nan)
    low, high = _interval(a, b)
    relative = float(_over(a.sum(), b.sum())) if len(a) else np.nan
    return {
        "origins": len(a), "mean": mean, "mean_against": reference, "relative": relative,
        "low": low, "high": high, "wins": int((a < b).sum()),
    }  # fmt: skip


def _interval(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    if len(a) < FEWEST:
        return np.nan, np.nan
    rows = drawn(len(a))
    low, high = np.quantile(_over(a[rows].sum(1), b[rows].sum(1)), INTERVAL)
    return float(low), float(high)


def _over(a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """Return a / b, and 1 where both are the same, zero included."""
    top, below = np.asarray(a, float), np.asarray(b, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(top == below, 1.0, top / below)


def drawn(n: int) -> np.ndarray:
    """Return which of `n` origins each bootstrap sample takes (`RESAMPLES`, n): circular blocks of ceil(n^(1/3))."""
    length = int(np.ceil(round(n ** (1 / 3), 9)))
    starts = np.random.default_rng(SEED).integers(n, size=(RESAMPLES, -(-n // length)))
    rows = (starts[:, :, None] + np.arange(length)) % n
    return np.asarray(rows.reshape(RESAMPLES, -1)[:, :n])
