"""`sdforecast forecast` as a user runs it, Ctrl-C included."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast.forecasting import forecast
from sdforecast.inference import load
from tests.small import ROOT

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # as Python does for a user
DEATHS = "synthetic opioid deaths"
MIXES = ("current-course", "military-only")


class TestForecast:
    @pytest.fixture(scope="class")
    @staticmethod
    def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
        """One small forecast, made in an empty folder by a process of its own."""
        folder = tmp_path_factory.mktemp("forecast")
        call = [
            sys.executable,
            "-m",
            "sdforecast",
            "forecast",
            "--structure",
            "supply-led",
            "--draws",
            "1",
            "--horizon",
            "2030-12",
            "--json",
        ]
        call += [word for mix in MIXES for word in ("-s", mix)]
        done = subprocess.run(
            call, cwd=folder, env=environment(), capture_output=True, text=True, timeout=240, check=False
        )
        return folder / "results", done

    def test_it_ends_well_and_says_where_the_results_are(
        self, made: tuple[Path, subprocess.CompletedProcess[str]]
    ) -> None:
        folder, done = made
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        assert told["folder"] == "results"
        assert [row["scenario"] for row in told["deaths"]] == list(MIXES)
        lines = done.stderr.splitlines()
        assert [line for line in lines if not line.startswith("warning: ")] == ["drawing the page"]
        assert [path.name for path in folder.parent.iterdir()] == ["results"]

    def test_the_files_of_the_interface(self, made: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
        folder, _ = made
        assert {path.name for path in folder.iterdir()} == {
            "index.html",
            "figures",
            "tables",
            "trajectories.csv",
            "manifest.json",
        }
        for picture in folder.glob("figures/*.svg"):
            assert picture.with_suffix(".csv").is_file()

    def test_the_trajectories_are_the_runs(self, made: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
        folder, _ = made
        table = pd.read_csv(folder / "trajectories.csv")
        assert list(table.columns) == ["scenario", "time", "variable", "unit", "quantile", "value"]
        assert set(table["quantile"]) == {0.5}  # a single draw has no spread
        assert table["time"].min() == "2010-01-31"
        assert table["time"].max() == "2030-12-31"
        again = forecast(MIXES, posterior=load(), draws=1, horizon="2030-12", variables=[DEATHS]).trajectories
        for mix in MIXES:
            rows = table[(table["scenario"] == mix) & (table["variable"] == DEATHS)]
            np.testing.assert_allclose(rows["value"], again[DEATHS].sel(draw=0, scenario=mix), rtol=1e-4)

    def test_the_manifest_names_the_command_that_makes_it_again(
        self, made: tuple[Path, subprocess.CompletedProcess[str]]
    ) -> None:
        folder, _ = made
        told = json.loads((folder / "manifest.json").read_text())
        mixes = "-s current-course -s military-only"
        assert told["command"] == f"sdforecast forecast {mixes} --structure supply-led --draws 1 --horizon 2030-12"
        assert told["posterior"]["created"] == load().manifest["created"]


OURS = '{"sdforecast": "0.1.0"}'


class TestInterrupted:
    @pytest.mark.parametrize("later", [0.0, 2.0])
    def test_ctrl_c_ends_soon_with_130_and_leaves_what_was_there(self, tmp_path: Path, later: float) -> None:
        old = tmp_path / "results"
        old.mkdir()
        (old / "manifest.json").write_text(OURS)
        call = [sys.executable, "-m", "sdforecast", "forecast"]
        process = subprocess.Popen(call, cwd=tmp_path, env=environment(), start_new_session=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip
        wait_for(lambda: len(list(tmp_path.iterdir())) == 2)  # the folder that is to take the place of the old one
        time.sleep(later)
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all
        out, err = process.communicate(timeout=30)
        assert (process.returncode, out) == (130, b"")
        lines = [line for line in err.splitlines() if not line.startswith(b"warning: ")]
        assert lines[-1] == b"error: interrupted"
        assert lines[:-1] in ([], [b"drawing the page"])
        assert [path.name for path in tmp_path.iterdir()] == ["results"]
        assert (old / "manifest.json").read_text() == OURS


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited a minute in vain"
        time.sleep(0.02)
