"""The shipped model broken in ways that sums of parts, units and conservation do not see, and the check that does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from sdforecast import shipped
from sdforecast.model import read
from sdforecast.validation import validate

BROKEN = {
    "a death counted twice": (
        "synthetic opioid deaths", "+ other synthetic opioid deaths",
        "+ other synthetic opioid deaths + stimulant deaths", "deaths-are-those-who-leave"),
    "a death that is not added": (
        "illicit fentanyl deaths", "+ stimulant deaths", "+ 0 * stimulant deaths", "deaths-are-those-who-leave"),
    "a part of the total left out": (
        "opioid deaths without synthetic", "heroin deaths without synthetic +", "0 * heroin deaths without synthetic +",
        "deaths-are-those-who-leave"),
    "a hazard that one group bears twice": (
        "exit deaths", "(fentanyl death rate +", "(2 * fentanyl death rate +", "each-person-once"),
    "shares of routes over one": (
        "mail share", "1 - port share", "1.05 - port share", "routes-carry-what-is-shipped"),
    "a seizure counted twice": (
        "cumulative seized pure", "seized in Mexico +", "2 * seized in Mexico +", "seizures-counted-once"),
    "cooperation without a floor": (
        "Mexico cooperation sought", "MAX(0,", "MAX(-9,", "no-one-can-be-forced-below-nothing"),
    "trust without a floor": (
        "indicated coalition trust", "MAX(0,", "MAX(-9,", "no-one-can-be-forced-below-nothing"),
    "cooperation without a ceiling": (
        "Mexico cooperation sought", "MIN(1,", "MIN(9,", "no-one-can-help-more-than-fully"),
    "witnesses without a ceiling": (
        "witnessed", "MIN(highest witnessed share,", "MIN(1 + highest witnessed share,",
        "no-one-can-help-more-than-fully"),
    "experience that counts for nothing": (
        "experience effect", "output gained by experience * producer experience /",
        "output gained by experience * initial experience /", "experience-makes-capacity"),
    "an instrument that acts on nothing": (
        "indicated coalition trust", "* visa denial", "* 0 * visa denial", "each-instrument-is-connected"),
    "half an instrument": (
        "relapse", "* prevention)", "* 0 * prevention)", "each-instrument-is-connected"),
}  # fmt: skip


def broken(variable: str, old: str, new: str) -> str:
    """Return the shipped model with one piece of one equation replaced."""
    text = shipped.model_file().read_text(encoding="utf-8")
    found = re.search(rf"^{re.escape(variable)} =.*?\n\t~\t", text, re.S | re.M)
    assert found is not None
    equation = re.sub(r"\\\n\t*", "", found.group())
    assert old in equation
    return text[: found.start()] + equation.replace(old, new, 1) + text[found.end() :]


@pytest.mark.slow
@pytest.mark.parametrize("name", BROKEN)
def test_the_shipped_model_broken_is_seen(name: str, tmp_path: Path) -> None:
    variable, old, new, expected = BROKEN[name]
    (tmp_path / "broken.mdl").write_text(broken(variable, old, new), encoding="utf-8")
    checks = YAML(typ="safe", pure=True).load(shipped.models_dir() / "checks.yaml")
    kept = [one for one in checks["statements"] if one["id"] == expected]
    YAML().dump({"boundary": checks["boundary"], "statements": kept}, tmp_path / "checks.yaml")
    failed = validate(read(tmp_path / "broken.mdl"), only=(kept[0]["kind"],)).failed
    assert expected in [result.id for result in failed]
