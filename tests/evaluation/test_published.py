"""Projections of others: the shipped table keeps its rules, and its scores are those known from elsewhere."""

import csv

import pandas as pd
import pytest

from sdforecast.errors import InputError
from sdforecast.evaluation import published
from sdforecast.evaluation.levels import SYNTHETIC_OPIOIDS
from sdforecast.evaluation.scoring import score
from tests.evaluation.samples import forecast, happened

GOOD = {
    "model": "M", "published": "2020", "known_to": "2019-12", "kind": "forecast", "scenario": "base",
    "series": "opioid_deaths", "place": "residents", "period_start": "2021-01-01", "period_end": "2021-12-31",
    "value": "70000", "low": "60000", "high": "80000", "nominal": "95", "outcome": "", "source": "S", "grade": "seen",
}  # fmt: skip


@pytest.fixture(scope="module")
def scored(observations):
    return published.score(published.load(), observations)


def written(tmp_path, **changes):
    path = tmp_path / "projections.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([published.COLUMNS, (GOOD | changes).values()])
    return path


def test_source_was_a_fifth_too_low_and_lost_to_repeating_the_last_value(scored):
    baseline = scored[scored["scenario"] == "baseline, best fit"].set_index("months")
    # 63,514, 63,296 and 62,110 for 2021 to 2023, against 80,997, 82,851 and 80,719 by occurrence.
    assert list(baseline.loc[[12, 24, 36], "percent_error"]) == pytest.approx([-21.6, -23.6, -23.1], abs=0.05)
    # 69,061 was counted in 2020.
    assert list(baseline.loc[[12, 24, 36], "repeated"]) == [69_061] * 3
    assert (baseline.loc[[12, 24, 36], "repeated_percent_error"].abs() < 17).all()
    median = scored[scored["scenario"] == "baseline, median of the draws"]
    assert not median["inside"].any()


def test_an_interval_score_by_hand(scored):
    row = scored[(scored["scenario"] == "baseline, median of the draws") & (scored["months"] == 24)].iloc[0]
    # 62,150 to 65,027 at 95 per cent, 82,851 happened: width, and forty times what it lies above.
    wanted = 65_027 - 62_150 + 2 / 0.05 * (82_851 - 65_027)
    assert row["interval_score_percent"] == pytest.approx(100 * wanted / 82_851)


def test_where_the_authors_counted_something_narrower_their_count_is_the_outcome(scored):
    row = scored[scored["model"].str.startswith("ARIMA")].iloc[0]
    assert (row["outcome"], row["counted"], row["inside"]) == (72_643, "the authors' count", True)
    assert row["percent_error"] == pytest.approx(-10.0, abs=0.05)


def test_years_that_are_not_over_wait(scored):
    assert scored["period_end"].max() == pd.Timestamp(2024, 12, 31)
    waiting = published.load()
    assert (waiting["period_end"] > "2025").any()
    assert scored.loc[scored["period_end"].dt.year == 2024, "provisional"].all()


def test_nothing_counted_gives_an_empty_table(observations):
    later = published.load().query("period_end > '2025'")
    assert published.score(later, observations).empty


def test_months_are_summed_where_a_projection_is_for_a_part_of_a_year(tmp_path, observations):
    path = written(tmp_path, series="all_drug_deaths", period_start="2020-03-01", period_end="2020-12-31")
    row = published.score(published.load(path), observations).iloc[0]
    assert row["outcome"] == pytest.approx(78_764, abs=1)
    # Repeated is March to December 2019.
    months = observations[
        (observations["series"] == "all_drug_deaths") & (observations["aggregation"] == "month")
        & (observations["breakdown"] == "residents") & (observations["period_end"] > "2019-03-01")
        & (observations["period_end"] < "2020-01-01")
    ]  # fmt: skip
    assert row["repeated"] == pytest.approx(months["value"].sum())


def test_of_several_years_the_last_known_one_is_repeated(scored):
    row = scored[(scored["scenario"] == "status quo") & (scored["months"] == 60)].iloc[0]
    assert row["repeated"] == 5 * 50_178
    assert row["counted"] == "occurrence"  # residents of 2024 are not in the history


def test_forecasts_from_the_same_origin_stand_beside(scored):
    mine = forecast(60_000, origin=pd.Timestamp(2020, 12, 31), horizon=24)
    ends = happened(75_000).assign(target_end_date=pd.Timestamp(2022, 12, 31))
    table = published.beside(scored, score(mine, ends))
    assert set(table["period_end"]) == {pd.Timestamp(2022, 12, 31)}
    assert list(table["method_percent_error"]) == pytest.approx([-20] * len(table))
    assert set(table["target"]) == {SYNTHETIC_OPIOIDS}
    assert "baseline, best fit" in set(table["scenario"])


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kind": "forecasts"}, "did you mean 'forecast'"),
        ({"series": "opioids"}, "did you mean 'opioid_deaths'"),
        ({"place": "resident"}, "did you mean 'residents'"),
        ({"grade": "sen"}, "did you mean 'seen'"),
        ({"model": " "}, "empty or unprintable"),
        ({"source": "a\x1b[31m"}, "empty or unprintable"),
        ({"known_to": "2019"}, "write YYYY-MM"),
        ({"known_to": "2019-13"}, "cannot be read"),
        ({"period_end": "2021-02-30"}, "cannot be read"),
        ({"period_end": "2020-12-31"}, "ends before it starts"),
        ({"value": "many"}, "cannot be read"),
        ({"value": "-5"}, "not above zero"),
        ({"value": "inf"}, "not above zero"),
        ({"value": "", "low": "", "high": "", "nominal": ""}, "none at all"),
        ({"value": "90000"}, "contradict"),
        ({"low": "", "nominal": ""}, "contradict"),
        ({"nominal": "100"}, "between 0 and 100"),
    ],
)
def test_a_wrong_row_is_refused_with_its_line(tmp_path, changes, said):
    with pytest.raises(InputError, match=said) as error:
        published.load(written(tmp_path, **changes))
    assert error.value.problems[0].line == 2


def test_a_wrong_file_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        published.load(tmp_path / "none.csv")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InputError, match="other columns"):
        published.load(tmp_path / "other.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not a readable CSV"):
        published.load(tmp_path / "binary.csv")


def test_every_shipped_row_can_be_scored_some_day(observations):
    table = published.load()
    assert not table.duplicated(["model", "published", "scenario", "period_start", "period_end", "kind"]).any()
    assert set(table["series"]) <= set(observations["series"])
    assert (table["grade"] == "memory").sum() == 1
