"""`model parameters`: what is listed, what is shown in full, what a wrong word gets."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from sdforecast import parameters
from sdforecast.cli.model import model
from sdforecast.errors import InputError
from sdforecast.model import read


def run(*words: str) -> Result:
    return CliRunner().invoke(model, ["parameters", *words], catch_exceptions=True)


def test_json_has_every_constant_with_everything() -> None:
    rows = {row["name"]: row for row in json.loads(run("--json").stdout)}
    table = {p.name: p for p in parameters.load()}
    assert list(rows) == list(table)
    values = read().variables.set_index("name")["value"]
    for name, p in table.items():
        row = rows[name]
        assert (row["value"], row["low"], row["high"], row["unit"]) == (p.value, p.low, p.high, p.unit)
        assert (row["source"], row["grade"], row["narrowed_by"]) == (p.source, p.grade, p.narrowed_by)
        assert row["in_model"] == pytest.approx(values[name])


@pytest.mark.parametrize(
    ("words", "key", "value"),
    [(("--kind", "estimated"), "kind", "estimated"), (("--grade", "seen"), "grade", "seen"),
     (("--sector", "border FLOW"), "sector", "Border flow")],
)  # fmt: skip
def test_choices_keep_only_what_they_name(words: tuple[str, ...], key: str, value: str) -> None:
    every = json.loads(run("--json").stdout)
    kept = json.loads(run(*words, "--json").stdout)
    assert 0 < len(kept) < len(every)
    assert kept == [row for row in every if row[key] == value]


def test_the_table_leaves_fixed_constants_without_a_range() -> None:
    lines = run("--kind", "data").stdout.splitlines()
    assert lines[0].split() == ["name", "in", "model", "centre", "low", "high", "unit", "kind", "grade"]
    (line,) = [line for line in lines if line.startswith("mg to kg")]
    assert line.split()[3:] == ["1e-06", "1e-06", "kg/mg", "data", "seen"]


def test_a_name_is_shown_in_full_whatever_its_case() -> None:
    said = " ".join(run("PRICE elasticity", "shock edge").stdout.split())
    known = {p.name: p for p in parameters.load()}
    for text in (known["price elasticity"].source, known["price elasticity"].narrowed_by):
        assert text in said
    assert f"fixed: {known['shock edge'].fixed_because}" in said


@pytest.mark.parametrize(
    ("words", "message"),
    [(("ems efect",), "no constant 'ems efect'"), (("--sector", "Demands"), "no sector 'Demands' with constants")],
)
def test_a_wrong_word_gets_the_nearest(words: tuple[str, ...], message: str) -> None:
    error = run(*words).exception
    assert isinstance(error, InputError)
    assert message in str(error)
    assert "did you mean" in str(error)


def test_nothing_left_is_no_failure() -> None:
    found = run("--kind", "literature", "--grade", "judgement")
    assert (found.exit_code, found.stdout) == (0, "")
