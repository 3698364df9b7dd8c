"""Laying runs out by draw, scenario and month, by hand on a small model and as PySD runs the shipped one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest

from sdforecast import scenario
from sdforecast.engine import Simulator
from sdforecast.errors import InputError
from sdforecast.forecasting import dataset, outputs, trajectories
from sdforecast.model import read
from tests.small import small

COLUMNS = ["Population", "cumulative net growth"]
WANTED = {"Population": "Population", "net growth": "cumulative net growth"}


class TestOutputs:
    def test_a_flow_with_a_total_is_read_from_it(self) -> None:
        assert outputs(small("logistic.mdl")) == WANTED

    def test_constants_tables_and_subscripted_ones_are_left_out(self) -> None:
        assert outputs(small("regions.mdl")) == {"whole": "whole"}
        assert set(outputs(small("growth.mdl"))) == {"Population", "births", "Drug_left"}

    def test_chosen_ones_come_in_the_order_asked_and_once(self) -> None:
        chosen = outputs(small("logistic.mdl"), ["NET_GROWTH", "capacity", "net growth"])
        assert list(chosen.items()) == [("net growth", "cumulative net growth"), ("capacity", "capacity")]

    def test_an_unknown_one_names_the_nearest(self) -> None:
        with pytest.raises(InputError, match="did you mean 'net growth'"):
            outputs(small("logistic.mdl"), ["net growt"])


class TestDataset:
    @pytest.fixture
    def values(self) -> np.ndarray:
        """Two sets, one scenario, model times 0 to 5."""
        level = np.array([10.0, 11, 13, 16, 20, 25])
        total = np.array([0.0, 1, 3, 6, 10, 15])
        first = np.stack([level, total], axis=-1)
        return np.stack([first, 10 * first])[:, None]

    def test_flows_are_increases_and_levels_are_read_at_the_months_end(self, values: np.ndarray) -> None:
        runs = dataset(small("logistic.mdl"), values, WANTED, COLUMNS, ["only"], 0, 4)
        assert dict(runs.sizes) == {"draw": 2, "scenario": 1, "time": 5}
        assert runs["net growth"].sel(draw=0, scenario="only").to_numpy().tolist() == [1, 2, 3, 4, 5]
        assert runs["Population"].sel(draw=0, scenario="only").to_numpy().tolist() == [11, 13, 16, 20, 25]
        assert runs["net growth"].sel(draw=1, scenario="only").to_numpy().tolist() == [10, 20, 30, 40, 50]

    def test_time_is_the_last_day_of_each_month(self, values: np.ndarray) -> None:
        runs = dataset(small("logistic.mdl"), values, WANTED, COLUMNS, ["only"], 0, 4)
        days = ["2010-01-31", "2010-02-28", "2010-03-31", "2010-04-30", "2010-05-31"]
        assert [str(day)[:10] for day in runs["time"].to_numpy()] == days

    def test_a_part_of_the_months(self, values: np.ndarray) -> None:
        runs = dataset(small("logistic.mdl"), values, WANTED, COLUMNS, ["only"], 2, 3)
        assert runs["net growth"].sel(draw=0, scenario="only").to_numpy().tolist() == [3, 4]
        assert runs["Population"].sel(draw=0, scenario="only").to_numpy().tolist() == [16, 20]
        assert [str(day)[:7] for day in runs["time"].to_numpy()] == ["2010-03", "2010-04"]

    def test_units_and_comments_come_along(self, values: np.ndarray) -> None:
        runs = dataset(small("logistic.mdl"), values, WANTED, COLUMNS, ["only"], 0, 4)
        assert runs["net growth"].attrs == {"unit": "person/Month", "comment": "", "sector": "", "per": "month"}
        assert runs["Population"].attrs["per"] == ""
        assert runs["Population"].attrs["comment"].startswith("Logistic growth")


class TestTrajectories:
    def test_each_set_meets_each_scenario_and_order_is_kept(self) -> None:
        model = read()
        mixes = [scenario.load("military-only"), scenario.load("current-course")]
        sets: list[Mapping[str, float]] = [{}, {"detection base": 0.4}, {"detection base": 0.05}]
        told: list[None] = []
        runs = trajectories(model, sets, mixes, ["fentanyl seized gross", "detection base"], last=130,
                            advance=lambda: told.append(None))  # fmt: skip
        assert dict(runs.sizes) == {"draw": 3, "scenario": 2, "time": 131}
        assert len(told) == 6
        assert runs["scenario"].to_numpy().tolist() == ["military-only", "current-course"]
        detection = runs["detection base"].isel(time=0).to_numpy()
        assert detection[1:].tolist() == [[0.4, 0.4], [0.05, 0.05]]
        seized = runs["fentanyl seized gross"].sel(scenario="current-course").isel(time=slice(96, None)).sum("time")
        assert seized[1] > seized[2]

    def test_a_constant_of_the_scenario_wins_over_the_sets(self) -> None:
        mix = scenario.Scenario(name="mine", title="Mine", parameters={"detection base": 0.3})
        runs = trajectories(read(), [{"detection base": 0.1}], [mix], ["detection base"], last=3)
        assert set(runs["detection base"].to_numpy().ravel()) == {0.3}

    def test_a_month_of_deaths_is_the_difference_of_their_total(self) -> None:
        model = read()
        mix = scenario.load("current-course")
        runs = trajectories(model, [{}], [mix], ["synthetic opioid deaths"], last=60)
        total = Simulator(model).run(scenario.inputs.series(mix, model), ["cumulative synthetic opioid deaths"], 61)
        by_hand = np.diff(total.iloc[:, 0])
        np.testing.assert_allclose(runs["synthetic opioid deaths"].to_numpy().ravel(), by_hand, rtol=1e-12)
        assert pd.Timestamp(runs["time"].to_numpy()[-1]) == pd.Timestamp("2015-01-31")
