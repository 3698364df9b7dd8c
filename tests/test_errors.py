"""What an error says, and the nearest choice it names."""

from __future__ import annotations

import pytest

from sdforecast.errors import CheckError, InputError, MachineError, Problem, nearest


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("wrong"), "wrong"),
        (Problem("wrong", file="a.csv"), "a.csv: wrong"),
        (Problem("wrong", file="a.csv", line=3), "a.csv:3: wrong"),
        (Problem("wrong", file="a.csv", line=3, column=7, hint="do this"), "a.csv:3:7: wrong (do this)"),
    ],
)
def test_a_problem_in_one_line(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_each_kind_has_its_exit_code_and_carries_all_problems() -> None:
    assert [kind.exit_code for kind in (CheckError, InputError, MachineError)] == [1, 2, 3]
    error = InputError("first", Problem("second", file="b"))
    assert error.problems == (Problem("first"), Problem("second", file="b"))
    assert str(error) == "first\nb: second"


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("naloxon", "did you mean 'naloxone'?"),
        ("NALOXONE", "did you mean 'naloxone'?"),
        ("Militry Action", "did you mean 'Military action'?"),
        ("xyz", "known: naloxone, Military action, c, d, e, f, …"),
    ],
)
def test_the_nearest_choice_or_some(word: str, hint: str) -> None:
    assert nearest(word, ["naloxone", "Military action", "c", "d", "e", "f", "g"]) == hint


def test_a_short_list_is_shown_whole() -> None:
    assert nearest("xyz", iter(["a", "b"])) == "known: a, b"
