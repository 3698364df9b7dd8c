"""Gradients in machine code against dual numbers, closed forms and the dot-product identity."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sdforecast.engine.compiled.duals import tangents
from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.kernel import Kernel, compile_kernel
from sdforecast.engine.compiled.level import Leveled
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Program, Ring, State
from tests.engine.compiled.programs import Sketch, factory, inputs, oscillator, pipeline, ready, teacup
from tests.engine.compiled.random_programs import SMOOTH, random_inputs, random_program


def _kernel(leveled: Leveled) -> Kernel:
    return compile_kernel(leveled, gradient=True, widths=(1,))


def _pulled(leveled: Leveled, given: Inputs, cotangent: np.ndarray) -> np.ndarray:
    """Return the gradient by varied parameters, then by numbers of own series."""
    kernel = _kernel(leveled)
    by_varied, by_own = kernel.pull(kernel.forward(given), cotangent)
    assert by_own.shape == given.own.shape[1:]
    return np.concatenate([by_varied, by_own.ravel()])


def _check(leveled: Leveled, given: Inputs, seed: int) -> None:
    """Compare a pull of a random cotangent with dual numbers, over what is finite."""
    values, changes = tangents(leveled, given)
    usable = np.isfinite(values[0]) & np.isfinite(changes[0]).all(axis=-1) & (abs(changes[0]) < 1e8).all(axis=-1)
    assert usable.any()
    cotangent = np.where(usable, np.random.default_rng(seed).normal(size=usable.shape), 0.0)
    known = np.where(usable[..., None], changes[0], 0.0)
    expected = np.einsum("ro,rod->d", cotangent, known)
    size = np.einsum("ro,rod->d", abs(cotangent), abs(known)).max()
    np.testing.assert_allclose(_pulled(leveled, given, cotangent), expected, rtol=1e-9, atol=1e-9 * size + 1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_random_smooth_programs_agree_with_dual_numbers(seed: int) -> None:
    leveled = random_program(seed, SMOOTH)
    _check(leveled, random_inputs(leveled, seed, 1), seed)


@pytest.mark.parametrize("seed", range(2000, 2010))
def test_random_programs_of_everything_agree_with_dual_numbers(seed: int) -> None:
    leveled = random_program(seed, frozenset(OPERATIONS))
    _check(leveled, random_inputs(leveled, seed, 1), seed)


@pytest.mark.parametrize(
    ("program", "varied", "own"),
    [
        (teacup(), ["room", "first", "cooling time"], []),
        (factory(), ["capacity", "learning power", "price", "rate"], ["demand"]),
        (factory(method="rk4"), ["capacity", "rate"], ["demand"]),
        (pipeline(), ["gain", "first"], []),
        (pipeline(delay=0.1), ["gain", "first"], []),
        (oscillator(step=0.1), ["stiffness"], []),
    ],
)
def test_small_models_agree_with_dual_numbers(program: Program, varied: list[str], own: list[str]) -> None:
    leveled = ready(program, varied=varied, own=own)
    _check(leveled, inputs(leveled, 4.0, saving=0.5), 5)


def test_a_cup_in_closed_form() -> None:
    leveled = ready(teacup(step=0.125), varied=["room", "first"], outputs=["temperature"])
    given = inputs(leveled, 3.0)
    cotangent = np.zeros((25, 1))
    cotangent[-1] = 1.0
    left = (1 - 0.125 / 10) ** 24
    np.testing.assert_allclose(_pulled(leveled, given, cotangent), [1 - left, left], rtol=1e-13)


@pytest.mark.parametrize("seed", range(20, 24))
def test_pushing_forwards_and_pulling_back_give_the_same_product(seed: int) -> None:
    """The identity <c, J v> = <J' c, v>, with J v from differences of two runs: it rests on no derivative of ours."""
    leveled = random_program(seed, frozenset(("add", "sub", "mul", "neg", "sin", "cos", "tanh", "arctan")))
    given = random_inputs(leveled, seed, 1)
    kernel, rng = _kernel(leveled), np.random.default_rng(seed)
    way = rng.normal(size=given.varied.shape), rng.normal(size=given.own.shape)
    size = 1e-6
    up, down = (
        kernel.run(replace(given, varied=given.varied + sign * size * way[0], own=given.own + sign * size * way[1]))[0]
        for sign in (1, -1)
    )
    pushed = (up - down) / (2 * size)
    cotangent = np.where(abs(pushed) < 1e3, rng.normal(size=pushed.shape), 0.0)
    by_varied, by_own = kernel.pull(kernel.forward(given), cotangent)
    product = float((by_varied * way[0][0]).sum() + (by_own * way[1][0]).sum())
    parts = np.where(cotangent == 0, 0.0, cotangent * pushed)
    assert product == pytest.approx(float(parts.sum()), rel=1e-5, abs=1e-6 * abs(parts).sum())


