"""Whether the observations lie where the draws say they would: prior and posterior predictive checks.

Coverage, error of the median, and what coverage does not see: residuals that keep their sign for too long. A residual
is the normal score of an observation's rank among its predictive draws, the same for counts, prices and shares.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.inference.draws import group, sampled

LEVELS = (50, 80, 90, 95)
JUDGED_FROM = 20
"""Points that a target, or a sector, needs before its coverage is judged."""
AIM = (80.0, 97.0)
"""Between how many per cent of points 90 % intervals should cover."""
UNLIKELY = 0.01
POSTERIOR, PRIOR = "posterior_predictive", "prior_predictive"
ALL = "all"


def points(tree: xr.DataTree, predictive: str = POSTERIOR) -> pd.DataFrame:
    """Return each observation beside its predictive draws, ordered by time within each target.

    Columns: target, start, end, observed; `median`; `low_50`, `high_50`, … for central intervals of 50, 80, 90 and
    95 %; `pit`, the share of draws below the observation (half of those equal; never 0 or 1); `residual`, its normal
    score: positive where the model lies below the data.

    Parameters
    ----------
    predictive : `posterior_predictive` or `prior_predictive`.

    Raises
    ------
    InputError : a group is missing, or they do not belong together, or a draw or observation is not finite.
    """
    from scipy.special import ndtri

    observed = group(tree, "observed_data")
    missing = [name for name in ("target", "start", "end") if name not in observed.coords]
    if "observed" not in observed or missing:
        lacks = f"coordinate '{missing[0]}'" if missing else "array 'observed'"
        raise InputError(Problem(f"group '/observed_data' has no {lacks}"))
    values = observed["observed"].to_numpy().astype(float)
    draws = _predicted(tree, predictive, len(values))
    if not np.isfinite(values).all() or not np.isfinite(draws).all():
        raise InputError(Problem(f"an observation or a draw of '/{predictive}' is not finite"))
    pit = ((draws < values).sum(axis=0) + 0.5 * (draws == values).sum(axis=0) + 0.5) / (len(draws) + 1)
    table = pd.DataFrame({name: observed[name].to_numpy() for name in ("target", "start", "end")})
    table["target"] = table["target"].astype(str)
    table["observed"], table["median"] = values, np.median(draws, axis=0)
    for level in LEVELS:
        tail = (1 - level / 100) / 2
        table[f"low_{level}"], table[f"high_{level}"] = np.quantile(draws, [tail, 1 - tail], axis=0)
    table["pit"], table["residual"] = pit, ndtri(pit)
    by_time = [part.sort_values("start", kind="stable") for _, part in table.groupby("target", sort=False)]
    return pd.concat(by_time, ignore_index=True)


def _predicted(tree: xr.DataTree, predictive: str, size: int) -> np.ndarray:
    """Return the predictive draws, shape (draw, observation)."""
    if predictive not in (POSTERIOR, PRIOR):
        hint = nearest(predictive, (POSTERIOR, PRIOR))
        raise InputError(Problem(f"'{predictive}' is no group of predictive draws", hint=hint))
    data = sampled(tree, predictive)
    if "observed" not in data or data["observed"].ndim != 3:
        raise InputError(Problem(f"group '/{predictive}' has no array 'observed' (chain, draw, observation)"))
    draws = data["observed"].to_numpy().astype(float)
    if draws.shape[2] != size:
        raise InputError(Problem(f"'/{predictive}' has {draws.shape[2]} points, '/observed_data' {size}"))
    return draws.reshape(-1, size)


def coverage(tree: xr.DataTree, groups: Mapping[str, str] | None = None, predictive: str = POSTERIOR) -> pd.DataFrame:
    """Return how well intervals cover and medians fit: one row a target, a group, and all.

    Columns: `of` (target, group or all), name, n; `cover_50`, `cover_80`, `cover_90`, `cover_95` (per cent of points);
    `mape` (%, of the median), `bias` (mean logarithm of median over observed, as a per cent; both NaN where nothing
    is above zero); `pit` (mean); `lag1` (autocorrelation of residuals, within targets); `judged` (at least 20
    points); `within_aim` (90 % intervals cover 80 to 97 %; None where not judged); `pattern`: a sentence where the
    residuals of a target show one, else empty. Draws with a discrepancy in them leave its path in the residuals.

    Parameters
    ----------
    groups : the group, such as a sector, of each target; targets without one are in no group.
    predictive : `prior_predictive` asks the same of the prior.

    Raises
    ------
    InputError : as :func:`points`, or a target of `groups` that is none.
    """
    table = points(tree, predictive)
    known = list(dict.fromkeys(table["target"]))
    unknown = sorted(set(groups or {}) - set(known))
    if unknown:
        raise InputError(Problem(f"'{unknown[0]}' is no target of this posterior", hint=nearest(unknown[0], known)))
    rows = [_row("target", name, table[table["target"] == name]) for name in known]
    if groups:
        sector = table["target"].map(groups)
        rows += [_row("group", name, table[sector == name]) for name in dict.fromkeys(sector.dropna())]
    return pd.DataFrame([*rows, _row(ALL, ALL, table)])


def _row(of: str, name: str, part: pd.DataFrame) -> dict[str, Any]:
    observed, median = part["observed"].to_numpy(), part["median"].to_numpy()
    above = (observed > 0) & (median > 0)
    ratio = median[above] / observed[above]
    covered = {
        f"cover_{level}": float(100 * part["observed"].between(part[f"low_{level}"], part[f"high_{level}"]).mean())
        for level in LEVELS
    }
    judged = len(part) >= JUDGED_FROM
    return {
        "of": of,
        "name": name,
        "n": len(part),
        **covered,
        "mape": float(100 * np.abs(ratio - 1).mean()) if above.any() else math.nan,
        "bias": float(100 * np.expm1(np.log(ratio).mean())) if above.any() else math.nan,
        "pit": float(part["pit"].mean()),
        "lag1": lag_one(part),
        "judged": judged,
        "within_aim": bool(AIM[0] <= covered["cover_90"] <= AIM[1]) if judged else None,
        "pattern": pattern(part) if of == "target" else "",
    }


def lag_one(part: pd.DataFrame) -> float:
    """Return the lag-one autocorrelation of residuals about their target's mean; NaN for fewer than three points."""
    products, squares = 0.0, 0.0
    for _, one in part.groupby("target", sort=False):
        residual = one["residual"].to_numpy() - one["residual"].mean()
        if len(residual) > 2:
            products += float(residual[1:] @ residual[:-1])
            squares += float(residual @ residual)
    return products / squares if squares > 0 else math.nan


