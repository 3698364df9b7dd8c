"""Changes of a run, against what can be worked out by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdforecast.validation.bench import Bench
from sdforecast.validation.schema import Change
from tests.validation.conftest import small


@pytest.fixture
def bench(files: Path) -> Bench:
    made = Bench(small(files))
    for name in ("infection", "recovery", "cure"):
        made.variable(name)
    return made


def _change(**keys: object) -> Change:
    return Change.model_validate({{"begin": "from", "end": "to"}.get(key, key): value for key, value in keys.items()})


def test_what_is_set_scaled_added_held_and_followed(bench: Bench) -> None:
    base = bench.base["infection"]
    later = base.index >= 10
    dt = 0.015625
    susceptible = {}
    expected = {
        "set": np.where(later, 3.0, base), "scale": np.where(later, 0.5 * base, base),
        "add": np.where(later, base + 1, base), "hold": np.where(later, base.loc[10.0], base),
    }  # fmt: skip
    for key, value in (("set", {"infection": 3}), ("scale", {"infection": 0.5}), ("add", {"infection": 1}),
                       ("hold", ["infection"])):  # fmt: skip
        run = bench.run([_change(begin="10", **{key: value})])
        susceptible[key] = run["Susceptible"].loc[20.0]
        total = 990 - dt * expected[key][base.index < 20].sum()
        assert susceptible[key] == pytest.approx(total, rel=1e-9), key
    assert len(set(susceptible.values())) == 4


def test_a_change_ends(bench: Bench) -> None:
    run = bench.run([_change(begin="5", end="6", set={"infection": 0})])
    assert run["Susceptible"].loc[6.0] == run["Susceptible"].loc[5.0]
    assert run["Susceptible"].loc[7.0] < run["Susceptible"].loc[6.0]


def test_following_the_base_run_shuts_a_loop_off(bench: Bench) -> None:
    more = [_change(initial={"Ill": 20}), _change(follow=["infection"])]
    run = bench.run(more)
    assert run["Susceptible"].loc[40.0] == pytest.approx(bench.base["Susceptible"].loc[40.0], rel=1e-9)
    rates = 0.1 + 0.02
    gap = run["Ill"].loc[40.0] - bench.base["Ill"].loc[40.0]
    assert gap == pytest.approx(10 * (1 - rates * 0.015625) ** (40 / 0.015625), rel=1e-6)


def test_constants_change_for_good_or_from_a_time_on(bench: Bench) -> None:
    whole = bench.run([_change(set={"contact rate": 0})])
    part = bench.run([_change(begin="10", set={"contact rate": 0})])
    assert whole["Susceptible"].loc[60.0] == 990
    assert part["Susceptible"].loc[60.0] == pytest.approx(bench.base["Susceptible"].loc[10.0], rel=1e-12)


def test_two_changes_of_one_constant_add_up(bench: Bench) -> None:
    once = bench.run([_change(set={"contact rate": 0.25})])
    twice = bench.run([_change(scale={"contact rate": 0.25}), _change(scale={"contact rate": 2})])
    assert twice["Ill"].loc[30.0] == pytest.approx(once["Ill"].loc[30.0], rel=1e-12)
