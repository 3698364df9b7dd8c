"""The shipped history against totals that others published, or that its parts must add up to."""

import pandas as pd
import pytest

from sdforecast import history


def values(rows: pd.DataFrame) -> pd.Series:
    return rows.set_index("period_end")["value"]


def annual(shipped: pd.DataFrame, series: str, breakdown: str) -> pd.Series:
    rows = history.select(shipped, series, aggregation="calendar-year", breakdown=breakdown)
    return rows.set_index(rows["period_end"].dt.year)["value"]


@pytest.mark.parametrize(
    ("series", "year", "deaths"),
    [  # NCHS data briefs 356, 394, 428, 457, 491, 522
        ("all_drug_deaths", 2017, 70_237),
        ("all_drug_deaths", 2018, 67_367),
        ("all_drug_deaths", 2019, 70_630),
        ("all_drug_deaths", 2020, 91_799),
        ("all_drug_deaths", 2021, 106_699),
        ("all_drug_deaths", 2022, 107_941),
        ("all_drug_deaths", 2023, 105_007),
        ("synthetic_opioid_deaths", 2013, 3_105),
        ("synthetic_opioid_deaths", 2017, 28_466),
        ("synthetic_opioid_deaths", 2021, 70_601),
        ("heroin_deaths", 2016, 15_469),
        ("opioid_deaths", 2021, 80_411),
    ],
)
def test_residents_as_published(shipped: pd.DataFrame, series: str, year: int, deaths: int) -> None:
    assert annual(shipped, series, "residents")[year] == deaths


def test_deaths_by_occurrence_exceed_residents_by_the_known_offset(shipped: pd.DataFrame) -> None:
    for series in ("all_drug_deaths", "synthetic_opioid_deaths"):
        ratio = annual(shipped, series, "occurrence") / annual(shipped, series, "residents") - 1
        assert ratio.loc[2015:2021].between(0.003, 0.009).all(), ratio
        assert ratio.loc[2022:2024].between(0.01, 0.02).all(), ratio


def test_2024_is_the_closed_file(shipped: pd.DataFrame) -> None:
    assert annual(shipped, "synthetic_opioid_deaths", "occurrence")[2024] == 48_662


def test_calendar_years_by_occurrence_are_the_december_sums(shipped: pd.DataFrame) -> None:
    for series in ("all_drug_deaths", "synthetic_opioid_deaths", "heroin_deaths", "cocaine_deaths"):
        sums = values(history.select(shipped, series, aggregation="12-month-ending"))
        december = sums[sums.index.month == 12]
        december.index = december.index.year
        pd.testing.assert_series_equal(
            annual(shipped, series, "occurrence"), december, check_names=False, check_index_type=False
        )


@pytest.mark.parametrize("series", ["all_drug_deaths", "synthetic_opioid_deaths"])
def test_months_add_up_to_every_12_month_sum(shipped: pd.DataFrame, series: str) -> None:
    months = values(history.select(shipped, series, aggregation="month", breakdown="occurrence"))
    sums = values(history.select(shipped, series, aggregation="12-month-ending"))
    rolling = months.rolling(12).sum().dropna()
    assert len(rolling) == len(sums) == 124
    assert (rolling - sums).abs().max() < 1  # months are rounded to a tenth


@pytest.mark.parametrize(("year", "deaths"), [(2018, 67_367), (2019, 70_630)])
def test_wonder_months_add_up_to_the_annual_count(shipped: pd.DataFrame, year: int, deaths: int) -> None:
    months = values(history.select(shipped, "all_drug_deaths", aggregation="month", breakdown="residents"))
    assert months[months.index.year == year].sum() == deaths


def test_derived_months_follow_the_wonder_months(shipped: pd.DataFrame) -> None:
    derived = values(history.select(shipped, "all_drug_deaths", aggregation="month", breakdown="occurrence"))
    printed = values(history.select(shipped, "all_drug_deaths", aggregation="month", breakdown="residents"))
    ratio = (derived / printed).dropna()
    assert len(ratio) == 72  # 2018 to 2023
    assert ratio.between(0.99, 1.03).all()


