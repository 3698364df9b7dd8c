"""A test that never fails is worth nothing: the model is broken on purpose, and the check that should see it does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sdforecast import shipped
from sdforecast.model import read
from sdforecast.validation import validate
from tests.validation.conftest import Broken


def test_the_small_model_as_it_is_passes_everything(validated: Broken) -> None:
    found = validated()
    assert {r.id: r.note for r in found.values() if r.outcome != "passed"} == {}
    assert {r.kind for r in found.values()} == {"structure", "extreme", "integration", "loop"}


MUTATIONS = {
    "an outflow forgotten": ((("infection - recovery - dying", "infection - dying"),), "people"),
    "a flow counted twice": ((("INTEG(recovery, 0)", "INTEG(2 * recovery, 0)"),), "people"),
    "a source from nowhere": ((("INTEG(-infection, 990)", "INTEG(1 - infection, 990)"),), "people"),
    "a unit wrong": ((("contact rate = 0.5\n\t~\t1/Day", "contact rate = 0.5\n\t~\tDay"),), "dimensions"),
    "the loop removed": ((("contact rate * Susceptible * Ill / people", "contact rate * Susceptible * 10 / people"),),
                         "contagion"),
    "contagion without contact": ((("contact rate * Susceptible", "0.5 * Susceptible"),), "no-contact"),
    "the step too long": ((("TIME STEP = 0.015625", "TIME STEP = 1"),), "half-step"),
    "a hidden input": ((("Ill * recovery rate", "Ill * recovery rate * season"),
                        ("recovery rate = 0.1", "season = WITH LOOKUP(Time,([(0,0)-(9,2)],(0,1),(60,1)))\n\t~\tDmnl\n"
                                                "\t~\tHidden. |\nrecovery rate = 0.1")), "no-hidden-inputs"),
    "an input that answers": ((("cure = WITH LOOKUP(Time,([(0,0)-(100,1)],(0,0),(100,0)))", "cure = 0 * Ill"),),
                              "exogenous"),
    "a constant no one reads": ((("recovery rate = 0.1", "spare = 3\n\t~\tDmnl\n\t~\tIdle. |\nrecovery rate = 0.1"),),
                                "unused"),
    "a stock below zero": ((("INTEG(-infection, 990)", "INTEG(-infection - 40, 990)"),), "no-negative-stocks"),
    "a division by nothing": ((("dying = Ill * death rate", "dying = Ill * death rate / MAX(0, 30 - Time) * 1"),),
                              "finite"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_broken_model_is_seen(name: str, validated: Broken) -> None:
    changes, expected = MUTATIONS[name]
    assert validated(*changes)[expected].outcome == "failed"


def test_something_left_out_that_is_there_is_seen(validated: Broken) -> None:
    found = validated(checks=(("vaccination: not there", "contact: not there"),))
    assert found["excluded"].outcome == "failed"
    assert "contact rate" in found["excluded"].note


def test_a_constant_out_of_its_range_is_seen(validated: Broken) -> None:
    found = validated(("harm strength = 0.3", "harm strength = 0.05"),
                      checks=(("boundary:\n", "parameters: parameters.toml\nboundary:\n"),))  # fmt: skip
    assert "outside 0.1 to 0.8" in str(found["parameters-in-range"].numbers["wrong"])


SHIPPED = {
    "precursors used are not taken off": (
        r"(\nprecursors in Mexico\s*=\s*INTEG\([^-]*?)\s*-\s*precursors used", r"\1", "precursors"),
    "contact does not count": (r"\^\s*social[\s\\]+influence", "^ (0 * social influence)", "loop-contact"),
    "smugglers do not learn": (r"\(adaptation ceiling \*", "(0 * adaptation ceiling *", "loop-adaptation"),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", SHIPPED)
def test_the_shipped_model_broken_is_seen(name: str, tmp_path: Path) -> None:
    old, new, expected = SHIPPED[name]
    text, found = re.subn(old, new, shipped.model_file().read_text(encoding="utf-8"))
    assert found >= 1
    (tmp_path / "broken.mdl").write_text(text, encoding="utf-8")
    checks = YAML(typ="safe", pure=True).load(shipped.models_dir() / "checks.yaml")
    kept = {key: [one for one in checks[key] if one["id"] == expected] for key in ("conservation", "statements")}
    YAML().dump({"boundary": checks["boundary"], "cases": checks["cases"], **kept}, tmp_path / "checks.yaml")
    results = validate(read(tmp_path / "broken.mdl"), only=("structure", "loop")).failed
    assert expected in [result.id for result in results]
