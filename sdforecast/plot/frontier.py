"""The best mixes by budget, the other mixes on the same plane, and the levels that make a best mix."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sdforecast.plot.numbers import number
from sdforecast.plot.style import INK, QUIET, RULE, Line, counts, grid, head, key, key_lines, layout, styled
from sdforecast.policy.frontier import SETS, Frontier
from sdforecast.scenario import instruments

_LOOK = {"mean": Line("#1f4e9e"), "worst decile": Line("#c8452b", (5.0, 1.6)), "regret": Line("#1f8f80", (1.6, 1.2))}
_WORDS = {
    "mean": "best on average over the draws",
    "worst decile": "best in the worst tenth of the draws",
    "regret": "least greatest regret",
}
_PANELS = (
    ("averted", "Mean over the draws", "deaths averted"),
    ("worst_decile", "Worst tenth, mean", "deaths averted"),
    ("regret", "Greatest regret", "deaths"),
)
_SHORT = {"all": "all instruments", "published": "no assumed costs"}


def frontier_data(made: Frontier) -> pd.DataFrame:
    """Return every mix with its cost and what it averts."""
    return made.table


@styled
def frontier(made: Frontier, *, narrow: bool = False) -> Figure:
    """Draw what mixes avert by what they cost: a row for each set of instruments, a panel for each measure."""
    sets = [name for name in SETS if (made.table["set"] == name).any()]
    criteria = [name for name in _LOOK if (made.table["criterion"] == name).any()]
    shape, first = layout(narrow, 3), made.manifest["first"]
    panels = grid(
        len(sets) * len(_PANELS), shape, panel_height=2.6, key_lines=key_lines(len(criteria), shape),
        title="What the best mixes avert, by what they may cost",
        source=f"Deaths {first} to {made.manifest['horizon'][:4]} against {made.manifest['reference']}; cost: mean of "
        f"these years and {made.manifest['draws']} draws. Filled dots: best mixes. Hollow dots: other mixes, with "
        f"their own dates and ramps{_left_out(made.table)}. Regret: deaths that a mix of this cost would have "
        "averted beyond it, in the draw where that is most; less is better. Conditions under a model, no advice.",
    )  # fmt: skip
    for k, axes in enumerate(panels.axes):
        name, (column, title, unit) = sets[k // len(_PANELS)], _PANELS[k % len(_PANELS)]
        _plane(axes, made.table, name, column, criteria)
        head(axes, title, f"{unit}; {_SHORT[name]}", panels.panel_width - 0.4)
    key(panels.figure, [(_WORDS[each], _LOOK[each]) for each in criteria], shape)
    return panels.figure


def _plane(axes: Axes, table: pd.DataFrame, name: str, column: str, criteria: list[str]) -> None:
    others, ours = _shown(table), table[table["set"] == name]
    axes.plot(others["cost"], others[column], "o", mfc="white", mec=QUIET, markersize=4, linestyle="none")
    for criterion in criteria:
        rows, look = ours[ours["criterion"] == criterion].sort_values("cost"), _LOOK[criterion]
        axes.plot(rows["cost"], rows[column], "o", color=look.colour, linestyle=look.style, markersize=3.5)
    axes.axhline(0, color=INK, linewidth=0.8)
    counts(axes, from_zero=False)
    axes.set_xlabel("billion USD of 2024 a year more")
    axes.xaxis.set_major_formatter(lambda value, _: number(value) if value == int(value) else f"{value:g}")


def _shown(table: pd.DataFrame) -> pd.DataFrame:
    """Return the other mixes that save no more than the best ones spend: one far off would leave no room for them."""
    others, most = table[table["set"] == ""], table.loc[table["set"] != "", "cost"].max()
    found: pd.DataFrame = others[others["cost"] > -max(most, 1.0) / 4]
    return found


def _left_out(table: pd.DataFrame) -> str:
    there = set(_shown(table)["scenario"])
    names = [name for name in table.loc[table["set"] == "", "scenario"] if name not in there]
    return f" (without {', '.join(names)}, far to the left)" if names else ""


def levels_data(made: Frontier) -> pd.DataFrame:
    """Return the levels of the mixes that are best on average: `scenario, set, budget, instrument, level, now`."""
    chosen = made.table[made.table["criterion"] == "mean"]
    wide = made.levels.loc[chosen["scenario"]].rename_axis("scenario").reset_index()
    long = wide.melt("scenario", var_name="instrument", value_name="level")
    return long.merge(chosen[["scenario", "set", "budget"]]).assign(now=lambda t: t["instrument"].map(made.now))


@styled
def levels(made: Frontier, *, narrow: bool = False) -> Figure:
    """Draw the level of each instrument in the mixes that are best on average: darker is higher, the budget rises."""
    table, names = levels_data(made), {each: of.title for each, of in instruments().items()}
    sets = [name for name in SETS if (table["set"] == name).any()]
    count = len(made.levels.columns)
    panels = grid(
        len(sets), layout(narrow, 2), panel_height=0.23 * count + 1.1,
        title="Levels of the mixes that avert most deaths on average",
        source="First column: the level now. 0 and 1 are what the table of instruments says they are; a level that "
        "changes nothing is left where it is.",
    )  # fmt: skip
    for k, (axes, name) in enumerate(zip(panels.axes, sets, strict=True)):
        part = table[table["set"] == name].pivot_table(index="instrument", columns="budget", values="level", sort=False)
        part = part.loc[list(made.levels.columns)]
        values = np.column_stack([made.now.loc[part.index].to_numpy(), part.to_numpy()])
        axes.imshow(values, cmap="Blues", vmin=0, vmax=1.25, aspect="auto")
        for row, column in np.ndindex(*values.shape):
            axes.text(column, row, f"{values[row, column]:.2f}", ha="center", va="center", fontsize=6.5,
                      color="white" if values[row, column] > 0.85 else INK)  # fmt: skip
        axes.set_xticks(range(values.shape[1]), ["now", *(f"{budget:g}" for budget in part.columns)])
        shown = k % panels.shape.columns == 0 or narrow
        axes.set_yticks(
            range(count),
            [textwrap.shorten(names[each], 36, placeholder=" …") if shown else "" for each in part.index],
            fontsize=7,
        )
        axes.axvline(0.5, color=RULE, linewidth=2)
        axes.set_xlabel("budget, billion dollars a year")
        head(axes, _SHORT[name], "level, 0 to 1", panels.panel_width - (1.6 if shown else 0))
    return panels.figure
