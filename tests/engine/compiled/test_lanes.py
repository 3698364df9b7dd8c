"""Gradients of several members side by side: each has the bits that it has alone, whatever the others do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sdforecast import parameters
from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.kernel import Kernel, compile_kernel
from sdforecast.engine.compiled.level import Leveled
from sdforecast.engine.compiled.machine import Machine
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Program
from sdforecast.model import read
from sdforecast.model.vocabulary import CONTROL
from tests.engine.compiled.programs import Sketch, factory, inputs, pipeline, ready
from tests.engine.compiled.random_programs import SMOOTH, random_inputs, random_program

FEATURES = Path(__file__).parent / "features"
WIDTHS = (2, 8)


def _gradients(kernel: Kernel, given: Inputs, seed: int) -> list[np.ndarray]:
    """Return values, gradients by varied parameters and by own series of all members."""
    ran = kernel.forward_many(given)
    cotangents = np.random.default_rng(seed).normal(size=ran.values.shape)
    return [ran.values, *kernel.pull_many(ran, np.where(np.isfinite(ran.values), cotangents, 0.0))]


def _check(leveled: Leveled, given: Inputs, *, widths: tuple[int, ...] = WIDTHS) -> None:
    """Compare, bit by bit, members side by side with each alone."""
    alone = _gradients(compile_kernel(leveled, gradient=True, widths=(1,)), given, 1)
    assert any(np.isfinite(gradient).any() and (gradient[0] != gradient[1]).any() for gradient in alone[1:])
    for width in widths:
        found = _gradients(compile_kernel(leveled, gradient=True, widths=(width,)), given, 1)
        for one, other in zip(found, alone, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("seed", [0, 2])
def test_random_smooth_programs(seed: int) -> None:
    leveled = random_program(seed, SMOOTH)
    _check(leveled, random_inputs(leveled, seed, 11))


@pytest.mark.parametrize("seed", [2000, 2001, 2004])
def test_random_programs_of_everything(seed: int) -> None:
    """Tables of every kind, rings, selections, truncations: members differ, and so do the branches they take."""
    leveled = random_program(seed, frozenset(OPERATIONS))
    _check(leveled, random_inputs(leveled, seed, 11))


@pytest.mark.parametrize(
    ("program", "varied", "own"),
    [
        (factory(method="rk4"), ["capacity", "learning power", "price", "rate"], ["demand"]),
        (pipeline(), ["gain", "first"], []),
        (pipeline(delay=0.1), ["gain", "first"], []),
    ],
)
def test_small_programs(program: Program, varied: list[str], own: list[str]) -> None:
    leveled = ready(program, varied=varied, own=own)
    given = inputs(leveled, 4.0, saving=0.5)
    factors = np.random.default_rng(3).uniform(0.3, 3.0, size=(5, len(varied)))
    many = replace(given, varied=given.varied * factors, own=np.repeat(given.own, 5, axis=0))
    _check(leveled, many, widths=(4,))


@pytest.mark.parametrize("name", ["delays.mdl", "logic.mdl", "smooths.mdl"])
def test_models(name: str) -> None:
    machine = Machine(read(FEATURES / name))
    varied = [p.key for p in machine.base.parameters if p.key not in machine.assumed and p.name not in CONTROL]
    asked = machine.ready([output.key for output in machine.base.outputs], varied=varied)
    middle = np.array([asked.defaults[key] for key in varied])
    draws = middle * np.random.default_rng(5).uniform(0.5, 1.5, (5, len(varied)))
    _check(asked.leveled, asked.batch({}, varied=draws).inputs, widths=(4,))


def test_lanes_take_the_branches_of_their_members() -> None:
    """y = if x > 1: sqrt(x - 1), else 3 x, and its limits by MIN and MAX, in closed form."""
    sketch = Sketch(step=1.0)
    x = sketch.par("x", 0.0)
    sketch.output(
        "root", sketch("select", sketch("gt", x, 1.0), sketch("sqrt", sketch("sub", x, 1.0)), sketch("mul", 3.0, x))
    )
    sketch.output("held", sketch("max", sketch("min", x, 4.0), 0.0))
    leveled = ready(sketch.program(), varied=["x"])
    points = np.array([-1.0, 0.0, 0.5, 2.0, 5.0, 10.0, 3.0])
    kernel = compile_kernel(leveled, gradient=True, widths=(1, 4))
    ran = kernel.forward_many(inputs(leveled, 0.0, varied=points[:, None]))
    assert ran.tape.shape[::3] == (2, 4)
    by_root, by_held = (kernel.pull_many(ran, np.tile(one, (7, 1, 1)))[0][:, 0] for one in np.eye(2))
    np.testing.assert_allclose(by_root, [3, 3, 3, 0.5, 0.25, 1 / 6, 0.5 / np.sqrt(2)], rtol=1e-15)
    assert by_held.tolist() == [0, 1, 1, 1, 0, 0, 1]


def test_a_member_without_a_number_does_not_spoil_its_neighbours() -> None:
    leveled = ready(factory(), varied=["capacity", "rate"], own=["demand"])
    given = inputs(leveled, 4.0, varied=np.array([[30.0, 0.2]] * 3))
    broken = given.varied.copy()
    broken[1] = np.nan
    kernel = compile_kernel(leveled, gradient=True, widths=(4,))
    well, ill = _gradients(kernel, given, 2), _gradients(kernel, replace(given, varied=broken), 2)
    assert np.isnan(ill[0][1]).any()
    for one, other in zip(well, ill, strict=True):
        np.testing.assert_array_equal(one[[0, 2]], other[[0, 2]])


@pytest.mark.slow
def test_the_shipped_model() -> None:
    """All constants with a prior are moved by a tenth; integrated as for an estimate."""
    table = [p for p in parameters.load() if p.spread > 0]
    machine = Machine(read())
    columns = [output.key for output in machine.base.outputs if "deaths" in output.name][:20]
    asked = machine.ready(columns, varied=[p.name for p in table], fixed={"TIME STEP": 0.5}, method="rk4")
    draws = np.array([p.value for p in table]) * np.random.default_rng(7).uniform(0.9, 1.1, (11, len(table)))
    _check(asked.leveled, asked.batch({"TIME STEP": 0.5}, varied=draws).inputs, widths=(8,))
