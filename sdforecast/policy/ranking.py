"""How firm a ranking of scenarios by deaths is: who is best, what choosing wrongly costs, which place each takes.

All functions take `deaths`, a DataArray over (draw, scenario) whose draws are paired: the same constants and shocks
under every scenario. Fewer deaths are better. What stands beside a figure as `error` is its Monte Carlo standard error,
that of a mean of independent draws; draws of a Sobol' sequence are known better than that.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from scipy.stats import beta

CONFIDENCE = 0.95


def shares(deaths: xr.DataArray) -> np.ndarray:
    """Return how each draw ranks the scenarios [draws, scenarios, ranks]; tied scenarios share their places evenly.

    Raises
    ------
    ValueError : a number is not finite.
    """
    values = deaths.transpose("draw", "scenario").to_numpy()
    if not np.isfinite(values).all():
        raise ValueError("deaths are not finite")
    fewer = (values[:, None, :] < values[:, :, None]).sum(axis=2)
    equal = (values[:, None, :] == values[:, :, None]).sum(axis=2)
    place = np.arange(values.shape[1])
    there = (place >= fewer[..., None]) & (place < (fewer + equal)[..., None])
    found: np.ndarray = there / equal[..., None]
    return found


def best(deaths: xr.DataArray) -> pd.DataFrame:
    """Return how probable it is that each scenario has the fewest deaths.

    Columns `scenario, probability, error, low, high`; the last two are the exact binomial interval of 95 % (Clopper and
    Pearson 1934), which is not empty where a scenario never wins: about 3 / draws then ("rule of three").
    """
    won = shares(deaths)[:, :, 0]
    return pd.DataFrame([{"scenario": name, **share(won[:, k])} for k, name in enumerate(_names(deaths))])


def share(won: np.ndarray) -> dict[str, float]:
    """Return `probability, error, low, high` of what holds in some draws [draws: 0, 1 or a share of a tie]."""
    count, total = float(won.sum()), len(won)
    tail = (1 - CONFIDENCE) / 2
    probability = count / total
    if count == 0 or count == total:  # one-sided, as nothing lies on the other side
        tail = 1 - CONFIDENCE
    low = float(beta.ppf(tail, count, total - count + 1)) if count > 0 else 0.0
    high = float(beta.isf(tail, count + 1, total - count)) if count < total else 1.0
    return {
        "probability": probability, "error": float(np.sqrt(probability * (1 - probability) / total)),
        "low": low, "high": high,
    }  # fmt: skip


def regret(deaths: xr.DataArray) -> pd.DataFrame:
    """Return how many more deaths each scenario has than the best of its draw.

    Columns `scenario, mean, error, p90, worst`: expected regret, its error, regret in the worst tenth of the draws
    and in the worst.
    """
    values = deaths.transpose("draw", "scenario").to_numpy()
    lost = values - values.min(axis=1, keepdims=True)
    return pd.DataFrame(
        {
            "scenario": _names(deaths),
            "mean": lost.mean(axis=0),
            "error": _error(lost),
            "p90": np.quantile(lost, 0.9, axis=0),
            "worst": lost.max(axis=0),
        }
    )


def ranks(deaths: xr.DataArray) -> pd.DataFrame:
    """Return the rank histogram: `scenario, rank, share, error`, rank 1 being the fewest deaths."""
    found = shares(deaths)
    rows = [
        {"scenario": name, "rank": rank + 1, "share": float(found[:, k, rank].mean()),
         "error": float(_error(found[:, k, rank]))}
        for k, name in enumerate(_names(deaths)) for rank in range(found.shape[2])
    ]  # fmt: skip
    return pd.DataFrame(rows)


def pairs(deaths: xr.DataArray) -> pd.DataFrame:
    """Return, for each two scenarios, how probable it is that the first has fewer deaths, and by how many.

    Columns `fewer, than, probability, error, low, high, margin, margin_error, p05, p95`: the margin is deaths under
    `than` less those under `fewer`, its mean and its range of nine in ten draws. Ties count half.
    """
    names, values = _names(deaths), deaths.transpose("draw", "scenario").to_numpy()
    rows: list[dict[str, object]] = []
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            if i != j:
                margin = values[:, j] - values[:, i]
                p05, p95 = np.quantile(margin, (0.05, 0.95))
                rows.append(
                    {"fewer": one, "than": other, **share((margin > 0) + 0.5 * (margin == 0)),
                     "margin": margin.mean(), "margin_error": float(_error(margin)), "p05": p05, "p95": p95}
                )  # fmt: skip
    return pd.DataFrame(rows)


def growing(deaths: xr.DataArray, parts: tuple[int, ...] = (4, 2, 1)) -> pd.DataFrame:
    """Return probability of being best and regret from the first quarter, half and all of the draws.

    Columns `draws, scenario, probability, error, regret, regret_error`: whoever sees a drift beyond the errors needs
    more draws.
    """
    rows: list[pd.DataFrame] = []
    for part in parts:
        some = deaths.isel(draw=slice(0, max(1, deaths.sizes["draw"] // part)))
        lost = regret(some).rename(columns={"mean": "regret", "error": "regret_error"})
        table = best(some)[["scenario", "probability", "error"]].merge(lost[["scenario", "regret", "regret_error"]])
        table.insert(0, "draws", some.sizes["draw"])
        rows.append(table)
    return pd.concat(rows, ignore_index=True)


def _names(deaths: xr.DataArray) -> list[str]:
    return [str(name) for name in deaths["scenario"].to_numpy()]


def _error(values: np.ndarray) -> np.ndarray:
    """Return the standard error of the mean over draws (first axis)."""
    if len(values) < 2:
        return np.full(values.shape[1:], np.nan)
    found: np.ndarray = values.std(axis=0, ddof=1) / np.sqrt(len(values))
    return found
