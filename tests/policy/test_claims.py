from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from sdforecast.errors import InputError
from sdforecast.inference import Posterior, load
from sdforecast.model import ModelFile
from sdforecast.model import read as read_model
from sdforecast.policy import claiming, claims, claimtext, mixing
from sdforecast.policy.claiming import OPEN, REFUTED, SUPPORTED, Runs
from sdforecast.policy.claims import Claims, Test
from sdforecast.policy.mixing import Recipe
from sdforecast.scenario import load as load_mix
from sdforecast.shipped import calibration_dir

FILE = calibration_dir() / "claims.toml"
Test.__test__ = False  # type: ignore[attr-defined]  # a record, and nothing that pytest should collect


@pytest.fixture(scope="module")
def model() -> ModelFile:
    return read_model()


@pytest.fixture(scope="module")
def posterior() -> Posterior:
    return load(whole=False)


@pytest.fixture(scope="module")
def shipped(model: ModelFile) -> Claims:
    return claims.read(FILE, model)


def runs_of(levels: dict[str, list[list[float]]], years: tuple[int, ...], constants: dict[str, list[float]]) -> Runs:
    """Return runs with one outcome, `deaths` [mix][draw][year]."""
    array = xr.DataArray(
        np.array([levels[name] for name in levels], dtype=float),
        {"scenario": list(levels), "year": list(years)},
        ("scenario", "draw", "year"),
    )
    return Runs(xr.Dataset({"deaths": array}), pd.DataFrame(constants))


def a_test(**values: object) -> Test:
    return Test.model_validate({"says": "s", "against": "a", "measure": "deaths", **values})


def term(mix: str, weight: float, **values: object) -> dict[str, object]:
    return {"mix": mix, "weight": weight, **values}


def test_a_value_is_a_weighted_sum_of_means_over_years_in_percent_of_its_base() -> None:
    runs = runs_of(
        {"current-course": [[100, 200], [10, 30]], "mix": [[90, 120], [30, 30]]}, (2027, 2028), {"c": [1, 2]}
    )
    terms = [term("current-course", 1), term("mix", -1)]
    assert claiming.values(a_test(years=[2027, 2028], terms=terms), runs) == pytest.approx([45, -10])
    share = claiming.values(a_test(years=[2027, 2028], terms=terms, per="current-course"), runs)
    assert share == pytest.approx([30, -50])
    over_time = [term("mix", 1, years=[2028, 2028]), term("mix", -1, years=[2027, 2027])]
    assert claiming.values(a_test(terms=over_time), runs) == pytest.approx([30, 0])


def test_parts_are_what_a_mix_saves_beyond_the_sum_or_the_best_of_them() -> None:
    runs = runs_of(
        {"current-course": [[100]], "mix": [[60]], "mix-only-a": [[90]], "mix-only-b": [[75]]}, (2027,), {"c": [1]}
    )
    for take, beyond in (("sum", 40 - 10 - 25), ("best", 40 - 25)):
        test = a_test(years=[2027, 2027], parts={"of": "mix", "take": take})
        assert claiming.values(test, runs) == pytest.approx([beyond])


@pytest.mark.parametrize(
    ("chances", "verdict"),
    [
        ((0.9, 0.9), SUPPORTED),
        ((1.0, 0.89), OPEN),
        ((0.1, 0.0), REFUTED),
        ((0.1, 0.11), OPEN),
        ((1.0, 0.0), OPEN),
        ((0.5, 0.5), OPEN),
    ],
)
def test_a_statement_needs_both_settings(chances: tuple[float, float], verdict: str) -> None:
    assert claiming.verdict_of(chances) == verdict


def test_a_claim_is_as_good_as_its_weakest_statement() -> None:
    assert claiming.verdict_on([SUPPORTED, SUPPORTED]) == SUPPORTED
    assert claiming.verdict_on([SUPPORTED, OPEN]) == OPEN
    assert claiming.verdict_on([SUPPORTED, OPEN, REFUTED]) == REFUTED
    assert claiming.verdict_on([]) == claiming.ABSENT


