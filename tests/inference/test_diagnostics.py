"""Verdicts on constructed posteriors, and figures against closed forms."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from sdforecast.inference.diagnostics import bfmi, diagnose
from tests.inference.posteriors import LABELS, moving, tree

pytest.importorskip("arviz")
SHAPE = (4, 1000, len(LABELS))


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(1)


def test_independent_draws_are_fit_to_publish(rng: np.random.Generator) -> None:
    found = diagnose(tree(0.5 * rng.standard_normal(SHAPE)))
    assert found.publishable and not found.faults
    assert json.loads(json.dumps(found.facts()))["ess_min"] == found.table[["ess_bulk", "ess_tail"]].min().min()
    assert found.to_text().startswith("fit to publish: 4 chains of 1000 draws, ")
    assert found.to_text().count("\n") == 0
    own = found.table[found.table["group"] == "unconstrained"]
    assert list(own["parameter"]) == list(LABELS)
    assert own["mcse"].to_numpy() == pytest.approx(0.5 / np.sqrt(4000), rel=0.1)  # sd of a mean of independent draws
    assert own["ess_bulk"].between(3000, 5000).all()


def test_effective_draws_of_an_autoregression(rng: np.random.Generator) -> None:
    persistence = 0.6
    found = diagnose(tree(moving(rng, (4, 5000, 4), persistence))).table
    expected = 20_000 * (1 - persistence) / (1 + persistence)
    assert found["ess_bulk"].median() == pytest.approx(expected, rel=0.15)


@pytest.mark.parametrize(("chains", "draws"), [(3, 1000), (1, 1000), (4, 99)])
def test_too_few_chains_or_draws_cannot_be_judged(rng: np.random.Generator, chains: int, draws: int) -> None:
    found = diagnose(tree(rng.standard_normal((chains, draws, 4))))
    assert not found.publishable
    assert "cannot be judged" in str(found.faults[0])
    assert "NaN" not in json.dumps(found.facts())


def test_each_limit_is_enforced(rng: np.random.Generator) -> None:
    good = 0.5 * rng.standard_normal(SHAPE)
    one = np.zeros(SHAPE[:2], bool)
    one[2, 17] = True
    for stats, word in (({"diverging": one}, "1 divergence in"), ({"energy": moving(rng, SHAPE[:2], 0.95)}, "E-BFMI")):
        found = diagnose(tree(good, stats=stats))
        assert not found.publishable
        assert [word in fault.figure for fault in found.faults] == [True]
    shifted = good.copy()
    shifted[0, :, 2] += 0.2
    found = diagnose(tree(shifted))
    assert {fault.parameter for fault in found.faults} == {"share"}
    assert "R-hat" in found.faults[0].figure
    assert not found.publishable


def test_few_effective_draws_in_chains_that_agree(rng: np.random.Generator) -> None:
    found = diagnose(tree(moving(rng, (4, 250, 4), 0.6)))
    assert [fault.cause for fault in found.faults] == ["too few draws"]
    assert "likewise" in found.faults[0].figure
    assert {found.faults[0].parameter, *found.faults[0].partners} == set(LABELS)


def test_a_ridge_is_one_fault_that_names_both(rng: np.random.Generator) -> None:
    values = 0.3 * rng.standard_normal(SHAPE)
    values[..., 0] = moving(rng, SHAPE[:2], 0.99)
    values[..., 1] = -values[..., 0] + 0.03 * rng.standard_normal(SHAPE[:2])
    found = diagnose(tree(values))
    assert [fault.cause for fault in found.faults] == ["unidentified"]
    assert {found.faults[0].parameter, *found.faults[0].partners} == {"rate", "delay"}


def funnel(rng: np.random.Generator) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    values = 0.3 * rng.standard_normal(SHAPE)
    scale = moving(rng, SHAPE[:2], 0.98)
    values[..., 3], values[..., 0] = scale, 0.5 * np.exp(scale) * rng.standard_normal(SHAPE[:2])
    neck = (scale < -1.3) & (rng.random(SHAPE[:2]) < 0.2)
    return values, {"diverging": neck, "lp": -2 * scale, "energy": moving(rng, SHAPE[:2], 0.95)}


def test_a_funnel_is_one_fault_at_its_scale(rng: np.random.Generator) -> None:
    values, stats = funnel(rng)
    faults = diagnose(tree(values, stats=stats)).faults
    assert [(fault.parameter, fault.cause) for fault in faults] == [("error sd: purity", "funnel")]
    for word in ("divergences", "E-BFMI", "R-hat"):
        assert word in faults[0].figure
    assert "is low" in faults[0].evidence
    assert "from its low end" in faults[0].advice


def test_divergences_are_placed_only_where_they_gather(rng: np.random.Generator) -> None:
    values = rng.standard_normal(SHAPE)
    anywhere = rng.random(SHAPE[:2]) < 0.01
    gathered = (values[..., 2] > 1.5) & (rng.random(SHAPE[:2]) < 0.2)
    (fault,) = diagnose(tree(values, stats={"diverging": anywhere})).faults
    assert (fault.parameter, fault.cause) == ("", "step too long")
    (fault,) = diagnose(tree(values, stats={"diverging": rng.random(SHAPE[:2]) < 0.4})).faults
    assert (fault.parameter, fault.cause) == ("", "broken gradient")
    (fault,) = diagnose(tree(values, stats={"diverging": gathered})).faults
    assert (fault.parameter, fault.cause) == ("share", "sharp corner")
    assert "'share' is high" in fault.evidence


def test_a_bound_is_noted_where_the_chains_mix(rng: np.random.Generator) -> None:
    values = 0.3 * rng.standard_normal(SHAPE)
    values[..., 1] += 3.5
    found = diagnose(tree(values))
    assert found.publishable
    assert [(fault.parameter, fault.cause, fault.blocks) for fault in found.faults] == [("delay", "bound", False)]
    assert "\nnote: delay: " in found.to_text()


def test_deep_trees_are_noted(rng: np.random.Generator) -> None:
    found = diagnose(tree(rng.standard_normal(SHAPE), stats={"tree_depth": np.full(SHAPE[:2], 10)}))
    assert found.deepest == 1.0
    assert found.publishable and "100 % of draws" in found.faults[0].figure


def test_broken_draws_are_told_apart(rng: np.random.Generator) -> None:
    values = 0.3 * rng.standard_normal(SHAPE)
    values[1, :, 0] = 0.2
    values[2, 5, 1] = np.nan
    found = diagnose(tree(values))
    assert [(fault.parameter, fault.cause) for fault in found.faults] == [("rate", "stuck"), ("delay", "not finite")]
    assert not found.publishable


def test_what_follows_from_coordinates_is_one_line_an_array(rng: np.random.Generator) -> None:
    values = 0.3 * rng.standard_normal(SHAPE)
    values[..., 0] = 0.3 * moving(rng, SHAPE[:2], 0.98)
    judged = tree(values)
    knots = np.exp(values[..., :1] + np.zeros(3))
    judged["posterior"] = (
        judged["posterior"]
        .to_dataset()
        .assign(
            supply=(("chain", "draw", "knot"), knots),
            knot=[0.0, 6.0, 12.0],
            held=(("chain", "draw"), np.ones(SHAPE[:2])),
        )
    )
    faults = diagnose(judged).faults
    assert [fault.parameter for fault in faults] == ["rate", "supply: 0.0"]
    assert "and 2 more" in faults[1].figure


def test_a_sampler_without_steps_has_no_figures_of_them(rng: np.random.Generator) -> None:
    whole = tree(rng.standard_normal(SHAPE))
    found = diagnose(xr.DataTree.from_dict({name: whole[name].to_dataset() for name in ("posterior", "unconstrained")}))
    assert found.publishable
    assert (found.divergences, found.bfmi, found.deepest) == (None, None, None)


def test_scalars_go_by_array_and_label(rng: np.random.Generator) -> None:
    whole = tree(rng.standard_normal(SHAPE))
    sample = ("chain", "draw")
    whole["posterior"] = whole["posterior"].to_dataset().assign({
        "spread": ((*sample, "target"), rng.random((4, 1000, 2))),
        "deaths walk": (sample, rng.random((4, 1000))),
        "deaths drift": ((*sample, "month"), rng.random((4, 1000, 3))),
    }).assign_coords(target=["purity", "price"], month=[0, 1, 2])  # fmt: skip
    table = diagnose(whole).table
    names = table.loc[table["group"] == "posterior", "parameter"]
    assert list(names) == [*LABELS, "spread: purity", "spread: price", "deaths walk"]


def test_bfmi_of_an_autoregression() -> None:
    energy = moving(np.random.default_rng(1), (4, 50_000), 0.8)
    assert bfmi(energy) == pytest.approx(2 * (1 - 0.8), rel=0.05)  # variance of a step over that of the level
