"""Machine code against the interpreter, and against itself: widths, threads, members alone and in company."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sdforecast.engine.compiled import blocks
from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.interpret import interpret, read_table
from sdforecast.engine.compiled.kernel import compile_kernel
from sdforecast.engine.compiled.level import Leveled, level
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Program, Table
from sdforecast.errors import InputError
from tests.engine.compiled.programs import Sketch, factory, inputs, oscillator, pipeline, ready, teacup
from tests.engine.compiled.random_programs import EXACT, KINDS, random_inputs, random_program

WIDTHS = (1, 4, 8)
MEMBERS = 11  # one block of eight and one that is not full


def _same(one: np.ndarray, two: np.ndarray) -> bool:
    """Return whether two results have the same bits; one NaN equals another."""
    plain = [np.where(np.isnan(values), np.nan, values).tobytes() for values in (one, two)]
    return plain[0] == plain[1]


# --- against the interpreter ---------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_random_programs_without_functions_agree_in_every_bit(seed: int) -> None:
    leveled = random_program(seed, EXACT)
    given = random_inputs(leveled, seed, MEMBERS)
    found = compile_kernel(leveled).run(given)
    assert np.isfinite(found).any()
    assert np.array_equal(found, interpret(leveled, given), equal_nan=True)


@pytest.mark.parametrize("seed", range(100, 112))
def test_random_programs_agree(seed: int) -> None:
    leveled = random_program(seed, frozenset(OPERATIONS))
    given = random_inputs(leveled, seed, MEMBERS)
    np.testing.assert_allclose(
        compile_kernel(leveled).run(given), interpret(leveled, given), rtol=1e-11, atol=1e-12, equal_nan=True
    )


@pytest.mark.parametrize(
    ("program", "varied"),
    [
        (teacup(), ["room", "cooling time"]),
        (teacup(method="rk4"), ["first"]),
        (factory(), ["price", "learning power"]),
        (factory(method="rk4"), ["rate"]),
        (pipeline(), ["gain", "first"]),
        (pipeline(delay=0.01), ["gain"]),
        (oscillator(step=0.1), ["stiffness"]),
    ],
)
def test_small_models_agree(program: Program, varied: list[str]) -> None:
    leveled = ready(program, varied=varied)
    draws = np.random.default_rng(3).uniform(0.5, 2.0, (MEMBERS, len(varied)))
    given = inputs(leveled, 6.0, saving=0.5, varied=draws)
    np.testing.assert_allclose(compile_kernel(leveled).run(given), interpret(leveled, given), rtol=1e-13)


def test_a_spring_keeps_its_closed_form() -> None:
    leveled = ready(oscillator(step=0.01))
    given = inputs(leveled, 10.0)
    np.testing.assert_allclose(compile_kernel(leveled).run(given)[0, :, 0], np.cos(given.clock[:, 0]), atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [1, 2, 16, 17, 100])
def test_tables_agree_at_between_and_beyond_their_points(kind: str, size: int) -> None:
    rng = np.random.default_rng(size)
    x = np.cumsum(rng.uniform(0.1, 1, size))
    table = Table("t", tuple(x.tolist()), tuple(rng.normal(size=size).tolist()), kind)
    sketch = Sketch(step=1.0)
    sketch.output("y", sketch.lookup(table, sketch.par("x", 0.0)))
    leveled = ready(sketch.program(), varied=["x"])
    beside = [np.nextafter(x, -np.inf), np.nextafter(x, np.inf)]
    at = np.concatenate([x, *beside, rng.uniform(-2, x[-1] + 2, 50), [np.nan, 1e300, -1e300]])
    found = compile_kernel(leveled).run(inputs(leveled, 0.0, varied=at[:, None]))[:, 0, 0]
    assert np.array_equal(found, read_table(table, at), equal_nan=True)


# --- against itself ------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [0, 101, 104, 107])
def test_widths_and_threads_give_the_same_bits(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "AT_ONCE", 0)  # threads, however little there is to do
    leveled = random_program(seed)
    given = random_inputs(leveled, seed, MEMBERS)
    expected = compile_kernel(leveled, widths=(1,)).run(given)
    for width in WIDTHS:
        for threads in (1, 2):
            assert _same(compile_kernel(leveled, widths=(1, width)).run(given, threads=threads), expected)


@pytest.mark.parametrize("seed", [1, 102, 105, 108])
def test_a_member_alone_is_the_member_in_its_ensemble(seed: int) -> None:
    leveled = random_program(seed)
    given = random_inputs(leveled, seed, MEMBERS)
    together = compile_kernel(leveled).run(given)
    alone = level(leveled.program)  # nothing varies: all is computed once for all, or for each row in `tabulate`
    kernel = compile_kernel(alone)
    for member in (0, 7, MEMBERS - 1):
        assert _same(kernel.run(_alone(leveled, given, member))[0], together[member])


def _alone(leveled: Leveled, given: Inputs, member: int) -> Inputs:
    """Return one member's numbers as numbers that all share."""
    parameters = given.parameters.copy()
    parameters[list(leveled.varied)] = given.varied[member]
    series = np.empty((*given.clock.shape, len(leveled.program.series)))
    shared = [k for k in range(len(leveled.program.series)) if k not in leveled.own]
    series[..., shared], series[..., list(leveled.own)] = given.series, given.own[member]
    return replace(
        given, parameters=parameters, series=series,
        varied=np.zeros((1, 0)), own=np.zeros((1, *given.clock.shape, 0)),
    )  # fmt: skip


