"""The dimensional check finds what does not fit, at its place, and nothing else."""

from dataclasses import replace

import pytest

from sdforecast.model import read
from sdforecast.structure.units import check
from tests.small import small
from tests.structure.writing import model

COMMON = """
people = 100 ~ person ~ . |
kits = 7 ~ kit ~ . |
share = 0.5 ~ Dmnl ~ . |
stay = 3 ~ Month ~ . |
weeks = 3 ~ week ~ . |
leaving = people / stay ~ person/Month ~ . |
bare = 1 ~ ~ . |
table((0,1),(10,2)) ~ kit ~ . |
"""

FITS = [
    ("x = people + 0", "person"),
    ("x = MAX(0, people) / stay", "person/Month"),
    ("x = IF THEN ELSE(people > 0, leaving, 0)", "people/month"),
    ("x = INTEG(leaving - x / stay, 100)", "person"),
    ("x = INTEG(-leaving, people)", "person"),
    ("x = WITH LOOKUP(Time, ((0,1),(10,2)))", "person"),
    ("x = table(share) / kits", "Dmnl"),
    ("x = EXP(-Time / stay) * people", "person"),
    ("x = LN(people / (leaving * stay))", "Dmnl"),
    ("x = people ^ 2 / kits ^ (-1)", "person^2*kit"),
    ("x = SQRT(people * people)", "person"),
    ("x = share ^ share", "Dmnl"),
    ("x = (people * stay) ^ (1 / 2)", "person^0.5*Month^0.5"),
    ("x = SMOOTH3(people, stay)", "person"),
    ("x = SMOOTHI(people, stay, 10)", "person"),
    ("x = DELAY1I(leaving, stay, leaving)", "person/Month"),
    ("x = DELAY FIXED(leaving, stay, 0)", "person/Month"),
    ("x = TREND(people, stay, 0)", "1/Month"),
    ("x = FORECAST(people, stay, stay)", "person"),
    ("x = ZIDZ(people, stay)", "person/Month"),
    ("x = XIDZ(people, stay, leaving)", "person/Month"),
    ("x = STEP(people, 5) + PULSE(2, 1) * people", "person"),
    ("x = RAMP(leaving, 2, 8)", "person"),
    ("x = MODULO(people, people)", "person"),
    ("x = INITIAL(people) + ABS(people)", "person"),
    ("x = SAMPLE IF TRUE(Time > stay, people, 0)", "person"),
    ("x = people + bare * kits", "person"),
    ("x = 12", "person"),
    ("x = 1 / 12", "Month"),
    ("x = leaving * TIME STEP", "person"),
    ("x = people * (1 - share)", "person"),
]

DOES_NOT = [
    ("x = people + kits", "person", "unit", "kit", "person"),
    ("x = people * kits", "person", "unit", "kit*person", "person"),
    ("x = INTEG(people, 0)", "person", "unit", "person", "person/Month"),
    ("x = INTEG(leaving, kits)", "person", "unit", "kit", "person"),
    ("x = MIN(people, leaving)", "person", "unit", "person/Month", "person"),
    ("x = EXP(people)", "Dmnl", "unit", "person", "Dmnl"),
    ("x = LN(people) + TANH(share)", "Dmnl", "unit", "person", "Dmnl"),
    ("x = IF THEN ELSE(share > 0.5, people, kits)", "person", "unit", "kit", "person"),
    ("x = IF THEN ELSE(people > kits, 1, 2)", "Dmnl", "unit", "kit", "person"),
    ("x = share ^ people", "Dmnl", "unit", "person", "Dmnl"),
    ("x = people ^ share", "Dmnl", "unit", "person", "Dmnl"),
    ("x = SQRT(people)", "person", "unit", "person^0.5", "person"),
    ("x = SMOOTH(people, kits)", "person", "unit", "kit", "Month"),
    ("x = SMOOTHI(people, stay, kits)", "person", "unit", "kit", "person"),
    ("x = table(share)", "person", "unit", "kit", "person"),
    ("x = Time + stay", "week", "scale", "Month", "week"),
    ("x = stay + weeks", "Month", "scale", "week", "Month"),
    ("x = people / 12", "person/Month", "unit", "person", "person/Month"),
    ("x = people + 5", "person", "number", "Dmnl", "person"),
    ("x = MAX(1, people)", "person", "number", "Dmnl", "person"),
    ("x = IF THEN ELSE(Time > 3, share, 1)", "Dmnl", "number", "Dmnl", "Month"),
    ("x = SMOOTH(people, 3)", "person", "number", "Dmnl", "Month"),
    ("x = STEP(people, kits)", "person", "unit", "kit", "Month"),
    ("x = XIDZ(people, stay, people)", "person/Month", "unit", "person", "person/Month"),
    ("x = SAMPLE IF TRUE(share > 0.5, people, kits)", "person", "unit", "kit", "person"),
    ("x = TREND(people, stay, 0)", "person/Month", "unit", "1/Month", "person/Month"),
    ("x = -people", "kit", "unit", "person", "kit"),
    ("x = (people + kits) * share", "person", "unit", "kit", "person"),
]


