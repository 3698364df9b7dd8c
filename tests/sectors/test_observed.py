"""Published sums and means as paths: sums are kept, means stand at the middle, nothing outside."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdforecast.sectors import observed

STEPS = np.arange(0, 120.25, 0.25)


@given(
    begin=st.integers(0, 20),
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=8),
    sums=st.lists(st.floats(0, 1e6), min_size=8, max_size=8),
)
def test_the_steps_of_each_period_add_up_to_its_sum_and_none_is_below_zero(
    begin: int, lengths: list[int], sums: list[float]
) -> None:
    edges = begin + np.concatenate([[0], np.cumsum(lengths)])
    totals = np.array(sums[: len(lengths)])
    rate = observed.flow(edges[:-1].astype(float), edges[1:] - 1.0, totals, STEPS)
    for first, last, total in zip(edges[:-1], edges[1:], totals, strict=True):
        inside = (first <= STEPS) & (last > STEPS)
        assert rate[inside].sum() * 0.25 == pytest.approx(total, rel=1e-9, abs=1e-6)
    known = ~np.isnan(rate)
    assert (rate[known] >= -1e-9 * max(totals.max(), 1)).all()
    assert STEPS[known].min() == edges[0]
    assert STEPS[known].max() == edges[-1] - 0.25


def test_a_constant_rate_stays_one_over_a_gap() -> None:
    rate = observed.flow(np.array([0.0, 24.0]), np.array([11.0, 35.0]), np.array([120.0, 120.0]), STEPS)
    np.testing.assert_allclose(rate[STEPS < 36], 10.0)


def test_what_overlaps_an_earlier_period_is_left_out() -> None:
    first, last = np.array([0.0, 6.0, 12.0]), np.array([11.0, 17.0, 23.0])
    np.testing.assert_array_equal(
        observed.flow(first, last, np.array([12.0, 999.0, 24.0]), STEPS),
        observed.flow(first[[0, 2]], last[[0, 2]], np.array([12.0, 24.0]), STEPS),
    )


def test_a_mean_stands_at_the_middle_of_its_period() -> None:
    path = observed.level(np.array([0.0, 12.0]), np.array([11.0, 23.0]), np.array([10.0, 34.0]), STEPS)
    at = dict(zip(STEPS, path, strict=True))
    assert [at[t] for t in (0, 6, 12, 18, 24)] == [10, 10, 22, 34, 34]
    assert np.isnan(at[24.25])


def test_two_tables_of_one_period_are_averaged() -> None:
    path = observed.level(np.array([0.0, 0.0]), np.array([11.0, 11.0]), np.array([10.0, 20.0]), STEPS)
    np.testing.assert_allclose(path[STEPS <= 12], 15)


def test_the_shipped_targets_tell_which_series_is_which_variable() -> None:
    found = observed.periods(["Fentanyl Share", "dose", "synthetic opioid deaths"])
    assert set(found) == {"Fentanyl Share", "synthetic opioid deaths"}
    assert observed.span(found["Fentanyl Share"]) == ("2013-01", "2023-12")
    deaths = found["synthetic opioid deaths"]
    rate = observed.path(deaths, STEPS)
    yearly = deaths[(deaths["first"] == 0) & (deaths["last"] == 11)]
    assert np.nansum(rate[STEPS < 12]) * 0.25 == pytest.approx(yearly["observed"].item())
    assert isinstance(deaths, pd.DataFrame)