def test_many_members_on_two_threads_keep_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "AT_ONCE", 0)
    leveled = ready(teacup(step=0.01), varied=["room"], outputs=["temperature"])
    rooms = np.linspace(-50, 150, 1999)
    given = inputs(leveled, 10.0, saving=1.0, varied=rooms[:, None])
    told: list[int] = []
    found = compile_kernel(leveled).run(given, threads=2, advance=told.append)
    assert sum(told) == len(rooms)
    left = (1 - 0.01 / 10) ** 1000
    np.testing.assert_allclose(found[:, -1, 0], rooms + (180 - rooms) * left, rtol=1e-11)


@pytest.mark.parametrize("layout", ["plain", "members apart", "reversed axes", "single precision"])
def test_the_result_is_written_where_the_caller_wants_it(layout: str) -> None:
    leveled = random_program(0)
    given = random_inputs(leveled, 0, MEMBERS)
    kernel = compile_kernel(leveled)
    expected = kernel.run(given)
    count, rows, columns = expected.shape
    wide = np.full((count + 1, rows + 2, columns), 7.0)
    out = {
        "plain": np.empty(expected.shape),
        "members apart": wide[:count, :rows],
        "reversed axes": np.empty((columns, rows, count)).T,
        "single precision": np.empty(expected.shape, dtype=np.float32),
    }[layout]
    assert kernel.run(given, out=out) is out
    assert np.array_equal(out, expected.astype(out.dtype), equal_nan=True)
    assert (wide[count:] == 7.0).all()
    assert (wide[:, rows:] == 7.0).all()


def test_a_result_of_another_shape_is_refused() -> None:
    leveled = random_program(0)
    with pytest.raises(ValueError, match="shape"):
        compile_kernel(leveled).run(random_inputs(leveled, 0, 2), out=np.empty((3, 1, 1)))


def test_no_members_and_no_saved_rows_give_empty_results() -> None:
    leveled = random_program(0)
    given = random_inputs(leveled, 0, 3)
    kernel = compile_kernel(leveled)
    assert kernel.run(replace(given, varied=given.varied[:0], own=given.own[:0])).shape[0] == 0
    assert kernel.run(replace(given, saved=np.zeros_like(given.saved))).shape[1] == 0


@pytest.mark.parametrize("delay", [np.nan, np.inf, 1e12])
def test_a_ring_of_no_length_is_refused(delay: float) -> None:
    leveled = ready(pipeline())
    with pytest.raises(InputError, match="delay time of 'out'"):
        compile_kernel(leveled).run(inputs(leveled, 1.0, fixed={"delay": delay}))


# --- interrupts ----------------------------------------------------------------------------------------

_LONG = """
import sys, signal, threading, time, os
import numpy as np
from sdforecast.engine.compiled.kernel import compile_kernel
from tests.engine.compiled.programs import factory, inputs, ready

leveled = ready(factory(step=0.25), varied=["price"])
given = inputs(leveled, 2000.0, saving=1000.0, varied=np.linspace(1, 2, 40_000)[:, None])
kernel = compile_kernel(leveled)
struck = []

def strike():
    time.sleep(0.3)
    struck.append(time.perf_counter())
    os.kill(os.getpid(), signal.SIGINT)

threading.Thread(target=strike).start()
try:
    kernel.run(given, threads=2)
except KeyboardInterrupt:
    print(time.perf_counter() - struck[0])
else:
    print("ended")
"""


def test_an_interrupt_takes_effect_at_once() -> None:
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", _LONG], cwd=root, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.2
