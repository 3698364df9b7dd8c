"""What depends on constants alone is known without a run."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from sdforecast.engine.compiled.evaluate import constant
from sdforecast.engine.compiled.making import lowered
from sdforecast.engine.compiled.program import Program
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.model import read
from tests.engine.compiled.comparing import written

EQUATIONS = """
a = 3
b = a ^ 2 + SQRT(a)
c = IF THEN ELSE(b > 10, -b, INITIAL(a))
d = a / (a - 3)
stock = INTEG(a, b)
now = Time
"""


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return lowered(read(written(tmp_path, EQUATIONS, FINAL_TIME="a * 4", INITIAL_TIME=1)))


def values(program: Program, **given: float) -> list[float]:
    return [given.get(parameter.name, parameter.value) for parameter in program.parameters]


def test_a_chain_of_constants(program: Program) -> None:
    b = 9 + math.sqrt(3)
    assert constant(program, "b", values(program)) == pytest.approx(b, rel=1e-15)
    assert constant(program, "c", values(program)) == pytest.approx(-b, rel=1e-15)
    assert constant(program, "c", values(program, a=2.0)) == 2
    assert constant(program, "FINAL TIME", values(program)) == 12
    assert constant(program, "FINAL TIME", values(program, a=5.0)) == 20
    assert constant(program, "INITIAL TIME", values(program)) == 1


def test_a_division_by_zero_is_infinite_and_no_error(program: Program) -> None:
    assert constant(program, "d", values(program)) == math.inf


@pytest.mark.parametrize("name", ["stock", "now"])
def test_what_changes_in_time_has_no_value(program: Program, name: str) -> None:
    with pytest.raises(Unsupported, match=f"the model uses a {name} that is not constant"):
        constant(program, name, values(program))
