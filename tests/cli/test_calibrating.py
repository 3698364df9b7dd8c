"""What `sdforecast calibrate` shows while it works, and the command that it keeps."""

from __future__ import annotations

import importlib.util
import math
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sdforecast.cli import main
from sdforecast.cli.app import app
from sdforecast.cli.calibrate import calibrate, command
from sdforecast.cli.calibrating.watching import Watch, line, phase
from sdforecast.inference.chains import ChainProgress, Progress


def chain(number: int, draws: int, **changes: Any) -> ChainProgress:
    facts = {"divergences": 0, "step_size": 0.4, "acceptance": 0.8, "evaluations": 10, "seconds_left": 60.0}
    return ChainProgress(number, draws, 1300, draws < 300, **{**facts, **changes})


WAITING = chain(3, 0, step_size=math.nan, acceptance=math.nan, seconds_left=math.nan)
RUNNING = Progress(
    (chain(0, 1300, seconds_left=0.0), chain(1, 650, divergences=2, acceptance=0.9), chain(2, 20), WAITING), 75, 95
)


def test_a_line_says_where_all_chains_are() -> None:
    assert line(RUNNING) == (
        "draws 1,300, 650, 20, 0 of 1,300; acceptance 0.8 to 0.9; 2 divergences; step 0.4; about 1 min 35 s left"
    )
    assert [phase(one) for one in RUNNING.chains] == ["finished", "sampling", "warming up", "waiting"]


def test_before_the_first_draw_there_is_no_pace() -> None:
    assert line(Progress((WAITING, WAITING), 1, math.nan)) == "draws 0, 0 of 1,300"


def test_where_stderr_is_no_terminal_there_is_a_line_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch()
    for seconds in range(1, 36):
        watch.chains(Progress(RUNNING.chains, seconds, 95))
    told = capsys.readouterr().err.splitlines()
    assert len(told) == 3
    assert all(each.endswith(line(RUNNING)) for each in told)


def test_on_a_terminal_there_is_a_table_that_ends_with_the_stage(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with Watch() as watch:
        watch.chains(RUNNING)
        watch.told("draws done")
    shown = capsys.readouterr().err
    for words in ("about 1 min 35 s left", "650 of 1,300", "warming up", "draws done"):
        assert words in shown


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch(quiet=True)
    watch.chains(RUNNING)
    watch.told("a stage")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "words",
    ["--quick --hold 'supply shock size=0' --hold 'a=1'", "--method de --draws 50 --seed 7 --model 'my file.mdl'", ""],
)
def test_the_command_that_is_kept_gives_the_same_again(words: str) -> None:
    given = parsed(shlex.split(words))
    said = shlex.split(command(given))
    assert said[:2] == ["sdforecast", "calibrate"]
    again = parsed(said[2:])
    assert again == given


def parsed(words: list[str]) -> dict[str, Any]:
    params = calibrate.make_context("calibrate", list(words), resilient_parsing=False).params
    return {name: value for name, value in params.items() if name not in ("output", "as_json", "quiet")}


def test_without_the_extra_it_says_how_to_install_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    there = importlib.util.find_spec
    monkeypatch.setattr("sdforecast.inference.extra.find_spec", lambda name: None if name == "nutpie" else there(name))
    assert main(["calibrate", "-q"]) == 3
    told = capsys.readouterr().err
    assert told == 'error: calibrating needs nutpie, not installed here (pip install "sdforecast[calibrate]")\n'
    assert list(tmp_path.iterdir()) == []


def test_the_help_has_every_option_with_a_word() -> None:
    shown = CliRunner().invoke(app, ["calibrate", "--help"]).output
    assert "Examples:" in shown
    for option in ("--method [nuts|smc|de]", "--quick", "--target-accept", "--kept", "--cores", "-o, --output DIR"):
        assert option in shown
