"""`sdforecast scenarios` as a user runs it: what stands on stdout and stderr, and the exit code."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sdforecast.cli import main
from sdforecast.scenario import shipped

Run = Callable[..., tuple[int, str, str]]

SLIP = "name: mix\ntitle: A mix\ninstruments:\n  - {instrument: mood, intensity: 1.5, start: 2027-01}\n"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command in an empty folder and return exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["scenarios", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


def test_list_names_every_mix_in_order(run: Run) -> None:
    code, out, err = run("list")
    assert (code, err) == (0, "")
    assert [line.split()[0] for line in out.splitlines()] == ["name", *shipped()]
    assert "military-only                            2  Military action only" in out


def test_list_as_json(run: Run) -> None:
    code, out, _ = run("list", "--json")
    rows = json.loads(out)
    assert code == 0
    assert [row["name"] for row in rows] == shipped()
    assert rows[3]["changes"] == 2
    assert rows[3]["description"].startswith("A two-year campaign")


def test_show_tells_the_changes_and_the_years(run: Run) -> None:
    code, out, err = run("show", "searches-only")
    assert (code, err) == (0, "")
    assert out == (
        "searches-only: Searches at the border only\n"
        "  All vehicles scanned before primary inspection by 2030, and nothing else. Isolates what smugglers\n"
        "  do about it: other methods, crossings without scanners, and what waiting costs.\n"
        "\n"
        "instrument                      change\n"
        "Vehicle searches at the border  rises from 0.12 to 0.9 between 2027-01 and 2030-01\n"
        "\n"
        "Level, mean over the year\n"
        "instrument        2025  2026  2027  2028  2029  2030  2031  2032  2033  2034  2035\n"
        "vehicle_searches  0.11  0.12  0.24  0.50  0.76  0.90  0.90  0.90  0.90  0.90  0.90\n"
        "\n"
        "instrument        from  2025  2026  2027  2028  2029  2030  2031  2032  2033  2034  2035    to\n"
        f"vehicle_searches  0.10  {'▂' * 14}▃▃▃▃▄▄▄▅▅▅▆▆▆▆{'▇' * 38}  0.90\n"
        "▁ is 0, █ is 1; a column is the mean over 2 months.\n"
    )


def test_show_current_course_says_that_nothing_changes_and_all_shows_twenty(run: Run) -> None:
    _, out, _ = run("show", "current-course")
    assert out.endswith("No instrument changes: all follow their history and keep the last level (--all shows them).\n")
    _, out, _ = run("show", "current-course", "--all")
    table = out.split("Level, mean over the year\n")[1].split("\n\n")[0]
    assert len(table.splitlines()) == 1 + 20 + 1  # head, instruments, consent


def test_show_as_json_has_the_levels_of_all_instruments(run: Run) -> None:
    code, out, _ = run("show", "military-only", "--json")
    told = json.loads(out)
    assert code == 0
    assert told["instruments"][0]["words"].startswith("rises from 0.05 to 0.9 without consent")
    assert len(told["levels"]) == 21
    assert told["levels"]["military_action"]["2028"] == 0.9
    assert list(told["levels"]["moud"]) == [str(year) for year in range(2010, 2036)]


def test_show_a_counterfactual_file_of_the_user(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(
        "name: mine\ntitle: Earlier naloxone\ncounterfactual: true\nparameters: {naloxone effect: 0.4}\n"
        "instruments: [{instrument: naloxone, intensity: 0.65, start: 2015-01}]\n"
    )
    code, out, _ = run("show", "mine.yaml")
    assert code == 0
    assert "Counterfactual: starts in the past." in out
    assert "rises from 0.03 to 0.65 in 2015-01" in out
    assert "Parameters\nname             value\nnaloxone effect    0.4\n" in out
    header = next(line for line in out.splitlines() if line.startswith("instrument  2"))
    assert header.split()[1] == "2014"


def test_check_right_files(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("name: mine\ntitle: Mine\nextends: military-only\n")
    assert run("check", "current-course", "mine.yaml") == (0, "current-course: ok\nmine.yaml: ok\n", "")
    assert run("check", "-q", "mine.yaml") == (0, "", "")


def test_check_tells_every_problem_of_every_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "slip.yaml").write_text(SLIP)
    code, out, err = run("check", "slip.yaml", "current-course", "none.yaml", "militry-only")
    assert code == 2
    assert out == "current-course: ok\n"
    assert err == (
        "error: slip.yaml:4:35: intensity 1.5 is not between 0 and 1\n"
        "error: none.yaml: there is no such file (did you mean 'slip.yaml'?)\n"
        "error: unknown scenario 'militry-only' (did you mean 'military-only'?)\n"
    )


def test_check_as_json(run: Run, tmp_path: Path) -> None:
    (tmp_path / "slip.yaml").write_text(SLIP)
    code, out, err = run("check", "--json", "slip.yaml", "current-course")
    assert (code, err) == (2, "")
    slip, right = json.loads(out)
    assert (slip["ok"], right) == (False, {"target": "current-course", "ok": True, "problems": []})
    assert slip["problems"][0]["line"] == 4
    assert slip["problems"][0]["column"] == 35


@pytest.mark.parametrize("arguments", [("show", "nope"), ("show", "nope.yaml"), ("check",), ("show",), ("lst",)])
def test_wrong_calls_end_with_2_and_one_message(run: Run, arguments: tuple[str, ...]) -> None:
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_schema_and_instruments(run: Run) -> None:
    code, out, _ = run("schema")
    assert code == 0
    assert json.loads(out)["required"] == ["name", "title"]
    code, out, _ = run("instruments")
    assert code == 0
    assert "vehicle_searches: Vehicle searches at the border\n  0: Shares of 2020" in out
    _, out, _ = run("instruments", "--json")
    assert len(json.loads(out)) == 20


def test_in_a_process_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "slip.yaml").write_text(SLIP)
    command = [sys.executable, "-m", "sdforecast", "scenarios", "check", str(tmp_path / "slip.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == f"error: {tmp_path}/slip.yaml:4:35: intensity 1.5 is not between 0 and 1\n"
