"""Shrinkage and shift against closed forms of the normal prior."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from sdforecast.errors import InputError
from sdforecast.inference.learned import correlations, learned, prior_interval, told
from sdforecast.parameters import Parameter
from tests.inference.posteriors import tree


def parameter(name: str, kind: str = "estimated", low: float = 0.01, high: float = 400.0) -> Parameter:
    return Parameter(name, "1/month", kind, 2.0, "lognormal", 0.5, low, high, "Made up.", "judgement")


SD = {"well": 0.1, "partly": 0.6, "not": 1.0, "moved": 0.6}
SHIFT = {"well": 1.5, "partly": -0.3, "not": 0.0, "moved": -1.7}


@pytest.fixture
def posterior() -> tuple[np.ndarray, np.ndarray]:
    """Positions that are normal with known centre and spread, and the constants they stand for."""
    rng = np.random.default_rng(1)
    position = np.array(list(SHIFT.values())) + np.array(list(SD.values())) * rng.standard_normal((4, 5000, 4))
    return position, 2.0 * np.exp(0.5 * position)


def test_what_was_learned_of_normal_positions(posterior: tuple[np.ndarray, np.ndarray]) -> None:
    position, values = posterior
    kinds = ("estimated", "estimated", "assumption", "literature")
    parameters = [parameter(name, kind) for name, kind in zip(SD, kinds, strict=True)]
    table = learned(tree(position, tuple(SD), constants=values), [*parameters, parameter("not sampled")])
    assert list(table["parameter"]) == list(SD)
    assert table["shrinkage"].to_numpy() == pytest.approx([1 - sd for sd in SD.values()], abs=0.02)
    assert table["shift"].to_numpy() == pytest.approx(list(SHIFT.values()), abs=0.03)
    assert list(table["taught"]) == ["learned", "partly", "not", "partly"]
    assert list(table["moved"]) == [False, False, False, True]  # the first moved more than one, but is estimated
    for row, (name, sd) in zip(table.to_dict("records"), SD.items(), strict=True):
        ends = [2 * np.exp(0.5 * (SHIFT[name] + z * sd)) for z in norm.ppf([0.05, 0.5, 0.95])]
        assert [row["low"], row["median"], row["high"]] == pytest.approx(ends, rel=0.03)
        assert (row["prior_low"], row["prior_high"]) == pytest.approx(
            [2 * np.exp(0.5 * z) for z in (-1.645, 1.645)], rel=1e-3
        )
    lines = told(table)
    assert lines[0] == "of 4 constants: learned 1, partly 2, not 1"
    assert lines[1].startswith("'moved' (literature) moved by -1.7 prior standard deviations, from 2 to 0.8")
    assert len(lines) == 2


def test_a_bound_cuts_the_prior() -> None:
    half = parameter("half", low=2.0)  # the upper half of a normal alone
    low, high = prior_interval(half)
    assert low == pytest.approx(2 * np.exp(0.5 * norm.ppf(0.525)), rel=1e-6)
    assert high == pytest.approx(2 * np.exp(0.5 * norm.ppf(0.975)), rel=1e-4)


def test_the_strongest_correlations_come_first() -> None:
    rng = np.random.default_rng(2)
    cov = np.array([[1, 0.9, 0, 0], [0.9, 1, 0, 0], [0, 0, 1, -0.5], [0, 0, -0.5, 1]])
    position = rng.multivariate_normal(np.zeros(4), cov, size=(4, 5000))
    found = correlations(tree(position, ("a", "b", "c", "d")), top=2)
    assert found[["first", "second"]].to_numpy().tolist() == [["a", "b"], ["c", "d"]]
    assert found["correlation"].to_numpy() == pytest.approx([0.9, -0.5], abs=0.02)
    assert len(correlations(tree(position, ("a", "b", "c", "d")))) == 6
    with pytest.raises(InputError, match="at least 1"):
        correlations(tree(position, ("a", "b", "c", "d")), top=0)


def test_another_table_of_parameters_is_refused(posterior: tuple[np.ndarray, np.ndarray]) -> None:
    with pytest.raises(InputError, match="no constant of this table"):
        learned(tree(posterior[0], tuple(SD)), [parameter("elsewhere")])
