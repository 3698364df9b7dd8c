"""Coverage and where outcomes fell."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from sdforecast.errors import InputError
from sdforecast.evaluation.levels import HUB_LEVELS, later
from sdforecast.evaluation.reliability import coverage, pit_histogram
from sdforecast.evaluation.scoring import score
from tests.evaluation.samples import ORIGIN, forecast, happened

N = 200


@pytest.fixture(scope="module")
def right():
    """Scores of forecasts that hold what they say: the outcomes lie at evenly spaced shares of them."""
    tables = [forecast(1000 + 100 * norm.ppf(HUB_LEVELS), origin=later(ORIGIN, k)) for k in range(N)]
    outcomes = happened(*(1000 + 100 * norm.ppf((np.arange(N) + 0.5) / N)), step=1)
    return score(pd.concat(tables), outcomes)


def test_right_forecasts_cover_what_they_say(right):
    table = coverage(right)
    assert list(table["share"] * 100) == pytest.approx(list(table["nominal"]), abs=1)
    assert ((table["low"] < table["share"]) & (table["share"] < table["high"])).all()
    assert (table["origins"] == N).all()


def test_the_pit_of_right_forecasts_is_flat(right):
    table = pit_histogram(right)
    assert list(table["count"]) == [N / 10] * 10
    assert table["count"].sum() == N
    assert (table["high"].iloc[-1], table["low"].iloc[0]) == (1, 0)


def test_never_or_always_inside_leaves_no_room_beyond_nothing_and_all():
    scores = pd.concat([score(forecast(value), happened(100)) for value in (100, 5)])
    scores["method"] = ["always", "never"]
    table = coverage(scores).query("nominal == 95").set_index("method")
    assert (table.loc["always", "share"], table.loc["always", "high"]) == (1, 1)
    assert (table.loc["never", "share"], table.loc["never", "low"]) == (0, 0)
    assert 0 < table.loc["never", "high"] < 1


def test_a_histogram_of_one_part_is_refused(right):
    with pytest.raises(InputError, match="two parts"):
        pit_histogram(right, 1)
