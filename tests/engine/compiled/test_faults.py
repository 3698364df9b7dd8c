"""What is told of models that are wrong, and of what is not compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdforecast.engine.compiled.machine import Machine
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.errors import InputError
from sdforecast.model import read
from tests.engine.compiled.comparing import written


def complaint(folder: Path, equations: str, **control: object) -> str:
    model = read(written(folder, equations, **control))
    with pytest.raises(InputError) as caught:
        Machine(model)
    return str(caught.value).replace(f"{model.path}: ", "")


@pytest.mark.parametrize(
    ("equations", "circle"),
    [
        ("a = b + 1 \n b = c \n c = a * 2", "a → b → c → a"),
        ("first = 1 \n a = first + second \n second = a", "a → second → a"),
        ("R: x, y \n a[R] = b[R] + 1 \n b[x] = a[x] \n b[y] = 2", "a[x] → b[x] → a[x]"),
        ("a = a + 1", "a → a"),
        ("a = SMOOTH(Time, b) \n b = c * 2 \n c = b + a", "b → c → b"),
    ],
)
def test_a_circle_is_named(tmp_path: Path, equations: str, circle: str) -> None:
    assert complaint(tmp_path, equations) == f"these depend on each other in a circle: {circle}"


def test_a_circle_through_a_stock_is_none(tmp_path: Path) -> None:
    Machine(read(written(tmp_path, "a = INTEG(b, 1) \n b = c \n c = a + DELAY1I(b, 2, 1)")))


@pytest.mark.parametrize("step", [0, -1])
def test_a_step_that_is_none(tmp_path: Path, step: int) -> None:
    assert complaint(tmp_path, "a = Time", TIME_STEP=step) == f"a run that begins at 0 in steps of {step}"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    told = complaint(tmp_path, "a = GET DIRECT CONSTANTS('none.csv', ',', 'B2')")
    assert "'a' cannot be read: " in told
    assert "none.csv" in told


def test_data_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "some.csv").write_text("time,x\n0,\n1,\n")
    assert "'a'" in complaint(tmp_path, "a := GET DIRECT DATA('some.csv', ',', 'A', 'B2')")


@pytest.mark.parametrize(
    ("equations", "what", "variable"),
    [
        ("a = 1 + RANDOM NORMAL(0, 1, 0, 1, 1)", "RANDOM NORMAL", "a"),
        ("a = b \n b = RANDOM UNIFORM(0, 1, 1)", "RANDOM UNIFORM", "b"),
        ("a = NONSENSE(3)", "NONSENSE", "a"),
        ("R: x, y \n d[R] = 1, 2 \n a[R] = VECTOR SORT ORDER(d[R], 1)", "VECTOR SORT ORDER", "a"),
        ("R: x, y \n d[R] = 1, 2 \n a = VECTOR SELECT(d[R!], d[R!], 0, 1, 0)", "VECTOR SELECT", "a"),
        ("data :INTERPOLATE: \n a = data * 2", "data without a file", "data"),
        ("a = DELAY N(Time + 1, 2, 1, order(Time)) \n order((0, 2), (9, 5))", "an order that is not constant", "a"),
        ("a = SMOOTH N(Time + 1, 2, 1, 0)", "an order of 0", "a"),
        ("a = GET TIME VALUE(0, 0, 0)", "GET TIME VALUE", "a"),
        ("t((0, 1), (2, 5)) \n a = LOOKUP INVERT(t, Time)", "LOOKUP INVERT", "a"),
        ("t((0, 1), (2, 5)) \n a = t + 1", "a table where a number is needed", "t"),
        ("a = b(3) \n b = 2", "'b' as a table, which it is not", "a"),
        (
            "R: x, y \n d[R] = 1, 2 \n a = d[R] + 1",
            "'d' over 'R' where the left side has no range that goes with it",
            "a",
        ),
        ("R: x, y \n S: u, v, w \n d[R] = 1, 2 \n a[S] = d[S] + 1", "'d[u]', which does not exist", "a"),
        ("R: x, y \n d[R] = 1, 2 \n a = ELMCOUNT(d)", "ELMCOUNT of something that is no range", "a"),
    ],
)
def test_what_is_not_compiled_is_named_with_whose_equation_it_is(
    tmp_path: Path, equations: str, what: str, variable: str
) -> None:
    with pytest.raises(Unsupported) as caught:
        Machine(read(written(tmp_path, equations)))
    assert (caught.value.what, caught.value.variable) == (what, variable)
    assert str(caught.value) == f"'{variable}' uses {what}"


@pytest.mark.parametrize("name", ["TIME STEP", "SAVEPER", "FINAL TIME"])
def test_control_variables_that_change(tmp_path: Path, name: str) -> None:
    model = read(written(tmp_path, "a = Time", **{name: "1 + 0.1 * Time"}))
    with pytest.raises(Unsupported, match=f"a {name} that is not constant"):
        Machine(model).ready(["a"]).batch({})


def test_a_macro(tmp_path: Path) -> None:
    file = written(tmp_path, "a = TWICE(3 + Time)")
    macro = ":MACRO: TWICE(x)\nTWICE = x * 2\n\t~\t\n\t~\t|\n:END OF MACRO:\n"
    file.write_text(file.read_text().replace("{UTF-8}\n", "{UTF-8}\n" + macro))
    with pytest.raises(Unsupported) as caught:
        Machine(read(file))
    assert (caught.value.what, caught.value.variable) == ("the macro 'twice'", "a")


def test_allocation(tmp_path: Path) -> None:
    file = written(
        tmp_path, "R: x, y \n d[R] = 1, 2 \n p[R] = 1, 2 \n a[R] = ALLOCATE BY PRIORITY(d[R], p[R], 2, 1, 2)"
    )
    with pytest.raises(Unsupported, match="'a' uses ALLOCATE BY PRIORITY"):
        Machine(read(file))
