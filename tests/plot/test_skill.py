"""Figures of scores: drawn in both forms, from tables that are the scores', with every origin and target in them."""

import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from scipy.stats import lognorm

from sdforecast import plot
from sdforecast.errors import InputError
from sdforecast.evaluation import comparing
from sdforecast.evaluation.levels import ALL_DRUGS, HORIZONS, HUB_LEVELS, SYNTHETIC_OPIOIDS, TARGETS, later
from sdforecast.evaluation.scoring import score
from tests.evaluation.samples import forecast

ORIGINS = pd.date_range("2018-12-31", periods=5, freq="6ME")
MONTHS = pd.date_range("2015-01-31", "2024-12-31", freq="ME")
METHODS = ["ours", "a $^{hostile} <name>"]


@pytest.fixture(scope="module")
def outcomes():
    value = 50_000 + 100.0 * np.arange(len(MONTHS))
    return pd.concat(pd.DataFrame({"target": t, "target_end_date": MONTHS, "value": value}) for t in TARGETS)


@pytest.fixture(scope="module")
def forecasts():
    spread = {"ours": 0.05, METHODS[1]: 0.2, "last value": 0.1}
    return pd.concat(
        forecast(lognorm.ppf(HUB_LEVELS, width, scale=52_000 + 500 * k), method, target, origin, horizon)
        for method, width in spread.items()
        for target in TARGETS
        for k, origin in enumerate(ORIGINS)
        for horizon in HORIZONS
    )


@pytest.fixture(scope="module")
def scores(forecasts, outcomes):
    return score(forecasts, outcomes)


@pytest.mark.parametrize("narrow", [True, False])
@pytest.mark.parametrize("name", ["relative", "by_origin", "coverage"])
def test_every_figure_is_drawn_in_both_forms_and_its_bytes_repeat(name, narrow, scores, forecasts, outcomes):
    def drawn():
        if name == "by_origin":
            return plot.by_origin(forecasts, outcomes, METHODS[1], SYNTHETIC_OPIOIDS, narrow=narrow)
        return getattr(plot, name)(scores, METHODS, narrow=narrow)

    svg = plot.to_svg(drawn())
    assert svg == plot.to_svg(drawn())
    root = ET.fromstring(svg)
    assert float(root.attrib["width"].removesuffix("pt")) == pytest.approx((3.75 if narrow else 7.4) * 72)
    assert "&lt;name&gt;" in svg.decode()


def test_relative_scores_are_those_of_the_comparison(scores):
    table = plot.relative_data(scores, METHODS)
    whole = comparing.relative_wis(scores)
    assert len(table) == len(TARGETS) * len(HORIZONS) * len(METHODS)
    merged = table.merge(whole, on=["period", "target", "horizon", "method"], suffixes=("", "_there"))
    assert (merged["relative"] == merged["relative_there"]).all()
    assert list(dict.fromkeys(table["method"])) == METHODS


def test_bars_stand_where_the_table_says(scores):
    axes = plot.relative(scores, ["ours"]).axes[0]
    table = plot.relative_data(scores, ["ours"])
    wanted = table.loc[table["target"] == SYNTHETIC_OPIOIDS, "relative"]
    assert list(axes.lines[0].get_ydata()) == pytest.approx(list(wanted))


def test_every_origin_has_its_panel_and_starts_at_the_count_there(forecasts, outcomes):
    table = plot.by_origin_data(forecasts, outcomes, "ours", ALL_DRUGS)
    made = table[table["part"] == "forecast"]
    assert list(made["origin"].unique()) == list(ORIGINS)
    for origin in ORIGINS:
        fan = made[made["origin"] == origin]
        assert list(fan["time"].unique()) == [origin, *(later(origin, horizon) for horizon in HORIZONS)]
        counted = outcomes.loc[outcomes["target_end_date"] == origin, "value"].iloc[0]
        assert (fan.loc[fan["time"] == origin, "value"] == counted).all()
    panels = [axes for axes in plot.by_origin(forecasts, outcomes, "ours", ALL_DRUGS).axes if axes.axison]
    assert len(panels) == len(ORIGINS)
    assert all(axes.get_ylim()[0] == 0 for axes in panels)


def test_the_band_of_the_coverage_figure_holds_its_diagonal(scores):
    table = plot.coverage_data(scores, METHODS)
    nominal = table["nominal"] / 100
    assert ((table["expected_low"] <= nominal) & (nominal <= table["expected_high"])).all()


def test_unknown_words_are_refused(scores, forecasts, outcomes):
    with pytest.raises(InputError, match="did you mean 'ours'"):
        plot.relative(scores, ["our"])
    with pytest.raises(InputError, match="unknown period"):
        plot.relative(scores, ["ours"], period="all")
    with pytest.raises(InputError, match="has no forecasts of 'opioid deaths'"):
        plot.by_origin(forecasts, outcomes, "ours", "opioid deaths")
    with pytest.raises(InputError, match="no forecasts by"):
        plot.coverage(scores, [])
