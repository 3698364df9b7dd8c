"""`sdforecast data` as a user calls it: what is printed where, and the exit code."""

import json
from pathlib import Path

import pytest

from sdforecast.cli import main
from tests.history.conftest import ROW

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def wide_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    (tmp_path / "mine.csv").write_text("\n".join([",".join(ROW), ",".join(ROW.values()), ""]))
    return tmp_path


def test_list_tells_from_whom_how_old_and_where_it_breaks(capsys: Capture) -> None:
    assert main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["series", "first", "last", "n", "vintage", "weakest", "breaks", "publisher"]
    deaths = next(line for line in lines if line.startswith("synthetic_opioid_deaths"))
    assert "1999-01  2025-04  530  2026-06-27  memory   2013-01, 2015-01, 2023-01" in deaths
    assert deaths.endswith("NCHS (CDC)")
    assert lines[-1] == "Observed deaths end in April 2025."


def test_list_of_names_only(capsys: Capture) -> None:
    assert main(["data", "list", "-q"]) == 0
    names = capsys.readouterr().out.split()
    assert "cbp_fentanyl_seized" in names
    assert names == sorted(names)


def test_list_as_json(capsys: Capture) -> None:
    assert main(["data", "list", "--json"]) == 0
    rows = {row["series"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["synthetic_opioid_deaths"]["last"] == "2025-04-30"
    assert rows["fentanyl_share_of_market"]["unit"] == "fraction"


def test_list_of_a_folder_without_deaths_says_nothing_of_deaths(mine: Path, capsys: Capture) -> None:
    text = (mine / "mine.csv").read_text()
    (mine / "mine.csv").write_text(text.replace("synthetic_opioid_deaths", "heroin_deaths"))
    assert main(["data", "list", "--folder", str(mine)]) == 0
    assert "Observed deaths" not in capsys.readouterr().out


def test_show_the_last_rows(capsys: Capture) -> None:
    words = ["synthetic_opioid_deaths", "--aggregation", "12-month-ending", "--tail", "2"]
    assert main(["data", "show", *words]) == 0
    out = capsys.readouterr().out
    assert "title        Overdose deaths involving synthetic opioids" in out
    assert "break        2013-01: before, most of T40.4 is prescribed" in out
    table = out.split("\n\n")[1].splitlines()
    assert table[0].split() == ["from", "to", "value"]
    assert table[-1].split() == ["2024-05-01", "2025-04-30", "43,505"]
    assert len(table) == 3
    assert "more rows are not shown; their --status is predicted, partial." in out


def test_show_rows_of_another_status(capsys: Capture) -> None:
    words = ["synthetic_opioid_deaths", "--status", "predicted", "--tail", "1", "-q"]
    assert main(["data", "show", *words]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["2024-05-01", "2025-04-30", "43,644"]


def test_show_as_json(capsys: Capture) -> None:
    assert main(["data", "show", "mexico_homicides", "--json", "--tail", "1"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert shown["title"] == "Homicides in Mexico"
    (row,) = shown["rows"]
    assert (row["period_end"], row["value"], row["low"]) == ("2024-12-31", 33550, None)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["show", "synthetic_deaths"], "error: no series 'synthetic_deaths' (did you mean 'synthetic_opioid_d"),
        (
            ["show", "naloxone_kits", "--aggregation", "monthly"],
            "error: unknown aggregation 'monthly' (known: calendar-",
        ),
        (["show", "naloxone_kits", "--status", "fnal"], "error: unknown status 'fnal' (known: modelled)"),
        (["show", "naloxone_kits", "--tail", "0"], "error: Invalid value for '--tail': 0 is not in the range x>=1."),
        (["show"], "error: Missing argument 'SERIES'."),
        (["list", "--folder", "nowhere"], "error: nowhere: is not a folder (name a folder with history files (*.csv))"),
        (["check", "--folder", "nowhere"], "error: nowhere: is not a folder"),
        (["lst"], "error: No such command 'lst'"),
    ],
)
def test_wrong_input_is_one_message(words: list[str], expected: str, capsys: Capture) -> None:
    assert main(["data", *words]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(expected)
    assert len(err.splitlines()) == 1


def test_check_of_the_shipped_history(capsys: Capture) -> None:
    assert main(["data", "check"]) == 0
    assert capsys.readouterr().out.startswith("ok: ")
    assert main(["data", "check", "-q"]) == 0
    assert capsys.readouterr().out == ""


def test_check_that_finds_something(mine: Path, capsys: Capture) -> None:
    row = ",".join(ROW.values())
    (mine / "mine.csv").write_text("\n".join([",".join(ROW), row, row, row.replace("6500", "-1"), ""]))
    assert main(["data", "check", "--folder", str(mine)]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert f"error: {mine}/mine.csv:3: synthetic_opioid_deaths: 2023-06-01 to 2023-06-30 stands twice" in err
    assert f"error: {mine}/mine.csv:4: synthetic_opioid_deaths: negative value -1" in err
    assert main(["data", "check", "--folder", str(mine), "--json"]) == 1
    out, err = capsys.readouterr()
    assert {problem["line"] for problem in json.loads(out)} == {3, 4}
    assert err == ""


def test_check_of_a_broken_file(mine: Path, capsys: Capture) -> None:
    path = mine / "mine.csv"
    path.write_text(path.read_text().replace("6500", "many").replace("final", "finel"))
    assert main(["data", "check", "--folder", str(mine)]) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"error: {path}:2: value: 'many' is not a number (write digits and a decimal point, as in 1234.5)",
        f"error: {path}:2: status: unknown word 'finel' (did you mean 'final'?)",
    ]


@pytest.mark.parametrize("command", ["list", "show", "check"])
def test_help_has_an_example(command: str, capsys: Capture) -> None:
    assert main(["data", command, "--help"]) == 0
    assert f"Example:\n    sdforecast data {command}" in capsys.readouterr().out
