"""Deaths at an origin: the sums of a kept file come out again, noise is that of the measured pattern."""

import numpy as np
import pandas as pd
import pytest

from sdforecast import history
from sdforecast.backtesting import dates
from sdforecast.backtesting.deaths import MEASURED, SERIES, Variant, deaths
from sdforecast.errors import InputError
from sdforecast.observation.revisions import completeness, provisional

FILES = {"2017-12": "2018-10-15", "2018-06": "2019-04-24", "2018-12": "2019-10-12", "2024-06": "2025-01-08"}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return history.load()


@pytest.fixture(scope="module")
def vintages() -> pd.DataFrame:
    return history.load_vintages()


def at(
    rows: pd.DataFrame, vintages: pd.DataFrame, month: str, variant: Variant = "then", **more: object
) -> pd.DataFrame:
    origin = dates.origin_of(month)
    name = str(more.get("series", SERIES[0]))
    seed = int(str(more.get("seed", 0)))
    return deaths(rows, vintages, name, origin, dates.released(origin), variant=variant, seed=seed).rows


def months(table: pd.DataFrame) -> pd.Series:
    found = table[table["aggregation"] == "month"]
    return pd.Series(found["value"].to_numpy(), index=pd.DatetimeIndex(found["period_end"]))


@pytest.mark.parametrize("series", SERIES)
@pytest.mark.parametrize(("month", "file"), FILES.items())
def test_months_add_up_to_the_sums_of_the_file(
    rows: pd.DataFrame, vintages: pd.DataFrame, month: str, file: str, series: str
) -> None:
    found = months(at(rows, vintages, month, series=series)).rolling(12).sum().dropna()
    kept = vintages[(vintages["series"] == series) & (vintages["vintage"] == file)]
    sums = kept[kept["status"].isin(["final", "provisional"])].set_index("period_end")["value"]
    assert found.index[-1] == dates.origin_of(month)
    np.testing.assert_allclose(found, sums.reindex(found.index), rtol=1e-12)


def test_only_months_of_open_years_are_provisional(rows: pd.DataFrame, vintages: pd.DataFrame) -> None:
    found = at(rows, vintages, "2017-12")
    found = found[found["aggregation"] == "month"]
    assert (found["status"] == "provisional").tolist() == (found["period_end"] > "2016-12-31").tolist()
    assert (provisional(found, MEASURED)["age"].dropna() >= 10).all()  # the file came three months late


def test_today_is_what_is_shipped(rows: pd.DataFrame, vintages: pd.DataFrame) -> None:
    found = at(rows, vintages, "2021-06", "today")
    shipped = history.select(rows, SERIES[0], aggregation="month", breakdown="occurrence").set_index("period_end")
    pd.testing.assert_series_equal(months(found), shipped["value"].loc[:"2021-06-30"], check_names=False)
    year = found[(found["aggregation"] == "calendar-year") & (found["period_end"] == "2020-12-31")]
    annual = history.select(rows, SERIES[0], aggregation="calendar-year", breakdown="occurrence")
    assert year["value"].item() == annual.set_index("period_end")["value"]["2020-12-31"]


def test_where_no_file_is_kept_noise_has_the_measured_size(rows: pd.DataFrame, vintages: pd.DataFrame) -> None:
    """The youngest month of many seeds: mean and spread of the logarithm are those of the curve."""
    today = months(at(rows, vintages, "2022-06", "today")).iloc[-1]
    drawn = [months(at(rows, vintages, "2022-06", seed=seed)).iloc[-1] for seed in range(60)]
    ratio = np.log(np.array(drawn) / today)
    sd = float(MEASURED.sd(5))
    assert abs(ratio.mean() + float(MEASURED.missing(5))) < 4 * sd / 60**0.5
    assert 0.65 < ratio.std() / sd < 1.4


def test_noise_is_fixed_by_seed_and_origin_and_common_to_both_series(
    rows: pd.DataFrame, vintages: pd.DataFrame
) -> None:
    one, again, other = (at(rows, vintages, "2020-12", seed=seed) for seed in (3, 3, 4))
    pd.testing.assert_frame_equal(one, again)
    assert not one["value"].equals(other["value"])
    ratio = [
        np.log(months(at(rows, vintages, "2020-12", series=name, seed=3)) / months(
            at(rows, vintages, "2020-12", "today", series=name)))
        for name in SERIES
    ]  # fmt: skip
    np.testing.assert_allclose(ratio[0], ratio[1], atol=0.003)  # rounding to whole deaths


def test_simulated_is_never_a_file(rows: pd.DataFrame, vintages: pd.DataFrame) -> None:
    found = at(rows, vintages, "2018-06", "simulated")
    assert found["source"].str.contains("simulated").any()
    assert found["vintage"].max() <= "2026-12"
    assert not set(found["vintage"]) & set(FILES.values())


def test_the_pattern_written_down_is_the_one_measured(vintages: pd.DataFrame) -> None:
    found, ages = completeness(vintages), np.arange(5, 13)
    np.testing.assert_allclose(MEASURED.share(ages), found.share(ages), atol=0.003)
    np.testing.assert_allclose(MEASURED.sd(ages), found.sd(ages), atol=0.003)


@pytest.mark.parametrize(
    ("month", "variant", "message"),
    [
        ("2026-12", "then", "no deaths of 'synthetic_opioid_deaths' in 2026-12 (months counted: 2014-02 to 2025-04)"),
        ("2015-06", "then", "no unbroken run of 24 months"),
        ("2018-06", "than", "unknown variant 'than' (did you mean 'then'?)"),
    ],
)
def test_wrong_questions(
    rows: pd.DataFrame, vintages: pd.DataFrame, month: str, variant: Variant, message: str
) -> None:
    with pytest.raises(InputError) as caught:
        at(rows, vintages, month, variant)
    assert message in str(caught.value)


def test_sums_with_a_gap_are_told(rows: pd.DataFrame, vintages: pd.DataFrame) -> None:
    broken = vintages[vintages["period_end"] != "2016-05-31"]
    with pytest.raises(InputError, match="have a gap"):
        at(rows, broken, "2017-12")
