"""Revisions: a known curve found again, nothing learnt from the future, closed counts left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sdforecast import calendar, history
from sdforecast.errors import InputError
from sdforecast.observation import revisions
from sdforecast.observation.revisions import Completeness, completeness, held_out, provisional, simulate

SERIES = "synthetic_opioid_deaths"
FILES = ("2017-12-16", "2018-07-11", "2019-04-24", "2019-10-12", "2020-06-15", "2021-02-03", "2021-09-20", "2022-12-20")


def true_share(age: np.ndarray) -> np.ndarray:
    """The curve that the made-up files follow."""
    return np.asarray(np.exp(-0.12 * np.exp(1 - (np.maximum(age, 0) / 6.0) ** 1.8)))


def made_counts() -> pd.Series:
    """Counts of February 2014 to June 2022: rising, falling, with a season, none of it known to the fit."""
    months = np.arange(49, 150)
    level = 400 + 50 * (months - 49) - 0.35 * (months - 49) ** 2
    return pd.Series(level * (1 + 0.06 * np.sin(months / 6 * np.pi)), index=months)


def made_files(noise: float = 0.0, seed: int = 0, series: str = SERIES, files: tuple[str, ...] = FILES) -> pd.DataFrame:
    """12-month sums of files whose months are complete by `true_share`; a year closes in December of the next."""
    rng, final, rows = np.random.default_rng(seed), made_counts(), []
    for vintage in files:
        day = pd.Timestamp(vintage)
        release = calendar.parse_month(vintage) - (day.day < 10)
        age = release - final.index.to_numpy()
        closed = final.index.to_numpy() // 12 < (release + 1) // 12 - 1
        error = noise * np.exp((36 - age**2) / 90) * (rng.standard_normal() + rng.standard_normal(len(age))) / 2**0.5
        stood = final * np.where(closed, 1.0, true_share(age) * np.exp(np.where(age >= 5, error, 0.0)))
        for month, total in zip(final.index[11:].tolist(), stood.rolling(12).sum().dropna(), strict=True):
            if release - month >= 5:
                status = "final" if month // 12 < (release + 1) // 12 - 1 else "provisional"
                rows.append((month, total, status, vintage))
    table = pd.DataFrame(rows, columns=["month", "value", "status", "vintage"])
    table["period_start"] = [calendar.month_start(m - 11) for m in table["month"]]
    table["period_end"] = [calendar.month_end(m) for m in table["month"]]
    return table.assign(series=series, aggregation="12-month-ending", geography="US", breakdown="occurrence")


def single_months(status: str, vintage: str, first: int = 160, n: int = 25) -> pd.DataFrame:
    ends = calendar.month_ends(first, first + n - 1)
    frame = {"series": SERIES, "period_start": [calendar.month_start(m) for m in range(first, first + n)]}
    return pd.DataFrame({**frame, "period_end": ends, "value": 5000.0, "status": status, "vintage": vintage})


@pytest.fixture(scope="module")
def shipped() -> pd.DataFrame:
    return history.load_vintages()


@pytest.fixture(scope="module")
def curve(shipped: pd.DataFrame) -> Completeness:
    return completeness(shipped)


def test_a_known_curve_is_found_again() -> None:
    ages = np.arange(5, 25)
    found = completeness(made_files())
    np.testing.assert_allclose(found.share(ages), true_share(ages), atol=0.006)
    assert found.vintages == FILES[:-1]  # with the last file nothing later can be compared
    assert not found.few


def test_the_curve_lies_within_its_errors_when_the_files_stray() -> None:
    apart = []
    for seed in range(6):
        found = completeness(made_files(noise=0.02, seed=seed))
        apart.append(np.log(found.level / 0.12) / found.log_errors[0])
    assert 0.3 < np.sqrt(np.mean(np.square(apart))) < 2.0


def test_the_spread_follows_how_far_files_stray() -> None:
    quiet, loud = (
        np.mean([completeness(made_files(noise=noise, seed=seed)).spread for seed in range(3)])
        for noise in (0.01, 0.05)
    )
    assert 0.006 < quiet < 0.016
    assert 0.03 < loud < 0.07


def test_differences_of_sums_are_the_months() -> None:
    counts = made_counts()
    sums = counts.rolling(12).sum().dropna()
    months = revisions._differenced(sums)
    # What is wrong in the first year stays wrong by as much in the same month of every later year, and adds up to 0.
    wrong = (months - counts).to_numpy()
    np.testing.assert_allclose(wrong[12:], wrong[:-12], atol=1e-6)
    np.testing.assert_allclose(months.rolling(12).sum().dropna(), sums)


@given(
    level=st.floats(0.01, 0.6), shape=st.floats(0.6, 3), spread=st.floats(0.005, 0.2), fade=st.floats(3, 12),
    ages=st.lists(st.floats(0, 60), min_size=2, max_size=20),
)  # fmt: skip
def test_share_rises_and_sd_falls_with_age(
    level: float, shape: float, spread: float, fade: float, ages: list[float]
) -> None:
    made = Completeness(level, shape, spread, fade, 0.5, (0.1, 0.1), 0.2, 0, None, 0.0, SERIES)
    at = np.sort(ages)
    share, sd = made.share(at), made.sd(at)
    assert np.all((share > 0) & (share <= 1))
    assert np.all(np.diff(share) >= 0)
    assert np.all(sd >= 0) and np.all(np.diff(sd) <= 0)


@pytest.mark.parametrize("known_at", ["2018-12-31", "2019-10-12", "2025-01"])
def test_later_vintages_change_nothing(shipped: pd.DataFrame, known_at: str) -> None:
    later = shipped["vintage"].str[: len(known_at)] > known_at
    assert later.any()
    corrupted = shipped.assign(value=shipped["value"].mask(later, 7.0), status=shipped["status"].mask(later, "final"))
    assert completeness(corrupted, known_at=known_at) == completeness(shipped, known_at=known_at)
    assert completeness(shipped[~later]) == completeness(shipped, known_at=known_at)


@pytest.mark.parametrize("factor", [0.01, 3.0])
def test_the_unit_of_the_counts_does_not_matter(factor: float) -> None:
    rows = made_files(noise=0.02, files=FILES[:4])
    scaled = completeness(rows.assign(value=rows["value"] * factor))
    assert scaled.level == pytest.approx(completeness(rows).level, rel=1e-3)


def test_without_vintages_the_prior_is_returned(shipped: pd.DataFrame) -> None:
    known = completeness(shipped, known_at="2017-01-01")
    assert known.few and known.n == 0 and known.span is None and known.vintages == ()
    assert known.level == pytest.approx(np.exp(revisions.PRIOR["level"][0]))
    assert known.sd(5) > 2 * completeness(shipped).sd(5)


def test_a_vintage_is_borrowed_only_from_a_series_that_agrees() -> None:
    other = made_files(series="all_drug_deaths")
    own = made_files(files=tuple(f for f in FILES if f != "2020-06-15"))
    both = completeness(pd.concat([own, other], ignore_index=True))
    assert both.alongside == 1 and "2020-06-15" in both.vintages
    slow = other["value"].where(other["status"] == "final", other["value"] * 0.99)
    apart = completeness(pd.concat([own, other.assign(value=slow)], ignore_index=True))
    assert apart == completeness(own)


def test_the_loss_of_records_of_2023_is_not_taken_for_overcounting(shipped: pd.DataFrame) -> None:
    points = revisions._comparisons(revisions._single_months(shipped, "all_drug_deaths", None))
    year = points["month"].between(calendar.parse_month("2023-01"), calendar.parse_month("2023-12"))
    assert year.any()
    # Against the closed file the months known in May 2024 would stand up to 1.5 % too high.
    assert points.loc[year, "log_ratio"].max() <= 0.0015


def test_what_is_shipped(curve: Completeness) -> None:
    assert len(curve.vintages) >= 8
    # Measured month by month: 0.84 to 0.88 at five months, 0.87 to 0.95 at seven, 0.98 to 1.01 at twelve.
    assert 0.82 < curve.share(5) < 0.90
    assert 0.90 < curve.share(7) < 0.94
    assert 0.97 < curve.share(12) < 1
    assert curve.sd(16) < 0.01 < curve.sd(7) < 0.08


def test_completed_sums_are_nearer_than_what_was_reported_or_predicted(shipped: pd.DataFrame) -> None:
    table = held_out(shipped)
    young = table[table["age"].between(5, 12)].dropna()
    error = np.sqrt((young[["reported", "completed", "predicted"]] ** 2).mean())
    assert error["completed"] < 0.7 * error["reported"]
    assert error["completed"] < 0.7 * error["predicted"]


def test_final_rows_get_nothing_and_provisional_ones_their_age(curve: Completeness) -> None:
    final = provisional(single_months("final", "2026-06-27"), curve)
    assert (final[["log_share", "sd"]] == 0).all(axis=None)
    rows = single_months("provisional", "2025-11-20").set_index(np.arange(100, 125))
    found = provisional(rows, curve)
    assert list(found.index) == list(rows.index)
    ages = calendar.parse_month("2025-11") - np.arange(160, 185)
    np.testing.assert_array_equal(found["age"], ages)
    np.testing.assert_allclose(found["log_share"], np.log(curve.share(ages)))
    np.testing.assert_allclose(found["sd"], curve.sd(ages))


def test_a_file_held_early_in_a_month_is_that_of_the_month_before(curve: Completeness) -> None:
    early = provisional(single_months("provisional", "2025-12-08"), curve)
    assert list(early["age"]) == list(provisional(single_months("provisional", "2025-11"), curve)["age"])


@pytest.mark.parametrize(
    ("column", "cell", "message"),
    [
        ("vintage", "", "without a vintage"),
        ("vintage", "last week", "not a date of release"),
        ("vintage", "2024-01-20", "before the month ended"),
        ("status", "predicted", "no count that can be completed"),
        ("period_start", pd.Timestamp("2022-01-01"), "not a single month"),
    ],
)
def test_rows_that_cannot_be_completed(
    curve: Completeness, column: str, cell: str | pd.Timestamp, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        provisional(single_months("provisional", "2025-11-20").assign(**{column: cell}), curve)


def test_an_unknown_series_or_date_is_told(shipped: pd.DataFrame) -> None:
    with pytest.raises(InputError, match="no series"):
        completeness(shipped, "synthetic_opioid_death")
    with pytest.raises(InputError, match="not a date of release"):
        completeness(shipped, known_at="2025-13-01")


def test_simulated_files_have_the_share_and_the_spread_of_the_curve(curve: Completeness) -> None:
    rows = single_months("final", "2027-12-20", first=166).assign(value=1e6)
    rng = np.random.default_rng(1)
    files = [simulate(rows, curve, rng, "2025-11-20") for _ in range(400)]
    drawn = np.log([f["value"].to_numpy() / 1e6 for f in files])
    age = provisional(files[0], curve)["age"].to_numpy()
    assert age.min() == revisions.YOUNGEST and (files[0]["status"] == "provisional").all()
    np.testing.assert_allclose(drawn.mean(axis=0), np.log(curve.share(age)), atol=4 * 0.07 / 400**0.5)
    np.testing.assert_allclose(drawn.std(axis=0), curve.sd(age), rtol=0.17, atol=1e-5)
    expected = (curve.common * curve.spread**2 + (curve.uncertainty * curve.level) ** 2) / curve.sd(6) ** 2
    assert np.corrcoef(drawn.T)[-1, -3] == pytest.approx(expected, abs=0.15)


def test_simulation_keeps_old_months_and_completes_open_ones(curve: Completeness) -> None:
    old = single_months("final", "2027-12-20", first=100)
    pd.testing.assert_frame_equal(simulate(old, curve, np.random.default_rng(2), "2025-11"), old)
    still = single_months("provisional", "2025-11-20").assign(value=1e6)
    files = [simulate(still, curve, np.random.default_rng(seed), "2025-11-20") for seed in range(60)]
    # At the same origin an open count is expected to stand where it does.
    assert np.mean([np.log(f["value"] / 1e6).mean() for f in files]) == pytest.approx(0, abs=0.01)
