"""The simple methods at an origin, from the same knowledge as the model: counts of the day, completed where open."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from sdforecast import history
from sdforecast.backtesting.knowing import Known
from sdforecast.evaluation.baselines import BASELINES, baselines
from sdforecast.evaluation.levels import HORIZONS, SERIES, TARGETS
from sdforecast.observation.revisions import completeness, provisional


def rivals(known: Known, horizons: Sequence[int] = HORIZONS, methods: Sequence[str] = BASELINES) -> pd.DataFrame:
    """Return the forecasts of the simple methods for both targets, in the columns of :mod:`sdforecast.evaluation`.

    Raises as `evaluation.baselines.baselines` does.
    """
    parts = []
    for target in TARGETS:
        flows = completed(known, SERIES[target])
        parts.append(baselines(flows, flows.rolling(12).sum().dropna(), target, horizons, methods))
    return pd.concat(parts, ignore_index=True)


def completed(known: Known, series: str) -> pd.Series:
    """Return the deaths of single months by month end: an open count over the share that files had at its age.

    The median of the closed count, from files known at the origin; who forecasts from counts as they stand takes the
    delay of reports for a fall.
    """
    rows = history.select(known.rows, series, aggregation="month", breakdown="occurrence")
    values = rows["value"].to_numpy(float).copy()
    still = rows["status"].eq("provisional").to_numpy()
    if still.any():
        late = provisional(rows[still], completeness(known.vintages, series))
        values[still] /= np.exp(late["log_share"].to_numpy())
    return pd.Series(values, index=pd.DatetimeIndex(rows["period_end"]), name=series).sort_index()
