"""All of a sensitivity analysis, small, on the shipped posterior; its parts on deaths whose structure was planted."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import sdforecast as sdf
from sdforecast.errors import InputError
from sdforecast.inference import load
from sdforecast.policy import firmness, telling
from sdforecast.policy.firmness import FITTED, Plan, Sensitivity, Trio
from sdforecast.policy.ranges import Design
from sdforecast.reporting import firmness as reporting

ONLY = ("military removal rate", "precursor price elasticity", "military cost at full instrument")
PLAN = Plan(draws=64, trajectories=2, points=64, strongest=2, only=ONLY)


@pytest.fixture(scope="module")
def found() -> Sensitivity:
    return firmness.sensitivity(("current-course", "military-only"), posterior=load(whole=False).thin(16), plan=PLAN)


def test_what_was_ranked(found: Sensitivity) -> None:
    assert [str(name) for name in found.ranges["scenario"].to_numpy()] == [
        "current-course", "military-only", "soft-power-with-teeth"
    ]  # fmt: skip
    assert found.posterior.shape == (16, 3)
    assert found.ranges.shape == (64, 3)
    for _, table in found.rankings.groupby("over"):
        assert table["probability"].sum() == pytest.approx(1)
    assert {"posterior", "ranges"} <= set(found.rankings["over"])


def test_only_the_assumptions_named_vary(found: Sensitivity) -> None:
    assert set(found.design.constants) == set(ONLY)
    assert set(found.effects["name"]) == set(ONLY)
    groups = list(dict.fromkeys(found.indices["group"]))
    assert groups[-2:] == ["the other 1 assumptions", FITTED]
    assert len(groups) == 4


def test_a_cost_acts_on_no_death(found: Sensitivity) -> None:
    effects = found.effects.set_index("name")
    assert (effects.loc[ONLY[2], "mu_star"] == 0).all()
    assert (effects.loc[list(ONLY[:2]), "mu_star"] > 0).all()
    other = found.indices[found.indices["group"] == "the other 1 assumptions"]
    assert (other[["first", "total"]] == 0).all(axis=None)
    assert found.moved.max() > 0


def test_the_same_seed_gives_the_same(found: Sensitivity) -> None:
    again = firmness.sensitivity(("current-course", "military-only"), posterior=load(whole=False).thin(16), plan=PLAN)
    pd.testing.assert_frame_equal(found.indices, again.indices)
    pd.testing.assert_frame_equal(found.learned, again.learned)


def test_sentences_and_files(found: Sensitivity, tmp_path: Path) -> None:
    reporting.write(found, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(reporting.HOLDS)
    runs = pd.read_csv(tmp_path / "runs.csv")
    assert runs["military-only"].mean() == pytest.approx(float(found.ranges.sel(scenario="military-only").mean()))
    assert json.loads((tmp_path / "manifest.json").read_text())["plan"]["only"] == list(ONLY)
    for name in ("ranks", "tornado-margin"):
        assert (tmp_path / "figures" / f"{name}.png").stat().st_size > 5_000
    said = telling.pair_in_words(found, "soft-power-with-teeth", "military-only")
    assert "over the posterior" in said[0].lower()
    assert all(
        line.endswith(".") for line in (*said, telling.past_in_words(found), *telling.convergence_in_words(found))
    )
    json.dumps(reporting.record(found), allow_nan=False)


def test_a_planted_turn_is_found_and_told() -> None:
    chance = np.random.default_rng(2)
    shares = chance.uniform(size=(4000, 40))
    constants = pd.DataFrame(10 * shares, columns=[f"a{k}" for k in range(40)])
    base = chance.normal(1000, 100, 4000)
    rival = base + np.where(shares[:, 7] > 0.8, -50, 50)
    deaths = firmness.labelled(np.column_stack([base, rival, base + 200]), ["mix", "rival", "nothing"])
    found = firmness.cases(
        deaths, Design(shares, constants, np.zeros(4000, dtype=int)), Trio("mix", "rival", "nothing")
    )
    first = found[0]
    assert first.title == "rival has fewer deaths than mix"
    assert {r.name for box in first.boxes for r in box.restrictions} == {"a7"}
    text = telling.case_in_words(first, {"a7": "kg"})
    assert "'a7' is above 8" in text[1]
    assert "kg (20 % of draws" in text[1]
    never = next(case for case in found if case.title == "nothing has fewer deaths than mix")
    assert "in none of 4,000 runs; with 95 % confidence in less than 0.075 %" in telling.case_in_words(never, {})[0]


def test_relevant_finds_what_goes_with_a_margin_whatever_its_sign() -> None:
    shares = np.random.default_rng(3).uniform(size=(500, 10))
    margin = np.exp(3 * shares[:, 4]) - 8 * shares[:, 2]
    assert set(firmness.relevant(shares, margin, 2)) == {2, 4}


def test_groups_hold_every_column_once() -> None:
    found = firmness.groups(["a", "b", "c", "d"], ["c", "a"])
    assert found == {"c": [2], "a": [0], "the other 2 assumptions": [1, 3], FITTED: [4]}
    assert list(firmness.groups(["a"], ["a"])) == ["a", FITTED]
    assert firmness.interleaved([["x", "y"], ["x", "z", "w"]], 3) == ["x", "y", "z"]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"mix": "military-only"}, "must differ"),
        ({"rival": "militry-only"}, "rival: unknown scenario 'militry-only'"),
        ({"scenarios": ("current-course", "current-course")}, "asked for twice"),
        ({"plan": Plan(points=100)}, "power of two"),
        ({"plan": Plan(only=("precursor price elastcity",))}, "did you mean 'precursor price elasticity'"),
        ({"horizon": "2036-12"}, "horizon"),
    ],
)
def test_what_cannot_be_is_told_before_any_run(asked: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        firmness.sensitivity(**asked, started=lambda runs: pytest.fail("runs began"))  # type: ignore[arg-type]


def test_the_public_function_asks_the_same(found: Sensitivity) -> None:
    again = sdf.sensitivity(
        ("current-course", "military-only"), posterior=load(whole=False).thin(16), assumptions=ONLY, draws=64,
        trajectories=2, points=64, strongest=2,
    )  # fmt: skip
    pd.testing.assert_frame_equal(found.rankings, again.rankings)
