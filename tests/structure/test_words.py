"""Units as modellers write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdforecast.structure.words import UnitError, Units, synonyms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("kg/(person*Month)", "kg/person/Month"),
        ("1/Month", "Month^-1"),
        ("1/Month", "1/months"),
        ("people", "Person"),
        ("persons/year", "person/Year"),
        ("Dmnl", "1"),
        ("Dmnl", "fraction"),
        ("kit/kits", "dimensionless"),
        ("$/year", "dollars/yr"),
        ("Month*Month", "Month^2"),
        ("kg*mg/mg", "kg"),
        ("tax unit/hour", "tax_units/hr"),
        ("companies", "Company"),
        ("m³", "m^3"),
        ("per year", "1/Year"),
        ("kits per person per Month", "kit/(person*Month)"),
        ("persona per permit", "persona/permit"),
        ("CO2 eq*m**2", "m^2*CO2 eq"),
    ],
)
def test_these_are_the_same(one, other):
    units = Units()
    assert units.parse(one) == units.parse(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("kg", "mg"), ("count", "Dmnl"), ("person", "kit"), ("Tin", "inch"), ("bus", "bu"), ("gas", "g"), ("min", "men")],
)
def test_these_are_not_and_no_word_is_taken_apart(one, other):
    units = Units()
    assert units.parse(one) != units.parse(other)


def test_known_measures_differ_by_a_factor_only():
    units = Units()
    assert units.parse("week").dimensionality == units.parse("Month").dimensionality
    assert units.registry.Quantity(1, units.parse("Year")).to(units.parse("months")).magnitude == pytest.approx(12)
    assert units.registry.Quantity(1, units.parse("lb")).to(units.parse("kg")).magnitude == pytest.approx(0.45359237)


@pytest.mark.parametrize("text", ["", " ", "?", "-"])
def test_no_unit_is_told_from_one(text):
    assert Units().parse(text) is None


@pytest.mark.parametrize("text", ["(kg", "kg/", "kg^x", "kg)", "*kg", "kg//mg", "(" * 100 + "kg" + ")" * 100, "^2"])
def test_what_is_no_unit_is_refused(text):
    with pytest.raises(UnitError):
        Units().parse(text)


def test_synonyms_come_from_the_settings_of_a_vensim_file(tmp_path):
    file = tmp_path / "model.mdl"
    file.write_text(
        "x = 1 ~ widget ~ |\n\\\\\\---/// Sketch\n///---\\\\\\\n:L<%^E!@\n22:widget,gizmo,Gadgets\n", "utf-8"
    )
    groups = synonyms(file)
    assert groups == [["widget", "gizmo", "Gadgets"]]
    units = Units(groups)
    assert units.parse("gizmos") == units.parse("Widget") == units.parse("gadgets")


WORDS = st.sampled_from(["kg", "person", "Month", "kit", "$", "tax unit", "mg", "Région"])


@given(st.lists(st.tuples(st.sampled_from("*/"), WORDS, st.integers(1, 3)), min_size=1, max_size=5))
def test_what_is_written_is_read_as_the_same(factors):
    units = Units()
    text = "1" + "".join(f"{operator}{word}^{power}" for operator, word, power in factors)
    unit = units.parse(text)
    assert units.parse(units.written(unit)) == unit


@given(st.text("kgM()*/^ 1.-$e\u00b2", max_size=20))
def test_any_text_is_a_unit_or_refused(text):
    with contextlib.suppress(UnitError):
        Units().parse(text)
