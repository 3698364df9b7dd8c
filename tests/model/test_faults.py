from __future__ import annotations

from pathlib import Path

import pytest

from sdforecast.errors import InputError
from sdforecast.model import read
from tests.engine.compiled.comparing import written


def complaint(folder: Path, equations: str) -> str:
    file = written(folder, equations)
    with pytest.raises(InputError) as caught:
        read(file)
    return str(caught.value).replace(f"{file}: ", "")


def test_names_that_nothing_defines_are_told_together_with_the_nearest(tmp_path: Path) -> None:
    assert complaint(tmp_path, "rate = 2 \n a = 3 * rade \n b = STEP(finel time, 2) + a").splitlines() == [
        "'a' refers to 'rade', which nothing defines (did you mean 'rate'?)",
        "'b' refers to 'finel time', which nothing defines (did you mean 'FINAL TIME'?)",
    ]


@pytest.mark.parametrize(
    ("equations", "circle"),
    [
        ("a = INTEG(1, b) \n b = INTEG(1, a + 1)", "a → b → a"),
        ("a = SMOOTH(b, 2) \n b = a + 1 \n c = INTEG(b, b)", "a → b → a"),
        ("first = INITIAL(level) \n level = INTEG(1, first)", "first → level → first"),
        ("c = INTEG(1, a) \n a = INTEG(1, ACTIVE INITIAL(3, b)) \n b = INTEG(1, a)", "a → b → a"),
    ],
)
def test_initial_values_that_go_round_are_named(tmp_path: Path, equations: str, circle: str) -> None:
    told = complaint(tmp_path, equations)
    assert told == f"the initial values depend on each other in a circle: {circle}"
