"""Deaths in parts: what was derived adds up to the published totals, within what is published."""

from __future__ import annotations

import pandas as pd

from sdforecast import history


def rows_of(shipped: pd.DataFrame, series: str, breakdown: str = "residents") -> pd.DataFrame:
    rows = history.select(shipped, series, aggregation="calendar-year", breakdown=breakdown)
    return rows.set_index(rows["period_end"].dt.year)


def annual(shipped: pd.DataFrame, series: str, breakdown: str = "residents") -> pd.Series:
    return rows_of(shipped, series, breakdown)["value"]


def test_opioid_parts_add_up_to_all_opioids(shipped: pd.DataFrame) -> None:
    heroin = annual(shipped, "heroin_deaths_without_synthetic_opioids")
    other = annual(shipped, "opioid_deaths_without_synthetic_opioids_or_heroin")
    synthetic, opioids = annual(shipped, "synthetic_opioid_deaths"), annual(shipped, "opioid_deaths")
    assert list(heroin.index) == list(range(1999, 2022))
    assert (heroin + other + synthetic.loc[1999:2021] - opioids.loc[1999:2021]).abs().max() == 0


def test_all_parts_add_up_to_all_drugs(shipped: pd.DataFrame) -> None:
    names = ["synthetic_opioid_deaths", "heroin_deaths_without_synthetic_opioids",
             "opioid_deaths_without_synthetic_opioids_or_heroin", "stimulant_deaths_without_opioids",
             "other_and_unspecified_drug_deaths"]  # fmt: skip
    total = sum((annual(shipped, name).loc[1999:2021] for name in names), start=pd.Series(0.0, range(1999, 2022)))
    assert (total - annual(shipped, "all_drug_deaths").loc[1999:2021]).abs().max() == 0


def test_coarser_parts_by_occurrence_add_up_to_the_closed_files(shipped: pd.DataFrame) -> None:
    parts = [annual(shipped, "synthetic_opioid_deaths", "occurrence"),
             annual(shipped, "opioid_deaths_without_synthetic_opioids", "occurrence"),
             annual(shipped, "drug_deaths_without_opioids", "occurrence")]  # fmt: skip
    total = annual(shipped, "all_drug_deaths", "occurrence")
    assert list(total.index) == list(range(2015, 2025))
    assert (parts[0] + parts[1] + parts[2] - total).abs().max() == 0


def test_fine_and_coarse_parts_agree_but_for_residence(shipped: pd.DataFrame) -> None:
    fine = annual(shipped, "stimulant_deaths_without_opioids") + annual(shipped, "other_and_unspecified_drug_deaths")
    ratio = (annual(shipped, "drug_deaths_without_opioids", "occurrence") / fine).dropna()
    assert len(ratio) == 7
    assert ratio.between(1.0, 1.015).all()


def test_stimulants_without_opioids_lie_within_what_overlaps_allow(shipped: pd.DataFrame) -> None:
    """Nobody publishes how many name both stimulants and no opioid: the middle, with both ends."""
    rows = rows_of(shipped, "stimulant_deaths_without_opioids")
    stimulants = annual(shipped, "stimulant_deaths")
    without_synthetic = stimulants - annual(shipped, "stimulant_and_synthetic_opioid_deaths")
    cocaine = annual(shipped, "cocaine_deaths") - annual(shipped, "cocaine_and_opioid_deaths")
    other = annual(shipped, "psychostimulant_deaths") - annual(shipped, "psychostimulant_and_opioid_deaths")
    years = rows.index
    assert (rows["low"] <= rows["value"]).all()
    assert (rows["value"] <= rows["high"]).all()
    assert (rows["high"] == (cocaine + other)[years]).all()
    assert (rows["low"] >= pd.concat([cocaine, other], axis=1).max(axis=1)[years]).all()
    assert (rows["high"] <= without_synthetic[years]).all()
    assert ((rows["high"] - rows["low"]) / rows["value"]).max() < 0.12


def test_share_with_stimulants_is_the_ratio_of_its_counts(shipped: pd.DataFrame) -> None:
    share = annual(shipped, "synthetic_opioid_deaths_with_stimulants")
    counts = annual(shipped, "stimulant_and_synthetic_opioid_deaths") / annual(shipped, "synthetic_opioid_deaths")
    assert (share - counts).abs().max() < 1e-4
    assert round(share[2021], 3) == 0.488
