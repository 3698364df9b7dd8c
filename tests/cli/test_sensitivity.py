"""`sdforecast sensitivity` as a user types it."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sdforecast import cli
from sdforecast.cli.sensitivity import command, sensitivity

SMALL = ["--draws", "64", "--trajectories", "2", "--points", "64", "--strongest", "2", "-s", "current-course",
         "--assumption", "military removal rate", "--assumption", "precursor price elasticity"]  # fmt: skip


@pytest.mark.slow  # half a minute; test_json runs the same on fewer runs
def test_tables_in_words_and_a_folder(tmp_path: Path) -> None:
    done = CliRunner().invoke(sensitivity, [*SMALL, "-q", "-o", str(tmp_path / "out")], catch_exceptions=False)
    assert done.exit_code == 0
    for words in ("who is best", "expected regret", "What moves deaths under current-course", "ranking turns",
                  "knowing an assumption", "Convergence"):  # fmt: skip
        assert words in done.stdout
    assert "nan" not in done.stdout.lower().split()
    told = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert told["command"].startswith("sdforecast sensitivity -s current-course --assumption 'military removal")


def test_json(tmp_path: Path) -> None:
    done = CliRunner().invoke(sensitivity, [*SMALL, "-q", "--json"], catch_exceptions=False)
    told = json.loads(done.stdout)
    assert {row["over"] for row in told["ranking"]} >= {"posterior", "ranges"}
    assert {"screening", "sobol", "discovery", "learning", "perfect", "convergence"} <= set(told)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--assumption", "military removal rat"], "did you mean 'military removal rate'?"),
        (["--assumption", "mg to kg"], "is no assumption: its kind is 'data'"),
        (["-s", "militry-only"], "did you mean 'military-only'?"),
        (["--rival", "soft-power-with-teeth"], "must differ"),
        (["--points", "100"], "a power of two"),
        (["--horizon", "2040-12"], "out of range"),
    ],
)
def test_wrong_input_is_one_clear_line(words: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sensitivity", *words]) == 2
    shown = capsys.readouterr().err
    assert message in shown
    assert "Traceback" not in shown


def test_a_missing_extra_is_told_with_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = importlib.import_module

    def missing(name: str, package: str | None = None) -> object:
        if name.startswith("SALib"):
            raise ImportError(name)
        return real(name, package)

    monkeypatch.setattr(importlib, "import_module", missing)
    assert cli.main(["sensitivity"]) == 3
    assert 'SALib is not installed (pip install "sdforecast[policy]")' in capsys.readouterr().err


def test_the_command_in_the_manifest_names_what_decides() -> None:
    given = {"draws": 64, "trajectories": 40, "points": 1024, "strongest": 16, "seed": 1, "horizon": "2035-12",
             "mix": "china-first", "rival": "military-only", "reference": "current-course", "posterior": None,
             "even": True}  # fmt: skip
    assert command(("a b.yaml",), ("x",), given) == (
        "sdforecast sensitivity -s 'a b.yaml' --assumption x --draws 64 --mix china-first --even"
    )
