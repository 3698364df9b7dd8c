"""Files of checks that are wrong, each told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdforecast import shipped
from sdforecast.errors import InputError
from sdforecast.scenario import instrument_ids
from sdforecast.validation import validate
from sdforecast.validation.reading import read
from tests.validation.conftest import CHECKS, Broken, small

WRONG = [
    ("kind: extreme", "kind: extrem", "is no kind"),
    ("    why: The illness passes from one to another.\n", "", "'why' is missing"),
    ("outflows: [dying]", "outflow: [dying]", "did you mean 'outflows'"),
    ("set: {contact rate: 0}", "sett: {contact rate: 0}", "did you mean 'set'"),
    ("set: {contact rate: 0}", "set: {contact rate: none}", "must be a number"),
    ("set: {contact rate: 0}", "set: {contact rat: 0}", "did you mean 'contact rate'"),
    ("set: {contact rate: 0}", "set: {Ill: 0}", "is a stock"),
    ("set: {contact rate: 0}", "initial: {contact rate: 0}", "is no stock"),
    ("set: {contact rate: 0}", "case: nothing", "no case or run 'nothing'"),
    ("hold: [infection]", "like: run", "refers to itself"),
    ("id: contagion", "id: no-contact", "a second check has the id"),
    ("at(Ill, 50) / at(Ill, 0) < 0.01", "at(Il, 50) < 1", "did you mean 'Ill'"),
    ("endogenous: [Ill, infection]", "endogenous: [Ill, infections]", "did you mean 'infection'"),
    ("outflows: [dying]", "outflows: [dying * rat]", "no variable 'rat'"),
    ("years: [0, 30]", "years: [0, soon]", "could not convert"),
    ("limit: 0.01", "limit: 2", "less than or equal to 1"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "part"), WRONG)
def test_a_fault_is_told_with_its_place(old: str, new: str, part: str, files: Path) -> None:
    assert CHECKS.count(old) == 1
    text = CHECKS.replace(old, new)
    (files / "checks.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=part) as error:
        validate(small(files))
    lines = [problem.line for problem in error.value.problems]
    at = CHECKS[: CHECKS.index(old)].count("\n") + 1
    block = max(k for k, line in enumerate(CHECKS.split("\n")[:at], start=1) if not line.startswith("    "))
    assert all(line is not None and block <= line <= at + 2 for line in lines)


@pytest.mark.parametrize(
    ("text", "part"),
    [("", "is empty"), ("- 1", "must be a mapping"), ("statements: &a [*a]", "aliases"), ("a: {b: [", "not YAML")],
)
def test_what_is_no_file_of_checks(text: str, part: str, tmp_path: Path) -> None:
    (tmp_path / "checks.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=part):
        read(tmp_path / "checks.yaml")


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "none.yaml")


def test_an_unknown_kind_is_told(validated: Broken) -> None:
    with pytest.raises(InputError, match="did you mean 'loop'"):
        validated(only="loops")


def test_the_shipped_file_has_what_was_promised() -> None:
    checks = read(shipped.models_dir() / "checks.yaml").checks
    statements = checks.statements
    assert sum(one.kind == "extreme" for one in statements) >= 25
    loops = {one.loop for one in statements if one.kind == "loop"}
    assert loops == {*(f"R{k}" for k in range(1, 8)), *(f"B{k}" for k in range(1, 8))}
    assert {one.kind for one in statements} == {"extreme", "loop", "surprise", "family", "policy"}
    assert checks.neutrality is not None
    assert {name.replace(" ", "_") for name in checks.neutrality.instruments} == set(instrument_ids())
    assert all(one.why.strip() for one in (*statements, *checks.conservation))
