"""Keeping of a program what one question needs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sdforecast.engine.compiled.interpret import interpret
from sdforecast.engine.compiled.program import State
from sdforecast.engine.compiled.specialise import specialise
from sdforecast.errors import InputError
from tests.engine.compiled.programs import Sketch, factory, inputs, pipeline, ready, teacup


def test_what_is_not_asked_for_is_dropped() -> None:
    sketch = Sketch(step=1.0)
    one, two = sketch.par("one", 1.0), sketch.par("two", 2.0)
    sketch.states.append(State("first", one, sketch("mul", sketch.state(0), one)))
    sketch.states.append(State("second", two, sketch("mul", sketch.state(1), two)))
    sketch.output("first", sketch.state(0))
    sketch.output("second", sketch("mul", sketch.state(1), 10.0))
    program = sketch.program()
    made = specialise(program, outputs=["second"])
    assert [state.name for state in made.states] == ["second"]
    assert [output.key for output in made.outputs] == ["second"]
    assert made.parameters == program.parameters  # kept and in place
    leveled = ready(program, outputs=["second"])
    assert interpret(leveled, inputs(leveled, 2.0))[0, :, 0].tolist() == [20, 60, 180]


def test_outputs_come_in_the_order_asked_for() -> None:
    leveled = ready(factory(), outputs=["sales", "stock", "sales"])
    plain = ready(factory())
    found, every = (interpret(made, inputs(made, 3.0)) for made in (leveled, plain))
    assert np.array_equal(found, every[..., [3, 0, 3]])


def test_initial_is_the_value_at_the_start() -> None:
    sketch = Sketch(step=1.0, initial_time=2010.0)
    inner = sketch("add", sketch("mul", sketch.time(), 2.0), sketch.input("demand"))
    sketch.output("kept", sketch.builder.initial(inner))
    sketch.output("inner", inner)
    made = specialise(sketch.program(), outputs=["kept", "inner"])
    assert {node.op for node in made.nodes} >= {"series start", "series", "time"}
    assert "initial" not in {node.op for node in made.nodes}
    leveled = ready(sketch.program())
    found = interpret(leveled, inputs(leveled, 2012.0, demand=0.0))[0]
    assert found[:, 0].tolist() == [found[0, 1]] * 3
    assert found[2, 1] != found[0, 1]


def test_step_and_initial_time_are_numbers() -> None:
    sketch = Sketch(step=0.5, initial_time=3.0)
    start, step = sketch.builder.leaf("par", 0), sketch.builder.leaf("par", 1)
    sketch.output("sum", sketch("add", sketch("mul", start, step), sketch.builder.leaf("start")))
    made = specialise(sketch.program(), outputs=["sum"])
    assert [(node.op, node.data) for node in made.nodes if made.outputs[0].node == made.nodes.index(node)] == [
        ("lit", 4.5)
    ]


def test_an_initial_value_that_is_given() -> None:
    program = teacup(step=1.0)
    made = specialise(program, outputs=["temperature"], initials=["temperature"])
    assert made.parameters[-1].name == "initial: temperature"
    assert math.isnan(made.parameters[-1].value)
    assert made.parameters[:-1] == program.parameters
    leveled = ready(program, outputs=["temperature"], initials=["temperature"], varied=["initial: temperature"])
    found = interpret(leveled, inputs(leveled, 1.0, varied=np.array([[80.0], [90.0]])))
    assert found[..., 0].tolist() == [[80, 79], [90, 88]]


def test_an_initial_value_that_is_given_is_not_that_of_others_with_the_same_equation() -> None:
    sketch = Sketch(step=1.0)
    for k, name in enumerate(("one", "two")):
        sketch.states.append(State(name, sketch.builder.lit(0.0), sketch.builder.lit(1.0)))
        sketch.output(name, sketch.state(k))
    leveled = ready(sketch.program(), initials=["one"])
    found = interpret(leveled, inputs(leveled, 1.0, fixed={"initial: one": 7.0}))
    assert found[0].tolist() == [[7, 0], [8, 1]]


def test_rings_are_kept_only_if_needed() -> None:
    sketch = Sketch(step=1.0)
    sketch.output("plain", sketch.time())
    assert len(specialise(pipeline(), outputs=["out"]).rings) == 1
    assert specialise(sketch.program(), outputs=["plain"]).rings == ()


def test_unknown_names_get_the_nearest() -> None:
    with pytest.raises(InputError, match="temprature") as caught:
        specialise(teacup(), outputs=["temprature"])
    assert "temperature" in str(caught.value)
    with pytest.raises(InputError, match="'loss' is no stock"):
        specialise(teacup(), outputs=["loss"], initials=["loss"])
