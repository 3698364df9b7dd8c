"""Programs as text and back."""

from __future__ import annotations

import json
import math
import random
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdforecast.engine.compiled.program import Node, Parameter, Program, Shape
from sdforecast.engine.compiled.specialise import specialise
from sdforecast.engine.compiled.storing import from_text, to_text
from tests.engine.compiled.programs import factory, oscillator, pipeline, teacup

EVERYTHING = replace(
    factory(method="rk4"),
    parameters=(*factory().parameters, Parameter("p", ("a", "b"), 0.1)),
    rings=pipeline().rings,
    assumed=((2, 1 / 3),),
    shapes=(Shape("p", ("A", "B"), (("a",), ("b", "c"))),),
)


@pytest.mark.parametrize("program", [teacup(), factory(), pipeline(), oscillator(step=0.1), EVERYTHING])
def test_there_and_back(program: Program) -> None:
    assert from_text(to_text(program)) == program


def test_numbers_that_are_no_numbers() -> None:
    program = specialise(teacup(), outputs=["loss"], initials=["temperature"])
    assert math.isnan(from_text(to_text(program)).parameters[-1].value)


@given(st.floats())
def test_every_double_comes_back_to_the_last_bit(value: float) -> None:
    node = from_text(to_text(Program(nodes=(Node("lit", (), value),)))).nodes[0]
    assert isinstance(node.data, float)
    assert node.data.hex() == value.hex() or (math.isnan(value) and math.isnan(node.data))


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", "3", '"x"', '{"format": 0}', "[" * 100_000, '{"format": 1, "nodes": 3}', "1" * 5000],
)
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        from_text(text)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("step", "0x1p99999"), ("step", "0x0p+0"), ("step", 1), ("nodes", [["add", [0, 1], None]]),
        ("nodes", [["lit", [], True]]), ("nodes", [["lit", [], [1]]]), ("nodes", [[]]), ("nodes", [["par", [], 1e9]]),
        ("outputs", [["x", [], 10**9]]), ("outputs", [["x", [3], 0]]), ("series", [1]), ("method", "__import__('os')"),
        ("tables", [["t", ["0x0p+0"], [], "raw"]]), ("assumed", [[-1, "0x0p+0"]]), ("states", [["s", 0.5, 0, 1, 0]]),
    ],
)  # fmt: skip
def test_wrong_parts_are_refused(key: str, value: object) -> None:
    record = json.loads(to_text(teacup()))
    record[key] = value
    with pytest.raises(ValueError):
        from_text(json.dumps(record))


@settings(max_examples=200, deadline=None)
@given(st.randoms(use_true_random=False))
def test_damaged_text_is_a_program_or_refused(chance: random.Random) -> None:
    text = list(to_text(EVERYTHING))
    for _ in range(chance.randint(1, 4)):
        text[chance.randrange(len(text))] = chance.choice('0123456789-,[]{}"ax')
    try:
        program = from_text("".join(text))
    except ValueError:
        return
    assert isinstance(program, Program)


def test_a_few_milliseconds_for_500_operations() -> None:
    nodes = [Node("time", (), 0), *(Node("add", (k, k)) for k in range(500))]
    text = to_text(Program(nodes=tuple(nodes)))
    times = []
    for _ in range(5):
        begin = time.process_time()
        from_text(text)
        times.append(time.process_time() - begin)
    assert min(times) < 0.05  # 2.5 ms where it was measured
