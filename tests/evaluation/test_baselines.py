"""The simple methods: closed forms, no look into the future, the same bytes, and a measured record."""

import numpy as np
import pandas as pd
import pytest

from sdforecast.errors import InputError, MachineError
from sdforecast.evaluation import automatic, spreadsheet, tables
from sdforecast.evaluation.baselines import BASELINES, ENSEMBLE, ON_MONTHLY_DEATHS, SINGLE, baselines
from sdforecast.evaluation.combining import quantile_mean
from sdforecast.evaluation.comparing import relative_wis
from sdforecast.evaluation.levels import ALL_DRUGS, HORIZONS, HUB_LEVELS, SYNTHETIC_OPIOIDS
from sdforecast.evaluation.outcomes import monthly, sums
from sdforecast.evaluation.scoring import score
from tests.evaluation.conftest import ORIGINS
from tests.evaluation.samples import MIDDLE, forecast

RECORD = {SYNTHETIC_OPIOIDS: (0.44, 0.61, 0.65, 0.67), ALL_DRUGS: (0.58, 0.80, 0.95, 1.17)}
"""Relative WIS of ETS on monthly deaths, measured by another program with other random numbers."""

ERRORS = {"2019-12-31": (-13, -24, -40, -43), "2020-06-30": (5, -1, -12, -19)}
"""Per cent by which its median was off for synthetic opioids from two origins, measured there too."""


@pytest.fixture(scope="module")
def known(observations, counted):
    """Monthly deaths and sums to December 2019."""
    series = monthly(SYNTHETIC_OPIOIDS, observations), sums(SYNTHETIC_OPIOIDS, counted)
    return tuple(each[:"2019-12-31"] for each in series)


@pytest.mark.parametrize("origin", ERRORS)
def test_ets_on_monthly_deaths_is_as_far_off_as_measured_elsewhere(origin, observations, counted):
    series = monthly(SYNTHETIC_OPIOIDS, observations), sums(SYNTHETIC_OPIOIDS, counted)
    table = baselines(*(each[:origin] for each in series), SYNTHETIC_OPIOIDS, methods=[ON_MONTHLY_DEATHS])
    off = score(table, counted)["percent_error"] - np.array(ERRORS[origin])
    assert (off.abs() <= [0.7, 1.2, 2, 2.6]).all()  # rounding there, and the random numbers of both


@pytest.mark.slow
@pytest.mark.parametrize("target", RECORD)
def test_ets_on_monthly_deaths_has_the_record_measured_elsewhere(target, observations, counted):
    flows, totals = monthly(target, observations), sums(target, counted)
    table = pd.concat(
        baselines(flows[:origin], totals[:origin], target, methods=["last value", ON_MONTHLY_DEATHS])
        for origin in ORIGINS
    )
    table = relative_wis(score(table, counted))
    mine = table[(table["period"] == "joint") & (table["method"] == ON_MONTHLY_DEATHS)]
    assert list(mine["origins"]) == [14, 13, 11, 9]
    assert list(mine["relative"]) == pytest.approx(RECORD[target], abs=0.03)


def test_every_method_gives_every_quantile_at_every_horizon(known):
    values = tables.wide(baselines(*known, SYNTHETIC_OPIOIDS))
    assert sorted(values.index.unique("method")) == sorted(BASELINES)
    assert len(values) == len(HORIZONS) * len(BASELINES)


def test_the_mean_alone_is_the_mean_of_all(known):
    alone = baselines(*known, SYNTHETIC_OPIOIDS, (6,), [ENSEMBLE])
    whole = baselines(*known, SYNTHETIC_OPIOIDS, (6,))
    pd.testing.assert_frame_equal(alone, whole[whole["method"] == ENSEMBLE].reset_index(drop=True))


def test_the_same_input_gives_the_same_bytes_and_leaves_the_callers_random_numbers_alone(known):
    np.random.seed(1)
    first = baselines(*known, SYNTHETIC_OPIOIDS)
    drawn = np.random.random()
    np.random.seed(2)
    second = baselines(*known, SYNTHETIC_OPIOIDS)
    np.random.seed(1)
    assert drawn == np.random.random()
    assert first.to_csv() == second.to_csv()


def test_the_last_value_is_the_median_of_its_forecast_and_its_spread_grows(known):
    found = spreadsheet.quantiles("last value", known[1].to_numpy(), (1, 6, 12, 24))
    assert [row[MIDDLE] for row in found.values()] == pytest.approx([known[1].iloc[-1]] * 4)
    widths = [row[-1] - row[0] for row in found.values()]
    assert widths == sorted(widths)


def test_the_spread_of_the_last_value_is_what_the_sums_moved_before():
    totals = 1000 * np.exp(0.01 * np.arange(60))  # every twelve months the logarithm rises by 0.12
    low, *_, high = spreadsheet.quantiles("last value", totals, (12,))[12]
    assert (low, high) == (pytest.approx(totals[-1] * np.exp(-0.12)), pytest.approx(totals[-1] * np.exp(0.12)))


