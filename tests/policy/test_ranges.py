"""Ranges: shares become values of cut priors, designs are balanced, wrong names are told."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import truncnorm

from sdforecast import parameters
from sdforecast.errors import InputError
from sdforecast.parameters import Parameter
from sdforecast.policy import ranges


def parameter(name: str, distribution: str, low: float, high: float, value: float, spread: float) -> Parameter:
    return Parameter(name, "Dmnl", "assumption", value, distribution, spread, low, high, "", "judgement")


PAIR = (parameter("a", "normal", -0.5, 0.7, 0.1, 0.3), parameter("b", "lognormal", 0.5, 8.0, 2.0, 0.4))


def test_shares_are_quantiles_of_the_prior_cut_at_its_bounds() -> None:
    shares = np.array([[0.0, 0.0], [0.3, 0.3], [0.9, 0.9], [1.0, 1.0]])
    values = ranges.Ranges(PAIR).values(shares)
    assert values[[0, -1], 0] == pytest.approx([-0.5, 0.7])
    assert values[[0, -1], 1] == pytest.approx([0.5, 8.0])
    a = truncnorm(-2, 2, 0.1, 0.3)
    b = truncnorm(np.log(0.25) / 0.4, np.log(4) / 0.4, np.log(2), 0.4)
    assert values[1:3, 0] == pytest.approx(a.ppf([0.3, 0.9]))
    assert values[1:3, 1] == pytest.approx(np.exp(b.ppf([0.3, 0.9])))


def test_even_ranges_are_even_in_the_value_or_its_logarithm() -> None:
    values = ranges.Ranges(PAIR, even=True).values(np.array([[0.0, 0.0], [0.5, 0.5], [1.0, 1.0]]))
    assert values[:, 0] == pytest.approx([-0.5, 0.1, 0.7])
    assert values[:, 1] == pytest.approx([0.5, 2.0, 8.0])


def test_a_design_is_spread_over_ranges_and_draws_and_repeats_itself() -> None:
    made = ranges.design(ranges.Ranges(PAIR), 1024, 100, seed=4)
    counts = np.histogram(made.shares[:, 0], bins=16, range=(0, 1))[0]
    assert counts.tolist() == [64] * 16  # a Sobol' sequence is stratified
    assert np.bincount(made.rows, minlength=100).min() >= 9
    again = ranges.design(ranges.Ranges(PAIR), 512, 100, seed=4)
    assert np.array_equal(made.shares[:512], again.shares)
    assert not np.array_equal(again.shares, ranges.design(ranges.Ranges(PAIR), 512, 100, seed=5).shares)


def test_all_assumptions_of_the_shipped_table_that_a_posterior_has() -> None:
    table = parameters.load()
    names = [p.name for p in table if p.kind == "assumption"]
    found = ranges.assumptions(table, [*names[:-1], "something fitted"])
    assert [p.name for p in found] == names[:-1]


def test_wrong_names_are_told_all_at_once() -> None:
    table = parameters.load()
    fitted = next(p.name for p in table if p.kind == "estimated")
    assumed = next(p.name for p in table if p.kind == "assumption")
    with pytest.raises(InputError) as caught:
        ranges.assumptions(table, [p.name for p in table], [assumed[:-1] + "x", fitted, assumed.upper()])
    text = str(caught.value)
    assert f"did you mean '{assumed}'?" in text
    assert f"'{fitted}' is no assumption: its kind is 'estimated'" in text
    assert len(caught.value.problems) == 2
    assert ranges.assumptions(table, [assumed], [assumed.upper().replace(" ", "_")])[0].name == assumed
    with pytest.raises(InputError, match="held"):
        ranges.assumptions(table, [], [assumed])
