"""Running a program with NumPy, against answers in closed form."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sdforecast.engine.compiled.interpret import interpret, read_table, ring_length, slope_of
from sdforecast.engine.compiled.program import State, Table
from sdforecast.errors import InputError
from tests.engine.compiled.programs import Sketch, factory, inputs, oscillator, pipeline, ready, teacup


def test_euler_is_the_recurrence_to_the_last_bit() -> None:
    leveled = ready(teacup(step=0.1), outputs=["temperature"])
    found = interpret(leveled, inputs(leveled, 3.0))[0, :, 0]
    temperature, expected = 180.0, []
    for _ in range(31):
        expected.append(temperature)
        temperature = temperature + -((temperature - 70.0) / 10.0) * 0.1
    assert found.tolist() == expected
    assert found[-1] == pytest.approx(70 + 110 * math.exp(-0.3), abs=0.2)  # the cup itself


def test_runge_kutta_is_of_fourth_order() -> None:
    errors = []
    for step in (1 / 8, 1 / 16, 1 / 32):
        leveled = ready(oscillator(step=step))
        errors.append(abs(interpret(leveled, inputs(leveled, 4.0))[0, -1, 0] - math.cos(4)))
    orders = np.log2(np.array(errors[:-1]) / np.array(errors[1:]))
    assert orders == pytest.approx([4, 4], abs=0.1)
    assert errors[-1] < 1e-6


def test_runge_kutta_uses_the_middle_and_the_end_of_a_step() -> None:
    sketch = Sketch(step=0.5, method="rk4")
    time, series = sketch.time(), sketch.input("ramp")
    sketch.states.append(State("cube", sketch.builder.lit(0.0), sketch("pow", time, 3.0)))
    sketch.states.append(State("area", sketch.builder.lit(0.0), series))
    sketch.output("cube", sketch.state(0))
    sketch.output("area", sketch.state(1))
    leveled = ready(sketch.program())
    cube, area = interpret(leveled, inputs(leveled, 2.0, demand=1.0))[0, -1]
    assert cube == pytest.approx(2**4 / 4, rel=1e-14)  # Simpson's rule is exact up to cubes
    assert area == pytest.approx(2 + 0.3 * 2**2 / 2, rel=1e-14)


def test_what_is_held_and_row_time_stay_within_a_runge_kutta_step() -> None:
    sketch = Sketch(step=1.0, method="rk4")
    held, zero = sketch.state(1), sketch.builder.lit(0.0)
    row_time = sketch.builder.leaf("row time")
    sketch.states.append(State("sum", zero, sketch("add", held, row_time)))
    sketch.states.append(State("held", sketch.builder.lit(5.0), sketch("add", sketch.time(), 10.0), is_rate=False))
    sketch.output("sum", sketch.state(0))
    sketch.output("held", held)
    leveled = ready(sketch.program())
    found = interpret(leveled, inputs(leveled, 3.0))[0]
    assert found[:, 1].tolist() == [5, 10, 11, 12]
    assert found[:, 0].tolist() == pytest.approx([0, 5, 16, 29], rel=1e-15)


def test_a_ring_gives_back_what_went_in() -> None:
    leveled = ready(pipeline(delay=1.0, step=0.25))
    found = interpret(leveled, inputs(leveled, 3.0))[0, :, 0]
    assert found.tolist() == [-1.0] * 4 + [3 * 0.25 * row for row in range(9)]


@pytest.mark.parametrize(
    ("delay", "step", "length"), [(1, 0.25, 4), (0, 0.25, 1), (0.1, 0.25, 1), (0.3, 0.1, 3), (5, 2, 3), (7, 2, 4)]
)
def test_length_of_a_ring(delay: float, step: float, length: int) -> None:
    assert ring_length(delay, step) == length


def test_a_delay_that_is_no_number_is_refused() -> None:
    leveled = ready(pipeline())
    with pytest.raises(InputError, match="out"):
        interpret(leveled, inputs(leveled, 1.0, fixed={"delay": float("nan")}))


def test_a_non_negative_stock_stops_at_zero() -> None:
    sketch = Sketch(step=1.0)
    sketch.states.append(State("level", sketch.builder.lit(2.5), sketch.builder.lit(-1.0), non_negative=True))
    sketch.output("level", sketch.state(0))
    leveled = ready(sketch.program())
    assert interpret(leveled, inputs(leveled, 4.0))[0, :, 0].tolist() == [2.5, 1.5, 0.5, 0.0, 0.0]


def test_a_member_alone_equals_the_member_among_others_bit_for_bit() -> None:
    draws = np.random.default_rng(3).uniform(1, 9, size=(5, 2))
    many = ready(factory(), varied=["capacity", "price"])
    together = interpret(many, inputs(many, 4.0, varied=draws))
    alone = ready(factory())
    for draw, expected in zip(draws, together, strict=True):
        fixed = dict(zip(("capacity", "price"), draw.tolist(), strict=True))
        assert np.array_equal(interpret(alone, inputs(alone, 4.0, fixed=fixed))[0], expected)


def test_only_saved_rows_come_out() -> None:
    leveled = ready(factory())
    every, some = (interpret(leveled, inputs(leveled, 4.0, saving=saving)) for saving in (0.25, 1.0))
    assert some.shape == (1, 5, 4)
    assert np.array_equal(some, every[:, ::4])


POINTS = ((0.0, 1.0, 3.0), (10.0, 20.0, 0.0))


@pytest.mark.parametrize(
    ("kind", "at", "expected"),
    [
        ("interpolate", [-1, 0, 0.5, 1, 2, 3, 9], [10, 10, 15, 20, 10, 0, 0]),
        ("extrapolate", [-1, 0, 0.5, 1, 2, 3, 4], [0, 10, 15, 20, 10, 0, -10]),
        ("hold backward", [-1, 0, 0.5, 1, 2, 3, 9], [10, 10, 10, 20, 20, 0, 0]),
        ("look forward", [-1, 0, 0.5, 1, 2, 3, 9], [10, 10, 20, 20, 0, 0, 0]),
        ("raw", [-1, 0, 0.5, 1, 2, 3, 9], [np.nan, 10, np.nan, 20, np.nan, 0, np.nan]),
    ],
)
def test_tables(kind: str, at: list[float], expected: list[float]) -> None:
    table = Table("t", *POINTS, kind)
    np.testing.assert_array_equal(read_table(table, np.array(at)), expected)
    assert np.isnan(read_table(table, np.nan))


@pytest.mark.parametrize("kind", ["interpolate", "extrapolate", "hold backward", "look forward"])
def test_a_table_of_one_point_is_that_point(kind: str) -> None:
    table = Table("t", (2.0,), (7.0,), kind)
    assert read_table(table, np.array([1.0, 2.0, 3.0])).tolist() == [7, 7, 7]
    assert slope_of(table, np.array([1.0, 3.0])).tolist() == [0, 0]


@pytest.mark.parametrize("kind", ["interpolate", "extrapolate", "hold backward", "look forward"])
def test_slopes_of_tables_are_those_of_their_values(kind: str) -> None:
    table = Table("t", *POINTS, kind)
    at = np.array([-0.7, 0.3, 1.4, 2.9, 3.6])
    differences = (read_table(table, at + 1e-6) - read_table(table, at - 1e-6)) / 2e-6
    np.testing.assert_allclose(slope_of(table, at), differences, atol=1e-6)
