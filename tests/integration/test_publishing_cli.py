"""Issuing, scoring, checking a hub and taking in new data, as a user calls them."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from sdforecast import forecasting, history
from sdforecast.cli import main
from sdforecast.forecasting import Forecast
from tests.history.published import as_csv, deaths_only, rows
from tests.issuing.conftest import forecast as made_forecast

pytest.importorskip("scoringrules")
Capture = pytest.CaptureFixture[str]
FIRST, SECOND = "1795780800", "1797249600"  # 27 November and 14 December 2026


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "250")
    return tmp_path


@pytest.fixture
def on(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    return lambda moment: monkeypatch.setenv("SOURCE_DATE_EPOCH", moment)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A forecast that needs no run, and a page that is not drawn."""
    made = made_forecast()

    def forecast(names: object, **asked: object) -> Forecast:
        return made

    monkeypatch.setattr(forecasting, "forecast", forecast)
    monkeypatch.setattr(
        "sdforecast.reporting.write",
        lambda made, folder, _past: (folder / "manifest.json").write_text('{"sdforecast": "0"}'),
    )


def issued(on: Callable[[str], None], moment: str = FIRST, *words: str) -> int:
    on(moment)
    return main(["forecast", "-q", "-o", "results", *(words or ("--issue",))])


def counted(to: str = "data") -> str:
    """A history with two months more, in a folder."""
    Path("new.csv").write_text(as_csv(rows()))
    deaths_only(Path(to))
    assert main(["data", "update", "new.csv", "--data", to, "--vintage", "2026-12-10", "-q"]) == 0
    return to


