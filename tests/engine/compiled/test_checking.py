"""Whether a program is well formed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sdforecast.engine.compiled.checking import check, faults
from sdforecast.engine.compiled.integrate import integrate
from sdforecast.engine.compiled.program import Node, Output, Program, Ring, State, Table
from sdforecast.engine.compiled.specialise import specialise
from tests.engine.compiled.programs import factory, oscillator, pipeline, teacup

ONE, NAN = Node("lit", (), 1.0), float("nan")


@pytest.mark.parametrize("program", [teacup(), factory(), pipeline(), oscillator(step=0.5)])
def test_each_stage_is_well_formed(program: Program) -> None:
    check(program)
    made = specialise(program, outputs=[output.key for output in program.outputs])
    check(made, "specialised")
    check(integrate(made), "integrated")


@pytest.mark.parametrize(
    ("node", "fault"),
    [
        (Node("add", (0, 1)), "uses %1, which does not come before"),
        (Node("neg", (-1,)), "uses %-1"),
        (Node("add", (0,)), "takes 2 arguments, not 1"),
        (Node("not", (0,)), "number for a truth value"),
        (Node("fly", ()), "no such operation"),
        (Node("par", (), 0), "has 0"),
        (Node("state", (), -1), "has -1"),
        (Node("state", (), None), "has None"),
        (Node("lookup", (0,), 3), "has 3"),
        (Node("series", (), (0, 0)), "has"),
        (Node("series start", (), 0), "has 0"),
        (Node("time", (), 3), "has 3"),
        (Node("time", (), True), "has True"),
        (Node("lit", (), 1), "has 1"),
        (Node("neg", (0,), 1), "has 1"),
    ],
)
def test_wrong_nodes(node: Node, fault: str) -> None:
    with pytest.raises(ValueError, match="not a lowered program: %1 ") as caught:
        check(Program(nodes=(ONE, node)))
    assert fault in str(caught.value)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"outputs": (Output("x", (), 5),)}, "%5 is needed and not there"),
        ({"outputs": (Output("x", (), -1),)}, "%-1 is needed and not there"),
        ({"outputs": (Output("x", (), 1),)}, "%1 is needed as a number"),
        ({"states": (State("x", 0, 9),)}, "%9 is needed"),
        ({"rings": (Ring("x", 0, 0, 7),)}, "%7 is needed"),
        ({"tables": (Table("t", (0.0, 1.0), (1.0,)),)}, "2 and 1 points"),
        ({"tables": (Table("t", (), ()),)}, "0 and 0 points"),
        ({"tables": (Table("t", (1.0, 0.0), (1.0, 1.0)),)}, "does not rise"),
        ({"tables": (Table("t", (NAN,), (1.0,)),)}, "does not rise"),
        ({"tables": (Table("t", (1.0,), (1.0,), "guess"),)}, "kind 'guess'"),
        ({"step": 0.0}, "steps of 0.0"),
        ({"step": NAN}, "steps of nan"),
        ({"step": float("inf")}, "steps of inf"),
        ({"initial_time": NAN}, "starts at nan"),
        ({"method": "magic"}, "by 'magic'"),
        ({"assumed": ((0, 1.0),)}, "a parameter that shapes it"),
    ],
)
def test_wrong_programs(change: dict[str, object], fault: str) -> None:
    program = replace(Program(nodes=(ONE, Node("eq", (0, 0)))), **change)  # type: ignore[arg-type]
    assert any(fault in found for found in faults(program, "lowered"))


def test_stages() -> None:
    lowered = Program(nodes=(Node("start"), Node("initial", (0,)), Node("row time")))
    check(lowered)
    assert len(list(faults(lowered, "specialised"))) == 2
    assert len(list(faults(lowered, "integrated"))) == 3
    with pytest.raises(ValueError, match="a state has a rate"):
        check(specialise(teacup(), outputs=["loss"]), "integrated")


def test_a_start_that_changes_in_time() -> None:
    nodes = (Node("time", (), 0), Node("neg", (0,)), ONE)
    program = Program(nodes=nodes, states=(State("level", 1, 2),))
    check(program)
    with pytest.raises(ValueError, match="'level' starts from %1, which changes in time"):
        check(program, "specialised")
