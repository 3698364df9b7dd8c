"""The language of claims: what it means, and what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdforecast.errors import InputError
from sdforecast.validation.claims import MEASURES, holds, parse_claim, value_of

TIMES = np.arange(0, 11.0)
RUNS = {
    "run": {"x": pd.Series(TIMES**2, index=TIMES), "y": pd.Series(TIMES * 0 + 2, index=TIMES)},
    "base": {"x": pd.Series(TIMES + 1, index=TIMES), "y": pd.Series(TIMES * 0 + 4, index=TIMES)},
}


def _time(word: str) -> tuple[float, float]:
    return float(word), float(word)


def _values(text: str) -> tuple[list[float], bool]:
    claim = parse_claim(text, ["run", "base"], _time)
    values = [value_of(term, RUNS) for term in claim.terms]
    return values, holds(claim, values)


@pytest.mark.parametrize(
    ("term", "value"),
    [
        ("at(x, 3)", 9.0), ("at(x, 2.5)", 6.5), ("at(x, start)", 0.0), ("at(x, end)", 100.0), ("mean(x, 1..3)", 14 / 3),
        ("min(x, 2..4)", 4.0), ("max(x, 2..4)", 16.0), ("increase(x, 2..4)", 12.0), ("increase(x, start..end)", 100.0),
        ("step(x, 2..4)", 7.0), ("at(x, 3, base)", 4.0), ("at(x, 3) / base", 2.25), ("at(y, 1) - base * 2", -6.0),
        ("max_ratio(x, 1..3, run, base)", 2.25), ("min_ratio(x, 1..3, run, base)", 0.5), ("-at(x, 2)", -4.0),
        ("(at(x, 2) + 1) * 2", 10.0), ("2 + at(x, 2) * 2", 10.0), ("at(x, 2) - 1 - 1", 2.0), ("8 / 2 / at(y, 1)", 2.0),
        ("1.5e2 + at(x, 0)", 150.0),
    ],
)  # fmt: skip
def test_a_term_is_what_it_says(term: str, value: float) -> None:
    assert _values(f"{term} < 1e9")[0][0] == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("at(y, 1) < 3", True), ("at(y, 1) <= 2", True), ("at(y, 1) < 2", False), ("1 < at(y, 1) < 3", True),
     ("1 < at(y, 1) < 2", False), ("at(y, 1) > base", False), ("at(y, 1) >= 2", True)],
)  # fmt: skip
def test_relations(text: str, expected: bool) -> None:
    assert _values(text)[1] is expected


def test_a_division_by_nothing_fulfils_nothing() -> None:
    for relation in ("<", ">", "<=", ">="):
        assert not _values(f"at(x, 0) / (at(x, 0) - 0) {relation} 1")[1]


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("at(x, 3)", "compares nothing"), ("1 < 2", "measures nothing"), ("mea(x, 1) < 2", "no measure 'mea'"),
        ("at(x) < 2", "at without variable and span"),
        ("at(x, 1, other) < 2", "no run 'other'"),
        ("at(x, soon) < 2", "a time that is"),
        ("mean(x, 4..2) < 1", "ends before it begins"), ("at(x, 1..2) < 1", "more than one time"),
        ("base < 1", "before any"),
        ("(at(x, 1) < 2", "closing bracket"), ("at(x, 1) < 2)", "nothing should follow"),
        ("at(x, 1) <", "ends too early"),
        ("__import__('os').system('true') < 1", "cannot be read"), ("at(x, 1) ** 2 < 1", "where a value should stand"),
        ("(" * 500 + "1" + ")" * 300, "nested too deep"), ("at(x, 1) < " + "1" * 2000, "longer than"),
        ("", "ends too early"),
    ],
)  # fmt: skip
def test_what_is_no_claim_is_told(text: str, part: str) -> None:
    with pytest.raises(InputError, match=part):
        parse_claim(text, ["run", "base"], _time)


@given(st.text(alphabet="atxbse(),.<>=+-*/ 0123mixnr_", max_size=60))
def test_no_text_does_anything_but_parse_or_raise(text: str) -> None:
    try:
        claim = parse_claim(text, ["run", "base"], _time)
    except InputError:
        return
    assert claim.measures and claim.relations


def test_every_measure_is_documented() -> None:
    from sdforecast import shipped

    text = (shipped.models_dir() / "checks.yaml").read_text(encoding="utf-8").split("\nboundary:")[0]
    assert [name for name in MEASURES if name not in text] == []
