"""The files beside the page, against hand computation and against each other."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast.errors import MachineError
from sdforecast.plot.sectors import PANELS
from sdforecast.reporting import write
from sdforecast.reporting.tables import Table, to_csv
from sdforecast.reporting.writing import variables
from tests.reporting.conftest import Report
from tests.sample_forecast import DEATHS, FORMULA, MIXES, deaths_in, sample

LEVELS = [0.05, 0.25, 0.5, 0.75, 0.95]


def test_files(report: Report) -> None:
    names = {path.relative_to(report.folder).as_posix() for path in report.folder.rglob("*") if path.is_file()}
    figures, tables = ({name for name in names if name.startswith(f"{part}/")} for part in ("figures", "tables"))
    assert names - figures - tables == {"index.html", "trajectories.csv", "manifest.json"}
    assert len(figures) == 22
    assert {"tables/comparison.csv", "tables/sources.csv"} <= tables
    assert len(list((report.folder / "tables").iterdir())) == len(tables)


def test_page_is_small_enough_to_send(report: Report) -> None:
    assert (report.folder / "index.html").stat().st_size < 3_000_000


def test_trajectories_against_hand_computation(report: Report) -> None:
    table = pd.read_csv(report.folder / "trajectories.csv")
    assert list(table) == ["scenario", "time", "variable", "unit", "quantile", "value"]
    assert sorted(table["quantile"].unique()) == LEVELS
    assert (table["time"].min(), table["time"].max()) == ("2010-01-31", "2035-12-31")
    assert len(table) == 3 * 312 * 3 * 5  # variables, months, scenarios, levels
    rows = table[(table["variable"] == DEATHS) & (table["time"] == "2030-02-28") & (table["scenario"] == MIXES[2])]
    values = [deaths_in(241, s, 2) for s in range(5)]
    assert rows.set_index("quantile")["value"].to_dict() == pytest.approx({q: np.quantile(values, q) for q in LEVELS})
    assert set(rows["unit"]) == {"person/Month"}


def test_a_single_set_is_written_at_the_middle_level(tmp_path: Path) -> None:
    write(sample(MIXES[:1], draws=1, variables=[DEATHS]), tmp_path)
    table = pd.read_csv(tmp_path / "trajectories.csv")
    assert set(table["quantile"]) == {0.5}
    first = table[(table["variable"] == DEATHS) & (table["time"] == "2010-01-31")]
    assert first["value"].tolist() == [deaths_in(0, 0, 0)]


def test_what_is_published_is_what_is_drawn_deaths_first() -> None:
    targets = sample().targets
    assert variables([DEATHS, "fentanyl share", "nothing drawn", "precursor price", "dose"], targets) == [
        DEATHS, "precursor price", "fentanyl share", "dose",
    ]  # fmt: skip
    assert variables(["opioid prescribing"], targets) == ["opioid prescribing"]


def test_manifest_is_the_forecast_s_own(report: Report) -> None:
    assert json.loads((report.folder / "manifest.json").read_text(encoding="utf-8")) == report.forecast.manifest


def test_the_csv_of_the_headline_is_counts_and_quantiles(report: Report) -> None:
    table = pd.read_csv(report.folder / "figures" / "deaths.csv", parse_dates=["time"])
    counted = table[table["series"] == "counted, provisional"].set_index("time")["value"]
    assert counted[pd.Timestamp("2025-04-30")] == 43_505
    end = table[(table["series"] == "Current course") & (table["time"] == "2035-12-31")].iloc[0]
    year = [sum(deaths_in(month, draw, 0) for month in range(300, 312)) for draw in range(5)]
    for column, level in (("low_90", 0.05), ("low_50", 0.25), ("value", 0.5), ("high_50", 0.75), ("high_90", 0.95)):
        assert end[column] == pytest.approx(np.quantile(year, level), rel=1e-4)


def test_the_csv_of_the_comparison_has_the_paired_differences(report: Report) -> None:
    table = pd.read_csv(report.folder / "figures" / "comparison-totals.csv").set_index("series")
    assert table.loc["Military action only", "median"] == -100 * 12 * 9
    assert table.loc["Treatment and naloxone surge", "low_90"] == -200 * 12 * 9


def test_a_table_as_a_file_is_the_table_of_the_page(report: Report) -> None:
    (shown,) = [e.every("table")[0] for e in report.page.every("div") if e.attributes.get("data-table") == "comparison"]
    page = [[cell.text for cell in row.every("th", "td")] for row in shown.every("tr")]
    with (report.folder / "tables" / "comparison.csv").open(encoding="utf-8", newline="") as stream:
        assert list(csv.reader(stream)) == page


def test_the_same_forecast_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write(sample(MIXES[:2], draws=2, variables=["fentanyl share"]), tmp_path / name)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*") if path.is_file())
    assert len(files) > 12
    assert all((tmp_path / "one" / f).read_bytes() == (tmp_path / "two" / f).read_bytes() for f in files)


def test_a_text_that_looks_like_a_formula_is_disarmed_and_a_number_is_not() -> None:
    table = pd.DataFrame({"text": [FORMULA, "@x", "-1 a", "plain", "\tx"], "number": [-1.5, 2, 3, 4, 5]})
    back = pd.read_csv(io.StringIO(to_csv(table)))
    assert back["text"].tolist() == [f"'{FORMULA}", "'@x", "'-1 a", "plain", "'\tx"]
    assert back["number"].tolist() == [-1.5, 2, 3, 4, 5]


def test_a_table_as_a_file_disarms_texts_and_headings() -> None:
    table = Table("Caption", [FORMULA, "b"], [["@SUM(1)", "−3"], ["-2+3", "+1,200"], ['say "a", b', "7.5 %"]])
    back = list(csv.reader(io.StringIO(table.to_csv())))
    assert back == [[f"'{FORMULA}", "b"], ["'@SUM(1)", "−3"], ["'-2+3", "+1,200"], ['say "a", b', "7.5 %"]]


def test_dates_and_missing_values_in_csv() -> None:
    table = pd.DataFrame({"time": pd.to_datetime(["2025-04-30"]), "quantile": [np.nan]})
    assert to_csv(table) == "time,quantile\n2025-04-30,\n"


def test_a_folder_that_cannot_be_written_is_the_machine_s_fault(tmp_path: Path) -> None:
    (tmp_path / "figures").write_text("a file where the folder should be")
    with pytest.raises(MachineError, match="cannot write here"):
        write(sample(MIXES[:1], draws=1), tmp_path)


def test_every_sector_has_words() -> None:
    from sdforecast.reporting.sections.sectors import ABOUT

    assert list(ABOUT) == list(PANELS)
