"""Which of many assumptions matter at all: Morris's screening by elementary effects, by SALib.

A trajectory starts somewhere in the ranges and moves one assumption after the other by two thirds of its range; what
the outcome changes by is an elementary effect. Their mean size `mu_star` ranks the assumptions, their spread `sigma`
says how much an effect depends on the others (Morris 1991; Campolongo, Cariboni and Saltelli 2007). All runs of a
trajectory share a draw of the posterior.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sdforecast.policy.extra import library

LEVELS = 4
INSIDE = (0.025, 0.975)
"""Shares of the ranges between which trajectories move: the last fortieth on each side would rule the mean."""

TRAJECTORIES = 20

Outcome = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""Of shares [runs, names] and trajectories [runs], a dataset of outcomes [runs, outcomes]."""


def screen(
    outcome: Outcome, names: Sequence[str], outcomes: Sequence[str], *, trajectories: int = TRAJECTORIES, seed: int = 1
) -> pd.DataFrame:
    """Return the elementary effects of each name on each outcome, strongest first.

    Parameters
    ----------
    outcome : gives the outcomes of shares between 0 and 1.
    outcomes : what they are called.
    trajectories : how many; (names + 1) runs each.

    Returns
    -------
    Columns `outcome, name, mu_star, error, mu, sigma, half`: mean size of an effect with its bootstrap standard error,
    mean with sign, spread, and mean size in the first half of the trajectories, in the unit of the outcome, for a move
    by two thirds of `INSIDE`.
    """
    shares, trajectory = design(len(names), trajectories, seed)
    values = outcome(shares, trajectory)
    half = shares[: (trajectories // 2) * (len(names) + 1)]
    tables = []
    for k, title in enumerate(outcomes):
        whole = _effects(names, shares, values[:, k], seed)
        earlier = _effects(names, half, values[: len(half), k], seed) if len(half) else whole
        whole["half"] = earlier["mu_star"]
        whole.insert(0, "outcome", title)
        tables.append(whole.sort_values("mu_star", ascending=False, kind="stable"))
    return pd.concat(tables, ignore_index=True)


def design(names: int, trajectories: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return shares [runs, names] and the trajectory that each run belongs to [runs]."""
    sampled: Any = library("SALib.sample.morris").sample(
        _problem([str(k) for k in range(names)]), trajectories, num_levels=LEVELS, seed=seed + 1
    )
    return np.asarray(sampled, dtype=float), np.repeat(np.arange(trajectories), names + 1)


def strongest(effects: pd.DataFrame, outcome: str, count: int) -> list[str]:
    """Return the names of the largest `mu_star` on an outcome."""
    found = effects[effects["outcome"] == outcome].sort_values("mu_star", ascending=False, kind="stable")
    return [str(name) for name in found["name"].head(count)]


def agreement(effects: pd.DataFrame, outcome: str, count: int) -> float:
    """Return which share of the strongest was among the strongest of the first half of the trajectories, too."""
    some = effects[effects["outcome"] == outcome]
    earlier = some.sort_values("half", ascending=False, kind="stable")["name"].head(count)
    return len(set(earlier) & set(strongest(effects, outcome, count))) / max(1, min(count, len(some)))


def _effects(names: Sequence[str], shares: np.ndarray, values: np.ndarray, seed: int) -> pd.DataFrame:
    analysed: Any = library("SALib.analyze.morris").analyze(
        _problem(names), shares, values, num_levels=LEVELS, conf_level=0.95, num_resamples=200, seed=seed + 1
    )
    scale = LEVELS / (2 * (LEVELS - 1))  # SALib divides by the step, two thirds
    return pd.DataFrame(
        {
            "name": [str(name) for name in names],
            "mu_star": np.asarray(analysed["mu_star"], dtype=float) * scale,
            "error": np.asarray(analysed["mu_star_conf"], dtype=float) * scale / 1.96,
            "mu": np.asarray(analysed["mu"], dtype=float) * scale,
            "sigma": np.asarray(analysed["sigma"], dtype=float) * scale,
        }
    )


def _problem(names: Sequence[str]) -> dict[str, Any]:
    return {"num_vars": len(names), "names": list(names), "bounds": [list(INSIDE)] * len(names)}
