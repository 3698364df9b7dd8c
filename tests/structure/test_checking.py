"""Findings of a check, each put into a small model on purpose."""

from collections import Counter

import pytest

from sdforecast.model import read
from sdforecast.structure import check
from sdforecast.structure.checking import KINDS, SEVERITIES
from tests.small import small
from tests.structure.writing import model

SOUND = """
Stock = INTEG(inflow - Stock / life, start) ~ kg ~ What is there. |
start = 10 ~ kg ~ At first. |
inflow = 3 ~ kg/Month ~ What comes. |
life = 4 ~ Month ~ How long it stays. |
"""


def found(tmp_path, text, **settings):
    return {(each.kind, each.severity, each.variable) for each in check(model(tmp_path, text, **settings))}


def test_a_sound_model_has_nothing_but_its_result(tmp_path):
    assert found(tmp_path, SOUND) == {("end", "note", "Stock")}
    assert check(model(tmp_path, SOUND), results=["Stock"]) == []


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("spare = 1 ~ kg ~ Idle. |", ("unused", "warning", "spare")),
        ("spare((0,1),(2,3)) ~ kg ~ Idle. |", ("unused", "warning", "spare")),
        ("spare = STEP(Stock, 3) ~ kg ~ A result. |", ("end", "note", "spare")),
        ("spare = Time ~ Month ~ Idle. |", ("unused", "warning", "spare")),
        ("spare = Stock ~~ No unit. |", ("no unit", "warning", "spare")),
        ("spare = Stock ~ kg ~ |", ("no comment", "warning", "spare")),
        ("spare = Stock * 2.5 ~ kg ~ . |", ("literal", "note", "spare")),
        ("Spare = INTEG(inflow, 3) ~ kg ~ . |", ("literal", "note", "Spare")),
        ("spare = Stock + life ~ kg ~ . |", ("unit", "error", "spare")),
        ("spare = Stock + 5 ~ kg ~ . |", ("number", "warning", "spare")),
        ("spare = SMOOTH(Stock, life / 9) ~ kg ~ . |", ("step", "error", "spare")),
        ("spare = SMOOTH(Stock, life / 6) ~ kg ~ . |", ("step", "warning", "spare")),
        ("Spare = INTEG(-inflow, 9) ~ kg ~ . |", ("negative", "warning", "Spare")),
        ("spare = Stock ~ kg/( ~ . |", ("word", "error", "spare")),
    ],
)
def test_each_fault_is_found(tmp_path, more, expected):
    before = found(tmp_path, SOUND)
    tells = found(tmp_path, SOUND + more + "\n")
    assert expected in tells - before


def test_what_is_not_a_fault_is_not_told(tmp_path):
    quiet = """
Debt = INTEG(-inflow, -start) ~ kg ~ Below zero from the start. |
doubled = 1 * MAX(0, Stock) - Debt ~ kg ~ Zero and one need no name. |
"""
    kinds = Counter(kind for kind, _, _ in found(tmp_path, SOUND + quiet))
    assert kinds == {"end": 1}


def test_a_stock_that_uses_only_itself_is_used_by_nothing(tmp_path):
    assert ("end", "note", "Alone") in found(
        tmp_path, "Alone = INTEG(-Alone / life, 1) ~ kg ~ . |\nlife = 4 ~ Month ~ . |\n"
    )


def test_findings_have_their_line_and_come_by_kind():
    findings = check(small("sir.mdl"))
    order = list(KINDS)
    assert [order.index(each.kind) for each in findings] == sorted(order.index(each.kind) for each in findings)
    assert all(each.severity in SEVERITIES and each.line for each in findings)
    susceptible = next(each for each in findings if each.kind == "number")
    assert str(susceptible.problem("sir.mdl")).startswith(
        "sir.mdl:2: 'Susceptible': a sum of different units: 1 is Dmnl"
    )


def test_the_shipped_model_has_no_idle_number_no_gap_in_its_documentation_and_no_stock_below_zero():
    kinds = Counter(each.kind for each in check(read()))
    assert not {"unused", "no unit", "no comment", "negative", "word", "run"} & set(kinds)
