"""The rest of a count: its level against a solve by precisions, through observations without noise, on after them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast import calendar
from sdforecast.errors import InputError
from sdforecast.forecasting.propagating import FREEDOM
from sdforecast.forecasting.remaining import START, Counted, added, conditional, counted, factors, path
from sdforecast.inference.covariance import season_waves
from sdforecast.observation.remainders import Remainder

OF = Remainder(
    "others", "Others", "all", "some", "all_counted", "some_counted", "month", "occurrence", 0.02, 0.06, 0.015, True
)
WALK, SEASON = 0.02, 0.06


def solved(y: np.ndarray, months: np.ndarray, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and covariance of level and season by the normal equations of all that is assumed."""
    count = months[-1] - months[0] + 1
    start, steps, season = np.eye(1, count + 4), np.diff(np.eye(count + 4)[:count], axis=0), np.eye(count + 4)[count:]
    seen = np.hstack([np.eye(count)[months - months[0]], season_waves(months)])
    rows = np.vstack([start / START, steps / WALK, season / SEASON, seen / np.sqrt(variance)[:, None]])
    right = np.concatenate([np.zeros(count + 4), y / np.sqrt(variance)])
    covariance = np.linalg.inv(rows.T @ rows)
    return covariance @ rows.T @ right, covariance


class TestConditional:
    months = np.r_[49:60, 63:80]  # three months were not counted
    variance = np.linspace(0.01, 0.03, 28) ** 2
    y = 0.3 + np.random.default_rng(2).normal(0, 0.1, 28)

    def test_mean_and_covariance_are_those_of_the_normal_equations(self) -> None:
        draws = 40_000
        level, season = conditional(
            np.tile(self.y, (draws, 1)), self.months, self.variance, WALK, SEASON, np.random.default_rng(3)
        )
        found = np.hstack([level, season])
        mean, covariance = solved(self.y, self.months, self.variance)
        sd = np.sqrt(np.diag(covariance))
        assert abs((found.mean(axis=0) - mean) / sd).max() < 5 / np.sqrt(draws)
        np.testing.assert_allclose(np.cov(found.T) / np.outer(sd, sd), covariance / np.outer(sd, sd), atol=0.03)

    def test_draws_by_the_same_random_numbers_differ_as_their_means_do(self) -> None:
        """The mean is linear in the residuals, so this is exact: what is random drops out."""
        ys = np.stack([self.y, self.y + np.linspace(0, 1, 28) ** 2])
        one, two = (
            np.hstack(conditional(y[None], self.months, self.variance, WALK, SEASON, np.random.default_rng(3)))[0]
            for y in ys
        )
        means = [solved(y, self.months, self.variance)[0] for y in ys]
        np.testing.assert_allclose(two - one, means[1] - means[0], rtol=1e-7, atol=1e-9)

    def test_without_noise_it_passes_through_the_observations(self) -> None:
        ys = np.random.default_rng(4).normal(0, 0.1, (3, 28))
        level, season = conditional(ys, self.months, np.zeros(28), WALK, SEASON, np.random.default_rng(5))
        through = level[:, self.months - 49] + season @ season_waves(self.months).T
        np.testing.assert_allclose(through, ys, atol=1e-8)
        level, season = conditional(ys, self.months, np.zeros(28), WALK, 0.0, np.random.default_rng(5))
        np.testing.assert_allclose(level[:, self.months - 49], ys, atol=1e-8)
        assert not season.any()


