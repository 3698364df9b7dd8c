"""Trees of draws built to have one fault and no other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

LABELS = ("rate", "delay", "share", "error sd: purity")


def moving(rng: np.random.Generator, shape: tuple[int, ...], persistence: float) -> np.ndarray:
    """Stationary standard normal AR(1) along axis 1, chains started from the stationary law."""
    values = rng.standard_normal(shape)
    fresh = np.sqrt(1 - persistence**2)
    for t in range(1, shape[1]):
        values[:, t] = persistence * values[:, t - 1] + fresh * values[:, t]
    return values


def tree(
    position: np.ndarray,
    labels: Sequence[str] = LABELS,
    stats: dict[str, np.ndarray] | None = None,
    constants: np.ndarray | None = None,
) -> xr.DataTree:
    """A tree of positions, with log-normal constants made of them, and the statistics of a quiet sampler."""
    chains, draws = position.shape[:2]
    rng = np.random.default_rng(9)
    quiet = {
        "lp": rng.standard_normal((chains, draws)),
        "diverging": np.zeros((chains, draws), bool),
        "energy": rng.standard_normal((chains, draws)),
        "tree_depth": np.full((chains, draws), 4),
    } | (stats or {})
    values = np.exp(0.3 * position) if constants is None else constants
    named = {"parameter": list(labels)}
    return xr.DataTree.from_dict(
        {
            "/unconstrained": xr.Dataset(
                {"position": (("chain", "draw", "coordinate"), position)}, coords={"coordinate": list(labels)}
            ),
            "/posterior": xr.Dataset({"constants": (("chain", "draw", "parameter"), values)}, coords=named),
            "/sample_stats": xr.Dataset({name: (("chain", "draw"), array) for name, array in quiet.items()}),
        }
    )
