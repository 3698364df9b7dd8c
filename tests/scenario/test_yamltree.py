from __future__ import annotations

import pytest

from sdforecast.errors import InputError
from sdforecast.scenario.yamltree import parse

REFINED = "(write the plain value, or quote it)"


def test_values_and_places() -> None:
    tree = parse("a: 1\nb:\n  - x: 0.5\n    y: ~\n  - true\n'c d': 2027-01\n", "f")
    assert tree.data == {"a": 1, "b": [{"x": 0.5, "y": None}, True], "c d": "2027-01"}
    assert tree.values[("b", 0, "x")] == (3, 8)
    assert tree.keys[("b", 0, "y")] == (4, 5)
    assert tree.values[("c d",)] == (6, 8)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-3", -3), ("007", 7), ("+1.5", 1.5), (".5", 0.5), ("1e-3", 0.001), ("1.", 1.0), ("'1'", "1"),
        ("yes", "yes"), ("on", "on"), ("null", None), ("", None), ("true", True), ("FALSE", False),
        ("2027-01-01", "2027-01-01"), ("12:30", "12:30"),
    ],
)  # fmt: skip
def test_scalars_have_the_meaning_of_yaml_1_2(text: str, value: object) -> None:
    found = parse(f"a: {text}", "f").data["a"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: &x [1]\nb: *x", "f:1:4: anchors (&) and aliases (*) are not used in scenario files "
                             "(write the value out, or quote it)"),
        ("a: *x", "f:1:4: anchors (&) and aliases (*) are not used in scenario files "
                  "(write the value out, or quote it)"),
        ("a: !!python/object/apply:os.system ['x']", f"f:1:4: tags (!) are not used in scenario files {REFINED}"),
        ("a: !!str 5", f"f:1:4: tags (!) are not used in scenario files {REFINED}"),
        ("%YAML 1.1\n---\na: 1", "f:2:1: YAML directives are not used in scenario files (remove the line with %)"),
        ("a: 1\n---\nb: 2", "f:2:1: a second document starts here (one scenario a file)"),
        ("a:\n\tb: 1", "f:2:1: is not YAML: found character '\\t' that cannot start any token "
                       "(indent with spaces, not tabs)"),
        ("a: b: c", "f:1:5: is not YAML: mapping values are not allowed here (put text with a colon in quotes)"),
        ('a: "b', "f:1:6: is not YAML: found unexpected end of stream (a quote or bracket is not closed)"),
        ("[" * 9, "f:1:9: is nested more than 8 deep"),
    ],
)  # fmt: skip
def test_what_is_refused(text: str, expected: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text, "f")
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    "text",
    [
        "[" * 60_000,
        "{a: " * 15_000,
        "- " * 30_000,
        "? " * 30_000,
        "a: &a [x, x]\n" + "".join(f"b{k}: &b{k} [*b{k - 1}, *b{k - 1}]\n" for k in range(1, 40)),
        "a: !<" + "x" * 60_000,
        "%" * 60_000,
    ],
)
def test_hostile_text_is_refused_before_anything_is_built(text: str) -> None:
    with pytest.raises(InputError):
        parse(text, "f")
