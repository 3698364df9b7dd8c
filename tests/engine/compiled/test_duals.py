"""Dual numbers, against closed forms and against differences of the same run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sdforecast.engine.compiled.duals import tangents
from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.interpret import interpret
from sdforecast.engine.compiled.level import Leveled
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Table
from tests.engine.compiled.programs import Sketch, factory, inputs, pipeline, ready, teacup

VARIED = ["capacity", "learning power", "price", "rate"]


def test_a_cup_in_closed_form() -> None:
    step, rows = 0.125, np.arange(25)
    leveled = ready(teacup(step=step), varied=["room", "first", "cooling time"], outputs=["temperature"])
    values, changes = tangents(leveled, inputs(leveled, 3.0))
    left = (1 - step / 10) ** rows  # what is left of the difference to the room
    np.testing.assert_allclose(values[0, :, 0], 70 + 110 * left, rtol=1e-13)
    np.testing.assert_allclose(changes[0, :, 0, 0], 1 - left, atol=1e-13)
    np.testing.assert_allclose(changes[0, :, 0, 1], left, rtol=1e-13)
    np.testing.assert_allclose(changes[0, :, 0, 2], 110 * rows * left / (1 - step / 10) * step / 100, rtol=1e-12)


@pytest.mark.parametrize("method", ["euler", "rk4"])
def test_against_differences(method: str) -> None:
    leveled = ready(factory(method=method), varied=VARIED, own=["demand"])
    given = inputs(leveled, 4.0)
    values, changes = tangents(leveled, given)
    assert np.array_equal(values, interpret(leveled, given))
    for k in range(len(VARIED)):
        np.testing.assert_allclose(changes[0, ..., k], _by_varied(leveled, given, k), rtol=1e-6, atol=1e-7)
    for k, place in enumerate(np.ndindex(*given.own.shape[1:])):
        expected = _by_own(leveled, given, place)
        np.testing.assert_allclose(changes[0, ..., len(VARIED) + k], expected, rtol=1e-6, atol=1e-7)


def _by_varied(leveled: Leveled, given: Inputs, k: int) -> np.ndarray:
    size = 1e-5 * given.varied[0, k]
    up, down = (replace(given, varied=given.varied + sign * size * np.eye(len(VARIED))[k]) for sign in (1, -1))
    return _slope(leveled, up, down, 2 * size)


def _by_own(leveled: Leveled, given: Inputs, place: tuple[int, ...]) -> np.ndarray:
    change = np.zeros_like(given.own)
    change[(0, *place)] = 1e-4
    up, down = (replace(given, own=given.own + sign * change) for sign in (1, -1))
    return _slope(leveled, up, down, 2e-4)


def _slope(leveled: Leveled, up: Inputs, down: Inputs, apart: float) -> np.ndarray:
    slope: np.ndarray = (interpret(leveled, up) - interpret(leveled, down))[0] / apart
    return slope


def test_chosen_places_are_those_of_all() -> None:
    leveled = ready(factory(), varied=["price"], own=["demand"])
    given = inputs(leveled, 2.0)
    _, every = tangents(leveled, given)
    _, some = tangents(leveled, given, [(5, 0, 0), (0, 0, 0)])
    assert np.array_equal(some, every[..., [0, 6, 1]])
    assert np.abs(some).max(axis=(0, 1, 2)).min() > 0
    _, none = tangents(leveled, given, [])
    assert none.shape[-1] == 1


def test_each_member_has_its_own_tangent() -> None:
    leveled = ready(factory(), varied=["capacity", "rate"])
    draws = np.array([[3.0, 0.05], [7.0, 0.1], [20.0, 0.2]])
    _, together = tangents(leveled, inputs(leveled, 4.0, varied=draws))
    for k in range(3):
        _, alone = tangents(leveled, inputs(leveled, 4.0, varied=draws[k : k + 1]))
        np.testing.assert_allclose(together[k], alone[0], rtol=1e-13)


def test_through_a_ring() -> None:
    leveled = ready(pipeline(delay=0.5, step=0.25), varied=["first", "gain"])
    _, changes = tangents(leveled, inputs(leveled, 1.5))
    assert changes[0, :, 0, 0].tolist() == [1, 1, 0, 0, 0, 0, 0]
    assert changes[0, :, 0, 1].tolist() == [0, 0, 0, 0.25, 0.5, 0.75, 1.0]


def test_a_branch_that_is_not_taken_gives_nothing_times_infinity() -> None:
    sketch = Sketch(step=1.0)
    x = sketch.par("x", 0.0)
    safe = sketch("select", sketch("gt", x, 0.0), sketch("log", x), sketch("mul", x, 3.0))
    sketch.output("safe", safe)
    sketch.output("root", sketch("sqrt", sketch("mul", x, x)))
    leveled = ready(sketch.program(), varied=["x"])
    _, changes = tangents(leveled, inputs(leveled, 0.0))
    assert changes[0, 0, :, 0].tolist() == [3, 0]


ARGUMENTS = {"arcsin": (0.4, 0.3), "arccos": (0.4, 0.3), "mod": (7.4, 2.0)}
SMOOTH = [name for name, operation in OPERATIONS.items() if set(operation.takes + operation.gives) == {"d"}]


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("turned", [False, True])
def test_partials_of_each_operation(name: str, turned: bool) -> None:
    """By the first argument; by the second one too, but that of a remainder, which is taken as flat."""
    count = len(OPERATIONS[name].takes)
    sketch = Sketch(step=1.0)
    values = ARGUMENTS.get(name, (1.3, 0.6))[:count]
    values = values[::-1] if turned and name != "mod" else values
    arguments = [sketch.par(f"x{k}", value) for k, value in enumerate(values)]
    sketch.output("y", sketch(name, *arguments))
    varied = ["x0"] if name == "mod" else [f"x{k}" for k in range(count)]
    leveled = ready(sketch.program(), varied=varied)
    _, changes = tangents(leveled, inputs(leveled, 0.0))
    for k in range(len(varied)):
        up, down = (list(values), list(values))
        up[k], down[k] = up[k] + 1e-6, down[k] - 1e-6
        numpy = OPERATIONS[name].numpy
        assert changes[0, 0, 0, k] == pytest.approx((numpy(*up) - numpy(*down)) / 2e-6, rel=1e-7, abs=1e-8)


def test_slope_of_a_table() -> None:
    sketch = Sketch(step=1.0)
    table = Table("t", (0.0, 1.0, 3.0), (10.0, 20.0, 0.0))
    sketch.output("y", sketch.lookup(table, sketch.par("x", 0.0)))
    leveled = ready(sketch.program(), varied=["x"])
    _, changes = tangents(leveled, inputs(leveled, 0.0, varied=np.array([[-1.0], [0.5], [1.0], [2.0], [3.0], [4.0]])))
    assert changes[:, 0, 0, 0].tolist() == [0, 10, -10, -10, 0, 0]
