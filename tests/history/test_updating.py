"""A newer file taken into a history: sums, months and years follow, and no row is lost."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast import history, shipped
from sdforecast.errors import InputError, MachineError
from sdforecast.history import updating, vsrr
from sdforecast.history.vsrr import Published
from tests.history.published import as_csv, deaths_only, rows, shipped_history, sums

DAY = "2026-09-10"


def published(more: int = 2, change: Callable[[str, pd.Series], pd.Series] = lambda _, s: s) -> Published:
    return vsrr.read(as_csv(rows(more, change)).encode(), "new.csv")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return deaths_only(tmp_path / "data")


@pytest.fixture(scope="module")
def updated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with two months more and one sum revised."""
    folder = Path(shutil.copytree(shipped.history_dir(), tmp_path_factory.mktemp("updated") / "data"))

    def change(series: str, values: pd.Series) -> pd.Series:
        revised = values.copy()
        revised.loc["2025-04-30"] += 100 if series == "synthetic_opioid_deaths" else 0
        return revised

    updating.write(updating.prepare(published(change=change), folder, DAY, "new.csv"))
    return folder


def deaths(folder: Path, aggregation: str, series: str = "synthetic_opioid_deaths") -> pd.Series:
    found = history.select(history.load(folder), series, aggregation=aggregation, breakdown="occurrence")
    return found.set_index("period_end")["value"]


def test_sums_are_the_files(updated: Path) -> None:
    found, before = deaths(updated, "12-month-ending"), sums("synthetic_opioid_deaths")
    assert found.index[-1] == pd.Timestamp("2025-06-30")
    np.testing.assert_array_equal(found.iloc[:-3], before.iloc[:-1])
    assert found.iloc[-3] == before.iloc[-1] + 100


def test_months_add_up_to_the_sums(updated: Path) -> None:
    """And what was not revised is as it was, to the digit."""
    for series in ("synthetic_opioid_deaths", "all_drug_deaths"):
        months, found = deaths(updated, "month", series), deaths(updated, "12-month-ending", series)
        np.testing.assert_allclose(months.rolling(12).sum().iloc[11:], found, atol=0.7)  # months have one decimal
        shipped_months = deaths(shipped.history_dir(), "month", series)
        np.testing.assert_array_equal(months.loc[:"2025-03"], shipped_months.loc[:"2025-03"])


def test_the_years_are_the_december_rows(updated: Path) -> None:
    years, found = deaths(updated, "calendar-year"), deaths(updated, "12-month-ending")
    np.testing.assert_array_equal(years, found[found.index.month == 12])


def test_no_row_is_lost(updated: Path) -> None:
    before = pd.concat([history.load(), history.load_vintages()])
    after = pd.concat([history.load(updated), history.load_vintages(updated)])
    cells = [name for name in history.COLUMNS if name not in ("low", "high")]
    gone = set(before[cells].itertuples(index=False, name=None)) - set(after[cells].itertuples(index=False, name=None))
    known = {(row[0], *row[1:8], row[9]) for row in after[cells].itertuples(index=False, name=None)}
    assert {(row[0], *row[1:8], row[9]) for row in gone} <= known  # only source words of a row we had twice


def test_other_files_and_rows_keep_their_bytes(updated: Path) -> None:
    for path in shipped.history_dir().iterdir():
        if path.name not in (updating.CURRENT, updating.VINTAGES):
            assert path.read_bytes() == (updated / path.name).read_bytes()
    old = (shipped.history_dir() / updating.VINTAGES).read_text()
    assert (updated / updating.VINTAGES).read_text().startswith(old)
    residents = [
        line for line in (shipped.history_dir() / "deaths.csv").read_text().splitlines() if "residents" in line
    ]
    assert [line for line in (updated / "deaths.csv").read_text().splitlines() if "residents" in line] == residents


def test_the_new_vintage_is_known_only_from_its_day(updated: Path) -> None:
    vintages = history.load_vintages(updated)
    mine = vintages[(vintages["vintage"] == DAY) & (vintages["status"] != "predicted")]
    assert set(mine["series"]) == {"synthetic_opioid_deaths", "all_drug_deaths"}
    assert mine["period_end"].max() == pd.Timestamp("2025-06-30")
    assert set(mine.loc[mine["period_end"] > "2024-12-31", "status"]) == {"provisional"}


def test_the_history_holds_together_afterwards(updated: Path) -> None:
    described = history.load_descriptions(updated)
    assert history.check(history.load(updated), described) == []
    assert history.check(history.load_vintages(updated), described, by_vintage=True) == []


