"""The levels of the instruments that the policy mixes change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdforecast.forecasting import Forecast
from sdforecast.plot import instruments as plotted
from sdforecast.reporting import findings
from sdforecast.reporting.charts import scales
from sdforecast.reporting.charts.marks import Axis, Chart, Line, Mark, Panel, days
from sdforecast.reporting.drawing import shared
from sdforecast.scenario import instruments

_FIRST = pd.Timestamp(2015, 1, 1)


def levels(forecast: Forecast) -> Chart:
    """Return the level of each changed instrument, one panel each."""
    table, about = plotted.levels_data(forecast), instruments()
    table = table[table["time"] >= _FIRST]
    dashes, titles = shared.dashes(forecast), {name: title for name, title, _ in shared.key(forecast)}
    panels, rows = [], []
    for name in plotted.changed(forecast):
        wide = table[table["instrument"] == name].pivot(index="time", columns="scenario", values="level")
        x = scales.years(_FIRST, wide.index[-1], most=4)
        marks: list[Mark] = []
        for k, (scenario, _, look) in enumerate(shared.key(forecast)):
            part = _away(wide[scenario], wide[forecast.reference]) if k else wide[scenario]
            if len(part):
                kept = _corners(part)
                marks.append(Line(days(kept.index), kept, look, max(1.4, 3.0 - 0.4 * k), dashes[scenario], scenario))
                rows.append(shared.rows(kept.to_frame("value"), name, titles[scenario], "level, 0 to 1"))
        panels.append(Panel(x, Axis(0, 1.04, [(0, "0"), (0.5, "0.5"), (1, "1")]), marks, about[name].title, "", name))
    return Chart(
        name="instruments",
        title="What the policy mixes change: levels of the instruments",
        finding=findings.levels(forecast),
        form="Small line charts, one for each instrument that a policy mix changes: its level from 0 to 1 by month.",
        panels=panels,
        data=shared.together(rows),
        note="Levels are judgement, also those of the past. Instruments that no mix changes are not shown; a mix is "
        "drawn "
        "from where it leaves the reference. The table has the months in which a level begins or ends to move.",
        scenarios=shared.key(forecast),
        columns=3,
        height=92,
    )


def _away(path: pd.Series, base: pd.Series) -> pd.Series:
    away = np.flatnonzero(~np.isclose(path, base))
    return path.iloc[max(0, away[0] - 1) : away[-1] + 2] if away.size else path.iloc[:0]


def _corners(path: pd.Series) -> pd.Series:
    """Return the points between which a path is straight."""
    bend = np.abs(np.diff(path.to_numpy(), 2)) > 1e-9
    return path[np.concatenate([[True], bend, [True]])[: len(path)]]
