"""Every figure: its table is the dataset's, it can be drawn in both forms, and counts start at zero."""

from __future__ import annotations

import dataclasses
import itertools
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from sdforecast import plot
from sdforecast.forecasting import Forecast
from sdforecast.plot.sectors import left_out, shown, unit_words
from tests.sample_forecast import DEATHS, MIXES, SCRIPT, deaths_in, renamed, sample

FIGURES: dict[str, Callable[..., Figure]] = {
    "fan": plot.fan,
    "paths": plot.paths,
    "totals": plot.totals,
    "by_year": plot.by_year,
    "instruments": plot.instrument_levels,
    "months": plot.months,
    "targets": plot.targets,
    "sector": lambda forecast, **form: plot.sector(forecast, "Demand", **form),
}
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)


@pytest.fixture(scope="module")
def forecast() -> Forecast:
    return sample()


@pytest.mark.parametrize("name", FIGURES)
@pytest.mark.parametrize("draws", [1, 5])
@pytest.mark.parametrize("narrow", [True, False])
def test_every_figure_is_drawn_in_both_forms_with_and_without_a_spread(name: str, draws: int, narrow: bool) -> None:
    figure = FIGURES[name](sample(draws=draws), narrow=narrow)
    width = ET.fromstring(plot.to_svg(figure)).attrib["width"]
    assert float(width.removesuffix("pt")) == pytest.approx((3.75 if narrow else 7.4) * 72)


def test_bytes_repeat(forecast: Forecast) -> None:
    first, second = plot.fan(forecast), plot.fan(forecast)
    assert plot.to_svg(first) == plot.to_svg(second)
    assert plot.to_png(first) == plot.to_png(second)


def test_svg_holds_no_date_no_script_and_no_address_to_load(forecast: Forecast) -> None:
    hostile = renamed(forecast, MIXES[1], title=f"$x^{{ {SCRIPT} 漢字")
    text = plot.to_svg(plot.paths(hostile)).decode()
    assert "<dc:date>" not in text
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    root = ET.fromstring(text)
    loaded = [value for node in root.iter() for key, value in node.attrib.items() if key.endswith("href")]
    assert all(value.startswith("#") for value in loaded)


@pytest.mark.parametrize("name", ["fan", "paths", "sector"])
def test_counts_start_at_zero(forecast: Forecast, name: str) -> None:
    assert all(axes.get_ylim()[0] == 0 for axes in FIGURES[name](forecast).axes if axes.axison)


def test_labels_of_the_fan_do_not_cover_each_other(forecast: Forecast) -> None:
    figure = plot.fan(forecast)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    names = {"5th", "25th", "median", "75th", "95th percentile"}
    labels = [t for t in figure.axes[0].texts if t.get_text() in names]
    # Text's own extent: that of an annotation has its stroke in it.
    boxes = sorted((Text.get_window_extent(t, canvas.get_renderer()) for t in labels), key=lambda box: box.y0)
    assert len(boxes) == 5
    assert all(above.y0 >= below.y1 - 1 for below, above in itertools.pairwise(boxes))


def test_counted_deaths_inside_the_panels_of_the_paths(forecast: Forecast) -> None:
    # The sample's deaths are far below the counted ones, which must not be cut off.
    assert plot.paths(forecast).axes[0].get_ylim()[1] > 77_000


def test_fan_data_are_counts_as_published_and_quantiles_of_sums_of_twelve_months(forecast: Forecast) -> None:
    table = plot.fan_data(forecast)
    counted = table[table["part"] == "counted"].set_index("time")
    assert counted.loc["2024-12-31", "value"] == 48_662
    assert counted.loc["2025-04-30", "status"] == "provisional"
    assert counted.loc["2012-12-31", "status"] == "calendar year, residents"
    assert counted.index.is_unique
    model = table[(table["part"] == "model") & (table["time"] == "2028-06-30")].set_index("quantile")["value"]
    sums = [sum(deaths_in(month, s, 0) for month in range(210, 222)) for s in range(5)]
    assert model.to_dict() == pytest.approx({q: np.quantile(sums, q) for q in LEVELS})


