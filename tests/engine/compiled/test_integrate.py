"""From rates to next values; what the values are is tested where programs are run."""

from __future__ import annotations

import pytest

from sdforecast.engine.compiled.checking import check
from sdforecast.engine.compiled.integrate import integrate
from sdforecast.engine.compiled.printing import printed
from sdforecast.engine.compiled.program import Program
from sdforecast.engine.compiled.specialise import specialise
from tests.engine.compiled.programs import factory, oscillator, pipeline, teacup


def _whole(program: Program) -> Program:
    return integrate(specialise(program, outputs=[output.key for output in program.outputs]))


@pytest.mark.parametrize("method", ["euler", "rk4"])
@pytest.mark.parametrize("make", [teacup, factory])
def test_no_state_has_a_rate_any_more(make: type, method: str) -> None:
    whole = _whole(make(method=method))
    check(whole, "integrated")
    assert not any(state.is_rate for state in whole.states)


def test_euler_is_one_multiplication_and_one_addition() -> None:
    before = specialise(teacup(), outputs=["temperature"])
    after = integrate(before)
    assert [node.op for node in after.nodes[len(before.nodes) :]] == ["lit", "mul", "add"]


def test_runge_kutta_looks_at_three_moments() -> None:
    moments = {node.data for node in _whole(factory(method="rk4")).nodes if node.op == "series"}
    assert moments == {(0, 0), (0, 1), (0, 2)}
    assert {node.data for node in _whole(factory()).nodes if node.op == "series"} == {(0, 0)}


def test_rings_stay() -> None:
    assert len(_whole(pipeline()).rings) == 1


def test_an_euler_step_as_text() -> None:
    text = printed(_whole(oscillator(step=0.5, method="euler")))
    assert text == (
        "program: euler, step 0.5, from 0\n"
        "parameter 0 INITIAL TIME = 0\n"
        "parameter 1 TIME STEP = 0.5\n"
        "parameter 2 stiffness = 1\n"
        "%0 = state 0                        ; x\n"
        "%1 = lit 1.0\n"
        "%2 = state 1                        ; v\n"
        "%3 = lit 0.0\n"
        "%4 = par 2                          ; stiffness\n"
        "%5 = mul %4, %0\n"
        "%6 = neg %5\n"
        "%7 = lit 0.5\n"
        "%8 = mul %2, %7\n"
        "%9 = mul %6, %7\n"
        "%10 = add %0, %8\n"
        "%11 = add %2, %9\n"
        "state 0 x: starts as %1, next %10\n"
        "state 1 v: starts as %3, next %11\n"
        "output x: %0\n"
    )
