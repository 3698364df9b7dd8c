"""The compiled engine as a user of the command line meets it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sdforecast.cli import main
from tests.engine.compiled.comparing import written
from tests.small import MODELS, ROOT

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")
Run = Callable[..., tuple[int, str, str]]

GROWTH = str(MODELS / "growth.mdl")
RANDOM = "Level = INTEG(rate, 0)\nrate = 2\na noise = RANDOM UNIFORM(0, 1, 0)"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command in an empty folder and return exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["run", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


@pytest.fixture
def noisy(tmp_path: Path) -> str:
    return str(written(tmp_path, RANDOM))


class TestEngine:
    def test_all_engines_print_the_same(self, run: Run) -> None:
        printed = {run("--model", GROWTH, "--engine", engine)[:2] for engine in ("auto", "compiled", "pysd")}
        assert len(printed) == 1
        assert printed.pop()[0] == 0

    def test_auto_falls_back_and_says_so_once_on_stderr(self, run: Run, noisy: str) -> None:
        code, out, err = run("--model", noisy, "--variables", "Level", "--json")
        assert code == 0
        assert json.loads(out)[-1]["value"] == 16
        lines = [line for line in err.splitlines() if "PySD runs" not in line]
        assert lines == [
            f"warning: running under PySD, a thousand times slower or more: 'a noise' uses RANDOM UNIFORM ({noisy}:8)"
        ]

    def test_compiled_makes_that_an_error(self, run: Run, noisy: str) -> None:
        code, out, err = run("--model", noisy, "--engine", "compiled")
        assert (code, out) == (2, "")
        assert f"error: {noisy}:8: not compiled: 'a noise' uses RANDOM UNIFORM (--engine auto runs it with PySD)" in err
        assert "Traceback" not in err

    def test_pysd_is_no_fallback_when_asked_for(self, run: Run, noisy: str) -> None:
        code, _, err = run("--model", noisy, "--engine", "pysd", "--variables", "Level")
        assert (code, "slower" in err) == (0, False)

    def test_another_engine_is_refused(self, run: Run) -> None:
        code, out, err = run("--engine", "fast")
        assert (code, out) == (2, "")
        assert "'auto', 'compiled', 'pysd'" in err

    def test_an_element_is_set(self, run: Run) -> None:
        code, out, _ = run(
            "--model", str(MODELS / "regions.mdl"), "--set", "loss[North]=0", "--variables", "Stock", "--json"
        )
        rows = {row["variable"]: row["value"] for row in json.loads(out)}
        assert code == 0
        assert (rows["Stock[North]"], rows["Stock[South]"] < 2) == (100, True)

    def test_an_element_that_is_not_there_names_the_nearest(self, run: Run) -> None:
        code, out, err = run("--model", str(MODELS / "regions.mdl"), "--set", "loss[Nort]=0")
        assert (code, out) == (2, "")
        assert "no 'loss[Nort]' (did you mean 'loss[North]'?)" in err

    def test_a_final_time_between_rows_is_told(self, run: Run) -> None:
        code, _, err = run("--model", GROWTH, "--to", "3.5", "-q")
        assert code == 0
        assert "FINAL TIME 3.5 is not saved: the last row is 3" in err


class TestDump:
    def test_the_program_after_each_pass(self, run: Run) -> None:
        code, out, _ = run("--model", GROWTH, "--dump", "--variables", "Drug_left")
        assert code == 0
        titles = [line.removeprefix("== ").split(":")[0] for line in out.splitlines() if line.startswith("== ")]
        assert titles == ["unrolled", "lowered", "specialised", "integrated", "levelled", "emitted"]
        parts = dict(zip(titles, out.split("== ")[1:], strict=True))
        assert "births: (population * growth_rate)" in parts["unrolled"].casefold()
        assert "Population" in parts["lowered"]
        assert "Population" not in parts["levelled"]  # nobody asked for it
        assert "define" in parts["emitted"]

    def test_what_is_not_compiled_cannot_be_shown(self, run: Run, noisy: str) -> None:
        code, out, err = run("--model", noisy, "--dump")
        assert (code, "== lowered" in out) == (2, False)
        assert "not compiled: 'a noise' uses RANDOM UNIFORM" in err

    def test_an_unknown_variable(self, run: Run) -> None:
        code, _, err = run("--model", GROWTH, "--dump", "--variables", "birth")
        assert (code, "did you mean 'births'" in err) == (2, True)


_LOADED = """
import sys
from sdforecast.cli import main
code = main(["run", "-q", *sys.argv[1:]])
print(code, *(name for name in ("pysd", "llvmlite", "matplotlib") if name in sys.modules))
"""


def loaded(cache: Path, *arguments: str) -> list[str]:
    """Return exit code and the large packages that a run in a process of its own has loaded."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", _LOADED, *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.parametrize("arguments", [("--model", GROWTH), ("-s", "military-only")])
def test_a_second_run_loads_no_pysd(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    first, second = loaded(tmp_path, *arguments), loaded(tmp_path, *arguments)
    assert first[:3] == ["0", "pysd", "llvmlite"]
    assert second == ["0", "llvmlite"]
