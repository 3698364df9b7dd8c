"""The shipped tables keep their own rules."""

import re
import tomllib

import pandas as pd
import pytest

from sdforecast import history
from sdforecast.history import vocabulary
from sdforecast.shipped import history_dir


def test_nothing_is_wrong(shipped: pd.DataFrame) -> None:
    assert history.check(shipped) == []
    assert history.check(history.load_vintages(), by_vintage=True) == []


def test_every_described_series_has_rows_and_every_series_a_description(shipped: pd.DataFrame) -> None:
    assert set(history.load_descriptions()) == set(shipped["series"])


@pytest.mark.parametrize(
    ("series", "aggregation", "unit", "rows"),
    [
        ("synthetic_opioid_deaths", "month", "deaths", 135),
        ("synthetic_opioid_deaths", "calendar-year", "deaths", 26),
        ("synthetic_opioid_deaths", "12-month-ending", "deaths", 124),
        ("all_drug_deaths", "calendar-year", "deaths", 26),
        ("heroin_deaths", "calendar-year", "deaths", 25),
        ("cbp_fentanyl_seized", "month", "lb_gross", 91),
        ("cbp_fentanyl_seized", "fiscal-year", "lb_gross", 8),
        ("fentanyl_powder_purity", "calendar-year", "percent", 4),
        ("fentanyl_pill_content", "calendar-year", "mg", 4),
        ("pills_with_2mg_or_more", "calendar-year", "percent", 5),
        ("fentanyl_share_of_market", "calendar-year", "fraction", 11),
        ("heroin_use_disorder", "calendar-year", "people", 22),
        ("illicit_opioid_use_without_disorder", "calendar-year", "people", 22),
        ("prescription_oud", "calendar-year", "people", 22),
        ("moud_patients", "point", "people", 13),
        ("naloxone_kits", "calendar-year", "kits", 22),
        ("opioid_prescriptions", "calendar-year", "prescriptions", 22),
        ("resident_population", "point", "people", 27),
        ("nflis_fentanyl_reports", "half-year", "reports", 17),
    ],
)
def test_the_series_that_the_estimate_relies_on(
    shipped: pd.DataFrame, series: str, aggregation: str, unit: str, rows: int
) -> None:
    by = {"synthetic_opioid_deaths": "occurrence" if aggregation == "month" else None}
    found = history.select(shipped, series, aggregation=aggregation, breakdown=by.get(series))
    if series.endswith("_deaths") and aggregation == "calendar-year":
        found = found[found["breakdown"] == "residents"]
    if series == "cbp_fentanyl_seized":
        found = found[found["breakdown"] == "all_components"]
    assert len(found) == rows
    assert set(found["unit"]) == {unit}
    assert found["period_end"].is_monotonic_increasing


def test_usable_rows_name_one_value_for_a_period(shipped: pd.DataFrame) -> None:
    usable = shipped[shipped["status"].isin(history.USABLE)]
    key = ["series", "aggregation", "geography", "breakdown", "period_start", "period_end"]
    assert not usable.duplicated(key).any()


def test_sources_name_a_publisher_and_no_machine(shipped: pd.DataFrame) -> None:
    for frame in (shipped, history.load_vintages()):
        for source in frame["source"].unique():
            assert not source.startswith("secondary"), source
            assert not re.search(r"/work|/tmp|/opt|PyPI|\bstored\b|https?://\S*pypi", source), source


def test_what_is_from_memory_is_marked(shipped: pd.DataFrame) -> None:
    said = shipped["source"].str.contains("memory")
    assert set(shipped.loc[said, "grade"]) == {"memory"}
    assert said[shipped["grade"] == "memory"].all()


def test_the_tables_stay_small() -> None:
    assert sum(path.stat().st_size for path in history_dir().iterdir()) < 3_000_000


def test_readme_tells_every_word() -> None:
    text = (history_dir() / "README.md").read_text("utf-8")
    names = ("AGGREGATIONS", "STATUSES", "GRADES", "LICENCES", "GEOGRAPHIES")
    words = [word for name in names for word in getattr(vocabulary, name)]
    assert [word for word in words if f"`{word}`" not in text] == []


def test_descriptions_use_only_words_that_occur(shipped: pd.DataFrame) -> None:
    described = tomllib.loads((history_dir() / "series.toml").read_text("utf-8"))
    for name, about in described.items():
        there = set(shipped.loc[shipped["series"] == name, "breakdown"])
        assert there == set(about.get("breakdowns", ["all"])), name
