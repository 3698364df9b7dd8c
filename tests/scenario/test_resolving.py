from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sdforecast.errors import InputError
from sdforecast.scenario import Scenario, instrument_ids, load, locate, read, resolve, shipped
from sdforecast.shipped import scenarios_dir

FOUNDERS = [
    "current-course", "no-policy", "soft-power-with-teeth", "military-only", "military-only-with-assumed-losses",
    "military-with-consent", "military-plus-essay", "searches-only", "china-first", "multilateral-class-control",
    "trilateral-usmca", "treatment-naloxone-surge", "demand-plus-essay", "sanctions-first", "cooperation-breakdown",
    "pressure-deal",
]  # fmt: skip
DEMAND = {"moud", "naloxone", "prevention", "drug_checking"}


def test_shipped_keeps_the_order_of_the_founders() -> None:
    assert shipped() == FOUNDERS
    assert {path.stem for path in scenarios_dir().glob("*.yaml")} == set(FOUNDERS)


@pytest.mark.parametrize("name", FOUNDERS)
def test_shipped_files_say_what_they_are_and_why(name: str) -> None:
    path = locate(name)
    scenario = load(name)
    assert scenario.name == name
    assert len(scenario.description) > 60
    assert not scenario.counterfactual
    lines = path.read_text(encoding="utf-8").splitlines()
    changes = [number for number, line in enumerate(lines) if line.startswith("  - instrument:")]
    assert len(changes) == len(read(path).scenario.instruments)
    assert all(lines[number - 1].startswith("  # ") for number in changes)


def test_the_current_course_changes_nothing() -> None:
    scenario = load("current-course")
    assert (scenario.instruments, scenario.parameters, scenario.assumptions) == ((), {}, {})


def test_no_policy_withdraws_everything() -> None:
    changes = load("no-policy").instruments
    assert {change.instrument for change in changes} == set(instrument_ids())
    assert {change.intensity for change in changes} == {0}


def test_military_only_assumes_no_losses() -> None:
    alone, assumed = load("military-only"), load("military-only-with-assumed-losses")
    assert {change.instrument for change in alone.instruments} == {"military_action", "public_threats"}
    extra = {change.instrument for change in assumed.instruments[2:]}
    assert assumed.instruments[:2] == alone.instruments
    assert extra == {"private_diplomacy", "joint_indictments", "usmca_enforcement"}


def test_sanctions_first_leaves_the_answer_of_china_to_the_model() -> None:
    assert "china_enforcement" not in {change.instrument for change in load("sanctions-first").instruments}


def test_the_essay_leaves_demand_alone_and_the_sum_has_both() -> None:
    essay, demand, both = (
        set(load(name).instruments)
        for name in ("soft-power-with-teeth", "treatment-naloxone-surge", "demand-plus-essay")
    )
    assert {change.instrument for change in demand} == DEMAND
    assert not DEMAND & {change.instrument for change in essay}
    assert both == essay | demand


def test_only_the_joint_operations_have_consent() -> None:
    consents = {
        name: change.consent
        for name in shipped()
        for change in load(name).instruments
        if change.instrument == "military_action" and change.intensity > 0
    }
    assert consents.pop("military-with-consent") is True
    assert consents == dict.fromkeys(
        ["military-only", "military-only-with-assumed-losses", "military-plus-essay"], False
    )


BASE = """
parameters: {a: 1, b: 2}
assumptions: {c: 3}
instruments:
  - {instrument: moud, intensity: 0.8, start: 2027-01, end: 2028-12}
  - {instrument: moud, intensity: 0.9, start: 2029-01}
  - {instrument: naloxone, intensity: 0.9, start: 2027-01}
"""


def test_a_child_replaces_instruments_and_inherits_the_rest(mix: Callable[..., Path]) -> None:
    mix(BASE, name="base")
    child = load(
        mix(
            "extends: base\nparameters: {b: 5}\ninstruments: [{instrument: moud, intensity: 0.1, start: 2030-01}]\n",
            name="child",
        )
    )
    assert (child.name, child.extends) == ("child", None)
    assert [(c.instrument, c.intensity) for c in child.instruments] == [("naloxone", 0.9), ("moud", 0.1)]
    assert child.parameters == {"a": 1, "b": 5}
    assert child.assumptions == {"c": 3}


def test_grandparents_count(mix: Callable[..., Path]) -> None:
    mix(BASE, name="base")
    mix("extends: base\n", name="middle")
    assert load(mix("extends: middle\n", name="child")).parameters == {"a": 1, "b": 2}


def test_a_counterfactual_parent_makes_a_counterfactual_child(mix: Callable[..., Path]) -> None:
    mix("counterfactual: true\ninstruments: [{instrument: moud, intensity: 1, start: 2015-01}]\n", name="base")
    child = load(mix("extends: base\n", name="child"))
    assert child.counterfactual
    assert child.instruments[0].start == "2015-01"


def test_a_file_beside_comes_before_a_shipped_one(mix: Callable[..., Path]) -> None:
    mix("parameters: {mine: 1}\n", name="military-only")
    assert load(mix("extends: military-only\n", name="child")).parameters == {"mine": 1}


def test_a_cycle_is_told_where_it_can_be_broken(mix: Callable[..., Path]) -> None:
    mix("extends: b\n", name="a")
    mix("extends: c\n", name="b")
    mix("extends: a\n", name="c")
    path = mix("extends: b\n", name="start")
    with pytest.raises(InputError) as caught:
        load(path)
    assert str(caught.value) == f"{path}:3:10: extends itself: start → b → c → a → b"


def test_resolving_in_python() -> None:
    child = Scenario(name="x", title="X", extends="military-only")
    assert resolve(child).instruments == load("military-only").instruments
    with pytest.raises(InputError, match="did you mean 'military-only'"):
        resolve(child.model_copy(update={"extends": "military-olny"}))
    assert resolve(resolve(child)) == resolve(child)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("militry-only", "unknown scenario 'militry-only' (did you mean 'military-only'?)"),
        ("Current-Course", "unknown scenario 'Current-Course' (did you mean 'current-course'?)"),
        ("a\nb", "unknown scenario 'a?b' (known: "),
        ("none/such", "none/such: there is no such file"),
        ("none.yml", "none.yml: there is no such file"),
    ],
)
def test_unknown_names_and_paths(name: str, expected: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        load(name)
    assert str(caught.value).startswith(expected)


def test_a_shipped_name_is_no_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "current-course").write_text("name: x\n")
    monkeypatch.chdir(tmp_path)
    assert load("current-course").title == "Current course"