def test_beyond_the_longest_lag_the_spread_grows_with_the_square_root():
    totals = 1000 * np.exp(0.01 * np.arange(60))
    found = spreadsheet.quantiles("last value", totals, (36, 144))
    widths = [np.log(row[-1] / row[0]) for row in found.values()]
    assert widths[1] == pytest.approx(2 * widths[0])


@pytest.mark.parametrize("name", ["drift", "linear trend"])
def test_on_a_straight_line_drift_and_trend_are_exact_and_sure(name):
    totals = 1000 + 7.0 * np.arange(70)
    for horizon, row in spreadsheet.quantiles(name, totals, HORIZONS).items():
        assert row == pytest.approx(totals[-1] + 7.0 * horizon)


def test_a_falling_line_does_not_fall_below_zero():
    totals = np.linspace(5000, 100, 70)
    for name in ("drift", "linear trend"):
        assert spreadsheet.quantiles(name, totals, (120,))[120].min() > 0


def test_paths_fill_in_the_months_already_known():
    rng = np.random.default_rng(1)
    deaths = 1000 + 10 * rng.standard_normal(60)
    found = automatic.on_monthly_deaths(deaths, (1, 12))
    middle = 2 * np.ptp(automatic.simulated(deaths, 1))
    known = deaths[-11:].sum()
    assert np.ptp(found[1]) < middle
    assert found[1][MIDDLE] - known == pytest.approx(1000, abs=30)
    paths = automatic.simulated(deaths, 12)
    assert found[12] == pytest.approx(np.quantile(paths.sum(1), HUB_LEVELS))


def test_the_ensemble_is_the_mean_of_the_quantiles(known):
    table = baselines(*known, SYNTHETIC_OPIOIDS, (6, 24))
    values = tables.wide(table)
    mean = values.drop(index=ENSEMBLE, level="method").groupby(["horizon"]).mean()
    mine = values.xs(ENSEMBLE, level="method").droplevel(["target", "origin", "target_end_date"])
    pd.testing.assert_frame_equal(mine, mean)
    assert len(SINGLE) == 7


def test_the_mean_of_two_methods_takes_what_both_have():
    both = pd.concat([forecast(100), forecast(300, method="theirs"), forecast(100, horizon=24)])
    mean = quantile_mean(both, ["ours", "theirs"], "both")
    assert (mean["value"] == 200).all()
    assert list(mean["horizon"].unique()) == [12]
    assert set(mean["method"]) == {"both"}


@pytest.mark.parametrize(
    ("methods", "said"),
    [(["ours", "thers"], "did you mean 'theirs'"), (["ours", "ours"], "two different"), (["ours"], "two different")],
)
def test_a_mean_of_wrong_methods_is_refused(methods, said):
    with pytest.raises(InputError, match=said):
        quantile_mean(pd.concat([forecast(1), forecast(2, method="theirs")]), methods, "mean")


def test_a_mean_without_common_forecasts_is_refused():
    with pytest.raises(InputError, match="nothing was forecast by all"):
        quantile_mean(pd.concat([forecast(1), forecast(2, method="theirs", horizon=6)]), ["ours", "theirs"], "mean")


def test_wrong_series_are_refused(known):
    flows, totals = known
    for arguments, said in (
        ((flows, totals, "all drugs"), "unknown target"),
        ((flows, totals, SYNTHETIC_OPIOIDS, (0,)), "whole months"),
        ((flows, totals, SYNTHETIC_OPIOIDS, (6,), ["last values"]), "did you mean 'last value'"),
        ((flows, totals, SYNTHETIC_OPIOIDS, (6,), []), "no simple method"),
        ((flows, totals, SYNTHETIC_OPIOIDS, ()), "whole months"),
        ((flows.drop(flows.index[5]), totals, SYNTHETIC_OPIOIDS), "not one value for each month"),
        ((flows[-30:], totals, SYNTHETIC_OPIOIDS), "need 36"),
        ((flows, totals[-20:], SYNTHETIC_OPIOIDS), "need 30"),
        ((flows[:-1], totals, SYNTHETIC_OPIOIDS), "end in different months"),
        ((flows.where(flows.index != flows.index[3]), totals, SYNTHETIC_OPIOIDS), "not a number above zero"),
        ((flows.reset_index(drop=True), totals, SYNTHETIC_OPIOIDS), "not one value for each month"),
    ):
        with pytest.raises(InputError, match=said):
            baselines(*arguments)


def test_a_missing_extra_says_what_to_install(known, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "statsforecast.models", None)
    with pytest.raises(MachineError, match=r"sdforecast\[evaluate\]"):
        baselines(*known, SYNTHETIC_OPIOIDS)
