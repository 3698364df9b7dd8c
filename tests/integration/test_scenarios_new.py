"""`sdforecast scenarios new` and the drawings of `scenarios show`, as a user meets them."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sdforecast.cli import main
from sdforecast.scenario import load

Run = Callable[..., tuple[int, str, str]]
TITLE = ("--title", "A mix")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = main(["scenarios", *arguments])
        told = capsys.readouterr()
        return code, told.out, told.err

    return call


class Typed(io.StringIO):
    """What a person types, at a terminal."""

    def isatty(self) -> bool:
        return True


def test_options_make_a_file_that_passes_the_check(run: Run) -> None:
    changes = ("--set", "moud=0.8 from 2027-01 over 36 # more clinics", "--set", "naloxone=0.9 from 2027-01 to 2028-12")
    code, out, err = run(
        "new", "mine", *TITLE, *changes, "--assume", "naloxone ceiling=0.4", "--extends", "china-first"
    )
    assert (code, out) == (0, "")
    assert err == "wrote mine.yaml\nnext: sdforecast scenarios show mine.yaml\n"
    text = Path("mine.yaml").read_text(encoding="utf-8")
    assert "  # more clinics\n  # Medication for opioid use disorder, now 0.4. 0 is: None" in text
    assert run("check", "mine.yaml") == (0, "mine.yaml: ok\n", "")
    mix = load("mine.yaml")
    assert mix.assumptions == {"naloxone ceiling": 0.4}
    assert {"china_enforcement", "moud"} < {one.instrument for one in mix.instruments}


def test_a_file_is_replaced_only_by_force(run: Run) -> None:
    Path("mine.yaml").write_text("precious")
    code, _, err = run("new", "mine", *TITLE)
    assert (code, err) == (2, "error: mine.yaml: is there already (name another with -o, or use --force)\n")
    assert Path("mine.yaml").read_text() == "precious"
    assert run("new", "mine", *TITLE, "--force")[0] == 0
    assert load("mine.yaml").title == "A mix"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("My Mix", *TITLE), "name 'My Mix' is not a scenario name"),
        (("mine",), "--title is missing, and there is no terminal to ask on"),
        (("mine", *TITLE, "--set", "mod=1 from 2027-01"), "'mod=1 from 2027-01': unknown instrument 'mod'"),
        (("mine", *TITLE, "--set", "moud=1 from 2020-01"), "start 2020-01 is not after the last observation"),
        (("mine", *TITLE, "--assume", "naloxone cieling=1"), "(did you mean 'naloxone ceiling'?)"),
        (("mine", *TITLE, "--assume", "naloxone ceiling"), "is not NAME=VALUE with a number"),
        (("mine", *TITLE, "--extends", "mine"), "unknown scenario 'mine'"),
        (("mine", *TITLE, "-o", "mine.txt"), "cannot write a file of kind '.txt'"),
    ],
)
def test_wrong_options_leave_no_file(run: Run, arguments: tuple[str, ...], said: str) -> None:
    code, out, err = run("new", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert "Traceback" not in err
    assert not list(Path.cwd().iterdir())


def test_an_assumption_outside_its_range_is_told(run: Run) -> None:
    code, _, err = run("new", "mine", *TITLE, "--assume", "naloxone ceiling=40")
    assert code == 0
    assert "warning: --assume 'naloxone ceiling' at 40 is outside its stated range" in err


def test_on_a_terminal_it_asks_and_asks_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["", "Quiet", "", "", "mod", "moud", "1.5", "0.8", "2027", "2027-01", "36", "2028-12", "", "clinics", ""]
    monkeypatch.setattr(sys, "stdin", Typed("\n".join(answers) + "\n"))
    code, _, err = run("new", "mine")
    assert code == 0
    assert "did you mean 'moud'" in err
    assert "intensity 1.5 is not between 0 and 1" in err
    assert "comes before the ramp is complete" in err
    (one,) = load("mine.yaml").instruments
    assert one.model_dump(exclude_none=True) == {
        "instrument": "moud", "intensity": 0.8, "start": "2027-01", "ramp_months": 36
    }  # fmt: skip
    assert "  # clinics\n" in Path("mine.yaml").read_text(encoding="utf-8")


def test_answers_that_end_early_leave_no_file(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Typed("Quiet\n"))
    assert run("new", "mine")[0] == 130
    assert not list(Path.cwd().iterdir())


def test_show_draws_a_row_that_fits_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for columns in ("60", "100", "200"):
        monkeypatch.setenv("COLUMNS", columns)
        _, out, _ = run("show", "searches-only")
        rows = [line for line in out.splitlines() if re.search("[▁▂▃▄▅▆▇█]{4}", line)]
        (row,) = rows
        assert len(row) <= int(columns)
        assert row.split()[1] == "0.10" and row.split()[3] == "0.90"
        bars = row.split()[2]
        assert "".join(sorted(bars)) == bars  # the level of this mix never falls
        assert bars[-1] == "▇"


def test_the_drawing_has_no_colour_where_nobody_sees_it(run: Run) -> None:
    assert "\x1b" not in run("show", "searches-only")[1]


def test_show_draws_a_figure(run: Run) -> None:
    assert run("show", "searches-only", "-o", "levels.svg")[0] == 0
    drawn = Path("levels.svg").read_text(encoding="utf-8")
    assert "Vehicle searches at the border" in drawn
    assert "Current course" in drawn
    code, _, err = run("show", "searches-only", "-o", "levels.gif")
    assert (code, err) == (2, "error: levels.gif: cannot draw a file of kind '.gif' (use .svg or .png)\n")
    assert "changes no instrument" in run("show", "current-course", "-o", "levels.png")[2]


def test_check_knows_the_constants_of_the_model(run: Run) -> None:
    Path("mine.yaml").write_text("name: mine\ntitle: X\nassumptions:\n  naloxone cieling: 0.4\n")
    code, _, err = run("check", "mine.yaml")
    what = "the model has no constant 'naloxone cieling' (did you mean 'naloxone ceiling'?)"
    assert (code, err) == (2, f"error: mine.yaml:4:3: {what}\n")


def test_a_comparison_of_files_tells_what_is_wrong_with_file_and_line(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = "instruments:\n  - {instrument: moud, intensity: 1, start: 2027-01}\n"
    Path("one.yaml").write_text("name: mine\ntitle: X\nassumptions:\n  naloxone cieling: 0.4\n")
    Path("two.yaml").write_text("name: two\ntitle: X\n" + twice + twice.partition("\n")[2])
    Path("three.yaml").write_text("title: X\nname: three\n")
    Path("four.yaml").write_text("title: X\nname: three\n")
    files = [part for name in ("one", "two", "three", "four") for part in ("-s", f"{name}.yaml")]
    assert main(["compare", *files, "--draws", "3", "-q"]) == 2
    told = capsys.readouterr().err
    assert "two.yaml:5:45: moud changes twice at once" in told
    assert "four.yaml:2:7: scenario 'three' is also the name in three.yaml" in told
    assert main(["compare", "-s", "one.yaml", "--draws", "3", "-q"]) == 2
    assert "one.yaml:4:3: the model has no constant 'naloxone cieling'" in capsys.readouterr().err
