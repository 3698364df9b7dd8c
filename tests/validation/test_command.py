"""`sdforecast validate` as a user meets it, and the same from Python."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import sdforecast as sdf
from sdforecast.cli import main
from sdforecast.cli.validate import _KINDS
from sdforecast.validation import KINDS
from tests.small import MODELS

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, files: Path) -> Run:
    """Run the command in the folder of the small model and return exit code, stdout and stderr."""
    monkeypatch.chdir(files)
    monkeypatch.setenv("COLUMNS", "120")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["validate", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_a_table_by_kind_and_exit_0_where_all_holds(run: Run) -> None:
    code, out, _ = run("--model", "small.mdl")
    assert code == 0
    assert out.index("Structure") < out.index("Extreme conditions") < out.index("Loop knock-out")
    assert "Without contact no one falls ill. Measured:" in " ".join(out.split())
    assert "0 failed" in out


def test_exit_1_names_what_failed(run: Run, files: Path) -> None:
    text = (files / "checks.yaml").read_text(encoding="utf-8").replace("/ base < 0.5", "/ base > 0.5")
    (files / "mine.yaml").write_text(text, encoding="utf-8")
    code, out, err = run("--model", "small.mdl", "--checks", "mine.yaml", "--only", "loop", "-q")
    assert code == 1
    assert "FAILED" in out
    assert "loop test 'contagion' failed (max(Ill, start..end) / base > 0.5)" in err


def test_json_to_the_screen_and_to_a_file(run: Run, files: Path) -> None:
    code, out, _ = run("--model", "small.mdl", "--only", "extreme", "--json", "-o", "found.json")
    assert code == 0
    found = json.loads(out)
    assert found == json.loads((files / "found.json").read_text(encoding="utf-8"))
    one = next(result for result in found["results"] if result["id"] == "no-contact")
    assert one["outcome"] == "passed" and one["claims"][0]["values"] == [0.0, -1e-09]
    assert found["passed"] == len(found["results"])


def test_json_of_a_model_that_breaks_is_json(run: Run, files: Path) -> None:
    text = (files / "small.mdl").read_text(encoding="utf-8")
    broken = text.replace("dying = Ill * death rate", "dying = Ill * death rate / MAX(0, 30 - Time)")
    (files / "small.mdl").write_text(broken, encoding="utf-8")
    code, out, _ = run("--model", "small.mdl", "--json")
    found = {result["id"]: result for result in json.loads(out)["results"]}
    assert (code, found["people"]["outcome"], found["people"]["gap"]) == (1, "failed", None)


def test_a_model_without_checks_is_put_to_what_any_can_be(run: Run) -> None:
    code, out, _ = run("--model", str(MODELS / "growth.mdl"), "--json")
    found = json.loads(out)
    assert code == 0 and found["checks"] is None
    assert {result["kind"] for result in found["results"]} == {"structure", "extreme", "integration"}


def test_a_kind_without_tests_is_told(run: Run) -> None:
    code, out, err = run("--model", str(MODELS / "growth.mdl"), "--only", "loop")
    assert (code, out.strip()) == (0, "0 passed, 0 failed, 0 not done")
    assert "no test of this kind: there is no file of checks" in err


def test_python_takes_a_path_and_one_kind() -> None:
    found = sdf.validate(MODELS / "growth.mdl", only="integration")
    assert {result.kind for result in found.results} == {"integration"}


def test_wrong_input_is_told_without_a_traceback(run: Run, files: Path) -> None:
    (files / "checks.yaml").write_text("statement: []\n", encoding="utf-8")
    code, _, err = run("--model", "small.mdl")
    assert (code, "checks.yaml:1:1" in err, "did you mean 'statements'" in err) == (2, True, True)
    assert run("--model", "small.mdl", "--checks", "none.yaml")[0] == 2
    assert run("--only", "loops")[0] == 2


def test_the_kinds_of_the_command_are_those_there_are() -> None:
    assert tuple(KINDS) == _KINDS  # written out there, so that help need not load them


def test_from_python(files: Path) -> None:
    found = sdf.validate(sdf.load_model(files / "small.mdl"), only=["loop"])
    assert [result.id for result in found.results] == ["contagion"] and not found.failed
