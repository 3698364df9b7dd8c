"""Ranks of simulation-based calibration: how far each quantity's curve lies from uniform."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from sdforecast.inference.uniformity import band, places
from sdforecast.plot.style import INK, QUIET, styled


@styled
def ranks_figure(ranks: pd.DataFrame, table: pd.DataFrame, of: int) -> Figure:
    """Draw each quantity's curve of ranks less the straight line, in the bands for one and for all of them."""
    at, share = places(of), (places(of) + 1) / (of + 1)
    drawn, axes = plt.subplots(figsize=(7.4, 3.6), layout="constrained")
    for chance, shade, words in (
        (1 - 0.05 / len(table), "#e8edf5", f"95 % for all {len(table)} together"),
        (0.95, "#c3d0e6", "95 % for one"),
    ):
        _, low, high = band(len(ranks), of, chance)
        axes.fill_between(share, low - share, high - share, color=shade, lw=0, label=words)
    for name in ranks:
        curve = (ranks[name].to_numpy()[:, None] <= at).mean(axis=0)
        axes.plot(share, curve - share, color=QUIET, lw=0.4, alpha=0.35)
    for name in [n for n in table["quantity"].head(1) if n in ranks]:
        curve = (ranks[name].to_numpy()[:, None] <= at).mean(axis=0)
        axes.plot(share, curve - share, color="#c8452b", lw=1.4, label=f"least likely: {name}")
    axes.axhline(0, color=INK, lw=0.8)
    axes.set(xlabel="rank of the truth among the draws, as a share", ylabel="share of ranks below, less expected")
    axes.set_xlim(0, 1)
    axes.set_title(f"{len(ranks)} replications: ranks of {len(table)} quantities", loc="left")
    axes.legend(frameon=False, loc="upper right", fontsize=7.5)
    axes.spines[["top", "right"]].set_visible(False)
    return drawn
