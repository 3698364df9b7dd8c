"""Dates: origins are month ends, and the lags are those of the kept files."""

import pandas as pd
import pytest

from sdforecast import history
from sdforecast.backtesting import dates
from sdforecast.errors import InputError
from sdforecast.observation.revisions import RELEASE_DAY


def test_the_shipped_origins() -> None:
    found = dates.origins()
    assert [f"{day:%Y-%m-%d}" for day in found[:2]] == ["2017-12-31", "2018-06-30"]
    assert len(found) == 15
    assert f"{found[-1]:%Y-%m-%d}" == "2024-12-31"


@pytest.mark.parametrize("text", ["2017-13", "December 2017", "2017", ""])
def test_no_month(text: str) -> None:
    with pytest.raises(InputError, match="origin"):
        dates.origin_of(text)


def test_no_step() -> None:
    with pytest.raises(InputError, match="no step"):
        dates.origins(every=0)


def test_a_day_means_its_month() -> None:
    assert dates.origin_of("2020-02-10") == dates.origin_of(pd.Timestamp(2020, 2, 1)) == pd.Timestamp(2020, 2, 29)


def test_every_kept_file_came_with_the_lag_of_its_time() -> None:
    """The rule against the files: none was out before the lag says so, and none later than a month after."""
    rows = history.load_vintages()
    rows = rows[rows["vintage"] < "2025-12"]  # those of 2026 are kept to April 2025 only
    newest = rows[rows["status"] != "final"].groupby("vintage")["period_end"].max()
    late = {}
    for vintage, end in newest.items():
        day = pd.Timestamp(str(vintage))
        months = (day.year - end.year) * 12 + day.month - end.month - (day.day < RELEASE_DAY)
        late[str(vintage)] = months - dates.lag(end)
    # One press quotation of November 2024 and two files of 2019 are of the month before the newest.
    assert set(late.values()) <= {0, 1}, late
    assert list(late.values()).count(0) >= len(late) - 3


def test_release_is_after_the_origin() -> None:
    for origin in dates.origins():
        assert pd.Timedelta(days=120) < dates.released(origin) - origin < pd.Timedelta(days=210)
