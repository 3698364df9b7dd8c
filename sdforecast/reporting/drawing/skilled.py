"""How past forecasts did: relative scores, every origin over what came, coverage."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sdforecast.backtesting.judging import Backtest
from sdforecast.evaluation.baselines import LAST_VALUE
from sdforecast.plot import skill as plotted
from sdforecast.reporting.charts import scales
from sdforecast.reporting.charts.marks import Axis, Band, Chart, Dots, Line, Mark, Panel, Rule, Span, days
from sdforecast.reporting.drawing.shared import look

_TICKS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0)


def relative(found: Backtest, methods: Sequence[str], targets: Sequence[str], finding: str) -> Chart:
    """Return relative scores by horizon with bootstrap intervals, one panel a target."""
    table = plotted.relative_data(found.scores, methods)
    horizons = sorted(table["horizon"].unique())
    keyed = [(method, method, look(k + 1)) for k, method in enumerate(methods)]
    return Chart(
        name="skill-relative",
        title=f"Errors of past forecasts, relative to “{LAST_VALUE}”",
        finding=finding,
        form="Dot chart with intervals, one panel for each target: scores relative to the last value repeated, by "
        "horizon.",
        panels=[_ratios(table[table["target"] == target], target, horizons, keyed) for target in targets],
        data=table,
        note="Dot: ratio of mean weighted interval scores over the common origins, whose number stands below; below "
        "1 is "
        "better. Bar: 90 % interval of a paired bootstrap over origins; origins overlap, so it is rather too short.",
        scenarios=keyed,
        columns=2,
        height=190,
    )


def _ratios(rows: pd.DataFrame, target: str, horizons: Sequence[int], keyed: Sequence[tuple[str, str, str]]) -> Panel:
    top = plotted.OFF_THE_SCALE
    marks: list[Mark] = [Rule(y=0.0)]
    for place, (method, _, colour) in enumerate(keyed):
        mine = rows[rows["method"] == method]
        shift = (place - (len(keyed) - 1) / 2) * 0.7 / max(len(keyed), 2)
        x = [horizons.index(horizon) + shift for horizon in mine["horizon"]]
        low, high = np.log2(mine["low"].clip(lower=0.1)), np.log2(mine["high"].clip(upper=top))
        marks.append(Span(x, low, x, high, colour, 1.8, scenario=method))
        marks.append(Dots(x, np.log2(mine["relative"]), colour, 4, scenario=method))
    seen = np.log2(pd.concat([rows["low"].clip(lower=0.1), rows["high"].clip(upper=top), pd.Series([0.45, 1.1])]))
    low, high = float(seen.min()) - 0.1, float(seen.max()) + 0.1
    ticks = [(np.log2(tick), f"{tick:g}") for tick in _TICKS if low <= np.log2(tick) <= high]
    origins = rows.groupby("horizon")["origins"].max()
    across = [(k, f"{horizon}\n({origins.get(horizon, 0)})") for k, horizon in enumerate(horizons)]
    title = target[:1].upper() + target[1:]
    return Panel(Axis(-0.5, len(horizons) - 0.5, across), Axis(low, high, ticks), marks, title,
                 f"mean score, {LAST_VALUE} = 1; months ahead below (origins)", target, dated=False)  # fmt: skip


def by_origin(found: Backtest, method: str, target: str, name: str, finding: str) -> Chart:
    """Return the forecast of every origin over what came, one panel an origin."""
    table = plotted.by_origin_data(found.forecasts, found.outcomes, method, target)
    counted = table[table["part"] == "counted"].sort_values("time")
    ahead = table[table["part"] == "forecast"]
    x = scales.years(counted["time"].min(), pd.Timestamp(max(counted["time"].max(), ahead["time"].max())), most=4)
    wanted = ahead[ahead["quantile"].round(3).isin([0.05, 0.25, 0.5, 0.75, 0.95])]
    y = scales.numbers(0, max(float(wanted["value"].max()), float(counted["value"].max())), most=3)
    panels, rows = [], [counted[["time", "value"]].assign(origin="", series="counted")]
    for origin, part in wanted.groupby("origin"):
        wide = part.assign(quantile=part["quantile"].round(3)).pivot(index="time", columns="quantile", values="value")
        at = days(wide.index)
        marks: list[Mark] = []
        if {0.05, 0.25} <= set(wide):
            marks.append(Band(at, wide[0.05], wide[0.95], "s1", 0.16))
            marks.append(Band(at, wide[0.25], wide[0.75], "s1", 0.26))
        marks += [Line(at, wide[0.5], "s1", 1.8), Line(days(counted["time"]), counted["value"], "ink", 1.6),
                  Rule(x=float(days([origin])[0]), dashed=True)]  # fmt: skip
        panels.append(Panel(x, y, marks, f"{origin:%B %Y}", "", f"{origin:%Y-%m}", dated=False))
        names = {0.05: "low_90", 0.25: "low_50", 0.5: "value", 0.75: "high_50", 0.95: "high_90"}
        rows.append(wide.rename(columns=names).reset_index().assign(origin=f"{origin:%Y-%m}", series="forecast"))
    title = target[:1].upper() + target[1:]
    return Chart(
        name=name,
        title=f"{title}: what each past month would have foretold",
        finding=finding,
        form=f"Small line charts with bands, one for each origin: {target}, forecast and counted.",
        panels=panels,
        data=pd.concat(rows, ignore_index=True),
        note="Black: deaths in the twelve months before, counted. Blue: forecast from the dashed month, with 50 % "
        "and 90 % "
        "ranges, made of what was known then by a model whose structure was chosen with hindsight.",
        columns=3,
        height=92,
    )


def coverage(found: Backtest, methods: Sequence[str], finding: str) -> Chart:
    """Return how many outcomes lay inside intervals, against how many should: one panel a target and horizon."""
    table = plotted.coverage_data(found.scores, methods)
    ticks = [(level, str(level)) for level in (50, 80, 95)]
    across, up = Axis(44, 101, ticks), Axis(0, 105, [(0, "0"), (50, "50"), (100, "100")])
    panels = []
    for (target, horizon), rows in table.groupby(["target", "horizon"], sort=False):
        marks: list[Mark] = []
        first = rows[rows["method"] == methods[0]]
        marks.append(Band(first["nominal"], 100 * first["expected_low"], 100 * first["expected_high"], "axis", 0.22))
        marks.append(Line([50, 95], [50, 95], "axis", 1.2, (4, 3)))
        for place, method in enumerate(methods):
            mine = rows[rows["method"] == method]
            marks.append(Line(mine["nominal"], 100 * mine["share"], look(place + 1), 1.6, scenario=method))
            marks.append(Dots(mine["nominal"], 100 * mine["share"], look(place + 1), 3, scenario=method))
        title = f"{str(target)[:1].upper()}{str(target)[1:]}, {horizon} months"
        panels.append(
            Panel(across, up, marks, title, "% of outcomes inside, by nominal %", f"{target} {horizon}", dated=False)
        )
    return Chart(
        name="skill-coverage",
        title="How often ranges held what came",
        finding=finding,
        form="Small line charts, one for each target and horizon: share of outcomes inside intervals against nominal.",
        panels=panels,
        data=table,
        note="On the dashed line a range of so many per cent holds so many outcomes; below it, ranges are too "
        "narrow. Grey: "
        "where right ranges would lie nine times in ten with so few origins.",
        scenarios=[(method, method, look(k + 1)) for k, method in enumerate(methods)],
        columns=4,
        height=110,
    )  # fmt: skip
