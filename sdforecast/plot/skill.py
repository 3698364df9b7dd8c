"""How forecasts did: relative scores by horizon, every origin's forecast over what came, coverage against nominal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter
from scipy.stats import binom

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.evaluation import comparing, reliability, tables
from sdforecast.evaluation.baselines import LAST_VALUE
from sdforecast.evaluation.levels import HORIZONS, TARGETS
from sdforecast.plot.fan import draw_fan
from sdforecast.plot.style import (
    INK,
    QUIET,
    REFERENCE,
    RULE,
    Line,
    counts,
    day,
    grid,
    head,
    key,
    key_lines,
    layout,
    lines,
    styled,
    years,
)

PERIOD_WORDS = {
    "development": "outcomes to December 2022",
    "verification": "outcomes since January 2023",
    "joint": "all outcomes",
}
TICKS = (0.125, 0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)
TICK_LABELS = {50: "50", 80: "80", 95: "95"}
"""90 would touch 95."""
OFF_THE_SCALE = 4.0
"""Intervals are cut at this relative score."""
FORECAST = Line("#1f4e9e")
SEEN = "Deaths counted by the CDC, National Center for Health Statistics, by place of occurrence."


def relative_data(
    scores: pd.DataFrame, methods: Sequence[str], against: str = LAST_VALUE, period: str = "joint"
) -> pd.DataFrame:
    """Return what :func:`relative` draws: the rows of `comparing.relative_wis` for some methods and one period.

    Raises `InputError` for an unknown method or period.
    """
    comparing.during(scores, period)
    _known(scores, methods)
    table = comparing.relative_wis(scores, against)
    table = table[(table["period"] == period) & table["method"].isin(methods)]
    order = {method: place for place, method in enumerate(methods)}
    return table.sort_values(
        ["target", "horizon", "method"], key=lambda c: c.map(order) if c.name == "method" else c, ignore_index=True
    )


@styled
def relative(
    scores: pd.DataFrame,
    methods: Sequence[str],
    against: str = LAST_VALUE,
    period: str = "joint",
    *,
    narrow: bool = False,
) -> Figure:
    """Draw relative WIS by horizon with bootstrap intervals, one panel a target; one line stands for `against`."""
    table = relative_data(scores, methods, against, period)
    targets, horizons = _there(scores), sorted(table["horizon"].unique())
    look, shape = lines([*methods, against], against), layout(narrow, 2)
    panels = grid(
        len(targets), shape, panel_height=2.7, key_lines=key_lines(len(methods), shape),
        title=f"Errors of forecasts relative to “{against}”: {PERIOD_WORDS[period]}",
        source="Dot: ratio of mean weighted interval scores over the common origins, whose number stands below; "
        "below 1 is better. Bar: 90 % interval of a paired bootstrap over origins, in blocks; origins overlap, so it "
        f"is rather too short at long horizons. From left to right in the order of the key. {SEEN}",
    )  # fmt: skip
    for axes, target in zip(panels.axes, targets, strict=True):
        mine = table[table["target"] == target]
        for place, method in enumerate(methods):
            rows = mine[mine["method"] == method]
            shift = (place - (len(methods) - 1) / 2) * 0.7 / max(len(methods), 2)
            x = [horizons.index(horizon) + shift for horizon in rows["horizon"]]
            axes.vlines(
                x, rows["low"], rows["high"].clip(upper=OFF_THE_SCALE), color=look[method].colour, linewidth=1.4
            )
            axes.plot(x, rows["relative"], "o", color=look[method].colour, markersize=5, mec="white", mew=0.7)
        _scale_of_ratios(axes, mine)
        origins = mine.groupby("horizon")["origins"].max()
        axes.set_xticks(range(len(horizons)), [_tick(horizon, origins) for horizon in horizons])
        axes.set_xlim(-0.5, len(horizons) - 0.5)
        head(axes, target, f"mean score, {against} = 1; months ahead below", panels.panel_width)
    key(panels.figure, [(method, Line(look[method].colour)) for method in methods], shape)
    return panels.figure


def _tick(horizon: int, origins: pd.Series) -> str:
    return f"{horizon}\n({origins.get(horizon, 0)})"


def _scale_of_ratios(axes: Axes, rows: pd.DataFrame) -> None:
    """Make the vertical axis logarithmic, wide enough for the intervals and for one."""
    seen = pd.concat([rows["low"], rows["high"].clip(upper=OFF_THE_SCALE), rows["relative"], pd.Series([0.45, 1.1])])
    low, high = max(seen[seen > 0].min(), 0.1) * 0.93, min(seen.max(), OFF_THE_SCALE) * 1.07
    axes.set_yscale("log", base=2)
    axes.set_ylim(low, high)
    axes.set_yticks([tick for tick in TICKS if low <= tick <= high])
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.minorticks_off()
    axes.grid(axis="y", color=RULE, linewidth=0.5)
    axes.set_axisbelow(True)
    axes.axhline(1, color=INK, linewidth=1)
    axes.spines[["right", "top"]].set_visible(False)


def by_origin_data(forecasts: pd.DataFrame, outcomes: pd.DataFrame, method: str, target: str) -> pd.DataFrame:
    """Return what :func:`by_origin` draws.

    Columns `part` (forecast or counted), `origin` and `quantile` (empty for counts), `time`, `value` (deaths in the
    twelve months before `time`). Each forecast begins at its origin with the count that stands there today.
    Raises `InputError` for an unknown method or target, or a method without forecasts of the target.
    """
    _known(forecasts, [method])
    rows = forecasts[forecasts["method"] == method]
    if target not in set(rows["target"]):
        raise InputError(
            Problem(f"'{method}' has no forecasts of '{target}'", hint=nearest(target, rows["target"].unique()))
        )
    fans = tables.tidy(tables.wide(rows[rows["target"] == target])).rename(columns={"target_end_date": "time"})
    counted = outcomes[outcomes["target"] == target].rename(columns={"target_end_date": "time"}).sort_values("time")
    levels = pd.DataFrame({"quantile": fans["quantile"].unique()})
    starts = counted[counted["time"].isin(fans["origin"])][["time", "value"]].assign(origin=lambda c: c["time"])
    table = pd.concat([starts.merge(levels, how="cross"), fans]).assign(part="forecast")
    seen = counted[["time", "value"]].assign(part="counted")
    shown = ["part", "origin", "time", "quantile", "value"]
    table = pd.concat([table, seen])[shown].sort_values(["part", "origin", "time", "quantile"], na_position="first")
    return table.reset_index(drop=True)


@styled
def by_origin(
    forecasts: pd.DataFrame, outcomes: pd.DataFrame, method: str, target: str, *, narrow: bool = False
) -> Figure:
    """Draw the forecast from every origin over what was counted, one panel an origin."""
    table = by_origin_data(forecasts, outcomes, method, target)
    counted = table[table["part"] == "counted"]
    made = table[table["part"] == "forecast"]
    origins = sorted(made["origin"].unique())
    panels = grid(
        len(origins), layout(narrow, 4, 2), panel_height=1.45, sharex=True, sharey=True,
        title=f"{target[:1].upper() + target[1:]} in twelve months: forecasts by “{method}” over what came",
        source="One panel for each last month known. Line and bands: median, middle half and 90 % of the forecast, "
        f"straight between {_listed(HORIZONS)} months. Black: counted, thick as far as the forecast could know. {SEEN}",
    )  # fmt: skip
    first = min(counted["time"].min(), origins[0])
    last = max(table["time"].max(), origins[-1])
    for axes, origin in zip(panels.axes, origins, strict=True):
        fan = made[made["origin"] == origin].pivot(index="time", columns="quantile", values="value")
        draw_fan(axes, fan, FORECAST)
        known = counted[counted["time"] <= origin]
        axes.plot(counted["time"], counted["value"], color=INK, linewidth=0.9)
        axes.plot(known["time"], known["value"], color=INK, linewidth=2)
        axes.axvline(day(origin), color=QUIET, linewidth=0.7, linestyle=(0, (3, 2)))
        years(axes, first, last, ticks=3)
        counts(axes)
        axes.set_title(f"{pd.Timestamp(origin):%B %Y}", loc="left", pad=3)
    for axes in panels.axes[-min(panels.shape.columns, len(origins)) :]:
        axes.tick_params(labelbottom=True)
    top = made[made["quantile"] == 0.95]["value"].max()
    panels.axes[0].set_ylim(0, min(max(top, counted["value"].max()), 2.5 * counted["value"].max()) * 1.05)
    return panels.figure


def _listed(numbers: Sequence[int]) -> str:
    return f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def coverage_data(scores: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """Return what :func:`coverage` draws: `reliability.coverage`, and `expected_low`, `expected_high`.

    The two are shares between which nine in ten sets of as many independent forecasts would fall that hold what they
    say. Raises `InputError` for an unknown method.
    """
    _known(scores, methods)
    table = reliability.coverage(scores[scores["method"].isin(methods)])
    n, p = table["origins"].to_numpy(), table["nominal"].to_numpy() / 100
    return table.assign(expected_low=binom.ppf(0.05, n, p) / n, expected_high=binom.ppf(0.95, n, p) / n)


@styled
def coverage(scores: pd.DataFrame, methods: Sequence[str], *, narrow: bool = False) -> Figure:
    """Draw the share of outcomes inside each interval against what it should be, one panel a target and horizon."""
    table = coverage_data(scores, methods)
    cells = [(target, horizon) for target in _there(scores) for horizon in sorted(table["horizon"].unique())]
    look, shape = lines([*methods, ""], ""), layout(narrow, 4, 2)
    panels = grid(
        len(cells), shape, panel_height=1.75, sharex=True, sharey=True, key_lines=key_lines(len(methods), shape),
        title="How often what came lay inside the interval",
        source="Horizontal: per cent that the interval should hold; vertical: per cent of origins at which it did. "
        "Diagonal: as it should be; band: where nine in ten of as many independent forecasts would be that "
        "hold what they say. "
        f"Below the diagonal intervals are too narrow. {SEEN}",
    )  # fmt: skip
    for axes, (target, horizon) in zip(panels.axes, cells, strict=True):
        cell = table[(table["target"] == target) & (table["horizon"] == horizon)]
        room = cell.groupby("nominal")[["expected_low", "expected_high"]].first() * 100
        axes.fill_between(
            room.index, room["expected_low"], room["expected_high"], color=REFERENCE.colour, alpha=0.13, lw=0
        )
        axes.plot([0, 100], [0, 100], color=INK, linewidth=0.8)
        for method in methods:
            rows = cell[cell["method"] == method]
            axes.plot(rows["nominal"], rows["share"] * 100, color=look[method].colour, linestyle=look[method].style,
                      marker="o", markersize=3.5, mec="white", mew=0.5)  # fmt: skip
        axes.set_xlim(45, 100)
        axes.set_ylim(0, 103)
        axes.set_xticks(list(room.index), [TICK_LABELS.get(nominal, "") for nominal in room.index])
        axes.set_yticks([0, 25, 50, 75, 100])
        axes.grid(axis="y", color=RULE, linewidth=0.5)
        axes.set_axisbelow(True)
        axes.spines[["right", "top"]].set_visible(False)
        axes.annotate(
            f"{_most(cell['origins'])} origins",
            (1, 0.04),
            xycoords="axes fraction",
            ha="right",
            fontsize=7,
            color=QUIET,
        )
        head(axes, f"{horizon} months", target, panels.panel_width)
    key(panels.figure, [(method, look[method]) for method in methods], shape)
    return panels.figure


def _most(origins: pd.Series) -> int:
    return int(np.max(origins.to_numpy())) if len(origins) else 0


def _there(scores: pd.DataFrame) -> list[str]:
    """Return the targets scored, ours first."""
    found = set(scores["target"])
    return [*(target for target in TARGETS if target in found), *sorted(found - set(TARGETS))]


def _known(table: pd.DataFrame, methods: Sequence[str]) -> None:
    known = list(table["method"].unique())
    unknown = [method for method in methods if method not in known]
    if unknown or not methods:
        raise InputError(*(Problem(f"no forecasts by '{each}'", hint=nearest(each, known)) for each in unknown or [""]))
