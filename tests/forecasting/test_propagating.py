"""Latent series and discrepancies after the last month: variances in closed form, seeds, no step at the seam."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from sdforecast.forecasting import propagating

DRAWS = 40_000
LAST = 183


def latent(until: float = 312.0, seed: int = 1, end: float = 0.5, draws: int = DRAWS) -> xr.DataArray:
    """Six knots of each draw, the last one `end` everywhere, with sd 0.4 and a half-life of 12 months."""
    past = np.tile([0.1, -0.2, 0.0, 0.3, 0.2, end], (draws, 1))
    coords = {"draw": np.arange(draws), "knot": 168.0 + 6 * np.arange(6)}
    knots = xr.DataArray(past, coords, ("draw", "knot"), "latent supply shock")
    return propagating.latent(knots, np.full(draws, 0.4), np.full(draws, 12.0), until, seed)


def of_deaths(draws: int = DRAWS, fast: float = -0.3, drift: float = 0.2) -> xr.Dataset:
    """A discrepancy known from month 0 to April 2025, its two parts the same in every month and draw."""
    shape = (draws, LAST + 1)
    paths = {"discrepancy": np.full(shape, fast), "drift": np.full(shape, drift)}
    scales = {"innovation": 0.05, "half-life": 9.0, "walk": 0.02}
    return xr.Dataset(
        {
            **{name: (("draw", "month"), values) for name, values in paths.items()},
            **{name: ("draw", np.full(draws, value)) for name, value in scales.items()},
        },
        {"draw": np.arange(draws), "month": np.arange(LAST + 1)},
    )


class TestLatent:
    def test_knots_go_on_as_far_apart_to_the_first_at_or_after_the_end(self) -> None:
        made = latent(312.0, draws=3)
        assert np.diff(made["knot"].to_numpy()).tolist() == [6.0] * (made.sizes["knot"] - 1)
        assert made["knot"].to_numpy()[-1] == 312
        assert latent(313.0, draws=3)["knot"].to_numpy()[-1] == 318
        np.testing.assert_array_equal(made.to_numpy()[:, :6], np.tile([0.1, -0.2, 0.0, 0.3, 0.2, 0.5], (3, 1)))

    def test_nothing_is_added_where_the_knots_reach_far_enough(self) -> None:
        assert latent(198.0, draws=3).sizes["knot"] == 6

    @pytest.mark.parametrize("ahead", [1, 2, 5, 19])
    def test_mean_and_variance_of_an_autoregression(self, ahead: int) -> None:
        # r^h of the last knot is left, and sd² (1 - r^2h) has been renewed.
        kept = 0.5 ** (6 * ahead / 12)
        values = latent().to_numpy()[:, 5 + ahead]
        assert values.mean() == pytest.approx(0.5 * kept, abs=0.01)
        assert values.std() == pytest.approx(0.4 * np.sqrt(1 - kept**2), rel=0.02)


class TestDiscrepancy:
    @pytest.mark.parametrize("ahead", [1, 6, 36, 128])
    def test_variances_of_the_fast_part_and_of_the_drift(self, ahead: int) -> None:
        path = propagating.discrepancy(of_deaths(), "deaths", 312, seed=3)
        kept = 0.5 ** (1 / 9)
        fast, drift = path.fast[:, LAST + ahead], path.drift[:, LAST + ahead]
        assert fast.mean() == pytest.approx(-0.3 * kept**ahead, abs=0.002)
        assert fast.std() == pytest.approx(0.05 * np.sqrt((1 - kept ** (2 * ahead)) / (1 - kept**2)), rel=0.03)
        assert drift.mean() == pytest.approx(0.2, abs=0.004)
        assert drift.std() == pytest.approx(0.02 * np.sqrt(ahead), rel=0.03)
        assert abs(np.corrcoef(fast, drift)[0, 1]) < 0.02

    def test_innovations_are_students_t(self) -> None:
        from scipy.stats import t

        path = propagating.discrepancy(of_deaths(), "deaths", LAST + 2, seed=3)
        steps = (path.drift[:, LAST + 1] - 0.2) / 0.02
        scaled = t(5, scale=np.sqrt(3 / 5))
        for level in (0.01, 0.25, 0.9, 0.99):
            assert (steps < scaled.ppf(level)).mean() == pytest.approx(level, abs=0.01)
        assert (np.abs(steps) > 5).mean() > 5e-4  # of a normal distribution 6 in 10 million

    def test_the_past_is_the_posteriors_and_there_is_no_step_at_the_last_month(self) -> None:
        path = propagating.discrepancy(of_deaths(500), "deaths", 312, seed=3)
        np.testing.assert_array_equal(path.total[:, : LAST + 1], np.full((500, LAST + 1), -0.3 + 0.2))
        step = path.total[:, LAST + 1] - path.total[:, LAST]
        expected = -0.3 * (0.5 ** (1 / 9) - 1)  # what the fast part loses in a month
        assert step.mean() == pytest.approx(expected, abs=4 * np.hypot(0.05, 0.02) / np.sqrt(500))

    def test_without_innovations_it_decays_by_hand(self) -> None:
        paths = of_deaths(2).assign(innovation=("draw", [0.0, 0.0]), walk=("draw", [0.0, 0.0]))
        path = propagating.discrepancy(paths, "deaths", 312, seed=3)
        ahead = np.arange(312 - LAST)
        np.testing.assert_allclose(path.total[0, LAST:], 0.2 - 0.3 * 0.5 ** (ahead / 9), rtol=1e-12)

    def test_a_short_horizon_ends_within_the_past(self) -> None:
        path = propagating.discrepancy(of_deaths(3), "deaths", 100, seed=3)
        assert path.fast.shape == (3, 100)

    def test_a_discrepancy_that_begins_later_is_nothing_before(self) -> None:
        path = propagating.discrepancy(of_deaths(3).isel(month=slice(49, None)), "deaths", 312, seed=3)
        assert not path.total[:, :49].any()
        assert path.total[:, 49].tolist() == pytest.approx([-0.1] * 3)


class TestSeeds:
    def test_the_same_seed_gives_the_same_paths_and_another_seed_others(self) -> None:
        one, again, other = (propagating.discrepancy(of_deaths(5), "deaths", 312, seed).total for seed in (1, 1, 2))
        np.testing.assert_array_equal(one, again)
        assert not np.allclose(one[:, LAST + 1 :], other[:, LAST + 1 :])
        np.testing.assert_array_equal(latent(seed=1, draws=5), latent(seed=1, draws=5))
        assert not np.allclose(latent(seed=1, draws=5)[:, 6:], latent(seed=2, draws=5)[:, 6:])

    def test_a_later_horizon_only_makes_paths_longer(self) -> None:
        long, short = (propagating.discrepancy(of_deaths(5), "deaths", months, seed=1).total for months in (312, 200))
        np.testing.assert_array_equal(long[:, :200], short)
        np.testing.assert_array_equal(latent(312.0, draws=5)[:, :10], latent(222.0, draws=5))

    def test_two_series_of_one_seed_differ(self) -> None:
        one, other = (propagating.discrepancy(of_deaths(5), name, 312, seed=1).total for name in ("deaths", "visits"))
        assert not np.allclose(one[:, LAST + 1 :], other[:, LAST + 1 :])
