"""A number in prose agrees with a value if the value rounds to what is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdforecast.documentation.numbers import agrees


@given(st.floats(-1e6, 1e6), st.integers(1, 4))
def test_a_rounded_number_agrees_and_the_next_does_not(value, decimals):
    unit = 10.0**-decimals
    shown = round(value, decimals)
    assert agrees(f"{shown:,.{decimals}f}", value)
    assert not agrees(f"{shown + 2 * unit:,.{decimals}f}", value)


@given(st.integers(2, 10**7))
def test_a_count_has_to_be_written_in_full(value):
    assert agrees(f"{value:,}", value, exact=True)
    assert not agrees(f"{value + 1:,}", value, exact=True)


@pytest.mark.parametrize(
    ("text", "value", "whether"),
    [
        ("82,000", 81_973, True),
        ("82,000", 82_600, False),
        ("20", 20.4, True),
        ("20", 19.4, False),
        ("0.5", 0.54, True),
        ("0.50", 0.54, False),
        ("-0.5", -0.5, True),
        ("60", 61, False),
    ],
)
def test_zeros_at_the_end_are_rounding_but_two_digits_count(text, value, whether):
    assert agrees(text, value) == whether
