"""Relative scores: closed forms, pairs, periods, and an interval that behaves as a bootstrap does."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sdforecast.errors import InputError
from sdforecast.evaluation import comparing
from sdforecast.evaluation.levels import SYNTHETIC_OPIOIDS, later
from sdforecast.evaluation.scoring import score
from tests.evaluation.samples import forecast, happened

ORIGINS = pd.date_range("2019-12-31", periods=10, freq="6ME")
OUTCOMES = pd.DataFrame(
    {
        "target": SYNTHETIC_OPIOIDS,
        "target_end_date": [later(o, 12) for o in ORIGINS],
        "value": 40_000 + 3000 * np.sin(np.arange(10)),
    }
)


def scored(**off):
    """Scores of point forecasts: each method is off by so many deaths at each origin (None: no forecast)."""
    tables = [
        forecast(OUTCOMES["value"][k] + error, method=name, origin=origin)
        for name, errors in off.items()
        for k, (origin, error) in enumerate(zip(ORIGINS, errors, strict=True))
        if error is not None
    ]
    return score(pd.concat(tables), OUTCOMES)


def joint(table, method="ours"):
    return table[(table["period"] == "joint") & (table["method"] == method)].iloc[0]


def test_the_ratio_is_of_means_not_a_mean_of_ratios():
    row = joint(comparing.relative_wis(scored(ours=[100] * 9 + [1000], theirs=[200] * 9 + [500]), "theirs"))
    assert row["relative"] == pytest.approx(1900 / 2300)
    assert (row["mean"], row["mean_against"]) == (pytest.approx(190), pytest.approx(230))
    assert (row["origins"], row["wins"]) == (10, 9)
    assert row["low"] < row["relative"] < row["high"]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(-5000, 5000), min_size=10, max_size=10))
def test_a_method_against_its_twin_is_exactly_one(errors):
    row = joint(comparing.relative_wis(scored(ours=errors, theirs=errors), "theirs"))
    assert (row["relative"], row["low"], row["high"]) == (1, 1, 1)


def test_a_method_that_is_always_half_as_far_off_is_surely_half():
    errors = [100, -2000, 300, 50, 4000, -10, 700, 60, 900, 1]
    row = joint(comparing.relative_wis(scored(ours=[e / 2 for e in errors], theirs=errors), "theirs"))
    assert [row["relative"], row["low"], row["high"]] == pytest.approx([0.5] * 3)


def test_only_common_origins_count():
    row = joint(comparing.relative_wis(scored(ours=[100] * 5 + [None] * 5, theirs=[200] * 4 + [9000] * 6), "theirs"))
    assert row["origins"] == 5
    assert row["relative"] == pytest.approx(500 / (4 * 200 + 9000))


def test_two_origins_give_no_interval():
    row = joint(comparing.relative_wis(scored(ours=[100] * 2 + [None] * 8, theirs=[200] * 10), "theirs"))
    assert row["relative"] == 0.5
    assert np.isnan(row["low"])


def test_methods_without_a_common_origin_are_left_out():
    table = comparing.relative_wis(scored(ours=[1] * 3 + [None] * 7, theirs=[None] * 3 + [2] * 7), "theirs")
    assert set(table["method"]) == {"theirs"}


def test_periods_are_told_apart_by_the_outcome():
    scores = scored(ours=[100] * 10)
    parts = [comparing.during(scores, period) for period in ("development", "verification")]
    assert parts[0]["target_end_date"].max() <= pd.Timestamp(2022, 12, 31) < parts[1]["target_end_date"].min()
    assert sum(map(len, parts)) == len(comparing.during(scores, "joint")) == 10
    with pytest.raises(InputError, match="did you mean 'development'"):
        comparing.during(scores, "develop")


def test_resampled_origins_are_whole_blocks_and_every_origin_is_drawn_as_often():
    rows = comparing.drawn(9)  # blocks of three
    assert rows.shape == (comparing.RESAMPLES, 9)
    assert ((rows[:, 1] - rows[:, 0]) % 9 == 1).all()
    share = np.bincount(rows.ravel(), minlength=9) / rows.size
    assert share == pytest.approx(1 / 9, abs=0.005)
    assert (comparing.drawn(9) == rows).all()


def test_the_interval_has_the_width_of_independent_origins_where_blocks_do_not_matter():
    rng = np.random.default_rng(3)
    mine = pd.Series(rng.exponential(1000, 1000))
    ratio = comparing._ratio(mine, pd.Series(np.full(1000, 1000.0)))
    wanted = 2 * 1.645 * mine.std() / np.sqrt(1000) / 1000
    assert ratio["high"] - ratio["low"] == pytest.approx(wanted, rel=0.1)


def test_over_all_horizons_it_is_the_ratio_of_the_sums():
    tables = [forecast(50_000 + e, method=m, horizon=h) for m, h, e in
              (("a", 12, 10), ("a", 24, 300), ("b", 12, 100), ("b", 24, 100), ("b", 36, 5))]  # fmt: skip
    outcomes = happened(*[50_000] * 5)
    row = comparing.relative_overall(score(pd.concat(tables), outcomes), "b").query(
        "period == 'joint' and method == 'a'"
    )
    assert list(row["relative"]) == [pytest.approx(310 / 200)]


def test_the_best_rival_is_the_one_with_the_lowest_mean_and_stands_at_one():
    scores = scored(ours=[100] * 10, good=[200] * 10, bad=[400] * 10, never=[None] * 9 + [1])
    table = comparing.best_rival(scores, ["good", "bad"])
    assert set(table["rival"]) == {"good"}
    assert joint(table)["relative"] == 0.5
    assert joint(table, "good")["relative"] == 1
    with pytest.raises(InputError, match="did you mean 'good'"):
        comparing.best_rival(scores, ["goods"])


def test_every_origin_has_its_row_and_the_worst_is_named():
    errors = [100, 200, 300, 12_000, 100, 100, 100, 100, 100, 100]
    scores = scored(ours=errors, theirs=[1000] * 10)
    table = comparing.by_origin(scores, "theirs")
    mine = table[table["method"] == "ours"]
    assert list(mine["relative_wis"]) == pytest.approx([e / 1000 for e in errors])
    worst = comparing.worst_origin(scores, "theirs").set_index("method")
    assert worst.loc["ours", "origin"] == ORIGINS[3]
    assert worst.loc["ours", "wis"] == pytest.approx(12_000)


def test_the_summary_is_of_means():
    scores = scored(ours=[100, -300] * 5)
    row = comparing.summary(scores).query("period == 'joint'").iloc[0]
    assert (row["origins"], row["wis"]) == (10, pytest.approx(200))
    assert row["overprediction"] == pytest.approx(50)
    assert row["underprediction"] == pytest.approx(150)
    assert row["absolute_percent_error"] > abs(row["percent_error"])


def test_an_unknown_method_is_refused():
    with pytest.raises(InputError, match="did you mean 'ours'"):
        comparing.relative_wis(scored(ours=[1] * 10), "our")


def test_the_table_has_every_period_for_the_simple_methods(scores):
    table = comparing.relative_wis(scores)
    assert (table.loc[table["method"] == "last value", ["relative", "low", "high"]] == 1).all().all()
    joint = table[table["period"] == "joint"].set_index(["target", "horizon", "method"])["origins"]
    parts = table[table["period"] != "joint"].groupby(["target", "horizon", "method"])["origins"].sum()
    pd.testing.assert_series_equal(joint.sort_index(), parts.sort_index())
