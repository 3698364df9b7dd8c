import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdforecast.plot.labels import apart

POSITIONS = st.lists(st.floats(-50, 150, allow_nan=False), min_size=1, max_size=9)


@given(POSITIONS, st.floats(0.01, 12))
def test_labels_keep_their_order_their_distance_and_their_bounds(wanted: list[float], gap: float) -> None:
    placed = apart(wanted, gap, 0, 100)
    ordered = [place for _, place in sorted(zip(wanted, placed, strict=True))]
    distances = [after - before for before, after in itertools.pairwise(ordered)]
    assert all(distance >= gap - 1e-6 for distance in distances)
    assert min(placed) >= -1e-6
    assert max(placed) <= 100 + 1e-6


def test_labels_far_enough_apart_stay_where_they_are() -> None:
    assert apart([40, 10, 70], 5, 0, 100) == [40, 10, 70]


def test_two_labels_at_one_place_move_the_same_way_to_both_sides() -> None:
    assert apart([50, 50], 10, 0, 100) == pytest.approx([45, 55])


def test_a_crowd_without_room_is_spaced_evenly() -> None:
    assert apart([3, 1, 2], 80, 0, 100) == pytest.approx([100, 0, 50])


def test_no_labels_need_no_place() -> None:
    assert apart([], 5, 0, 100) == []
