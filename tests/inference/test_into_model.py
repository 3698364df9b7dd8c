"""Writing constants into a Vensim file: nothing else changes, and nothing is guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdforecast.errors import InputError
from sdforecast.inference import with_constants
from sdforecast.model import read
from tests.small import MODELS

TEXT = (MODELS / "growth.mdl").read_text()


def test_the_constants_change_and_nothing_else(tmp_path: Path) -> None:
    changed = with_constants(TEXT, {"growth rate": 0.0312345678, "half life": 1e-9})
    assert changed == TEXT.replace("growth rate = 0.02", "growth rate = 0.0312346").replace(
        "half life = 5", "half life = 1e-09"
    )
    (tmp_path / "mine.mdl").write_text(changed)
    values = read(tmp_path / "mine.mdl").variables.set_index("name")["value"]
    assert (values["growth rate"], values["half life"], values["initial population"]) == (0.0312346, 1e-9, 100)


def test_writing_what_is_there_changes_nothing() -> None:
    assert with_constants(TEXT, {"growth rate": 0.02, "initial population": 100.0}) == TEXT


@pytest.mark.parametrize("name", ["growth", "Growth rate", "Population", "births", "nothing"])
def test_what_is_no_plain_number_is_refused(name: str) -> None:
    with pytest.raises(InputError, match=f"'{name}' is set 0 times to a number"):
        with_constants(TEXT, {name: 1.0})


def test_all_problems_are_told_together() -> None:
    with pytest.raises(InputError) as caught:
        with_constants(TEXT + TEXT, {"growth rate": 1.0, "nothing": 2.0})
    assert len(caught.value.problems) == 2
