"""Cost per death averted, and when there is no such figure.

A ratio of two differences has no meaning where the lower one can be zero or change its sign: minus 2 million dollars a
death may be a gain on both sides or a loss on both. So it is given only where nearly all draws avert deaths; a draw
that averts none has an infinite cost per death, not a negative one. Everything else is said in words.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sdforecast.policy.estimating import Estimate, estimate

SURE = 0.95
"""Share of draws that must avert deaths for a ratio to be given."""


@dataclass(frozen=True)
class PerDeath:
    """Cost per death averted.

    Attributes
    ----------
    estimate : None where there is no meaningful figure; its `high` is infinite where one draw in twenty averts none.
    words : what to say instead of a figure, or beside it; empty if nothing.
    """

    estimate: Estimate | None
    words: str


def per_death(cost: np.ndarray, averted: np.ndarray) -> PerDeath:
    """Return a cost per death averted: in every draw the sum of the one over that of the other.

    Parameters
    ----------
    cost : more than under the reference, summed over the years [draws].
    averted : deaths, summed over the years [draws].
    """
    fewer = float(np.mean(averted > 0))
    if fewer < SURE:
        more = float(np.mean(averted < 0))
        if more > SURE:
            return PerDeath(None, f"none: more deaths in {_share(more)} of draws")
        return PerDeath(None, f"not given: deaths fall in only {_share(fewer)} of draws")
    if not np.any(cost):
        return PerDeath(None, "costs nothing more")
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(averted > 0, cost / averted, np.where(cost > 0, np.inf, np.nan))
    kept = ratio[~np.isnan(ratio)]  # neither cost nor deaths averted: no ratio at any price
    found = estimate(kept)
    saves = float(np.mean(cost < 0))
    words = f"less than under the reference in {_share(saves)} of draws" if saves >= 1 - SURE else ""
    return PerDeath(found, words)


def _share(value: float) -> str:
    """Return a share in per cent, never rounded to all or none."""
    if value in (0.0, 1.0):
        return f"{100 * value:.0f} %"
    return f"{min(max(round(100 * value), 1), 99)} %"
