"""How firm a ranking is: who takes which place, and which assumptions move a margin."""

from __future__ import annotations

import pandas as pd
from matplotlib.figure import Figure

from sdforecast.plot.numbers import number
from sdforecast.plot.style import INK, QUIET, RULE, grid, head, layout, lines, styled, two_sides, wrap
from sdforecast.policy.firmness import Sensitivity, margins

STRONGEST = 15
"""Bars of the tornado."""

_SETS = {"posterior": "Over the posterior", "ranges": "Over the full ranges of assumptions",
         "ranges that keep the past": "Over the ranges, runs that keep the past"}  # fmt: skip


def ranks_data(found: Sensitivity) -> pd.DataFrame:
    """Return the rank histogram: `over, scenario, rank, share, error`."""
    return found.ranks


@styled
def rank_histogram(found: Sensitivity, *, narrow: bool = False) -> Figure:
    """Draw how often each scenario takes each place, one panel for each set of draws."""
    sets = list(dict.fromkeys(found.ranks["over"]))
    names = _by_deaths(found)
    look = lines(sorted(names), found.trio.reference)
    sizes = found.rankings.groupby("over")["draws"].first()
    places = len(names)
    panels = grid(
        len(sets), layout(narrow, len(sets)), panel_height=0.5 * places + 0.9,
        title="Which place each condition takes, fewest deaths first",
        source=f"Deaths involving synthetic opioids, {found.years[0]}–{found.years[1]}. Height of a bar: share of "
        "draws in which the condition takes that place. Draws are paired: the same under every condition.",
    )  # fmt: skip
    for axes, over in zip(panels.axes, sets, strict=True):
        table = found.ranks[found.ranks["over"] == over]
        for row, name in enumerate(names):
            some = table[table["scenario"] == name].sort_values("rank")
            axes.bar(
                some["rank"], 0.68 * some["share"], bottom=-row, width=0.8, color=look[name].colour, alpha=0.85,
            )  # fmt: skip
            axes.plot([0.5, places + 0.5], [-row, -row], color=RULE, linewidth=0.6)
            axes.annotate(
                name, (0.52, -row + 0.7), (2, 0), textcoords="offset points", fontsize=7.5, va="bottom", color=INK
            )
            for rank, share in zip(some["rank"], some["share"], strict=True):
                if share >= 0.005:
                    axes.annotate(
                        f"{100 * share:.0f}", (rank, -row + 0.68 * share), (0, 1 if share < 0.7 else -2),
                        textcoords="offset points", ha="center", va="bottom" if share < 0.7 else "top", fontsize=6.5,
                        color=QUIET if share < 0.7 else "white",
                    )  # fmt: skip
        axes.set_xlim(0.5, places + 0.5)
        axes.set_ylim(-places + 0.95, 1)
        axes.set_xticks(range(1, places + 1))
        axes.set_xlabel("place")
        axes.set_yticks([])
        axes.spines[["left", "right", "top"]].set_visible(False)
        head(axes, _SETS.get(over, over), f"per cent of {sizes[over]:,} draws", panels.panel_width)
    return panels.figure


def tornado_data(found: Sensitivity, outcome: str) -> pd.DataFrame:
    """Return the strongest assumptions: `name, low, high, low_error, high_error, share`.

    `low` and `high` are the mean outcome where the assumption is in the lowest and in the highest tenth of its draws,
    less the mean of all: what moving it does while all else varies, too.
    """
    values = _outcome(found, outcome)
    rows = []
    for k, name in enumerate(found.design.constants):
        share, constant = found.design.shares[:, k], found.design.constants[name].to_numpy(float)
        low, high = values[share < 0.1], values[share > 0.9]
        rows.append(
            {"name": name, "low": low.mean() - values.mean(), "high": high.mean() - values.mean(),
             "low_error": low.std(ddof=1) / len(low) ** 0.5, "high_error": high.std(ddof=1) / len(high) ** 0.5,
             "below": float(constant[share < 0.1].max()),
             "above": float(constant[share > 0.9].min())}
        )  # fmt: skip
    table = pd.DataFrame(rows)
    table["span"] = (table["high"] - table["low"]).abs()
    return table.sort_values("span", ascending=False, kind="stable").head(STRONGEST).reset_index(drop=True)


@styled
def tornado(found: Sensitivity, outcome: str, *, narrow: bool = False) -> Figure:
    """Draw what the margin is where each assumption is at the low and the high end of its range."""
    table = tornado_data(found, outcome)
    middle = float(_outcome(found, outcome).mean())
    shape = layout(narrow, 1)
    panels = grid(
        1, shape, panel_height=0.34 * len(table) + 0.8,
        title=f"{outcome[:1].upper()}{outcome[1:]}: the assumptions that move it most",
        source=f"Mean over draws with the assumption in the lowest (open) and highest (filled) tenth of its draws, all "
        f"else varying over its own; thin line: two standard errors; brackets: where these tenths end and begin. "
        f"Grey line: mean of all, {number(round(middle, -2))}. Deaths involving synthetic opioids, "
        f"{found.years[0]}–{found.years[1]}.",
    )  # fmt: skip
    axes = panels.axes[0]
    for row, each in table.iterrows():
        height = -int(str(row))
        ends = [
            (each["low"] + middle, each["low_error"], "white"),
            (each["high"] + middle, each["high_error"], "#1f4e9e"),
        ]
        axes.plot([ends[0][0], ends[1][0]], [height, height], color="#1f4e9e", linewidth=3, alpha=0.4)
        for at, error, fill in ends:
            axes.plot([at - 2 * error, at + 2 * error], [height, height], color=INK, linewidth=0.7)
            axes.plot([at], [height], "o", mfc=fill, mec="#1f4e9e", markersize=4.5)
    labels = [
        wrap(f"{each['name']} ({each['below']:.2g}…{each['above']:.2g})", 1.5 if narrow else 3.6, 7.5)
        for _, each in table.iterrows()
    ]
    axes.set_yticks([-k for k in range(len(table))], labels, fontsize=6.5 if narrow else 7.5)
    axes.axvline(middle, color=QUIET, linewidth=0.8)
    axes.set_ylim(-len(table) + 0.4, 0.8)
    axes.grid(axis="x", color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.xaxis.set_major_formatter(lambda value, _: number(value))
    axes.locator_params(axis="x", nbins=3 if narrow else 6)
    axes.spines[["left", "right", "top"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    if (sides := _sides(found, outcome)) is not None:
        low, high = axes.get_xlim()
        room = 0.3 * max(abs(low), abs(high))  # on both sides of zero, for the words there
        axes.set_xlim(min(low, -room), max(high, room))
        axes.axvline(0, color=INK, linewidth=1)
        two_sides(axes, 0, *sides)
    return panels.figure


def _outcome(found: Sensitivity, outcome: str) -> pd.Series:
    trio = found.trio
    deaths = found.ranges.sel(scenario=[trio.mix, trio.rival, trio.reference]).to_numpy()
    return pd.Series(margins(deaths)[:, trio.outcomes.index(outcome)])


def _sides(found: Sensitivity, outcome: str) -> tuple[str, str] | None:
    """Return who has fewer deaths left and right of zero; None where the outcome is no difference."""
    trio = found.trio
    sides = {trio.outcomes[1]: (trio.rival, trio.mix), trio.outcomes[2]: (trio.reference, trio.rival)}
    if outcome not in sides:
        return None
    left, right = sides[outcome]
    return f"fewer under {left}", f"fewer under {right}"


def _by_deaths(found: Sensitivity) -> list[str]:
    means = found.ranges.mean("draw").to_series()
    return [str(name) for name in means.sort_values().index]
