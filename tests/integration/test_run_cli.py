"""`sdforecast run` as a user runs it: tables, files, overrides, spans, models of their own."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast.cli import main
from tests.small import MODELS, exponential

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # as Python does for a user
Run = Callable[..., tuple[int, str, str]]

DEATHS = "synthetic opioid deaths"
GROWTH = str(MODELS / "growth.mdl")


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


class TestTable:
    def test_two_scenarios_by_year(self, run: Run) -> None:
        code, out, err = run("-s", "current-course", "-s", "treatment-naloxone-surge", "--variables", DEATHS)
        assert (code, err) == (0, "")
        header, first, second = out.splitlines()
        assert header.split() == [
            "scenario",
            "variable",
            "unit",
            *map(str, (2015, 2020, 2023, 2024, 2025, 2027, 2030, 2035)),
        ]
        assert first.startswith("current-course ")
        assert second.startswith("treatment-naloxone-surge ")
        one, other = ([float(word.replace(",", "")) for word in line.split()[-8:]] for line in (first, second))
        assert one[:4] == other[:4]  # the past is the same
        assert other[-1] < one[-1]

    def test_years_of_the_span_when_the_usual_ones_are_outside(self, run: Run) -> None:
        code, out, _ = run("--variables", DEATHS, "--from", "2011-01", "--to", "2013-06")
        assert code == 0
        assert out.splitlines()[0].split()[-2:] == ["2011", "2012"]

    def test_months_when_no_year_is_whole(self, run: Run) -> None:
        code, out, _ = run("--variables", DEATHS, "--from", "2011-03", "--to", "2011-05")
        assert code == 0
        assert [line.split()[1] for line in out.splitlines()[1:]] == ["2011-03-31", "2011-04-30", "2011-05-31"]

    def test_quiet_prints_nothing(self, run: Run) -> None:
        assert run("-q", "--to", "2010-12") == (0, "", "")

    def test_a_model_of_the_users_at_some_of_its_times(self, run: Run) -> None:
        code, out, err = run("--model", GROWTH)
        assert code == 0
        assert err == f"warning: PySD runs {GROWTH} as code; run only models you trust\n"
        lines = [line.split() for line in out.splitlines()]
        assert lines[0] == ["time", "Drug_left", "Population", "births"]
        assert (lines[1][:3], lines[-1][0]) == (["0", "8", "100"], "40")
        assert len(lines) == 13


class TestJson:
    def test_every_month_of_a_variable(self, run: Run) -> None:
        code, out, _ = run("--json", "--variables", f"{DEATHS},powder_purity", "--from", "2012-01", "--to", "2012-12")
        rows = json.loads(out)
        assert code == 0
        assert len(rows) == 24
        assert set(rows[0]) == {"scenario", "time", "variable", "unit", "value"}
        assert {row["variable"] for row in rows} == {DEATHS, "powder purity"}
        assert (rows[0]["time"], rows[11]["time"]) == ("2012-01-31", "2012-12-31")

    def test_the_table_and_json_tell_the_same(self, run: Run) -> None:
        _, out, _ = run("--json", "--variables", DEATHS, "--from", "2015-01", "--to", "2015-12")
        total = sum(row["value"] for row in json.loads(out))
        _, out, _ = run("--variables", DEATHS, "--to", "2015-12")
        assert float(out.split()[-1].replace(",", "")) == pytest.approx(total, rel=5e-4)  # four digits are printed

    def test_what_is_no_number_is_null_and_told(self, run: Run) -> None:
        code, out, err = run("--json", "--model", str(MODELS / "division.mdl"), "--variables", "root", "--to", "6")
        assert code == 0
        assert [row["value"] for row in json.loads(out)][-2:] == [0, None]
        assert "warning: not a finite number at every time: root from 6.0\n" in err


class TestFiles:
    def test_csv_tab_and_netcdf_hold_the_same(self, run: Run) -> None:
        chosen = (
            "-q",
            "-s",
            "current-course",
            "-s",
            "military-only",
            "--variables",
            f"{DEATHS},dose",
            "--to",
            "2012-06",
        )
        for name in ("run.csv", "run.tab", "run.nc"):
            code, out, err = run(*chosen, "-o", name)
            assert (code, out, err) == (0, "", f"wrote {name}\n")
        comma, tab = pd.read_csv("run.csv"), pd.read_csv("run.tab", sep="\t")
        pd.testing.assert_frame_equal(comma, tab)
        assert list(comma.columns) == ["scenario", "time", "variable", "unit", "value"]
        with xr.open_dataset("run.nc", engine="scipy") as runs:
            assert runs[DEATHS].attrs["per"] == "month"
            for row in comma.sample(40, random_state=1).itertuples():
                value = runs[row.variable].sel(scenario=row.scenario, time=row.time).item()
                assert row.value == pytest.approx(value, rel=1e-9)
        assert not [path for path in Path().iterdir() if path.name.startswith(".")]

    def test_a_file_holds_all_that_has_a_value_at_each_time(self, run: Run) -> None:
        code, _, _ = run("--model", GROWTH, "-o", "deep/er/run.csv")
        assert code == 0
        rows = list(csv.DictReader(io.StringIO(Path("deep/er/run.csv").read_text())))
        names = {"Population", "Drug_left", "births", "growth rate", "half life", "initial population"}
        assert {row["variable"] for row in rows} == names
        values = [float(row["value"]) for row in rows if row["variable"] == "Population"]
        np.testing.assert_allclose(values, exponential(np.arange(41), 100, 0.02, 0.125), rtol=1e-9)

    def test_the_same_call_writes_the_same_bytes(self, run: Run) -> None:
        for name in ("one.csv", "two.csv"):
            run("-q", "--to", "2011-12", "-o", name)
        assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()

    def test_odd_names_survive_netcdf(self, run: Run) -> None:
        text = Path(GROWTH).read_text().replace("births", '"births/deaths (µg)"')
        Path("odd.mdl").write_text(text)
        assert run("-q", "--model", "odd.mdl", "-o", "run.nc")[0] == 0
        with xr.open_dataset("run.nc", engine="scipy") as runs:
            assert '"births/deaths (µg)"' in runs
            assert runs.sizes == {"time": 41}

    def test_parquet_without_its_library_names_the_install_line(
        self, run: Run, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from sdforecast.cli import saving

        monkeypatch.setattr(saving.importlib.util, "find_spec", lambda name: None)
        code, out, err = run("-o", "run.parquet")
        assert (code, out) == (3, "")
        assert err == "error: Parquet needs pyarrow (pip install pyarrow, or write .csv or .nc)\n"


class TestSet:
    def test_a_constant_changes_the_run(self, run: Run) -> None:
        _, out, _ = run(
            "--model", GROWTH, "--json", "--set", "growth rate=0.1", "--variables", "Population", "--to", "10"
        )
        assert json.loads(out)[-1]["value"] == pytest.approx(100 * (1 + 0.1 / 8) ** 80)

    def test_it_is_on_top_of_the_scenario(self, run: Run) -> None:
        _, out, _ = run("-s", "military-only", "--set", "Military_Action=0.33", "--variables", "military action",
                        "--json", "--from", "2028-01", "--to", "2028-02")  # fmt: skip
        assert [row["value"] for row in json.loads(out)] == [0.33, 0.33]

    def test_times_of_a_model_of_the_users(self, run: Run) -> None:
        _, out, _ = run("--model", GROWTH, "--json", "--variables", "births", "--from", "2.5", "--to", "4")
        assert [row["time"] for row in json.loads(out)] == [3, 4]

    def test_xmile(self, run: Run) -> None:
        code, out, _ = run("--model", str(MODELS / "growth.xmile"), "--json", "--variables", "Population")
        assert code == 0
        assert json.loads(out)[-1]["value"] == pytest.approx(100 * math.exp(0.8), rel=2e-3)