@pytest.mark.parametrize(("day", "closed"), [("2026-09-10", 2024), ("2027-06-30", 2024), ("2027-07-01", 2025)])
def test_which_year_counts_as_closed(day: str, closed: int) -> None:
    assert updating._closed(shipped_history(), day, None) == closed


def test_the_last_closed_year_can_be_told(folder: Path) -> None:
    made = updating.prepare(published(), folder, DAY, "new.csv", closed=2025)
    assert ",2024-07-01,2025-06-30,12-month-ending,US,occurrence,42705,,,deaths,final," in made.texts["deaths.csv"]
    with pytest.raises(InputError, match="2019 cannot be the last closed year"):
        updating._closed(shipped_history(), DAY, 2019)


def test_a_count_that_falls_by_a_fifth_is_told(folder: Path) -> None:
    def change(series: str, values: pd.Series) -> pd.Series:
        return values * np.where(values.index == "2024-06-30", 0.7, 1.0) if series == "heroin_deaths" else values

    told = updating.prepare(published(change=change), folder, DAY, "new.csv").warnings
    assert any(line.startswith("heroin_deaths 2024-06 falls from") for line in told)
    assert any(line.startswith("heroin_deaths jumps by -") for line in told)


def short(_: str, values: pd.Series) -> pd.Series:
    return values.iloc[:-3]


def holed(series: str, values: pd.Series) -> pd.Series:
    return values.drop(values.index[60]) if series == "all_drug_deaths" else values


@pytest.mark.parametrize(
    ("day", "change", "words"),
    [
        ("2026-06-27", None, "the vintage 2026-06-27 is in the history already"),
        ("2026-06-01", None, "is older than the newest in the history, 2026-06-27"),
        ("tomorrow", None, "'tomorrow' is not a date"),
        (DAY, short, "ends with 2025-03; the history has all_drug_deaths to 2025-04"),
        (DAY, holed, "has no all_drug_deaths of 2020-01"),
    ],
)
def test_a_file_that_is_refused(
    folder: Path, day: str, change: Callable[[str, pd.Series], pd.Series] | None, words: str
) -> None:
    before = {path: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(InputError, match=words):
        updating.prepare(published(2, change or (lambda _, s: s)), folder, day, "new.csv")
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def older(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The history as it may have stood in April 2025."""
    observed, vintages = history.load(folder), history.load_vintages(folder)
    current = observed[observed["breakdown"].eq("occurrence")].assign(vintage="2025-04-01")
    return current, vintages[vintages["vintage"] < "2025-04-01"]


def test_a_file_cannot_know_the_future(folder: Path) -> None:
    with pytest.raises(InputError, match="has deaths to 2025-06, which a file of 2025-06-30 cannot know"):
        updating._dated("2025-06-30", published().rows, *older(folder), "new.csv")


def test_a_second_update_goes_on_from_the_first(updated: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(updated, tmp_path / "again"))
    made = updating.prepare(published(more=3), folder, "2026-10-14", "newer.csv")
    updating.write(made)
    assert (made.last_before, made.last) == ("2025-06", "2025-07")
    assert [row["twelve_months_to"] for row in made.revised if row["series"] == "synthetic_opioid_deaths"] == [
        "2025-04"
    ]
    assert {DAY, "2026-10-14"} <= set(history.load_vintages(folder)["vintage"])
    assert history.check(history.load(folder), history.load_descriptions(folder)) == []


def test_if_the_second_file_cannot_be_written_the_first_is_as_before(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = updating.prepare(published(), folder, DAY, "new.csv")
    before = (folder / updating.VINTAGES).read_bytes()
    real = updating.write_text

    def full(path: Path, text: str) -> None:
        if path.name == updating.CURRENT:
            raise MachineError("no space left on device")
        real(path, text)

    monkeypatch.setattr(updating, "write_text", full)
    with pytest.raises(MachineError):
        updating.write(made)
    assert (folder / updating.VINTAGES).read_bytes() == before


def test_a_history_without_deaths_by_occurrence(folder: Path) -> None:
    (folder / "deaths.csv").rename(folder / "mortality.csv")
    with pytest.raises(InputError, match=r"has no rows by place of occurrence in deaths\.csv"):
        updating.prepare(published(), folder, DAY, "new.csv")


def test_a_new_folder_begins_as_the_shipped_history(tmp_path: Path) -> None:
    assert updating.begin(tmp_path / "new")
    assert not updating.begin(tmp_path / "new")
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        path.name for path in shipped.history_dir().iterdir()
    }