def test_a_statement_at_its_threshold_does_not_hold_and_a_share_near_a_limit_is_marked() -> None:
    base = [[100.0]] * 100
    mix = [[99.0]] * 9 + [[90.0]] * 91
    runs = runs_of({"current-course": base, "mix": mix}, (2027,), {"c": list(range(100))})
    test = a_test(years=[2027, 2027], terms=[term("current-course", 1), term("mix", -1)], per="current-course", above=1)
    claim = claims.Claim(number=1, about="a", claim="c", evidence="e", source="s", test=(test,))
    (judged,) = claiming.judge(Claims("", (claim,), {}), {"posterior": runs, "full ranges": runs})
    assert judged.found[0]["posterior"].chance == 0.91
    assert (judged.verdicts, judged.close) == ((SUPPORTED,), (True,))
    assert f"| {SUPPORTED}{claimtext.STAR} |" in claimtext._claim(judged)


def test_what_a_value_turns_on_is_found_and_chance_is_not() -> None:
    random = np.random.default_rng(1)
    constants = pd.DataFrame(random.normal(size=(400, 60)), columns=[f"c{k}" for k in range(60)])
    value = np.exp(constants["c7"].to_numpy()) - 0.5 * constants["c9"].to_numpy() + random.normal(size=400)
    named = claiming.turns_on(value, constants)
    assert [(name, related > 0) for name, related in named] == [("c7", True), ("c9", False)]
    assert claiming.turns_on(random.normal(size=400), constants) == ()
    assert claiming.turns_on(np.ones(400), constants) == ()


def test_a_recipe_takes_away_sets_and_assumes() -> None:
    recipes = {
        "less": Recipe(of="soft-power-with-teeth", without=("visa_denial",), set=("public_threats=1 from 2027-01",)),
        "one": Recipe(of="less", only=("class_control",), assume={"innovation delay": 6.0}),
    }
    whole, less, one = (mixing.made(name, recipes) for name in ("soft-power-with-teeth", "less", "one"))
    assert {c.instrument for c in whole.instruments} - {c.instrument for c in less.instruments} == {"visa_denial"}
    assert [c.intensity for c in less.instruments if c.instrument == "public_threats"] == [1]
    assert one.instruments == tuple(
        c for c in load_mix("soft-power-with-teeth").instruments if c.instrument == "class_control"
    )
    assert one.assumptions == {"innovation delay": 6.0}


@pytest.mark.parametrize(
    ("recipes", "what"),
    [
        ({"a": Recipe(of="b"), "b": Recipe(of="a")}, "mix 'a' is made of itself: a → b → a"),
        ({"a": Recipe(of="militry-only")}, "unknown mix 'militry-only' (did you mean 'military-only'?)"),
        ({"a": Recipe(only=("mood",))}, "mix 'a': unknown instrument 'mood' (did you mean 'moud'?)"),
        ({"a": Recipe(set=("mood=1 from 2027-01",))}, "'mood=1 from 2027-01': unknown instrument 'mood'"),
    ],
)
def test_a_wrong_recipe_is_told(recipes: dict[str, Recipe], what: str) -> None:
    with pytest.raises(InputError) as caught:
        mixing.made("a", recipes)
    assert str(caught.value).startswith(what)


