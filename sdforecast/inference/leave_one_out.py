"""How well each target's points are foretold from all the others: leave-one-out by Pareto-smoothed weights.

Vehtari, Gelman and Gabry 2017 (Statistics and Computing 27, 1413-1432); Vehtari et al. 2024 (Journal of Machine
Learning Research 25(72)). The errors of a target are correlated, so that a point's term is its density given the
target's other points and the parameters (Bürkner, Gabry and Vehtari 2021, Computational Statistics 36, 1243-1261):
only with that density as the ratio do the weights take the point, and nothing else, out of the posterior.
"""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.errors import InputError, Problem
from sdforecast.inference.draws import SAMPLE, arviz, group, sampled

HIGH = 0.7
"""Pareto k beyond which a point's figure is not to be trusted."""
ALL = "all targets"
_TAIL = 25  # draws below which the tail of the weights cannot be fitted


def pointwise_normal(residual: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """Return the log density of each component of a multivariate normal given all the others.

    With Q the precision and g = Q (y - mu), component i given the others is normal with mean y_i - g_i / Q_ii and
    variance 1 / Q_ii (Bürkner, Gabry and Vehtari 2021).

    Parameters
    ----------
    residual : y - mu, shape (..., n).
    precision : inverse of the covariance, shape (..., n, n).

    Returns
    -------
    Shape (..., n).

    Raises
    ------
    ValueError : the diagonal of the precision is not above zero.
    """
    diagonal = np.diagonal(precision, axis1=-2, axis2=-1)
    if not (diagonal > 0).all():
        raise ValueError("a precision must have a diagonal above zero")
    weighed = np.einsum("...ij,...j->...i", precision, residual)
    return np.asarray(0.5 * (np.log(diagonal) - math.log(2 * math.pi) - weighed**2 / diagonal))


def loo(tree: xr.DataTree) -> pd.DataFrame:
    """Return the leave-one-out figures of each target, and of all as the last row.

    Columns: target, n, `elpd` (expected log density of a left-out point, summed), `se` of it, `p_loo` (effective number
    of parameters), `k_max`, `k_high` (points whose Pareto k is above 0.7: their terms are rough).

    Raises
    ------
    InputError : the tree lacks /log_likelihood or /observed_data, they do not belong together, or a term is not finite.
    MachineError : ArviZ is not installed.
    """
    terms = _terms(tree)
    targets = targets_of(tree)
    if terms.shape[2] != len(targets):
        raise InputError(Problem(f"'/log_likelihood' has {terms.shape[2]} points, '/observed_data' {len(targets)}"))
    chains, draws, points = terms.shape
    flat = terms.reshape(chains * draws, points).T
    weights, k = smoothed(-flat, _efficiency(terms))
    from scipy.special import logsumexp

    elpd = logsumexp(weights + flat, axis=1)
    fitted = logsumexp(flat, axis=1) - math.log(flat.shape[1])
    table = pd.DataFrame({"target": targets, "elpd": elpd, "p_loo": fitted - elpd, "k": k})
    rows = [_summed(str(name), part) for name, part in table.groupby("target", sort=False)]
    return pd.DataFrame([*rows, _summed(ALL, table)])


def _terms(tree: xr.DataTree) -> np.ndarray:
    data = sampled(tree, "log_likelihood")
    if "observed" not in data or data["observed"].ndim != 3:
        raise InputError(Problem("group '/log_likelihood' has no array 'observed' (chain, draw, observation)"))
    terms = data["observed"].to_numpy().astype(float)
    if terms.shape[0] * terms.shape[1] < _TAIL:
        raise InputError(Problem(f"leave-one-out needs at least {_TAIL} draws, these are {terms[..., 0].size}"))
    bad = int((~np.isfinite(terms)).sum())
    if bad:
        raise InputError(Problem(f"{bad} term{'s' if bad > 1 else ''} of '/log_likelihood' not finite"))
    return terms


def targets_of(tree: xr.DataTree) -> list[str]:
    """Return the target of each observation. Raises `InputError`."""
    data = group(tree, "observed_data")
    if "observed" not in data or "target" not in data.coords:
        raise InputError(Problem("group '/observed_data' has no array 'observed' with a coordinate 'target'"))
    return [str(name) for name in data["target"].values]


def _efficiency(terms: np.ndarray) -> float:
    """Return effective over actual draws of the densities (median of the points), at most one."""
    chains, draws = terms.shape[:2]
    if chains < 2:
        return 1.0
    density = np.exp(terms - terms.max(axis=(0, 1)))
    ess = arviz().ess(xr.Dataset({"x": ((*SAMPLE, "observation"), density)}), method="mean")["x"].to_numpy()
    return float(min(1.0, max(np.nanmedian(ess) / (chains * draws), 1e-3)))


def smoothed(log_ratios: np.ndarray, efficiency: float) -> tuple[np.ndarray, np.ndarray]:
    """Return Pareto-smoothed log weights that sum to one, and each point's Pareto k.

    Parameters
    ----------
    log_ratios : logarithms of the importance ratios, shape (point, draw).
    efficiency : effective over actual draws.
    """
    az = arviz()
    if hasattr(az, "psislw"):  # 0.23
        weights, k = az.psislw(log_ratios, reff=efficiency)
    else:
        array_stats = import_module("arviz_stats.base").array_stats  # it takes densities, and negates them
        weights, k = array_stats.psislw(-log_ratios, r_eff=efficiency)
    return np.asarray(weights), np.asarray(k, float)


def _summed(name: str, part: pd.DataFrame) -> dict[str, Any]:
    n = len(part)
    return {
        "target": name,
        "n": n,
        "elpd": float(part["elpd"].sum()),
        "se": float(math.sqrt(n) * part["elpd"].std(ddof=1)) if n > 1 else math.nan,
        "p_loo": float(part["p_loo"].sum()),
        "k_max": float(part["k"].max()),
        "k_high": int((part["k"] > HIGH).sum()),
    }