@pytest.mark.parametrize(("equation", "unit"), FITS)
def test_what_fits_is_left_alone(tmp_path, equation, unit):
    assert check(model(tmp_path, f"{COMMON}{equation} ~ {unit} ~ . |\n")) == []


@pytest.mark.parametrize(("equation", "unit", "kind", "found", "expected"), DOES_NOT)
def test_what_does_not_fit_is_told_once_with_both_units(tmp_path, equation, unit, kind, found, expected):
    (only,) = check(model(tmp_path, f"{COMMON}{equation} ~ {unit} ~ . |\n"))
    assert (only.variable, only.kind, only.found, only.expected) == ("x", kind, found, expected)
    assert only.line == 11
    assert only.is_error == (kind != "number")


def test_it_says_what_a_number_would_have_to_carry(tmp_path):
    text = (
        COMMON
        + "x = people / 12 ~ person/Month ~ . |\ny = 30 * leaving * 2.5 ~ person ~ . |\nz = 4 * stay ~ week ~ . |\n"
    )
    first, second, third = check(model(tmp_path, text))
    assert first.fits == "it would fit if 12 were in Month"
    assert second.fits == "", "there are two numbers"
    assert third.fits == "it would fit if 4 were in week/Month"


def test_the_part_that_does_not_fit_is_shown_as_written(tmp_path):
    (only,) = check(model(tmp_path, COMMON + "x = share * (people + kits / (1 + share)) ~ person ~ . |\n"))
    assert only.part == "kits / (1 + share)"


def test_a_unit_that_cannot_be_read_is_told_and_fits_anywhere(tmp_path):
    found = check(model(tmp_path, COMMON + "x = people ~ person/(Month ~ . |\ny = x ~ kit ~ . |\n"))
    assert [(each.variable, each.kind) for each in found] == [("x", "word")]


def test_subscripted_equations_are_checked_one_by_one(tmp_path):
    text = """
Region: North, South ~~|
area[North] = 3 ~ m^2 ~ . |
area[South] = 4 ~ m^2 ~ . |
land[Region] = area[Region] * 2 ~ m^2 ~ . |
length[North] = area[North] ~ m ~ . |
length[South] = SUM(area[Region!]) ^ 0.5 ~ m ~ . |
"""
    (only,) = check(model(tmp_path, text))
    assert (only.variable, only.found, only.expected) == ("length", "m^2", "m")


def test_both_formats_of_a_small_model_are_consistent():
    for name in ("growth.mdl", "growth.xmile", "logistic.mdl", "regions.mdl"):
        assert check(small(name)) == []


def test_a_mistake_put_into_the_shipped_model_is_found(tmp_path):
    text = read().path.read_text("utf-8")
    old = "precursor shipments * precursor interdiction"
    assert text.count(old) == 1
    worse = tmp_path / "worse.mdl"
    worse.write_text(text.replace(old, "precursor shipments * precursor interdiction * precursor coverage"), "utf-8")
    sound = read()
    before = {(each.variable, each.part) for each in check(sound)}
    spoiled = replace(sound, path=worse, sha256="spoiled")  # a whole reading would have PySD translate it
    new = [each for each in check(spoiled) if (each.variable, each.part) not in before]
    assert [(each.variable, each.kind, each.found, each.expected) for each in new] == [
        ("precursors intercepted", "unit", "kg", "kg/Month")
    ]
