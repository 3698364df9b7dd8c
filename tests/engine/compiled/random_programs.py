"""Random programs with every kind of node, for the tests of machine code."""

from __future__ import annotations

import numpy as np

from sdforecast.engine.compiled.clock import clock
from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.level import Leveled
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Ring, State, Table
from tests.engine.compiled.programs import Sketch, ready

KINDS = ("interpolate", "extrapolate", "hold backward", "look forward", "raw")
EXACT = frozenset(
    ("add", "sub", "mul", "div", "neg", "min", "max", "abs", "sqrt", "trunc", "mod", "lt", "le", "gt", "ge", "eq", "ne")
) | {"and", "or", "not", "number", "select"}
"""Operations of which every implementation gives the same bits."""

SMOOTH = frozenset(("add", "sub", "mul", "div", "neg", "min", "max", "abs", "sqrt", "exp", "log", "pow")) | {
    "sin", "cos", "arctan", "tanh", "cosh", "sinh", "select", "lt", "gt", "and", "not",
}  # fmt: skip
"""Operations with derivatives that stay of moderate size."""

PARAMETERS, STATES, OUTPUTS = 6, 3, 6


def random_program(seed: int, names: frozenset[str] = frozenset(OPERATIONS), *, size: int = 40) -> Leveled:
    """Return a program of about `size` random operations; half of its inputs differ between members."""
    rng = np.random.default_rng(seed)
    sketch = Sketch(step=0.25, method="rk4" if rng.random() < 0.3 else "euler")
    parameters = [sketch.par(f"p{k}", value) for k, value in enumerate(rng.uniform(0.2, 2.0, PARAMETERS))]
    start = [*parameters, sketch.builder.initial(sketch.input("own")), sketch.builder.initial(sketch.input("shared"))]
    _grow(sketch, rng, start, names, size // 4)
    step = [*start, sketch.time(), sketch.input("own two"), sketch.builder.leaf("series", (0, 0))]
    step += [sketch.state(k) for k in range(STATES)] + [sketch.builder.leaf("ring", k) for k in range(2)]
    _grow(sketch, rng, step, names, size)
    numbers = [k for k in step if sketch.builder.gives(k) == "d"]
    for k in range(STATES):
        rate = sketch("mul", 0.05, sketch("min", sketch("max", int(rng.choice(numbers)), -10.0), 10.0))
        sketch.states.append(State(f"s{k}", _one(sketch, rng, start), rate, non_negative=bool(rng.random() < 0.3)))
    for k in range(2):
        delay = sketch.par(f"delay {k}", float(rng.choice([0.1, 0.25, 0.8, 1.5])))
        sketch.rings.append(Ring(f"r{k}", int(rng.choice(numbers)), delay, _one(sketch, rng, start)))
    for k in range(OUTPUTS):
        sketch.output(f"o{k}", int(rng.choice(step[-size // 2 :])))
    return ready(sketch.program(), varied=["p0", "p1", "p2"], own=["own"])


def _one(sketch: Sketch, rng: np.random.Generator, nodes: list[int]) -> int:
    return sketch.builder.number(int(rng.choice(nodes)))


def _grow(sketch: Sketch, rng: np.random.Generator, nodes: list[int], names: frozenset[str], count: int) -> None:
    """Add random operations on `nodes` to them."""
    for _ in range(count):
        if rng.random() < 0.15:
            nodes.append(sketch.lookup(_table(rng), _one(sketch, rng, nodes)))
            continue
        name = str(rng.choice(sorted(names)))
        args = [int(rng.choice(nodes)) for _ in OPERATIONS[name].takes]
        if rng.random() < 0.2:
            args[0] = sketch.builder.lit(float(rng.choice([0.0, 1.0, -2.5, 0.3])))
        nodes.append(sketch(name, *args))


def _table(rng: np.random.Generator) -> Table:
    size = int(rng.choice([1, 2, 5, 16, 17, 40]))
    x = np.cumsum(rng.uniform(0.05, 0.6, size)) - 1.0
    return Table(f"t{rng.integers(1 << 40)}", tuple(x.tolist()), tuple(rng.normal(0, 1, size).tolist()),
                 str(rng.choice(KINDS)))  # fmt: skip


def random_inputs(leveled: Leveled, seed: int, members: int, *, final: float = 5.0) -> Inputs:
    """Return numbers for a random program."""
    rng = np.random.default_rng(seed)
    program = leveled.program
    moments = 3 if program.method == "rk4" else 1
    times, saved = clock(0.0, final, program.step, 0.5, moments=moments)
    return Inputs(
        clock=times,
        saved=saved,
        parameters=np.array([parameter.value for parameter in program.parameters]),
        varied=rng.uniform(0.2, 2.0, (members, len(leveled.varied))),
        series=rng.uniform(0.5, 2.0, (*times.shape, len(program.series) - len(leveled.own))),
        own=rng.uniform(0.5, 2.0, (members, *times.shape, len(leveled.own))),
    )
