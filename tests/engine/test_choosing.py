"""Which engine runs a model, and what the user is told of it."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from sdforecast.engine import SlowEngineWarning
from sdforecast.engine.choosing import choose, machine
from sdforecast.engine.compiled.machine import Machine
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.errors import InputError
from sdforecast.model import ModelFile, read
from tests.engine.compiled.comparing import text
from tests.small import MODELS, small


def answer(found: Machine) -> str:
    return "compiled"


def refuse(found: Machine) -> str:
    raise Unsupported("magic", "births")


def test_auto_and_compiled_compile_what_they_can() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", SlowEngineWarning)
        assert choose(small("growth.mdl"), "auto", answer) == "compiled"
        assert choose(small("growth.mdl"), "compiled", answer) == "compiled"


def test_pysd_asks_nobody() -> None:
    assert choose(small("growth.mdl"), "pysd", refuse) is None


def test_auto_says_once_what_where_and_how_slow(random_model: ModelFile) -> None:
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        assert choose(random_model, "auto", answer) is None
    slow = [warning for warning in told if warning.category is SlowEngineWarning]
    assert len(slow) == 1
    line = next(k for k, row in enumerate(random_model.path.read_text().splitlines(), 1) if "noise" in row)
    expected = f"'a noise' uses RANDOM UNIFORM ({random_model.path}:{line})"
    assert str(slow[0].message) == f"running under PySD, a thousand times slower or more: {expected}"


def test_compiled_makes_it_an_error_with_file_and_line(random_model: ModelFile) -> None:
    with pytest.raises(InputError) as caught:
        choose(random_model, "compiled", answer)
    problem = caught.value.problems[0]
    assert caught.value.exit_code == 2
    assert problem.what == "not compiled: 'a noise' uses RANDOM UNIFORM"
    assert problem.file == str(random_model.path)
    assert "noise" in random_model.path.read_text().splitlines()[(problem.line or 0) - 1]


def test_what_comes_up_later_counts_too() -> None:
    with pytest.warns(SlowEngineWarning, match=r"'births' uses magic \(.*growth.mdl:13\)"):
        assert choose(small("growth.mdl"), "auto", refuse) is None
    assert MODELS.joinpath("growth.mdl").read_text().splitlines()[12].startswith("births = ")


@pytest.mark.parametrize("engine", ["Compiled", "", "numpy"])
def test_an_unknown_engine_is_told_which_there_are(engine: str) -> None:
    with pytest.raises(InputError, match="one of auto, compiled, pysd"):
        choose(small("growth.mdl"), engine, answer)


@pytest.mark.parametrize(
    ("definition", "line"),
    [
        ("Noise Level = RANDOM UNIFORM(0, 1, 0)", "Noise Level = "),
        ("noise  level=\n\tRANDOM UNIFORM(0, 1, 0)", "noise  level="),
        ('"noise level (%)" = RANDOM UNIFORM(0, 1, 0)', '"noise level (%)"'),
        ("noise[Place] = RANDOM UNIFORM(0, 1, 0)\n\t~~|\nPlace: here, there", "noise[Place]"),
    ],
)
def test_lines_are_found_however_a_name_is_written(tmp_path: Path, definition: str, line: str) -> None:
    file = tmp_path / "model.mdl"
    file.write_text("{UTF-8}\nx = 1\n\t~~|\n" + definition + "\n\t~~|\n" + text("y = 2")[8:], encoding="utf-8")
    with pytest.raises(InputError) as caught:
        choose(read(file), "compiled", answer)
    found = caught.value.problems[0].line
    assert found == 4
    assert file.read_text().splitlines()[found - 1].startswith(line)


def test_a_model_is_compiled_once_and_again_when_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "model.mdl"
    file.write_text(text("x = 1"))
    first = machine(read(file))
    assert machine(read(file)) is first
    file.write_text(text("x = 2"))
    second = machine(read(file))
    assert second is not first
    assert second.model.sha256 != first.model.sha256
