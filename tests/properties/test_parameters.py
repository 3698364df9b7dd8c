from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdforecast.parameters import Parameter


@st.composite
def priors(draw: st.DrawFn) -> Parameter:
    lognormal = draw(st.booleans())
    value = draw(st.floats(1e-6, 1e6) if lognormal else st.floats(-1e6, 1e6))
    spread = draw(st.floats(0.01, 2)) if lognormal else draw(st.floats(1e-3, 1e3)) * max(abs(value), 1e-3)
    below, above = draw(st.floats(0.1, 6)), draw(st.floats(0.1, 6))
    low = value * math.exp(-below * spread) if lognormal else value - below * spread
    high = value * math.exp(above * spread) if lognormal else value + above * spread
    return Parameter("p", "Dmnl", "estimated", value, "lognormal" if lognormal else "normal",
                     spread, low, high, "Ours.", "judgement")  # fmt: skip


@given(priors(), st.floats(0, 1))
def test_position_undoes_at_within_the_bounds(parameter: Parameter, part: float) -> None:
    low, high = parameter.bounds
    position = low + part * (high - low)
    assert parameter.position(parameter.at(position)) == pytest.approx(position, abs=1e-6)


@given(priors(), st.floats(-20, 20))
def test_at_never_leaves_the_bounds(parameter: Parameter, position: float) -> None:
    assert parameter.low <= parameter.at(position) <= parameter.high


@given(priors(), st.floats(-20, 20), st.floats(0, 5))
def test_at_rises_with_the_position(parameter: Parameter, position: float, more: float) -> None:
    assert parameter.at(position) <= parameter.at(position + more)


@given(priors())
def test_the_centre_is_the_value_and_the_bounds_are_those_of_the_table(parameter: Parameter) -> None:
    low, high = parameter.bounds
    assert parameter.at(0) == parameter.value
    assert low < 0 < high
    assert parameter.at(low - 1) == parameter.low
    assert parameter.at(high + 1) == parameter.high


@given(priors())
def test_one_standard_deviation_is_what_the_distribution_says(parameter: Parameter) -> None:
    _, high = parameter.bounds
    if high > 1:
        moved = parameter.at(1)
        distance = (
            math.log(moved / parameter.value) if parameter.distribution == "lognormal" else moved - parameter.value
        )
        assert distance == pytest.approx(parameter.spread, rel=1e-6)
