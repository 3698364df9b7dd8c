"""Simple methods get the counts of the day, completed as an analyst of the day could."""

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("statsforecast")

from sdforecast import history
from sdforecast.backtesting import known_at
from sdforecast.backtesting.rivals import completed, rivals
from sdforecast.evaluation.baselines import BASELINES
from sdforecast.evaluation.levels import HORIZONS, TARGETS, later

SERIES = "synthetic_opioid_deaths"


def final(last: pd.Timestamp) -> pd.Series:
    rows = history.select(history.load(), SERIES, aggregation="month", breakdown="occurrence")
    return rows[rows["period_end"] <= last].set_index("period_end")["value"]


def test_today_s_closed_counts_stay() -> None:
    known = known_at("2020-06", variant="today")
    pd.testing.assert_series_equal(completed(known, SERIES), final(known.origin), check_names=False, check_freq=False)


@pytest.mark.parametrize("month", ["2018-12", "2020-06", "2023-06", "2024-06"])
def test_completing_takes_the_delay_out(month: str) -> None:
    """Counts as they stood lack a tenth in the youngest months; completed, they are within a few per cent."""
    known = known_at(month)
    rows = history.select(known.rows, SERIES, aggregation="month", breakdown="occurrence").set_index("period_end")
    true, open_ = final(known.origin), rows["status"] == "provisional"
    assert open_.iloc[-1]
    youngest = open_[open_].index[-3:]
    before = np.log(rows.loc[youngest, "value"] / true[youngest]).mean()
    after = np.log(completed(known, SERIES)[youngest] / true[youngest]).mean()
    assert before < 0
    assert abs(after) < max(abs(before), 0.03)
    assert abs(after) < 0.08


def test_all_methods_forecast_both_targets_from_the_origin() -> None:
    known = known_at("2019-12")
    table = rivals(known, methods=("last value", "AutoETS on monthly deaths"))
    assert set(table["target"]) == set(TARGETS)
    assert (table["origin"] == known.origin).all()
    ends = {later(known.origin, horizon) for horizon in HORIZONS}
    assert set(table["target_end_date"]) == ends
    assert len(table) == 2 * 2 * len(HORIZONS) * 23
    assert len(BASELINES) == 8
