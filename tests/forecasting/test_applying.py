"""A discrepancy on runs: the factor by hand, the same number of deaths in every sum, and pairs of scenarios."""

from __future__ import annotations

import calendar as days
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast.forecasting.applying import applied, factor
from sdforecast.forecasting.propagating import Path
from sdforecast.observation.errors import Discrepancy

OF = Discrepancy("deaths", "Of deaths", (0.02, 0.7), (9, 0.5), (0.02, 0.5), 0.06, True, ("all deaths", "unknown"))


def still(draws: int = 2, months: int = 36, fast: float = 0.0) -> Path:
    return Path(np.full((draws, months), fast), np.zeros((draws, months)))


@pytest.fixture
def runs() -> xr.Dataset:
    rng = np.random.default_rng(5)
    shape, dims = (2, 3, 36), ("draw", "scenario", "time")
    deaths, others = rng.lognormal(5, 0.2, shape), rng.lognormal(4, 0.2, shape)
    values = {"deaths": deaths, "all deaths": deaths + others, "other deaths": others}
    return xr.Dataset(
        {name: (dims, array, {"unit": "person/Month", "per": "month"}) for name, array in values.items()},
        {"draw": [0, 1], "scenario": ["a", "b", "c"], "time": pd.date_range("2010-01-31", periods=36, freq="ME")},
    )


class TestFactor:
    def test_the_logarithms_add_up(self) -> None:
        path = Path(np.full((2, 5), 0.1), np.full((2, 5), -0.3))
        np.testing.assert_allclose(factor(path, None, month_lengths=False), np.exp(-0.2), rtol=1e-12)

    def test_days_count_against_the_mean_month(self) -> None:
        found = factor(still(), None, month_lengths=True)[0]
        by_hand = [days.monthrange(2010 + k // 12, k % 12 + 1)[1] / (365.2425 / 12) for k in range(36)]
        np.testing.assert_allclose(found, by_hand, rtol=1e-12)  # 2012 has a February of 29 days
        assert found[:24].mean() == pytest.approx(365 / 365.2425)

    def test_a_season_is_two_waves_and_nothing_over_a_year(self) -> None:
        season = np.array([[0.06, 0.0, 0.0, 0.0], [0.0, 0.03, -0.02, 0.01]])
        logarithm = np.log(factor(still(), season, month_lengths=False))
        assert logarithm[0, [0, 3, 6, 12]] == pytest.approx([0.06, 0.0, -0.06, 0.06])
        angle = 2 * np.pi * np.arange(36) / 12
        by_hand = 0.03 * np.sin(angle) - 0.02 * np.cos(2 * angle) + 0.01 * np.sin(2 * angle)
        np.testing.assert_allclose(logarithm[1], by_hand, atol=1e-12)
        np.testing.assert_allclose(logarithm.reshape(2, 3, 12).sum(axis=2), 0, atol=1e-12)


class TestApplied:
    def test_the_flow_is_multiplied_and_kept_beside(self, runs: xr.Dataset) -> None:
        by = np.random.default_rng(6).lognormal(0, 0.1, (2, 36))
        made = applied(runs, OF, ["deaths"], by)
        np.testing.assert_allclose(made["deaths"].to_numpy(), runs["deaths"].to_numpy() * by[:, None, :], rtol=1e-12)
        np.testing.assert_array_equal(made["deaths of the model"], runs["deaths"])

    def test_sums_change_by_as_many_and_parts_not_at_all(self, runs: xr.Dataset) -> None:
        made = applied(runs, OF, ["deaths"], np.full((2, 36), 1.25))
        np.testing.assert_allclose(made["all deaths"] - made["deaths"], runs["other deaths"], rtol=1e-9)
        np.testing.assert_array_equal(made["other deaths"], runs["other deaths"])
        assert "unknown" not in made

    def test_every_scenario_has_the_same_factor(self, runs: xr.Dataset) -> None:
        made = applied(runs, OF, ["deaths"], np.random.default_rng(6).lognormal(0, 0.1, (2, 36)))
        ratio = (made["deaths"] / runs["deaths"]).to_numpy()
        np.testing.assert_allclose(ratio, np.broadcast_to(ratio[:, :1], ratio.shape), rtol=1e-12)
        assert not np.allclose(ratio[0], ratio[1])

    def test_attributes_stay_and_say_what_is_in_it(self, runs: xr.Dataset) -> None:
        made = applied(runs, OF, ["deaths"], np.ones((2, 36)))
        assert made["deaths"].attrs["unit"] == "person/Month"
        assert made["deaths"].attrs["discrepancy"] == "'deaths': fast part, drift, season, month lengths"
        assert made["deaths of the model"].attrs["discrepancy"] == "none: as the model gives it"
        assert made["all deaths"].attrs["discrepancy"].startswith("that of deaths:")
        assert "discrepancy" not in made["other deaths"].attrs
        plain = applied(runs, replace(OF, season=0.0, month_lengths=False), ["deaths"], np.ones((2, 36)))
        assert plain["deaths"].attrs["discrepancy"] == "'deaths': fast part, drift"
        assert "discrepancy" not in runs["deaths"].attrs

    def test_a_model_without_the_flow_is_left_as_it_is(self, runs: xr.Dataset) -> None:
        xr.testing.assert_identical(applied(runs, OF, [], np.ones((2, 36))), runs)
