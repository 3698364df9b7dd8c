"""The search for the best mix, on problems whose answer is known or can be tried out."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from sdforecast.policy.optimising import CRITERIA, At, Search, score, slack, worst_decile

ZERO = np.zeros(2)


def linear(gain: np.ndarray, price: np.ndarray) -> Search:
    """Return a search where averted is gain [draws, levers] times x, cost price [levers] times x."""
    draws = len(gain)
    return Search(
        lambda x: At(x, gain @ x, gain, np.full(draws, price @ x), np.tile(price, (draws, 1))),
        np.zeros(len(price)), np.ones(len(price)),
    )  # fmt: skip


def curved(x: np.ndarray) -> At:
    """Two levers with falling returns that help each other, whose effect differs between five draws."""
    a = np.linspace(0.5, 2.0, 5)
    b = a[::-1]
    root = np.sqrt(x + 0.01)
    averted = 1000 * (a * root[0] + b * root[1] + 0.3 * x[0] * x[1])
    by = 1000 * np.stack([a * 0.5 / root[0] + 0.3 * x[1], b * 0.5 / root[1] + 0.3 * x[0]], axis=1)
    cost = np.full(5, 2 * x[0] + 1 * x[1] ** 2)
    return At(x, averted, by, cost, np.tile([2.0, 2 * x[1]], (5, 1)))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.05, 3))
def test_a_linear_problem_is_a_knapsack(seed: int, budget: float) -> None:
    rng = np.random.default_rng(seed)
    gain, price = rng.uniform(-1, 3, (4, 3)), rng.uniform(0.2, 2, 3)
    found = linear(gain, price).best(budget, "mean", [np.zeros(3)])
    # The closed form: levers in the order of gain over price, the last of them in part.
    left, expected = budget, 0.0
    for k in np.argsort(-gain.mean(axis=0) / price):
        if gain.mean(axis=0)[k] > 0:
            part = min(1.0, left / price[k])
            left, expected = left - part * price[k], expected + part * gain.mean(axis=0)[k]
    assert found.averted.mean() == pytest.approx(expected, abs=2e-3)
    assert found.price <= budget + slack(budget)


@pytest.mark.parametrize("criterion", ["worst decile", "regret"])
def test_robust_criteria_agree_with_linear_programming(criterion: str) -> None:
    rng = np.random.default_rng(3)
    gain, price, budget = rng.uniform(-1, 3, (20, 3)), np.array([1.0, 0.5, 2.0]), 1.2
    search = linear(gain, price)
    for corner in itertools.product((0.0, 0.6, 1.0), repeat=3):  # mixes to regret not having chosen
        search.look(np.array(corner))
    found = search.best(budget, criterion, [np.zeros(3)])
    hindsight = search.hindsight(budget)
    if criterion == "regret":  # min r: r >= hindsight - gain x
        rows = np.hstack([-gain, -np.ones((20, 1))])
        ours = linprog([0, 0, 0, 1], [*rows, [*price, 0]], [*-hindsight, budget], bounds=[(0, 1)] * 3 + [(None, None)])
    else:  # max t - mean(s) / 0.1: s >= t - gain x
        rows = np.hstack([-gain, np.ones((20, 1)), -np.eye(20)])
        loss = [0, 0, 0, -1, *[1 / 2] * 20]
        ours = linprog(loss, [*rows, [*price, *[0] * 21]], [*np.zeros(20), budget],
                       bounds=[(0, 1)] * 3 + [(None, None)] + [(0, None)] * 20)  # fmt: skip
    assert score(criterion, found.averted, hindsight) == pytest.approx(-float(ours.fun or 0), abs=5e-3)


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("budget", [0.1, 0.8, 2.0, 5.0])
def test_the_best_mix_is_that_of_trying_all(criterion: str, budget: float) -> None:
    search = Search(curved, np.zeros(2), np.ones(2))
    grid = [curved(np.array(x)) for x in itertools.product(np.linspace(0, 1, 101), repeat=2)]
    tried = [each for each in grid if each.price <= budget + slack(budget)]
    search.seen += tried[::25]  # what is regretted
    found = search.best(budget, criterion, [ZERO])
    hindsight = search.hindsight(budget)
    best = max(score(criterion, each.averted, hindsight) for each in tried)
    assert score(criterion, found.averted, hindsight) >= best - 1.0  # of a thousand
    assert found.price <= budget + slack(budget)


@pytest.mark.parametrize("criterion", ["mean", "worst decile"])
def test_more_money_never_does_worse(criterion: str) -> None:
    search, start, values = Search(curved, np.zeros(2), np.ones(2)), ZERO, []
    for budget in np.linspace(0, 4, 9):
        found = search.best(float(budget), criterion, [ZERO, start])
        assert found.price <= budget + slack(budget)
        start = found.x
        values.append(score(criterion, found.averted, np.zeros(5)))
    assert values == sorted(values)
    assert values[0] < values[-1]


def test_a_start_beyond_the_budget_is_drawn_back() -> None:
    found = Search(curved, np.zeros(2), np.ones(2)).best(0.5, "mean", [ZERO, np.ones(2)])
    assert found.price <= 0.5 + slack(0.5)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_the_worst_decile_lies_between_the_least_and_the_mean(averted: list[float]) -> None:
    values = np.array(averted)
    assert values.min() - 1e-6 <= worst_decile(values) <= values.mean() + 1e-6
    assert worst_decile(np.repeat(values, 10)) == pytest.approx(np.sort(np.repeat(values, 10))[: len(values)].mean())
