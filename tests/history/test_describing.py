import pandas as pd
import pytest

from sdforecast import history
from sdforecast.errors import InputError
from tests.history.conftest import Write


def test_select_leaves_out_what_a_fit_must_not_use(shipped: pd.DataFrame) -> None:
    rows = history.select(shipped, "moud_patients")
    assert set(rows["status"]) == {"modelled"}
    everything = history.select(shipped, "moud_patients", status=None)
    assert set(everything["status"]) == {"modelled", "disputed"}
    assert len(everything) == len(rows) + 1


def test_select_by_geography(shipped: pd.DataFrame) -> None:
    west = history.select(shipped, "nflis_fentanyl_reports", geography="US-West")
    assert set(west["geography"]) == {"US-West"}
    assert len(history.select(shipped, "nflis_fentanyl_reports", geography=None)) == 5 * len(west)


@pytest.mark.parametrize(
    ("series", "choice", "expected"),
    [
        ("synthetic_opoid_deaths", {}, r"no series 'synthetic_opoid_deaths' \(did you mean 'synthetic_opioid_d"),
        ("naloxone_kits", {"aggregation": "year"}, r"unknown aggregation 'year' \(known: calendar-year\)"),
        ("naloxone_kits", {"aggregation": "month"}, r"no rows for aggregation 'month' \(it has calendar-year\)"),
        ("mexico_homicides", {}, r"'mexico_homicides' has no rows for geography 'US' \(it has Mexico\)"),
        ("naloxone_kits", {"status": "final"}, r"has no rows for status 'final' \(it has modelled\)"),
        ("heroin_deaths", {"breakdown": "resident"}, r"no rows for breakdown 'resident' \(it has occurrence, res"),
    ],
)  # fmt: skip
def test_select_refuses(shipped: pd.DataFrame, series: str, choice: dict[str, str], expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        history.select(shipped, series, **choice)


def test_select_does_not_change_its_input(shipped: pd.DataFrame) -> None:
    before = shipped.copy()
    rows = history.select(shipped, "naloxone_kits")
    rows["value"] = 0.0
    pd.testing.assert_frame_equal(shipped, before)


def test_deaths_are_observed_to_april_2025(shipped: pd.DataFrame) -> None:
    assert history.last_observed(shipped) == pd.Timestamp("2025-04-30")
    assert history.last_observed(shipped, "all_drug_deaths") == pd.Timestamp("2025-04-30")


def test_describe_has_a_row_for_each_series(shipped: pd.DataFrame) -> None:
    table = history.describe(shipped)
    assert list(table.index) == sorted(shipped["series"].unique())
    deaths = table.loc["synthetic_opioid_deaths"]
    assert deaths["first"] == pd.Timestamp("1999-01-01")
    assert deaths["last"] == pd.Timestamp("2025-04-30")
    assert deaths["n"] == (shipped["series"] == "synthetic_opioid_deaths").sum()
    assert deaths["aggregations"] == "month, calendar-year, 12-month-ending"
    assert deaths["vintage"] == "2026-06-27"
    assert deaths["grade"] == "seen, derived, memory"
    assert deaths["breaks"] == "2013-01, 2015-01, 2023-01"


def test_describe_names_what_nobody_described(write: Write) -> None:
    frame = history.load(write({"series": "my_own_series"}))
    assert history.describe(frame)["title"].tolist() == ["not described in series.toml"]