def test_the_peak_is_june_2023(shipped: pd.DataFrame) -> None:
    for series, deaths in (("all_drug_deaths", 111_466), ("synthetic_opioid_deaths", 77_695)):
        sums = values(history.select(shipped, series, aggregation="12-month-ending"))
        assert sums.idxmax() == pd.Timestamp("2023-06-30")
        assert sums.max() == deaths


def test_predictions_exceed_closed_years_a_little(shipped: pd.DataFrame) -> None:
    guess, closed = (
        values(history.select(shipped, "synthetic_opioid_deaths", aggregation="12-month-ending", status=status))
        for status in ("predicted", "final")
    )
    assert (guess / closed).dropna().between(0.99, 1.05).all()


@pytest.mark.parametrize("breakdown", ["all_components", "OFO", "USBP"])
def test_cbp_months_add_up_to_fiscal_years(shipped: pd.DataFrame, breakdown: str) -> None:
    for series in ("cbp_fentanyl_seized", "cbp_fentanyl_seizures"):
        months = history.select(shipped, series, aggregation="month", breakdown=breakdown)
        by_year = months.groupby((months["period_end"] + pd.DateOffset(months=3)).dt.year)["value"].sum()
        years = history.select(shipped, series, aggregation="fiscal-year", breakdown=breakdown)
        totals = years.set_index(years["period_end"].dt.year)["value"].loc[2019:]
        assert list(totals.index) == list(range(2019, 2026))
        assert (by_year.loc[2019:2025] - totals).abs().max() < 0.05


@pytest.mark.parametrize(("year", "pounds"), [(2019, 2_804), (2021, 11_201), (2023, 27_023), (2024, 21_889)])
def test_cbp_totals_as_published(shipped: pd.DataFrame, year: int, pounds: int) -> None:
    rows = history.select(shipped, "cbp_fentanyl_seized", aggregation="fiscal-year", breakdown="all_components")
    assert round(rows.set_index(rows["period_end"].dt.year)["value"][year]) == pounds


def test_cbp_components_add_up(shipped: pd.DataFrame) -> None:
    parts = {b: values(history.select(shipped, "cbp_fentanyl_seized", aggregation="month", breakdown=b))
             for b in ("all_components", "OFO", "USBP")}  # fmt: skip
    assert (parts["OFO"] + parts["USBP"] - parts["all_components"]).abs().max() < 0.01


def test_nflis_regions_add_up_to_the_nation(shipped: pd.DataFrame) -> None:
    rows = history.select(shipped, "nflis_fentanyl_reports", geography=None)
    table = rows.pivot_table(index="period_end", columns="geography", values="value")
    territories = 1 - table.drop(columns="US").sum(axis=1) / table["US"]
    assert territories.between(0, 0.002).all()
    assert table["US"].max() == table["US"]["2023-06-30"] == 95_173


def test_fentanyl_share_is_the_ratio_of_its_samples(shipped: pd.DataFrame) -> None:
    share = values(history.select(shipped, "fentanyl_share_of_market"))
    mixed = values(history.select(shipped, "heroin_samples_with_fentanyl"))
    fentanyl, heroin = (values(history.select(shipped, f"nflis_{drug}_samples")) for drug in ("fentanyl", "heroin"))
    assert len(share) == 11
    assert (fentanyl / (fentanyl + heroin * (1 - mixed / 100)) - share).abs().max() < 0.0006


def test_moud_patients_against_another_estimate(shipped: pd.DataFrame) -> None:
    """Krawczyk et al. 2022 count 1,023,959 in 2019 (annual mean, other sources)."""
    patients = values(history.select(shipped, "moud_patients"))
    assert patients["2019-03-31"] == pytest.approx(1_023_959, rel=0.15)
    assert pd.Timestamp("2020-03-31") not in patients.index  # the disputed census


def test_vintages_end_at_the_best_known_value(shipped: pd.DataFrame) -> None:
    vintages = history.load_vintages()
    latest = history.select(vintages, "synthetic_opioid_deaths", aggregation="12-month-ending", status=["final"])
    latest = latest.sort_values("vintage").drop_duplicates("period_end", keep="last").set_index("period_end")["value"]
    best = values(history.select(shipped, "synthetic_opioid_deaths", aggregation="12-month-ending", status="final"))
    pd.testing.assert_series_equal(latest.sort_index(), best, check_names=False)
    assert not set(vintages["file"]) & set(shipped["file"])
