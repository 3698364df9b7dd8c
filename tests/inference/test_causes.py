"""Posteriors built to have one fault: its cause, and its site, must be the ones named."""

from __future__ import annotations

import numpy as np
import pytest

from sdforecast.inference.causes import Cause, Draws, bound, cause
from tests.inference.posteriors import LABELS, moving

SHAPE = (4, 1000)
SEEDS = (1, 2, 3, 4, 5)


def judged(values: np.ndarray, label: str, rhat: float = 1.1, ess: float = 40.0) -> Cause:
    return cause(Draws(values, list(LABELS)), label, rhat, ess, 400.0)


def quiet(rng: np.random.Generator) -> np.ndarray:
    return 0.3 * rng.standard_normal((*SHAPE, len(LABELS)))


@pytest.mark.parametrize("seed", SEEDS)
def test_two_constants_of_which_only_the_sum_is_known(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = quiet(rng)
    values[..., 0] = moving(rng, SHAPE, 0.97)
    values[..., 1] = 0.5 - values[..., 0] + 0.03 * rng.standard_normal(SHAPE)
    for label, partner in (("rate", "delay"), ("delay", "rate")):
        found = judged(values, label)
        assert (found.name, found.site, found.partners) == ("unidentified", "rate", (partner,))


@pytest.mark.parametrize("seed", SEEDS)
def test_three_constants_of_which_only_the_sum_is_known(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = quiet(rng)
    values[..., 0], values[..., 1] = moving(rng, SHAPE, 0.97), moving(rng, SHAPE, 0.97)
    values[..., 2] = -values[..., 0] - values[..., 1] + 0.03 * rng.standard_normal(SHAPE)
    found = judged(values, "share")
    assert found.name == "unidentified"
    assert set(found.partners) == {"rate", "delay"}


def test_chains_that_creep_at_random_have_no_partners() -> None:
    for seed in range(30):
        values = moving(np.random.default_rng(seed), (*SHAPE, 4), 0.995)
        assert not judged(values, "rate").partners, seed


def test_many_coordinates_that_creep_explain_each_other_only_where_fitted() -> None:
    draws = Draws(moving(np.random.default_rng(1), (*SHAPE, 150), 0.999), [str(k) for k in range(150)])
    assert draws.regressions[0].max() < 0.2  # on the chains of the fit itself it is 0.99
    assert not cause(draws, "0", 1.5, 5.0, 400.0).partners


def test_heaps_that_creeping_chains_leave_are_no_modes() -> None:
    for seed in range(30):
        values = quiet(np.random.default_rng(seed))
        values[..., 2] = moving(np.random.default_rng(seed), SHAPE, 0.999)
        assert judged(values, "share").name != "several modes", seed


@pytest.mark.parametrize("seed", SEEDS)
def test_a_constant_the_data_say_nothing_of(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = quiet(rng)
    values[..., 2] = moving(rng, SHAPE, 0.99)
    found = judged(values, "share", rhat=1.2)
    assert (found.name, found.partners) == ("unidentified", ())
    values[..., 0] = values[..., 2] + 0.3 * rng.standard_normal(SHAPE)  # it is not the data's to tell from another
    values[..., 2] += 0.1 * np.diff(values[..., 0], prepend=0)
    assert judged(values, "share", rhat=1.2).partners == ("rate",)


@pytest.mark.parametrize("seed", SEEDS)
def test_chains_in_modes_of_their_own(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = quiet(rng)
    values[:2, :, 1] += 5
    values[:2, :, 3] -= 6  # over all chains the two correlate to -0.99, within each they do not
    found = judged(values, "error sd: purity")
    assert (found.name, found.site, found.partners) == ("several modes", "delay", ("delay",))


@pytest.mark.parametrize("seed", SEEDS)
def test_chains_that_seldom_jump_between_modes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = quiet(rng)
    values[..., 1] += 3 * (moving(rng, SHAPE, 0.99) > 0)
    found = judged(values, "delay")
    assert found.name == "several modes"
    peaks = [float(word) for word in found.evidence.replace("peaks at ", "").split(" and ")]
    assert peaks == pytest.approx([0, 3], abs=0.2)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_funnel_is_told_from_its_scale_and_from_what_it_scales(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = quiet(rng)
    values[..., 3] = moving(rng, SHAPE, 0.97)
    values[..., 0] = 0.5 * np.exp(values[..., 3]) * rng.standard_normal(SHAPE)
    for label in ("rate", "error sd: purity"):
        found = judged(values, label)
        assert (found.name, found.site) == ("funnel", "error sd: purity")


def test_a_posterior_pressed_against_the_tail() -> None:
    rng = np.random.default_rng(1)
    values = quiet(rng)
    values[..., 0] = -4 + 0.3 * moving(rng, SHAPE, 0.97)
    found = judged(values, "rate")
    assert (found.name, found.site) == ("bound", "rate")
    assert "low end" in found.advice


def test_a_prior_alone_is_not_pressed() -> None:
    values = np.random.default_rng(1).standard_normal((4, 20_000, 4))
    draws = Draws(values, list(LABELS))
    assert [bound(draws, k) for k in range(4)] == [None] * 4


def test_too_few_draws_says_how_many_would_do() -> None:
    values = quiet(np.random.default_rng(1))[:, :100]
    found = judged(values, "rate", rhat=1.004, ess=200.0)
    assert found.name == "too few draws"
    assert "sample 300 draws a chain" in found.advice  # 400 x 200 / 400 draws, and a fifth more, in hundreds


def test_more_draws_are_asked_for_than_there_were_where_chains_alone_disagree() -> None:
    values = quiet(np.random.default_rng(1))[:, :400]
    found = judged(values, "rate", rhat=1.02, ess=900.0)
    assert "some 600 draws a chain" in found.advice or "sample 600 draws a chain" in found.advice


def test_chains_that_creep_are_slow() -> None:
    rng = np.random.default_rng(1)
    values = quiet(rng)
    values[..., 0] = 0.4 * moving(rng, SHAPE, 0.98)
    assert judged(values, "rate", rhat=1.06, ess=30.0).name == "slow"