def pattern(part: pd.DataFrame) -> str:
    """Return a sentence where a target's residuals keep their sign for longer than chance lets them, else nothing."""
    above = part["residual"].to_numpy() > 0
    if len(above) < 3:
        return ""
    name = part["target"].iloc[0]
    chance = one_sided(above)
    if chance < UNLIKELY:
        side = "below" if above.mean() > 0.5 else "above"
        most = max(above.sum(), (~above).sum())
        return f"{name}: the model lies {side} the data in {most} of {len(above)} points (p = {chance:.2g})"
    chance = few_runs(above)
    if chance < UNLIKELY:
        first, last = _longest(above)
        side = "below" if above[first] else "above"
        span = f"{_when(part['start'].iloc[first])} to {_when(part['end'].iloc[last])}"
        told = f"the model lies {side} the data from {span} ({last - first + 1} points in a row)"
        return f"{name}: {told}; residuals keep their sign for longer than chance (p = {chance:.2g})"
    return ""


def one_sided(above: np.ndarray) -> float:
    """Return the chance of signs at least as uneven, where both are equally likely (two-sided sign test)."""
    from scipy.stats import binomtest

    return float(binomtest(int(above.sum()), len(above), 0.5).pvalue)


def few_runs(above: np.ndarray) -> float:
    """Return the chance of as few runs or fewer, given the number of each sign (exact; Wald and Wolfowitz 1940).

    Annals of Mathematical Statistics 11(2), 147-162. Of the ways to order the signs, those with 2j runs are
    2 C(m-1, j-1) C(n-1, j-1), those with 2j + 1 runs C(m-1, j) C(n-1, j-1) + C(m-1, j-1) C(n-1, j).
    """
    m, n = int(above.sum()), int((~above).sum())
    runs = 1 + int((above[1:] != above[:-1]).sum())
    if m == 0 or n == 0:
        return 1.0
    ways = 0
    for count in range(2, runs + 1):
        j = count // 2
        if count % 2 == 0:
            ways += 2 * math.comb(m - 1, j - 1) * math.comb(n - 1, j - 1)
        else:
            ways += math.comb(m - 1, j) * math.comb(n - 1, j - 1) + math.comb(m - 1, j - 1) * math.comb(n - 1, j)
    return ways / math.comb(m + n, m)


def _longest(above: np.ndarray) -> tuple[int, int]:
    """Return the first and last place of the longest run of one sign."""
    edges = np.flatnonzero(np.concatenate([[True], above[1:] != above[:-1], [True]]))
    longest = int(np.diff(edges).argmax())
    return int(edges[longest]), int(edges[longest + 1]) - 1


def _when(moment: Any) -> str:
    if isinstance(moment, pd.Timestamp):
        return f"{moment:%Y-%m}"
    return f"{moment:g}" if isinstance(moment, int | float | np.number) else str(moment)


def surprises(tree: xr.DataTree) -> list[str]:
    """Return a sentence for each target with observations outside the prior's central 95 %.

    A prior that nearly rules the data out is a fault of the priors or of the model, before any fit.
    """
    found = []
    for name, part in points(tree, PRIOR).groupby("target", sort=False):
        out = ~part["observed"].between(part["low_95"], part["high_95"])
        if out.any():
            first = part[out].iloc[0]
            side = "above" if first["observed"] > first["high_95"] else "below"
            times = f"{int(out.sum())} of {len(part)} points outside the prior's 95 %"
            found.append(f"{name}: {times}, the first ({side} it) in {_when(first['start'])}")
    return found
