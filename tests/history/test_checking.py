"""One test for each kind of fault that only shows between rows."""

import pandas as pd
import pytest

from sdforecast import history
from tests.history.conftest import Write


def month(number: int, **changes: str) -> dict[str, str]:
    start = pd.Timestamp(2023, number, 1)
    return {"period_start": f"{start:%Y-%m-%d}", "period_end": f"{start + pd.offsets.MonthEnd():%Y-%m-%d}", **changes}


def problems(write: Write, *changes: dict[str, str]) -> list[str]:
    return [str(p).rsplit("/", 1)[1] for p in history.check(history.load(write(*changes)))]


def test_good_rows_have_none(write: Write) -> None:
    assert problems(write, month(1), month(2), month(3, status="provisional"), month(3, status="predicted")) == []


def test_duplicates(write: Write) -> None:
    assert problems(write, month(1), month(1, value="1")) == [
        "mine.csv:3: synthetic_opioid_deaths: 2023-01-01 to 2023-01-31 stands twice (occurrence, final) "
        "(first at line 2)"
    ]


def test_a_duplicate_in_another_file(write: Write) -> None:
    write(month(1), name="a.csv")
    folder = write(month(1), name="b.csv")
    (problem,) = history.check(history.load(folder))
    assert problem.file == str(folder / "b.csv")
    assert problem.hint == f"first at {folder / 'a.csv'}:2"


def test_a_final_and_a_provisional_row_for_one_period(write: Write) -> None:
    found = problems(write, month(1), month(1, status="provisional"))
    assert found == [
        "mine.csv:3: synthetic_opioid_deaths: 2023-01-01 to 2023-01-31 overlaps with another row (month, occurrence)"
    ]


def test_gaps_in_a_regular_series(write: Write) -> None:
    assert problems(write, month(1), month(2), month(5)) == [
        "mine.csv:3: synthetic_opioid_deaths: gap after 2023-02-01 to 2023-02-28: the next month starts 2023-05-01"
    ]


def test_gaps_may_be_in_an_irregular_series(write: Write) -> None:
    purity = {"series": "fentanyl_powder_purity", "unit": "percent", "breakdown": "all_exhibits", "value": "10"}
    years = [{**purity, "aggregation": "calendar-year", "period_start": f"{y}-01-01", "period_end": f"{y}-12-31"}
             for y in (2019, 2023)]  # fmt: skip
    assert problems(write, *years) == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"unit": "people"}, "unit 'people' instead of 'deaths'"),
        ({"series": "synthetic_opioid_death"}, "described in series.toml (did you mean 'synthetic_opioid_deaths'?)"),
        ({"breakdown": "resident"}, "unknown breakdown 'resident' (did you mean 'residents'?)"),
        ({"value": "-1"}, "negative value -1"),
        ({"low": "7000"}, "low 7000 is above the value 6500"),
        ({"high": "6000"}, "high 6000 is below the value 6500"),
        ({"period_end": "2023-05-31"}, "the period ends before it starts (2023-06-01 to 2023-05-31)"),
        ({"period_end": "2023-06-29"}, "2023-06-01 to 2023-06-29 is not a month"),
        ({"period_start": "2023-05-01"}, "2023-05-01 to 2023-06-30 is not a month"),
        ({"vintage": "2023-06-29"}, "known on 2023-06-29, before the period ended (2023-06-01 to 2023-06-30)"),
        ({"vintage": "2022"}, "known on 2022, before the period ended (2023-06-01 to 2023-06-30)"),
    ],
)  # fmt: skip
def test_one_impossible_row(write: Write, change: dict[str, str], expected: str) -> None:
    (found,) = problems(write, change)
    assert found.startswith("mine.csv:2: ")
    assert found.endswith(expected)


@pytest.mark.parametrize(
    ("series", "unit", "good", "bad"),
    [("fentanyl_share_of_market", "fraction", "1", "1.2"), ("heroin_samples_with_fentanyl", "percent", "100", "101")],
)
def test_shares_have_a_ceiling(write: Write, series: str, unit: str, good: str, bad: str) -> None:
    year = {"period_start": "2023-01-01", "period_end": "2023-12-31", "aggregation": "calendar-year"}
    row = {**year, "series": series, "unit": unit, "breakdown": "all"}
    assert problems(write, {**row, "value": good}) == []
    assert problems(write, {**row, "value": bad}) == [f"mine.csv:2: {series}: value {bad} is more than a {unit} can be"]


def test_overlapping_periods(write: Write) -> None:
    spans = [("2023-01-01", "2023-03-31"), ("2023-03-01", "2023-05-31"), ("2023-06-01", "2023-06-30")]
    rows = [{"aggregation": "period", "period_start": a, "period_end": b} for a, b in spans]
    assert problems(write, *rows) == [
        "mine.csv:3: synthetic_opioid_deaths: 2023-03-01 to 2023-05-31 overlaps with another row (period, occurrence)"
    ]


def test_a_long_period_overlaps_all_that_it_covers(write: Write) -> None:
    spans = [("2023-01-01", "2023-12-31"), ("2023-02-01", "2023-02-28"), ("2023-04-01", "2023-04-30")]
    rows = [{"aggregation": "period", "period_start": a, "period_end": b} for a, b in spans]
    assert len(problems(write, *rows)) == 2


def test_12_month_sums_overlap_by_nature(write: Write) -> None:
    sums = {"aggregation": "12-month-ending"}
    rows = [{**month(4, **sums), "period_start": "2022-05-01"}, {**month(5, **sums), "period_start": "2022-06-01"}]
    assert problems(write, *rows) == []


def test_provisional_before_final(write: Write) -> None:
    assert problems(write, month(1, status="provisional"), month(2)) == [
        "mine.csv:2: synthetic_opioid_deaths: 2023-01-01 to 2023-01-31 is provisional, though later periods are final"
    ]


def test_vintages_are_looked_at_one_by_one(write: Write) -> None:
    folder = write(month(1, vintage="2023-08-01"), month(1, vintage="2024-08-01"), name="my_vintages.csv")
    frame = history.load_vintages(folder)
    assert history.check(frame, by_vintage=True) == []
    assert len(history.check(frame)) == 1


def test_empty_history_has_no_problems(write: Write) -> None:
    assert history.check(history.load(write())) == []
