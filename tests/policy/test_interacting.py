"""Taking a mix apart, against games whose Shapley values are known in closed form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from sdforecast import scenario
from sdforecast.errors import InputError
from sdforecast.policy.interacting import (
    Decomposition,
    coalition,
    decompose,
    exact_shares,
    planned,
    players,
    sampled_orders,
    sampled_shares,
)
from sdforecast.policy.outcomes import Outcomes
from sdforecast.scenario import InstrumentChange, Scenario

DRAWS = 12
Game = Callable[[frozenset[str]], np.ndarray]


def mix_of(names: Sequence[str], name: str = "mix") -> Scenario:
    changes = tuple(InstrumentChange(instrument=each, intensity=0.9, start="2027-01") for each in names)
    return Scenario(name=name, title="A mix", instruments=changes)


def runner(game: Game) -> Callable[..., Outcomes]:
    """Return what stands for the model: a coalition averts what the game says, of 1000 deaths."""

    def run(mixes: Sequence[Scenario], *, reference: str, draws: int, **options: object) -> Outcomes:
        values = [1000.0 - game(frozenset(change.instrument for change in mix.instruments)) for mix in mixes]
        deaths = np.stack(values, axis=1)[:, :, None] / 2 * np.ones(2)  # half in each of two years
        names = [mix.name for mix in mixes]
        assert len(set(names)) == len(names)
        coords = {"draw": np.arange(draws), "scenario": names, "year": [2027, 2028]}
        yearly = xr.Dataset({"deaths": (("draw", "scenario", "year"), deaths)}, coords)
        return Outcomes(yearly, xr.DataArray(), pd.DataFrame(), tuple(mixes), reference, {"command": "by hand"})

    return run


EIGHT = (
    "private_diplomacy", "pen_online", "class_control", "joint_indictments", "visa_denial", "moud", "naloxone",
    "prevention",
)  # fmt: skip


def with_a_pair(members: frozenset[str]) -> np.ndarray:
    """Each instrument averts ten times its place, moud and naloxone 30 more together, pen_online nothing at all."""
    draw = np.linspace(0.5, 1.5, DRAWS)
    total = sum(10.0 * EIGHT.index(name) for name in members if name != "pen_online")
    found: np.ndarray = draw * (total + (30.0 if {"moud", "naloxone"} <= members else 0.0))
    return found


@pytest.fixture
def eight() -> Decomposition:
    return decompose(mix_of(EIGHT), draws=DRAWS, orders=8, run=runner(with_a_pair))


def test_a_pair_shares_what_it_has_together(eight: Decomposition) -> None:
    """An order and its reverse give each of a pair half of it: sampled shares of such a game are exact."""
    assert not eight.exact
    shares = eight.instruments.set_index("instrument")["share"]
    expected = {name: 10.0 * k + (15.0 if name in ("moud", "naloxone") else 0.0) for k, name in enumerate(EIGHT)}
    expected["pen_online"] = 0.0
    assert shares.to_dict() == pytest.approx(expected)
    assert eight.instruments["share_order_error"].to_numpy() == pytest.approx(0, abs=1e-9)


def test_alone_left_out_and_pairs(eight: Decomposition) -> None:
    table = eight.instruments.set_index("instrument")
    assert table.loc["moud", "alone"] == pytest.approx(50)
    assert table.loc["moud", "left_out"] == pytest.approx(80)
    pairs = eight.pairs.set_index(["first", "second"])
    assert pairs.loc[("moud", "naloxone"), "together"] == pytest.approx(30)
    assert eight.pairs["kind"].tolist() == ["reinforce", *[""] * 27]


def test_what_takes_away_from_each_other_cancels() -> None:
    def game(members: frozenset[str]) -> np.ndarray:
        return np.full(DRAWS, 40.0 * min(len(members), 1))  # one is as good as all

    found = decompose(mix_of(EIGHT[:3]), draws=DRAWS, run=runner(game))
    assert found.exact
    assert set(found.pairs["kind"]) == {"cancel"}
    assert found.instruments["share"].to_numpy() == pytest.approx(40 / 3)
    assert found.instruments["left_out"].to_numpy() == pytest.approx(0)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-1e5, 1e5), min_size=16, max_size=16), st.integers(0, 1000))
def test_shares_add_up_to_the_whole(worths: list[float], seed: int) -> None:
    """Whatever the game: exact shares, and those of any sample of orders, in every draw."""
    names = EIGHT[:4]
    every = [frozenset(some) for size in range(5) for some in combinations(names, size)]
    values = {members: np.array([w, -2 * w]) for members, w in zip(every, worths, strict=True)}
    whole = values[frozenset(names)] - values[frozenset()]
    assert exact_shares(names, values).sum(axis=1)[0] == pytest.approx(whole, abs=1e-6)
    sampled = sampled_shares(names, values, sampled_orders(names, 4, seed))
    assert sampled.sum(axis=1) == pytest.approx(np.broadcast_to(whole, (2, 2)), abs=1e-6)


def test_sampled_shares_come_near_the_exact_ones_by_their_error() -> None:
    """A game of the maximum: the value of each is known, and samples scatter about it as the error says."""
    names, worth = EIGHT[:6], dict(zip(EIGHT[:6], (1.0, 2, 3, 4, 5, 6), strict=True))
    every = [frozenset(some) for size in range(7) for some in combinations(names, size)]
    values = {members: np.array([max((worth[name] for name in members), default=0.0)]) for members in every}
    exact = exact_shares(names, values)[0, :, 0]
    # The airport game (Littlechild and Owen 1973): each further unit of length is shared by those who need it.
    assert exact == pytest.approx([sum(1 / (6 - k) for k in range(place + 1)) for place in range(6)])
    missed = []
    for seed in range(40):
        found = sampled_shares(names, values, sampled_orders(names, 40, seed))[:, :, 0]
        missed.append((found.mean(axis=0) - exact) / (found.std(axis=0, ddof=1) / np.sqrt(len(found))))
    assert 0.7 < np.std(missed) < 1.4


def test_few_instruments_are_run_in_all_coalitions() -> None:
    plan = planned(mix_of(EIGHT[:3]), "current-course", 16, 1)
    assert (len(plan.coalitions), plan.orders) == (8, ())
    plan = planned(mix_of(EIGHT), "current-course", 4, 1)
    assert len(plan.orders) == 4
    assert len(plan.coalitions) == len(set(plan.coalitions)) < 2**8


@pytest.mark.parametrize("name", ["soft-power-with-teeth", "demand-plus-essay", "military-with-consent"])
def test_all_instruments_are_the_mix_and_none_the_reference(name: str) -> None:
    mix, base = scenario.load(name), scenario.load("current-course")
    whole = coalition(mix, base, players(mix, base), "all")
    assert scenario.levels(whole).equals(scenario.levels(mix))
    assert scenario.levels(coalition(mix, base, (), "none")).equals(scenario.levels(base))


def test_against_another_mix_only_the_differences_play() -> None:
    mix, base = scenario.load("demand-plus-essay"), scenario.load("soft-power-with-teeth")
    assert players(mix, base) == ("drug_checking", "moud", "naloxone", "prevention")
    assert scenario.levels(coalition(mix, base, (), "none")).equals(scenario.levels(base))


def test_constants_of_a_mix_are_one_player() -> None:
    base = scenario.load("current-course")
    mix = mix_of(EIGHT[:1]).model_copy(update={"assumptions": {"detection base": 0.2}})
    names = players(mix, base)
    assert names == ("private_diplomacy", "constants that the mix sets")
    assert coalition(mix, base, names[1:], "constants").assumptions == {"detection base": 0.2}
    assert coalition(mix, base, names[:1], "instruments").assumptions == {}


def test_what_cannot_be_taken_apart() -> None:
    with pytest.raises(InputError, match="nothing alone differs from current-course"):
        decompose("current-course", run=runner(with_a_pair))
    with pytest.raises(InputError, match="'mix' has nothing to take apart: moud alone differs"):
        decompose(mix_of(["moud"]), run=runner(with_a_pair))
    with pytest.raises(InputError, match="2 orders are too few"):
        decompose(mix_of(EIGHT), orders=2, run=runner(with_a_pair))
    with pytest.raises(InputError, match=r"unknown scenario 'militry-only'.*military-only"):
        decompose("militry-only", run=runner(with_a_pair))