CLAIM = """
[[claim]]
number = 1
about = "a"
claim = "c"
evidence = "e"
source = "s"
structure = ["{structure}"]
[[claim.test]]
says = "s"
against = "a"
measure = "{measure}"
{terms}
"""


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"structure": "coalition trus"}, "2: claim 1: the model has no variable 'coalition trus' (did you mean"),
        ({"measure": "deths"}, "2: claim 1: nothing is called 'deths' (did you mean 'deaths'?)"),
        ({"terms": ""}, "2: claim 1: a test needs either terms or parts"),
        ({"terms": "terms = [{ mix = 'militry-only', weight = 1 }]"}, "2: claim 1: unknown mix 'militry-only'"),
        ({"terms": "terms = [{ mix = 'military-only' }]"}, "2: claim 1: test.0.terms.0.weight: Field required"),
        ({"terms": "years = [2027]"}, "2: claim 1: test.0.years"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(
    model: ModelFile, tmp_path: Path, changes: dict[str, str], what: str
) -> None:
    right = {
        "structure": "coalition trust",
        "measure": "deaths",
        "terms": "terms = [{ mix = 'military-only', weight = 1 }]",
    }
    path = tmp_path / "claims.toml"
    path.write_text(CLAIM.format(**{**right, **changes}), encoding="utf-8")
    with pytest.raises(InputError) as caught:
        claims.read(path, model)
    assert str(caught.value).startswith(f"{path}:{what}")


def test_the_essay_has_its_claims_each_with_structure_evidence_and_a_test_or_the_reason_for_none(
    shipped: Claims,
) -> None:
    assert [claim.number for claim in shipped.claims] == list(range(1, 25))
    assert "Pforzheimer" in shipped.source
    for claim in shipped.claims:
        assert claim.structure and (claim.test or claim.limits)
    assert len({test.says for _, _, test in shipped.tests}) == len(list(shipped.tests))


Verdict = Callable[[int, dict[str, float]], str]


@pytest.fixture(scope="module")
def verdict(model: ModelFile, posterior: Posterior, shipped: Claims) -> Verdict:
    """Return a function from a claim and assumptions, the same in all of a few draws, to the verdict on it."""

    def judged(number: int, assumed: dict[str, float]) -> str:
        claim = next(claim for claim in shipped.claims if claim.number == number)
        names = {each.mix for test in claim.test for each in test.terms}
        part = Claims("", (claim,), {name: shipped.mixes[name] for name in names})
        frame = pd.DataFrame({name: [value] * 12 for name, value in assumed.items()})
        runs = claiming.run(part, model, posterior, assumptions=frame)
        return claiming.judge(part, {"once": runs})[0].verdict

    return judged


@pytest.mark.parametrize(
    ("number", "speaks_for", "speaks_against"),
    [
        (
            2,
            {"force effect on Mexico cooperation": 0.95},
            {"force effect on Mexico cooperation": 0.1, "trust loss from force": 0.0},
        ),
        (
            18,
            {"visa effect on Mexico cooperation": 0.1, "trust loss from visa denial": 0.0},
            {"visa effect on Mexico cooperation": -0.05, "trust loss from visa denial": 0.15},
        ),
        pytest.param(
            20,
            {"threat effect on Mexico effort": -0.5},
            {"threat effect on Mexico effort": 0.7, "trust loss from threats": 0.0},
            marks=pytest.mark.slow,
        ),
        (14, {"funding effect on multilateral capacity": 0.85}, {"funding effect on multilateral capacity": 0.0}),
    ],
)
def test_an_assumption_flips_a_verdict(
    verdict: Verdict, number: int, speaks_for: dict[str, float], speaks_against: dict[str, float]
) -> None:
    assert verdict(number, speaks_for) == SUPPORTED
    assert verdict(number, speaks_against) == REFUTED


def test_full_ranges_keep_the_past_and_are_wide(model: ModelFile, posterior: Posterior) -> None:
    wide = claiming.full_ranges(model, posterior, tried=256)
    assert 8 <= len(wide.assumptions) == len(wide.posterior) < 128
    threats = wide.assumptions["threat effect on Mexico effort"]
    assert threats.min() < -0.2 and threats.max() > 0.4  # of a range from -0.5 to 0.7
    own = claiming._past(model, wide.posterior, None)
    moved = np.abs(claiming._past(model, wide.posterior, wide.assumptions) - own).sum(axis=1) / own.sum(axis=1)
    assert moved.max() <= claiming.MOVED