class TestForecast:
    def test_results_have_a_hub_that_is_valid(self, capsys: Capture) -> None:
        assert main(["forecast", "-q", "-o", "results"]) == 0
        assert main(["hub", "check", "results/hub"]) == 0
        assert capsys.readouterr().out == "ok\n"
        assert not Path("forecasts").exists()

    def test_issue_says_where_and_prints_the_hash(self, on: Callable[[str], None], capsys: Capture) -> None:
        on(FIRST)
        assert main(["forecast", "-o", "results", "--issue", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert told["edition"]["folder"] == "forecasts/2026-11-27"
        assert len(told["edition"]["sha256"]) == 64
        assert issued(on) == 2
        err = capsys.readouterr().err
        assert err.startswith("error: forecasts: has an edition of 2026-11-27 already, and editions are never replaced")

    def test_few_draws_are_not_issued(self, capsys: Capture) -> None:
        assert main(["forecast", "--draws", "99", "--issue"]) == 2
        assert capsys.readouterr().err == "error: cannot be issued: an edition needs 100 draws, not 99\n"
        assert not list(Path().iterdir())

    def test_since_last_needs_a_last(self, capsys: Capture) -> None:
        assert main(["forecast", "--since-last"]) == 2
        assert "holds no edition yet" in capsys.readouterr().err

    def test_since_last_issues_the_next_and_tells_what_changed(
        self, on: Callable[[str], None], capsys: Capture
    ) -> None:
        assert issued(on) == 0
        data = counted()
        on(SECOND)
        capsys.readouterr()
        assert main(["forecast", "-o", "results", "--since-last", "--data", data]) == 0
        out, err = capsys.readouterr()
        assert (
            "warning: deaths are counted to 2025-06, but the posterior knows them to 2025-04: what comes after" in err
        )
        assert "Since the edition of 2026-11-27:" in out
        assert "counted to  2025-04-30  2025-06-30" in out
        assert "How the edition of 2026-11-27 did:" in out
        assert "synthetic opioid deaths month" in out.split("did:")[1]
        told = json.loads(Path("results/since-last.json").read_text())
        assert told == json.loads(Path("forecasts/2026-12-14/since-last.json").read_text())
        assert {row["months"] for row in told["scores"] if row["kind"] == "forecast"} == {2}
        assert main(["hub", "check", "forecasts/2026-12-14/hub"]) == 0

    @pytest.mark.parametrize("suffix", [".nc", ".parquet"])
    def test_every_draw_in_a_file(self, suffix: str) -> None:
        assert main(["forecast", "-q", "--trajectories", f"draws{suffix}"]) == 0
        runs = made_forecast().trajectories["all drug deaths"]
        if suffix == ".nc":
            import xarray as xr

            found = xr.load_dataset(f"draws{suffix}")["all drug deaths"]
            assert found.attrs["unit"] == "person/Month"
            xr.testing.assert_allclose(found.astype(float), runs, rtol=1e-6)
        else:
            table = pd.read_parquet(f"draws{suffix}").set_index(["draw", "scenario", "time"])["all drug deaths"]
            value = runs.sel(draw=7, scenario="military-only", time="2027-06-30").item()
            assert table.loc[(7, "military-only", pd.Timestamp("2027-06-30"))] == pytest.approx(value, rel=1e-6)

    def test_draws_in_a_file_of_another_kind(self, capsys: Capture) -> None:
        assert main(["forecast", "--trajectories", "draws.xlsx"]) == 2
        assert "cannot write draws to a file of kind '.xlsx' (name a file .nc or .parquet)" in capsys.readouterr().err


class TestEvaluate:
    def test_an_edition_without_outcome_waits(self, on: Callable[[str], None], capsys: Capture) -> None:
        assert issued(on) == 0
        assert main(["evaluate"]) == 0
        out, err = capsys.readouterr()
        assert out == "The forecast of 2026-11-27 has no outcome yet: it waits for deaths of 2025-05.\n"
        assert "1 edition, unchanged since issued" in err

    def test_scores_against_new_counts(self, on: Callable[[str], None], capsys: Capture) -> None:
        assert issued(on) == 0
        data = counted()
        capsys.readouterr()
        assert main(["evaluate", "--data", data]) == 0
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].split()[:3] == ["edition", "target", "months"]
        assert any(line.startswith("2026-11-27  forecast  synthetic opioid deaths ") for line in lines)
        assert main(["evaluate", "--data", data, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        row = next(row for row in told["summary"] if row["target"] == "all drug deaths" and row["kind"] == "forecast")
        assert (row["months"], row["last"], row["real_time"]) == (2, "2025-06", 0)
        assert {row["method"] for row in told["forecasts"]} == {"sdforecast", "last value"}

    def test_a_changed_file_is_named_and_ends_with_1(self, on: Callable[[str], None], capsys: Capture) -> None:
        assert issued(on) == 0
        with Path("forecasts/2026-11-27/hub/target-data/oracle-output.csv").open("a") as stream:
            stream.write("US,2025-05-31,all drug deaths,1\n")
        assert main(["evaluate"]) == 1
        err = capsys.readouterr().err
        assert err == (
            "error: forecasts/2026-11-27/hub/target-data/oracle-output.csv: was changed after the edition of "
            "2026-11-27 was issued\n"
        )

    def test_no_archive(self, capsys: Capture) -> None:
        assert main(["evaluate", "--archive", "nowhere"]) == 2
        assert capsys.readouterr().err.startswith("error: nowhere: holds no edition yet (issue the first: ")


class TestHub:
    def test_a_broken_hub_ends_with_1(self, written: Path, capsys: Capture) -> None:
        shutil.copytree(written, "hub")
        admin = Path("hub/hub-config/admin.json")
        admin.write_text(admin.read_text().replace("America/New_York", "UTC"))
        assert main(["hub", "check", "hub"]) == 1
        assert "hub-config/admin.json: timezone 'UTC' is not on the schema's list" in capsys.readouterr().err
        assert main(["hub", "check", "hub", "--json"]) == 1
        (fault,) = json.loads(capsys.readouterr().out)
        assert fault["check"] == "valid_config"

    def test_no_hub(self, capsys: Capture) -> None:
        assert main(["hub", "check", "."]) == 2
        assert "is not a hub: it has no folder hub-config" in capsys.readouterr().err


class TestUpdate:
    def test_a_new_folder_begins_as_the_shipped_history(self, capsys: Capture) -> None:
        Path("new.csv").write_text(as_csv(rows()))
        words = ["data", "update", "new.csv", "--data", "mine", "--vintage", "2026-12-10"]
        assert main([*words, "--dry-run"]) == 0
        assert not Path("mine").exists()
        assert main(words) == 0
        out = capsys.readouterr().out
        assert "vintage 2026-12-10 was added to mine: deaths to 2025-06 (before: 2025-04), closed to 2024" in out
        assert main(["data", "check", "--folder", "mine"]) == 0
        assert history.last_observed(history.load(Path("mine"))) == pd.Timestamp("2025-06-30")

    def test_as_json(self, capsys: Capture) -> None:
        Path("new.csv").write_text(as_csv(rows()))
        deaths_only(Path("mine"))
        words = ["data", "update", "new.csv", "--data", "mine", "--vintage", "2026-12-10"]
        assert main([*words, "--dry-run", "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["written"], told["last"], told["revised"]) == (False, "2025-06", [])

    def test_the_date_of_a_file_is_its_own(self, capsys: Capture) -> None:
        Path("new.csv").write_text(as_csv(rows()))
        os.utime("new.csv", (int(FIRST), int(FIRST)))
        deaths_only(Path("mine"))
        assert main(["data", "update", "new.csv", "--data", "mine", "--dry-run"]) == 0
        out, err = capsys.readouterr()
        assert "vintage 2026-11-27 would be added" in out
        assert err.startswith("the file is taken to be of 2026-11-27, its own date (--vintage)")

    @pytest.mark.parametrize(
        ("words", "code", "expected"),
        [
            (["none.csv"], 2, "error: none.csv: is not a file"),
            (["http://data.cdc.gov/resource/xkb8-kh2a.csv"], 2, "is not an https address"),
            (["strange.csv"], 2, "is not the CDC's table of provisional overdose deaths: it has no column 'state'"),
            ([], 2, "Missing argument 'FILE_OR_ADDRESS'"),
        ],
    )
    def test_wrong_input_is_one_message(self, words: list[str], code: int, expected: str, capsys: Capture) -> None:
        Path("strange.csv").write_text("drug,deaths\nfentanyl,1\n")
        assert main(["data", "update", *words]) == code
        assert expected in capsys.readouterr().err

    def test_without_a_network_there_is_one_line(self, capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.delenv(name, raising=False)
        assert main(["data", "update", "https://cdc.invalid/table.csv", "--dry-run"]) == 3
        err = capsys.readouterr().err
        assert len(err.splitlines()) == 1
        assert err.startswith("error: cannot reach cdc.invalid: ")
