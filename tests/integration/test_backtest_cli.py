"""`sdforecast backtest` and `sdf.backtest` as a user runs them, without fits: resumed, interrupted, shown, wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("pymc")
pytest.importorskip("scoringrules")

import sdforecast as sdf
from sdforecast.backtesting import keeping, origin_of, running
from sdforecast.backtesting.working import Task
from sdforecast.cli import main
from sdforecast.errors import InputError
from tests.backtesting import samples
from tests.small import ROOT

THREE = ("--origins", "2017-12,2018-06, 2020-06", "--jobs", "1")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(running, "perform", samples.quick)
    monkeypatch.setattr(running, "identified", samples.identified)
    monkeypatch.setattr("sdforecast.shipped.backtest_dir", lambda: tmp_path / "not shipped")
    return tmp_path


def test_the_whole_way(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["backtest", *THREE, "-o", "out"]) == 0
    out, err = capsys.readouterr()
    for words in (
        "Synthetic opioid deaths, twelve months, all outcomes",
        "All drug deaths, verification: outcomes since January 2023; in brackets: origins",
        "mean of sdforecast and AutoETS",
        "2020-06  rise of 2020  sdforecast",
        "The worst forecast of synthetic opioid deaths was that of ",
        "pseudo-prospective",
        "A horizon counts from the origin",
        "SOURCE (FDA, Harvard, MIT; system dynamics)",
    ):
        assert words in out, words
    assert "the normal approximation at its mode (--method nuts samples in full)" in err
    assert "3 origins in backtest; tables and figures in out;" in err
    assert sorted(path.name for path in (here / "backtest").iterdir()) == [
        f"{month}.{kind}" for month in ("2017-12", "2018-06", "2020-06") for kind in ("csv", "json")
    ]
    skill = pd.read_csv("out/skill.csv")
    assert {"relative", "low", "high", "covered_50", "covered_80", "covered_90", "covered_95", "bias"} <= set(skill)
    assert set(skill["period"]) == {"joint", "development", "verification"}
    assert len(pd.read_csv("out/by_origin.csv")) == len(pd.read_csv("out/scores.csv")) == 3 * 2 * 4 * 4
    figures = {path.name for path in (here / "out" / "figures").iterdir()}
    assert {f"skill-relative.{kind}" for kind in ("svg", "csv")} <= figures
    assert "skill-origins-all-drug-deaths.csv" in figures
    record = json.loads(Path("out/manifest.json").read_text("utf-8"))
    assert record["command"].startswith("sdforecast backtest --origins '2017-12,2018-06, 2020-06' --method quick")
    assert [each["origin"] for each in record["origins"]] == ["2017-12-31", "2018-06-30", "2020-06-30"]

    # Again: nothing is left to do, and the results may be replaced.
    assert main(["backtest", *THREE, "-o", "out", "--json"]) == 0
    out, err = capsys.readouterr()
    told = json.loads(out)
    assert "3 of 3 origins are done already" in err
    assert told["origins"] == ["2017-12", "2018-06", "2020-06"]
    assert len(told["by_origin"]) == 96
    assert {row["model"] for row in told["beside_published"]} == set()  # none from these months


def test_what_the_store_has_is_shown_without_a_fit(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for month in ("2017-12", "2018-06"):
        keeping.keep(here / "kept", samples.result(month))
    assert main(["backtest", "--show", "--store", "kept", "--development", "-q"]) == 0
    out, err = capsys.readouterr()
    assert "verification" not in out.replace("No outcome after December 2022 is scored", "")
    assert err == ""
    assert main(["backtest", "--show", "--store", "kept", "--origins", "2018-06", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["origins"] == ["2018-06"]


def test_ctrl_c_leaves_what_is_finished(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(task: Task) -> keeping.Done:
        if task.origin > origin_of("2017-12"):
            raise KeyboardInterrupt
        return samples.quick(task)

    monkeypatch.setattr(running, "perform", interrupted)
    assert main(["backtest", *THREE]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert "1 of 3 origins are kept in backtest: the same command goes on from there" in err
    assert err.splitlines()[-1] == "error: interrupted"
    monkeypatch.setattr(running, "perform", samples.quick)
    assert main(["backtest", *THREE, "-q"]) == 0
    assert len(keeping.origins_in(here / "backtest")) == 3


def test_an_origin_that_fails_is_named(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running, "perform", samples.failing)
    assert main(["backtest", *THREE]) == 1
    assert "error: origin 2018-06 failed: no mode was found" in capsys.readouterr().err
    assert keeping.origins_in(here / "backtest") == [origin_of("2017-12"), origin_of("2020-06")]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--origins 2017-13", "origin: "),
        ("--origins soon", "origin: 'soon' is not a month; write YYYY-MM"),
        ("--origins ,", "--origins names no month"),
        ("--origins 2017-12 --every 3", "--origins names all origins (leave --first, --last and --every out)"),
        ("--first 2024-12 --last 2017-12", "no origin from 2024-12 to 2017-12"),
        ("--quick --method nuts", "--quick does not sample, and --method nuts does"),
        ("--method mcmc", "'mcmc' is not one of"),
        ("--show", "backtest: no such folder (make some: sdforecast backtest)"),
        ("--show --store file", "file: no such folder"),
        ("--store file", "file: is not a folder (name a folder for the results)"),
        ("--model nowhere.mdl", "nowhere.mdl"),
    ],
)
def test_wrong_input_is_one_message(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("file").write_text("mine")
    assert main(["backtest", *words.split()]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert Path("file").read_text() == "mine"


def test_a_folder_of_others_is_refused_before_any_work(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "thesis.txt").write_text("mine")
    assert main(["backtest", *THREE, "-o", "mine"]) == 3
    assert "mine: holds files that are not ours, nothing was changed" in capsys.readouterr().err
    assert not (here / "backtest").exists()


def test_a_damaged_file_is_named(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keeping.keep(here / "backtest", samples.result("2017-12"))
    (here / "backtest" / "2017-12.csv").write_text("spoilt")
    assert main(["backtest", *THREE]) == 2
    assert "backtest/2017-12.csv: is not the file that was written (delete 2017-12.json," in capsys.readouterr().err


def test_from_python(here: Path) -> None:
    found = sdf.backtest(origins=["2018-06", "2017-12"], jobs=1, store="mine")
    assert [f"{origin:%Y-%m}" for origin in found.origins] == ["2017-12", "2018-06"]
    assert (found.skill.query("method == 'last value'")["relative"] == 1).all()
    with pytest.raises(InputError, match=r"no method 'nutz' of a back-test \(did you mean 'nuts'\?\)"):
        sdf.backtest(method="nutz")


@pytest.mark.slow  # processes that load the package
def test_ctrl_c_ends_the_processes(here: Path) -> None:
    program = here / "program.py"
    program.write_text(
        "import sys\n"
        "from sdforecast.backtesting import running\n"
        "from sdforecast.cli import main\n"
        "from tests.backtesting import samples\n"
        "running.perform = samples.slow\n"
        "if __name__ == '__main__':\n"
        "    sys.exit(main(['backtest', '--origins', '2017-12,2018-06,2020-06', '--jobs', '2']))\n"
    )
    process = subprocess.Popen(
        [sys.executable, str(program)], env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    end = time.monotonic() + 240
    while not (here / "backtest" / "2017-12.json").is_file():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "waited four minutes in vain"
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "1 of 3 origins are kept in backtest: the same command goes on from there" in err.decode()
