"""Scenario discovery finds a box that was planted, and says so where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdforecast.policy.discovering import discover

CHANCE = np.random.default_rng(11)
VALUES = pd.DataFrame(CHANCE.uniform(size=(4000, 6)), columns=list("abcdef"))


@pytest.fixture(scope="module")
def planted() -> np.ndarray:
    inside = (VALUES["a"] > 0.7) & (VALUES["b"] < 0.5)
    return np.asarray(np.where(CHANCE.uniform(size=4000) < 0.03, ~inside, inside))


def test_a_planted_box_is_found_by_both(planted: np.ndarray) -> None:
    found = discover(VALUES, planted, "it happens")
    assert {box.method for box in found.boxes} == {"PRIM", "CART"}
    assert found.probability == planted.mean()
    for box in found.boxes:
        limits = {r.name: r for r in box.restrictions}
        assert set(limits) == {"a", "b"}
        assert limits["a"].low == pytest.approx(0.7, abs=0.05)
        assert limits["a"].high is None
        assert limits["b"].high == pytest.approx(0.5, abs=0.06)
        assert limits["a"].inside == pytest.approx(0.3, abs=0.06)
        # the truth: 0.97 * 0.15 of all runs are cases in the box, 0.03 * 0.85 outside
        assert box.density == pytest.approx(0.97, abs=3 * box.density_error + 0.03)
        assert box.coverage == pytest.approx(0.1455 / 0.171, abs=3 * box.coverage_error + 0.05)
        assert box.mass == pytest.approx(0.15, abs=0.04)
    prim = next(box for box in found.boxes if box.method == "PRIM")
    assert all(r.p < 1e-6 for r in prim.restrictions)


def test_the_other_half_is_what_is_counted(planted: np.ndarray) -> None:
    box = discover(VALUES, planted, "it happens").boxes[0]
    held = VALUES.iloc[2000:]
    inside = np.ones(len(held), dtype=bool)
    for r in box.restrictions:
        inside &= (held[r.name] >= (r.low if r.low is not None else -1)).to_numpy()
        inside &= (held[r.name] <= (r.high if r.high is not None else 2)).to_numpy()
    assert box.runs == inside.sum()
    assert box.cases == (inside & planted[2000:]).sum()


def test_chance_is_no_box() -> None:
    found = discover(VALUES, CHANCE.uniform(size=4000) < 0.1, "chance")
    assert not found.boxes
    assert "no box" in found.why


def test_what_never_happens_is_told_with_its_bound() -> None:
    found = discover(VALUES, np.zeros(4000, dtype=bool), "never")
    assert not found.boxes
    assert found.why == "in none of 4,000 runs; with 95 % confidence in less than 0.075 % of the ranges"
    few = np.zeros(4000, dtype=bool)
    few[[3, 3000]] = True
    assert discover(VALUES, few, "hardly").why == "too few runs, 2 of 4,000, do, to say where"
    assert "do not" in discover(VALUES, ~few, "nearly always").why
