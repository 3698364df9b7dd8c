import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdforecast.plot.numbers import number, rounded, signed, together


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (80000, "80,000"), (0.25, "0.25"), (-2500, "−2,500"), (2.5e6, "2.5 million"), (7.5, "7.5")],
)
def test_numbers_of_an_axis(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(("value", "near"), [(81973, 82000), (0.02345, 0.023), (-149, -150), (0, 0)])
def test_two_digits_count(value: float, near: float) -> None:
    assert rounded(value) == pytest.approx(near)


def test_small_numbers_beside_large_ones_are_as_coarse_as_those() -> None:
    assert together(-57_123, -36_400, -47) == [-57_000, -36_000, 0]
    assert together(-123_000, -96_400, -1_449) == [-120_000, -96_000, -1_000]
    assert together(0.0, 0.0) == [0, 0]
    assert math.copysign(1, together(-0.02, 90)[0]) == 1  # no minus zero


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=4))
def test_rounding_together_never_moves_a_number_by_more_than_a_twentieth_of_the_largest(values: list[float]) -> None:
    largest = max(abs(value) for value in values)
    assert all(abs(a - b) <= 0.0501 * largest for a, b in zip(values, together(*values), strict=True))


def test_differences_carry_their_sign() -> None:
    assert [signed(1200), signed(-300), signed(0.2), signed(-0.4)] == ["+1,200", "−300", "0", "0"]
