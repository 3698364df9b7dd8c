"""For one member, what only one side of a selection needs is computed on that side alone: same bits, less work."""

import numpy as np

from sdforecast.engine.compiled.emit import branches, emit
from sdforecast.engine.compiled.kernel import compile_kernel
from sdforecast.engine.compiled.level import Level, Leveled
from sdforecast.engine.compiled.program import State
from tests.engine.compiled.programs import Sketch, inputs, ready


def nested() -> Leveled:
    """A stock whose rate is one of three functions of it, by two conditions, one inside the other."""
    sketch = Sketch(step=0.25)
    x = sketch.state(0)
    shared = sketch("exp", sketch("mul", x, -0.1))
    inner = sketch("select", sketch("gt", x, 3.0), sketch("log", x), sketch("mul", shared, sketch("sin", x)))
    rate = sketch("select", sketch("lt", x, 1.5), sketch("pow", x, 0.3), inner)
    sketch.states.append(State("x", sketch.builder.lit(1.0), rate))
    sketch.output("x", x)
    sketch.output("shared", shared)
    return ready(sketch.program())


def test_sides_hold_what_nothing_else_needs():
    leveled = nested()
    nodes = [k for k, at in enumerate(leveled.levels) if at is Level.STEP and k not in leveled.late]
    sides = branches._sides(leveled, nodes)
    ops = {k: [[leveled.program.nodes[n].op for n in side] for side in both] for k, both in sides.items()}
    inner, outer = sorted(ops)
    assert ops[inner] == [["log"], ["sin", "mul"]]
    assert ops[outer][0] == ["pow"]
    assert inner in sides[outer][1]
    exps = [k for k, node in enumerate(leveled.program.nodes) if node.op == "exp"]
    assert not any(k in side for both in sides.values() for side in both for k in exps)  # an output needs it, too


def test_one_member_has_the_bits_of_eight():
    leveled = nested()
    given = inputs(leveled, 20.0)
    one = compile_kernel(leveled, widths=(1,)).run(given)
    eight = compile_kernel(leveled, widths=(8,)).run(given)
    assert one.tobytes() == eight.tobytes()
    assert np.ptp(one[0, :, 0]) > 3  # all three branches were taken


def test_lanes_have_no_branches():
    assert "then" in emit(nested(), widths=(1,))
    assert "then" not in emit(nested(), widths=(8,))
