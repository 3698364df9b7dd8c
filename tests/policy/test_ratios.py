"""A cost per death averted, and when there is none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdforecast.policy.ratios import per_death


def test_a_constant_ratio_is_found_exactly() -> None:
    averted = np.linspace(10, 1000, 50)
    found = per_death(7 * averted, averted)
    assert found.estimate is not None
    assert [found.estimate.low, found.estimate.median, found.estimate.high] == pytest.approx([7, 7, 7])
    assert found.words == ""


def test_no_figure_where_deaths_may_rise() -> None:
    averted = np.linspace(-50, 150, 101)  # three in four draws avert deaths
    found = per_death(np.full(101, 1e6), averted)
    assert found.estimate is None
    assert found.words == "not given: deaths fall in only 74 % of draws"


def test_no_figure_where_deaths_rise() -> None:
    found = per_death(np.ones(40), np.full(40, -3.0))
    assert found.estimate is None
    assert found.words == "none: more deaths in 100 % of draws"


def test_a_draw_that_averts_none_costs_without_bound_and_not_below_zero() -> None:
    averted = np.concatenate([np.full(96, 100.0), np.full(4, -100.0)])
    found = per_death(np.full(100, 500.0), averted)
    assert found.estimate is not None
    assert found.estimate.low == 5, "the draws with more deaths must not pull the interval below zero"
    assert found.estimate.high == 5
    averted = np.concatenate([np.full(95, 100.0), np.full(5, -100.0)])
    found = per_death(np.arange(1.0, 101), averted)
    assert found.estimate is not None
    assert found.estimate.high == pytest.approx(0.95)


def test_what_costs_nothing_has_no_ratio() -> None:
    found = per_death(np.zeros(30), np.ones(30))
    assert found.estimate is None
    assert found.words == "costs nothing more"


def test_savings_are_said() -> None:
    cost = np.where(np.arange(100) < 20, -10.0, 10.0)
    found = per_death(cost, np.full(100, 5.0))
    assert found.estimate is not None
    assert found.estimate.low == -2
    assert found.words == "less than under the reference in 20 % of draws"


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(1, 1e6), st.floats(1, 1e5)), min_size=20, max_size=60),
    st.floats(0.01, 100),
)
def test_the_unit_of_the_cost_is_a_factor(pairs: list[tuple[float, float]], factor: float) -> None:
    cost, averted = np.array(pairs).T
    one, other = per_death(cost, averted).estimate, per_death(factor * cost, averted).estimate
    assert one is not None
    assert other is not None
    assert other.median == pytest.approx(factor * one.median)
    assert (cost / averted).min() <= one.low <= one.median <= one.high <= (cost / averted).max()