def test_totals_data_are_paired_differences(forecast: Forecast) -> None:
    table = plot.totals_data(forecast)
    assert table["scenario"].tolist() == [MIXES[1]] * 5 + [MIXES[2]] * 5
    assert table["value"].tolist() == [-100.0 * 108] * 5 + [-200.0 * 108] * 5
    assert set(table["years"]) == {"2027-2035"}


def test_by_year_data_has_one_row_for_scenario_year_and_level(forecast: Forecast) -> None:
    table = plot.by_year_data(forecast)
    assert len(table) == 2 * 9 * 5
    assert set(table.loc[table["scenario"] == MIXES[1], "value"]) == {-1200.0}


def test_sector_data_has_spread_of_the_reference_medians_of_the_others_and_observations(forecast: Forecast) -> None:
    table = plot.sector_data(forecast, "Overdose deaths")
    model = table[table["part"] == "model"]
    assert set(model.loc[model["scenario"] == MIXES[0], "quantile"]) == set(LEVELS)
    assert set(model.loc[model["scenario"] == MIXES[1], "quantile"]) == {0.5}
    one = model[(model["scenario"] == MIXES[1]) & (model["time"] == "2030-01-31")]
    assert one["value"].tolist() == [deaths_in(240, 2, 1)]
    assert table.loc[table["part"] == "observed", "value"].tolist() == [1000.0]


def test_months_data_sets_counts_beside_the_model(forecast: Forecast) -> None:
    table = plot.months_data(forecast).set_index("time")
    assert table.index.max() == pd.Timestamp("2025-04-30")
    assert table.loc["2020-01-31", "model_0.5"] == deaths_in(120, 2, 0)
    year = table.loc["2024-01-31":"2024-12-31", "counted"]  # type: ignore[misc]
    assert year.sum() == pytest.approx(48_662, abs=12)


def test_months_have_the_model_alone_where_it_is_known(forecast: Forecast) -> None:
    assert "alone" not in plot.months_data(forecast)
    runs = forecast.trajectories
    alone = (runs[DEATHS] * 0.5).rename(f"{DEATHS} of the model")
    both = dataclasses.replace(forecast, trajectories=runs.assign({alone.name: alone}))
    table = plot.months_data(both).set_index("time")
    assert table.loc["2020-01-31", "alone"] == deaths_in(120, 2, 0) / 2
    top, below = plot.months(both).axes
    assert any("the model alone" in text for text in _texts(top))
    assert len(below.lines) == 1 + len(plot.months(forecast).axes[1].lines)


def test_levels_data_are_the_levels_of_the_run(forecast: Forecast) -> None:
    table = plot.levels_data(forecast)
    rows = table[(table["scenario"] == "military-only") & (table["instrument"] == "military_action")]
    assert rows.set_index("time").loc["2028-01-01", "level"] == 0.9
    assert "drug_checking" in set(table["instrument"])
    assert "trade_coercion" not in set(table["instrument"])


def test_targets_data_have_the_ratio(forecast: Forecast) -> None:
    assert plot.targets_data(forecast)["ratio"].tolist() == pytest.approx([1.1, 0.9, 2.5])


def test_a_sector_shows_what_there_is_observed_variables_first(forecast: Forecast) -> None:
    assert shown(forecast, "Demand") == ["fentanyl share"]
    assert shown(forecast, "Production") == []
    assert left_out(forecast) == ["Production", "Border flow", "Policy and political economy"]


@pytest.mark.parametrize(
    ("unit", "words"),
    [("person/Month", "people a month"), ("Dmnl", "no unit"), ("1/Month", "share a month"), ("lb/Month", "lb a month")],
)
def test_units_in_words(unit: str, words: str) -> None:
    assert unit_words(unit) == words


def _texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(match=lambda a: hasattr(a, "get_text"))]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["fan", "paths", "totals", "by_year", "months", "sector"])
def test_every_figure_with_a_spread_says_that_it_is_no_probability(name: str, forecast: Forecast) -> None:
    def told(figure: Any) -> str:
        return " ".join(" ".join(_texts(figure)).split())

    assert "not a probability" in told(FIGURES[name](forecast))
    assert "no spread can be shown" in told(FIGURES[name](sample(draws=1)))
