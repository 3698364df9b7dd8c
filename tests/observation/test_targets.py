"""Targets: what they take from the history, every fault of their table, and no death counted twice."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from sdforecast import calendar, history, observation
from sdforecast.errors import InputError
from sdforecast.observation.targets import load, observations

GOOD = {
    "name": "deaths",
    "title": "Deaths",
    "series": ["counted"],
    "aggregation": "month",
    "breakdown": "all",
    "from": "2010-01",
    "to": "2010-12",
    "variable": "deaths",
    "kind": "flow",
    "likelihood": "log-normal",
    "sd": 0.1,
}


def toml(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)


def entry(**changes: object) -> str:
    merged = {**GOOD, **{key.rstrip("_"): value for key, value in changes.items()}}
    lines = [f"{key} = {toml(value)}" for key, value in merged.items() if value is not None]
    return "[[target]]\n" + "\n".join(lines) + "\n"


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "targets.toml"
    file.write_text(text)
    return file


def row(series: str, first: str, months: int, value: float, **more: object) -> dict[str, object]:
    start = pd.Timestamp(first)
    length = {1: "month", 6: "half-year", 12: "calendar-year"}[months]
    return {
        "series": series, "period_start": start,
        "period_end": start + pd.DateOffset(months=months) - pd.Timedelta(days=1), "aggregation": length,
        "geography": "US", "breakdown": "all", "value": value, "unit": "deaths", "status": "final", "grade": "seen",
        **more,
    }  # fmt: skip


@pytest.fixture
def rows() -> pd.DataFrame:
    months = [f"2010-{month:02d}-01" for month in range(1, 13)]
    return pd.DataFrame(
        [row("counted", month, 1, 10.0 + k) for k, month in enumerate(months)]
        + [row("other", month, 1, 100.0, grade="judgement") for month in months[:6]]
        + [row("counted", "2010-01-01", 12, 186.0)]
        + [row("counted", "2011-01-01", 1, 999.0, status="predicted")]
    )


def taken(tmp_path: Path, rows: pd.DataFrame, **changes: object) -> pd.DataFrame:
    return observations(load(write(tmp_path, entry(**changes))), rows)


class TestObservations:
    def test_the_months_within_the_span(self, tmp_path: Path, rows: pd.DataFrame) -> None:
        found = taken(tmp_path, rows, **{"from": "2010-03", "to": "2010-05"})
        assert found["observed"].tolist() == [12, 13, 14]
        assert found[["first", "last"]].to_numpy().tolist() == [[2, 2], [3, 3], [4, 4]]
        assert found["start"].tolist() == [pd.Timestamp(f"2010-0{m}-01") for m in (3, 4, 5)]
        assert found["end"].tolist() == [pd.Timestamp(day) for day in ("2010-03-31", "2010-04-30", "2010-05-31")]
        assert set(found["fitted"]) == {True}

    def test_a_period_that_sticks_out_of_the_span_is_left_out(self, tmp_path: Path, rows: pd.DataFrame) -> None:
        found = taken(tmp_path, rows, aggregation=["calendar-year", "month"], to="2010-11")
        assert len(found) == 11

    def test_predicted_counts_are_never_taken(self, tmp_path: Path, rows: pd.DataFrame) -> None:
        assert taken(tmp_path, rows, to="2012-12")["observed"].max() == 21

    def test_a_month_that_another_covers_can_be_left_out(self, tmp_path: Path, rows: pd.DataFrame) -> None:
        found = taken(tmp_path, rows, leave_out=["2010-02"], to="2010-04")
        assert found["first"].tolist() == [0, 2, 3]

    def test_groups_are_sums_of_whole_runs(self, tmp_path: Path, rows: pd.DataFrame) -> None:
        found = taken(tmp_path, rows, group=5)
        assert found["observed"].tolist() == [10 + 11 + 12 + 13 + 14, 15 + 16 + 17 + 18 + 19]
        assert found[["first", "last"]].to_numpy().tolist() == [[0, 4], [5, 9]]
        assert found["end"].tolist() == [pd.Timestamp("2010-05-31"), pd.Timestamp("2010-10-31")]

    def test_a_group_with_a_missing_month_is_left_out(self, tmp_path: Path, rows: pd.DataFrame) -> None:
        found = taken(tmp_path, rows, group=6, leave_out=["2010-03"])
        assert found["observed"].tolist() == [16 + 17 + 18 + 19 + 20 + 21]

    def test_several_series_are_added_where_all_are_there(self, tmp_path: Path, rows: pd.DataFrame) -> None:
        found = taken(tmp_path, rows, series=["counted", "other"])
        assert found["observed"].tolist() == [110, 111, 112, 113, 114, 115]
        assert set(found["grade"]) == {"judgement"}  # the weakest of what went in
        assert set(found["series"]) == {"counted + other"}

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"from": "2013-01", "to": "2013-12"}, "target 'deaths' finds no observation in its span"),
            ({"series": "countd"}, "series 'countd' has no month"),
            ({"aggregation": "fiscal-year"}, "series 'counted' has no fiscal-year"),
            ({"breakdown": "men"}, "men"),
        ],
    )
    def test_a_target_that_finds_nothing_says_so(
        self, tmp_path: Path, rows: pd.DataFrame, changes: dict[str, str], message: str
    ) -> None:
        with pytest.raises(InputError, match=message):
            taken(tmp_path, rows, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"title": None}, "'title' is missing"),
        ({"sdd": 0.1}, "unknown key 'sdd' (did you mean 'sd'?)"),
        ({"kind": "flows"}, "'flows' is no kind (did you mean 'flow'?)"),
        ({"likelihood": "poisson"}, "'poisson' is no likelihood"),
        ({"sd": 0}, "'sd' must be a number above zero"),
        ({"sd": True}, "'sd' must be a number above zero"),
        ({"sd": float("nan")}, "'sd' must be a number above zero"),
        ({"to": "2010-13"}, "month must be in 1..12"),
        ({"to": "December"}, "'December' is not a month; write YYYY-MM"),
        ({"from": "2011-01"}, "'from' 2011-01 is after 'to' 2010-12"),
        ({"leave_out": ["2010"]}, "'2010' is not a month; write YYYY-MM"),
        ({"leave_out": 2010}, "'leave_out' must be a list of months"),
        ({"group": 0}, "'group' must be a whole number above zero"),
        ({"group": 1.5}, "'group' must be a whole number above zero"),
        ({"fitted": "false"}, "'fitted' must be true or false"),
        ({"series": 3}, "'series' must be text or a list of texts"),
        ({"series": []}, "'series' must be text or a list of texts"),
        ({"aggregation": [1]}, "'aggregation' must be text or a list of texts"),
        ({"variable": 3}, "'variable' must be text"),
    ],
)
def test_each_fault_of_the_table_has_its_line(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    file = write(tmp_path, "# targets\n" + entry() + entry(**changes))
    with pytest.raises(InputError) as caught:
        load(file)
    (problem,) = caught.value.problems
    assert problem.line == 2 + entry().count("\n")
    assert message in str(problem)
    assert str(problem).startswith(f"{file}:{problem.line}: target 'deaths': ")


@pytest.fixture(scope="module")
def observed() -> pd.DataFrame:
    return observations(load(), history.load())


class TestShipped:
    def test_no_month_of_deaths_is_used_twice(self, observed: pd.DataFrame) -> None:
        deaths = observed[observed["fitted"] & (observed["variable"] == "synthetic opioid deaths")]
        months = [month for first, last in zip(deaths["first"], deaths["last"], strict=True)
                  for month in range(first, last + 1)]  # fmt: skip
        assert len(months) == len(set(months))
        assert min(months) <= calendar.parse_month("2010-12")
        assert max(months) == calendar.parse_month("2025-04")

    def test_no_span_of_any_fitted_flow_is_used_twice(self, observed: pd.DataFrame) -> None:
        for variable, part in observed[observed["fitted"] & (observed["kind"] == "flow")].groupby("variable"):
            months = [
                m for first, last in zip(part["first"], part["last"], strict=True) for m in range(first, last + 1)
            ]
            assert len(months) == len(set(months)), variable

    @pytest.mark.parametrize(
        ("target", "year", "published"),
        [
            # CDC WONDER, T40.4, residents
            ("deaths, annual to 2013", 2010, 3007),
            ("deaths, annual to 2013", 2013, 3105),
        ],
    )
    def test_annual_deaths_are_the_published_ones(
        self, observed: pd.DataFrame, target: str, year: int, published: float
    ) -> None:
        rows = observed[(observed["target"] == target) & (observed["start"] == pd.Timestamp(year, 1, 1))]
        assert rows["observed"].tolist() == [published]

    @pytest.mark.parametrize(("year", "published"), [(2024, 48_662)])
    def test_the_months_of_a_year_add_up_to_the_published_sum(
        self, observed: pd.DataFrame, year: int, published: float
    ) -> None:
        months = observed[(observed["target"] == "deaths, monthly from 2014") & (observed["start"].dt.year == year)]
        assert len(months) == 12
        assert months["observed"].sum() == pytest.approx(published, rel=0.005)

    def test_nothing_after_the_last_observation_is_used(self, observed: pd.DataFrame) -> None:
        deaths = observed[observed["variable"] == "synthetic opioid deaths"]
        assert deaths["end"].max() == history.last_observed(history.load())

    def test_what_is_not_fitted_says_why(self) -> None:
        for target in observation.load():
            assert target.fitted or len(target.reason) > 20, target.name