class TestPath:
    def test_its_variance_grows_by_that_of_a_step_each_month(self) -> None:
        draws, months = 20_000, 60
        given = Counted(np.arange(24), np.full(24, np.log(2000.0)), np.zeros(24))
        of = replace(OF, noise=0.0, season=0.0, month_lengths=False)
        by = np.log(factors(of, np.full((draws, 24 + months), 1900.0), given, seed=1))
        np.testing.assert_allclose(by[:, :24], np.log(2000 / 1900), atol=1e-8)
        ahead = np.arange(1, months + 1)
        np.testing.assert_allclose(by[:, 24:].var(axis=0), WALK**2 * ahead, rtol=0.08)
        step = (by[:, 24] - by[:, 23]) / WALK  # Student's t: one step has the tails of FREEDOM degrees
        assert np.mean(abs(step) > 4) > 10 * 6.3e-5
        assert FREEDOM == 5

    def test_before_the_first_month_it_is_the_first_and_a_longer_one_begins_as_a_shorter(self) -> None:
        level, steps = np.array([[0.1, 0.2], [-0.1, 0.3]]), np.random.default_rng(1).standard_normal((5, 2))
        found = path(level, 3, 10, 0.5, steps)
        np.testing.assert_array_equal(found[:, :3], level[:, [0, 0, 0]])
        np.testing.assert_allclose(found[:, 5], level[:, 1] + 0.5 * steps[0])
        np.testing.assert_array_equal(path(level, 3, 4, 0.5, steps[:0]), found[:, :4])
        given = Counted(np.arange(12), np.zeros(12), np.full(12, 0.01))
        longer = factors(OF, np.ones((4, 30)), given, seed=1)
        np.testing.assert_array_equal(factors(OF, np.ones((4, 20)), given, seed=1), longer[:, :20])

    def test_a_seed_changes_what_comes_after_the_last_month_alone(self) -> None:
        given = Counted(np.arange(12), np.zeros(12), np.full(12, 0.01))
        one, two = (factors(OF, np.ones((4, 30)), given, seed) for seed in (1, 2))
        np.testing.assert_array_equal(one[:, :12], two[:, :12])
        assert (one[:, 12:] != two[:, 12:]).all()

    def test_a_rest_that_is_none_is_refused(self) -> None:
        given = Counted(np.arange(2), np.zeros(2), np.ones(2))
        with pytest.raises(InputError, match="'some' is not below 'all' in 2010-02 with draw 1"):
            factors(OF, np.array([[1.0, 1.0], [1.0, 0.0]]), given, 1)
        with pytest.raises(InputError, match="no month of 'all_counted'"):
            factors(OF, np.ones((1, 3)), Counted(np.array([5]), np.zeros(1), np.ones(1)), 1)


def rows_of(series: str, values: list[float], status: str = "final", vintage: str = "2017-06-14") -> pd.DataFrame:
    ends = pd.date_range("2016-01-31", periods=len(values), freq="ME")
    return pd.DataFrame({
        "series": series, "period_start": ends - pd.offsets.MonthBegin(1), "period_end": ends, "aggregation": "month",
        "geography": "US", "breakdown": "occurrence", "value": values, "status": status, "vintage": vintage,
    })  # fmt: skip


class TestCounted:
    def test_closed_months_are_the_difference_and_counting(self) -> None:
        rows = pd.concat([rows_of("all_counted", [50, 60, 70]), rows_of("some_counted", [10, 12])])
        found = counted(OF, rows, rows)
        assert found.months.tolist() == [72, 73]
        np.testing.assert_allclose(found.logarithm, np.log([40, 48]))
        np.testing.assert_allclose(found.variance, [1 / 40, 1 / 48])

    def test_months_of_one_file_are_completed_alike(self) -> None:
        parts = [rows_of(name, values, "provisional") for name, values in
                 (("all_counted", [50.0, 60.0]), ("some_counted", [10.0, 12.0]))]  # fmt: skip
        rows = pd.concat(parts)
        found = counted(OF, rows, rows)
        late = found.logarithm - np.log([40, 48])
        assert (late > 0).all()  # the prior's share, at 17 and 16 months
        assert late[1] > late[0]
        extra = np.sqrt(found.variance - np.exp(-found.logarithm))
        assert (extra > 0).all()
        assert extra[1] > extra[0]
        apart = counted(OF, pd.concat([parts[0], rows_of("some_counted", [10.0, 12.0])]), rows)
        assert (apart.variance - np.exp(-apart.logarithm) > extra**2).all()  # the part closed: no error drops out

    def test_a_part_above_the_whole_is_refused_by_month(self) -> None:
        rows = pd.concat([rows_of("all_counted", [50, 60]), rows_of("some_counted", [10, 61])])
        with pytest.raises(InputError, match="not between zero and 'all_counted' in 2016-02"):
            counted(OF, rows, rows)


def test_the_whole_is_its_part_and_the_rest_under_every_scenario() -> None:
    rng, dims = np.random.default_rng(5), ("draw", "scenario", "time")
    some, others = rng.lognormal(5, 0.2, (2, 3, 36)), rng.lognormal(4, 0.2, (2, 3, 36))
    coords = {"time": calendar.month_ends(0, 35)}
    model = xr.Dataset({"all": (dims, some + others, {"unit": "person/Month"}), "some": (dims, some)}, coords)
    runs = model.assign(some=(model["some"] * 1.5).assign_attrs(discrepancy="'it': drift"))
    by = rng.lognormal(0, 0.1, (2, 36))
    made = added(runs, OF, model, by)
    np.testing.assert_allclose(made["all"], 1.5 * some + others * by[:, None, :], rtol=1e-12)
    np.testing.assert_array_equal(made["all of the model"], model["all"])
    assert made["all"].attrs == {
        "unit": "person/Month",
        "discrepancy": "that of some: 'it': drift; that of the rest: 'others': level, season, month lengths",
    }
    assert model["all"].attrs == {"unit": "person/Month"}
