"""Dear functions of one member, computed together."""

from __future__ import annotations

import numpy as np
import pytest

from sdforecast.engine.compiled.emit.abreast import groups
from sdforecast.engine.compiled.kernel import compile_kernel
from sdforecast.engine.compiled.program import Node, State
from tests.engine.compiled.programs import Sketch, inputs, ready


def test_what_does_not_wait_for_each_other_stands_together() -> None:
    # 0 and 1 are leaves; 2 and 3 wait for nothing, 4 is cheap and waits for 2, 5 waits for 4
    nodes = [Node("par"), Node("par"), Node("exp", (0,)), Node("exp", (1,)), Node("add", (2, 1)), Node("exp", (4,))]
    assert groups(nodes, [2, 3, 4, 5], {2: set(), 3: set(), 4: {2}, 5: {4}}) == [[2, 3], [4], [5]]


def test_only_operations_of_one_name_stand_together() -> None:
    nodes = [Node("par"), Node("exp", (0,)), Node("log", (0,)), Node("log", (1,))]
    found = groups(nodes, [1, 2, 3], {1: set(), 2: set(), 3: {1}})
    assert sorted(k for group in found for k in group) == [1, 2, 3]
    assert found.index([1]) < next(n for n, group in enumerate(found) if 3 in group)


@pytest.mark.parametrize("count", [2, 3, 8, 11])
@pytest.mark.parametrize("name", ["exp", "log", "pow", "tanh", "sin", "cos"])
def test_together_gives_the_bits_of_one_at_a_time(name: str, count: int) -> None:
    sketch = Sketch(step=1.0)
    parameters = [sketch.par(f"x{k}", 0.3 + 0.17 * k) for k in range(count)]
    stock = sketch.state(0)
    values = [sketch("add", sketch("mul", stock, stock), parameter) for parameter in parameters]
    made = [
        sketch(name, value, sketch("mul", stock, 0.7)) if name == "pow" else sketch(name, value) for value in values
    ]
    for k, node in enumerate(made):
        sketch.output(f"y{k}", node)
    total = made[0]
    for node in made[1:]:
        total = sketch("add", total, node)
    sketch.states.append(State("stock", sketch.builder.lit(1.0), sketch("sin", total)))
    leveled = ready(sketch.program(), varied=[f"x{k}" for k in range(count)])
    draws = np.array([[0.3 + 0.17 * k for k in range(count)]] * 8)
    lanes = compile_kernel(leveled, widths=(8,)).run(inputs(leveled, 3.0, varied=draws))
    kernel = compile_kernel(leveled, gradient=True, widths=(1,))
    one = inputs(leveled, 3.0, varied=draws[:1])
    alone = kernel.run(one)
    assert alone[0].tobytes() == lanes[5].tobytes()
    assert kernel.forward(one).values.tobytes() == alone[0].tobytes()