def test_a_branch_that_is_not_taken_leaves_the_gradient_finite() -> None:
    sketch = Sketch(step=1.0)
    x = sketch.par("x", 0.0)
    root = sketch("select", sketch("gt", x, 1.0), sketch("sqrt", sketch("sub", x, 1.0)), sketch("mul", 3.0, x))
    ratio = sketch("select", sketch("gt", x, 0.0), sketch("div", sketch("log", x), x), sketch("neg", x))
    sketch.output("root", root)
    sketch.output("ratio", ratio)
    leveled = ready(sketch.program(), varied=["x"])
    assert _pulled(leveled, inputs(leveled, 0.0), np.array([[1.0, 0.0]])).tolist() == [3.0]
    assert _pulled(leveled, inputs(leveled, 0.0), np.array([[0.0, 1.0]])).tolist() == [-1.0]


def test_what_is_in_the_pipe_at_the_end_counts_for_nothing() -> None:
    """Seven rows, delay of four: the first three inputs come out, each once."""
    sketch = Sketch(step=1.0)
    put_in = sketch.input("put in")
    sketch.rings.append(Ring("out", put_in, sketch.par("delay", 4.0), sketch.par("first", 0.0)))
    sketch.output("out", sketch.builder.leaf("ring", 0))
    leveled = ready(sketch.program(), varied=["first"], own=["put in"])
    found = _pulled(leveled, inputs(leveled, 6.0), np.arange(1.0, 8.0)[:, None])
    assert found.tolist() == [1.0 + 2.0 + 3.0 + 4.0, 5.0, 6.0, 7.0, 0.0, 0.0, 0.0, 0.0]


def test_rows_that_are_not_saved_count_through_states_only() -> None:
    """A stock of what flows in: each row counts once for every later saved row."""
    sketch = Sketch(step=1.0)
    sketch.states.append(State("sum", sketch.builder.lit(0.0), sketch.input("flow")))
    sketch.output("sum", sketch.state(0))
    leveled = ready(sketch.program(), own=["flow"])
    given = inputs(leveled, 4.0, saving=2.0)
    assert given.saved.tolist() == [True, False, True, False, True]
    assert _pulled(leveled, given, np.array([[0.0], [1.0], [10.0]])).tolist() == [11.0, 11.0, 10.0, 10.0, 0.0]


def test_values_on_the_way_are_those_of_a_run() -> None:
    leveled = random_program(3, SMOOTH)
    given = random_inputs(leveled, 3, 1)
    kernel = _kernel(leveled)
    assert np.array_equal(kernel.forward(given).values, kernel.run(given)[0], equal_nan=True)


def test_pulling_twice_gives_the_same() -> None:
    leveled = ready(factory(), varied=["capacity"], own=["demand"])
    kernel = _kernel(leveled)
    forward = kernel.forward(inputs(leveled, 4.0))
    cotangent = np.ones_like(forward.values)
    one, two = kernel.pull(forward, cotangent), kernel.pull(forward, cotangent)
    assert np.array_equal(one[0], two[0])
    assert np.array_equal(one[1], two[1])


def test_a_gradient_is_of_one_member() -> None:
    leveled = random_program(3, SMOOTH)
    with pytest.raises(ValueError, match="one member"):
        _kernel(leveled).forward(random_inputs(leveled, 3, 2))
