"""Functions written in LLVM's language, against decimal arithmetic and the C standard's special values."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext

import numpy as np
import pytest

from sdforecast.engine.compiled.kernel import Kernel, compile_kernel
from tests.engine.compiled.programs import Sketch, inputs, ready

WIDTHS = (1, 4, 8)
NAMES = ("exp", "log", "pow", "sin", "cos", "mod", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "trunc")
SPECIAL = [0.0, 1.0, 0.5, 2.0, 3.0, math.inf, 5e-324, 1e308]
GRID = np.array([*SPECIAL, *(-x for x in SPECIAL), math.nan, 1e-310])
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803")


@functools.cache
def _kernel(width: int) -> Kernel:
    sketch = Sketch(step=1.0)
    x, y = sketch.par("x", 1.0), sketch.par("y", 1.0)
    for name in NAMES:
        sketch.output(name, sketch(name, x, y) if name in ("pow", "mod") else sketch(name, x))
    return compile_kernel(ready(sketch.program(), varied=["x", "y"]), widths=(width,))


def _computed(name: str, x: np.ndarray, y: np.ndarray | None = None, *, width: int = 8) -> np.ndarray:
    """Return a function at points, one a member."""
    kernel = _kernel(width)
    given = inputs(kernel.leveled, 0.0, varied=np.stack([x, x if y is None else y], axis=-1))
    return kernel.run(given)[:, 0, NAMES.index(name)]


def _worst(found: np.ndarray, exact: Sequence[Decimal]) -> float:
    """Return the largest error in units of the last place."""
    errors = [
        abs(Decimal(float(got)) - right) / Decimal(math.ulp(float(right)))
        for got, right in zip(found, exact, strict=True)
    ]
    return float(max(errors))


def _sine(x: Decimal) -> Decimal:
    x -= 2 * PI * (x / (2 * PI)).to_integral_value()
    term = total = x
    for k in range(1, 40):
        term *= -x * x / (2 * k * (2 * k + 1))
        total += term
    return total


@pytest.fixture
def points() -> Iterator[np.random.Generator]:
    with localcontext() as context:
        context.prec = 60
        yield np.random.default_rng(5)


@pytest.mark.parametrize(("low", "high"), [(-1, 1), (-708, 709)])
def test_exp_is_right_to_the_last_place(low: float, high: float, points: np.random.Generator) -> None:
    x = points.uniform(low, high, 1500)
    assert _worst(_computed("exp", x), [Decimal(v).exp() for v in x.tolist()]) < 0.9


def test_log_is_right_to_the_last_place(points: np.random.Generator) -> None:
    parts = [points.uniform(0.5, 2, 500), np.exp(points.uniform(-740, 700, 500)), 1 + points.normal(0, 1e-4, 500)]
    x = np.concatenate(parts)
    assert _worst(_computed("log", x), [Decimal(v).ln() for v in x.tolist()]) < 0.9


def test_pow_is_right_to_the_last_place(points: np.random.Generator) -> None:
    near, far, slow = points.uniform(0.01, 3, 500), np.exp(points.uniform(-300, 300, 500)), points.normal(1, 1e-6, 500)
    x = np.concatenate([near, far, slow])
    y = np.concatenate([points.uniform(-5, 5, 500), points.uniform(-2.3, 2.3, 500), points.uniform(-1e8, 1e8, 500)])
    exact = [(Decimal(b) * Decimal(a).ln()).exp() for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert _worst(_computed("pow", x, y), exact) < 1.01


def test_tanh_is_right_to_the_last_place(points: np.random.Generator) -> None:
    x = np.concatenate([points.uniform(-1, 1, 700), points.uniform(-25, 25, 500), points.normal(0, 1e-6, 300)])
    doubled = [(2 * Decimal(v)).exp() for v in x.tolist()]
    assert _worst(_computed("tanh", x), [(e - 1) / (e + 1) for e in doubled]) < 1.2


@pytest.mark.parametrize(("name", "quarters"), [("sin", 0), ("cos", 1)])
def test_sine_and_cosine_are_right_to_the_last_place(name: str, quarters: int, points: np.random.Generator) -> None:
    multiples = points.integers(1, 330_000, 500) * (math.pi / 2)  # where nearly everything cancels
    x = np.concatenate([points.uniform(-1, 1, 500), points.uniform(-5e5, 5e5, 500), multiples])
    assert _worst(_computed(name, x), [_sine(Decimal(v) + quarters * PI / 2) for v in x.tolist()]) < 1.1


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", NAMES)
def test_special_values_are_numpys(name: str, width: int) -> None:
    x, y = (part.ravel() for part in np.meshgrid(GRID, GRID))
    with np.errstate(all="ignore"):
        expected = {"pow": np.power, "mod": np.mod}[name](x, y) if name in ("pow", "mod") else getattr(np, name)(x)
    found = _computed(name, x, y, width=width)
    np.testing.assert_allclose(found, expected, rtol=1e-15, atol=0)
    zero = expected == 0
    assert np.array_equal(np.signbit(found[zero]), np.signbit(expected[zero]))


@pytest.mark.parametrize("name", NAMES)
def test_every_width_gives_the_same_bits(name: str) -> None:
    rng = np.random.default_rng(8)
    x, y = rng.normal(0, 3, 403), rng.normal(0, 3, 403)
    one, *more = (_computed(name, x, y, width=width) for width in WIDTHS)
    for other in more:
        assert _bits(one) == _bits(other)


def test_the_far_sine_of_one_lane_leaves_the_others() -> None:
    near = np.linspace(-3, 3, 8)
    mixed = near.copy()
    mixed[3] = 1e15
    found = _computed("sin", mixed)
    assert found[3] == math.sin(1e15)
    assert _bits(np.delete(found, 3)) == _bits(np.delete(_computed("sin", near), 3))


def _bits(values: np.ndarray) -> bytes:
    return np.where(np.isnan(values), np.nan, values).tobytes()
