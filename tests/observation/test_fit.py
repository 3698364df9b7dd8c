"""The figures of the fit, computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from sdforecast import calendar, history
from sdforecast.observation import fit_table, measured_fit


def observed() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "target": ["a", "a", "a", "b"],
            "title": ["A", "A", "A", "B"],
            "fitted": [True, True, True, False],
            "first": [0, 12, 24, 3],
            "last": [11, 23, 35, 3],
            "start": pd.to_datetime(["2010-01-01", "2011-01-01", "2012-01-01", "2010-04-01"]),
            "end": pd.to_datetime(["2010-12-31", "2011-12-31", "2012-12-31", "2010-04-30"]),
            "observed": [100.0, 200.0, 50.0, 8.0],
        }
    )


def test_each_target_as_measured() -> None:
    table = fit_table(observed(), np.array([110.0, 100.0, 125.0, 8.0])).set_index("target")
    a = table.loc["a"]
    assert a["n"] == 3
    assert a["mape"] == pytest.approx(100 * (0.1 + 0.5 + 1.5) / 3)
    assert a["bias"] == pytest.approx(100 * ((1.1 * 0.5 * 2.5) ** (1 / 3) - 1))
    assert a["worst_factor"] == pytest.approx(2.5)
    assert a["worst_when"] == "2012-01 to 2012-12"
    assert a["beyond_two"] == 1  # 2.5; the halved one is off by two and not by more
    assert bool(a["fitted"])
    b = table.loc["b"]
    assert (b["mape"], b["bias"], b["worst_factor"], b["beyond_two"]) == (0, 0, 1, 0)
    assert not bool(b["fitted"])


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return history.load()


@pytest.fixture(scope="module")
def counts(rows: pd.DataFrame) -> np.ndarray:
    """A run that is right by construction: the published annual deaths spread over months, then the months."""
    flow = np.zeros(312)
    for breakdown in ("residents", "occurrence"):
        table = history.select(rows, "synthetic_opioid_deaths", aggregation="calendar-year", breakdown=breakdown)
        for end, value in zip(table["period_end"], table["value"], strict=True):
            flow[(end.year - 2010) * 12 :][:12] = value / 12
    months = history.select(rows, "synthetic_opioid_deaths", aggregation="month", breakdown="occurrence")
    first, _ = calendar.months_of(months["period_start"], months["period_end"])
    late = first >= calendar.parse_month("2022-01")
    flow[first[late]] = months["value"].to_numpy(float)[late]
    return flow


class TestMeasured:
    def test_a_right_run_has_no_error_and_the_observed_peak(self, rows: pd.DataFrame, counts: np.ndarray) -> None:
        figures = measured_fit(np.concatenate([[0.0], np.cumsum(counts)]), rows)
        assert figures["annual_mape"] < 0.3  # annual counts and sums of months differ by a few late certificates
        assert figures["recent_mape"] == pytest.approx(0, abs=1e-9)
        assert figures["peak_model"] == figures["peak_observed"] == "2023-06"
        assert figures["peak_model_value"] == pytest.approx(figures["peak_observed_value"], rel=2e-3)

    def test_the_counts_are_the_published_ones(self, rows: pd.DataFrame, counts: np.ndarray) -> None:
        figures = measured_fit(np.concatenate([[0.0], np.cumsum(counts)]), rows)
        assert list(figures["annual"]) == list(range(2013, 2025))
        assert figures["annual"][2013][0] == 3105  # CDC WONDER
        assert figures["annual"][2024][0] == 48_662  # 12 months ending December 2024, by occurrence

    def test_a_tenth_too_many_is_ten_per_cent(self, rows: pd.DataFrame, counts: np.ndarray) -> None:
        figures = measured_fit(1.1 * np.concatenate([[0.0], np.cumsum(counts)]), rows)
        assert figures["recent_mape"] == pytest.approx(10)
        assert figures["annual_mape"] == pytest.approx(10, abs=0.3)

    def test_a_peak_after_the_last_observation_does_not_count(self, rows: pd.DataFrame, counts: np.ndarray) -> None:
        later = counts.copy()
        later[calendar.parse_month("2025-05") :] = 1e6
        figures = measured_fit(np.concatenate([[0.0], np.cumsum(later)]), rows)
        assert figures["peak_model"] == "2023-06"
        assert math.isfinite(figures["annual_mape"])
