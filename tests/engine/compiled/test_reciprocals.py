"""Multiplying by reciprocals."""

from __future__ import annotations

import numpy as np
import pytest

from sdforecast.engine.compiled.interpret import interpret
from sdforecast.engine.compiled.level import level
from sdforecast.engine.compiled.program import Program
from sdforecast.engine.compiled.reciprocals import reciprocals
from tests.engine.compiled.programs import Sketch, factory, inputs, ready, teacup


def _operations(program: Program) -> list[str]:
    return sorted(node.op for node in program.nodes if node.op in ("div", "mul"))


def test_a_division_in_the_loop_is_one_before_it() -> None:
    program = ready(teacup(step=1.0)).program
    changed = reciprocals(program)
    assert _operations(program) == ["div"]
    assert _operations(changed) == ["div", "mul"]
    division = next(node for node in changed.nodes if node.op == "div")
    assert [changed.nodes[arg].op for arg in division.args] == ["lit", "par"]


def test_a_divisor_that_is_shared_is_inverted_once() -> None:
    sketch = Sketch(step=1.0)
    by = sketch.par("by", 3.0)
    sketch.output("one", sketch("div", sketch.time(), by))
    sketch.output("two", sketch("div", sketch("neg", sketch.time()), by))
    assert _operations(reciprocals(sketch.program())) == ["div", "mul", "mul"]


@pytest.mark.parametrize("divisor", [0.0, -0.0, float("inf"), 5e-324, float("nan"), 1.7e308])
def test_numbers_without_an_ordinary_reciprocal_are_left(divisor: float) -> None:
    sketch = Sketch(step=1.0)
    sketch.output("x", sketch("div", sketch.time(), divisor))
    assert _operations(reciprocals(sketch.program())) == ["div"]


def test_constants_and_changing_divisors_are_left() -> None:
    sketch = Sketch(step=1.0)
    one, two = sketch.par("one", 1.0), sketch.par("two", 3.0)
    sketch.output("constant", sketch("div", one, two))
    sketch.output("changing", sketch("div", one, sketch.time()))
    sketch.output("start", sketch("div", sketch.builder.initial(sketch.time()), two))
    program = sketch.program()
    assert reciprocals(program).nodes == program.nodes


def test_values_stay_to_rounding_and_members_are_alike() -> None:
    plain = ready(factory(), varied=["price"])
    changed = level(reciprocals(plain.program), varied=plain.varied)
    draws = np.array([[2.0], [5.0]])
    before, after = (interpret(made, inputs(made, 4.0, varied=draws)) for made in (plain, changed))
    np.testing.assert_allclose(after, before, rtol=1e-14)
    alone = level(reciprocals(ready(factory()).program))
    found = interpret(alone, inputs(alone, 4.0, fixed={"price": 5.0}))
    assert np.array_equal(found[0], after[1])
