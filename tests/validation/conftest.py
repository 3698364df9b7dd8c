"""A small model with a loop, a chain and two instruments, and checks for it, to be broken on purpose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from sdforecast.model import ModelFile, read
from sdforecast.validation import Result, validate

MODEL = """{UTF-8}
Susceptible = INTEG(-infection, 990)
	~	person
	~	Not yet ill. |
Ill = INTEG(infection - recovery - dying, 10)
	~	person
	~	Ill. |
Recovered = INTEG(recovery, 0)
	~	person
	~	Well again. |
cumulative dying = INTEG(dying, 0)
	~	person
	~	Dead. |
infection = contact rate * Susceptible * Ill / people
	~	person/Day
	~	New cases. |
recovery = Ill * recovery rate
	~	person/Day
	~	Recoveries. |
dying = Ill * death rate * (1 - cure strength * cure) * (1 + harm strength * harm)
	~	person/Day
	~	Deaths. |
contact rate = 0.5
	~	1/Day
	~	Contacts. |
recovery rate = 0.1
	~	1/Day
	~	Rate. |
death rate = 0.02
	~	1/Day
	~	Rate. |
people = 1000
	~	person
	~	All. |
cure strength = 0.3
	~	Dmnl
	~	Effect of the cure. |
harm strength = 0.3
	~	Dmnl
	~	Effect of the harm. |
cure = WITH LOOKUP(Time,([(0,0)-(100,1)],(0,0),(100,0)))
	~	Dmnl
	~	An instrument. |
harm = WITH LOOKUP(Time,([(0,0)-(100,1)],(0,0),(100,0)))
	~	Dmnl
	~	An instrument. |
INITIAL TIME = 0
	~	Day
	~	Start. |
FINAL TIME = 60
	~	Day
	~	End. |
TIME STEP = 0.015625
	~	Day
	~	Step. |
SAVEPER = 1
	~	Day
	~	Saved. |
"""

PARAMETERS = """
[[parameter]]
name = "cure strength"
unit = "Dmnl"
kind = "assumption"
value = 0.3
distribution = "normal"
spread = 0.2
low = -0.2
high = 0.8
source = "Assumption."
grade = "judgement"
narrowed_by = "A trial."

[[parameter]]
name = "harm strength"
unit = "Dmnl"
kind = "assumption"
value = 0.3
distribution = "normal"
spread = 0.2
low = 0.1
high = 0.8
source = "Assumption."
grade = "judgement"
narrowed_by = "A trial."
"""

CHECKS = """
boundary:
  endogenous: [Ill, infection]
  exogenous: [cure, harm]
  excluded: {vaccination: not there}
conservation:
  - id: people
    statement: No one appears or vanishes
    why: People are people.
    stocks: [Susceptible, Ill, Recovered]
    outflows: [dying]
integration: {cumulative: cumulative dying, years: [0, 30], limit: 0.01}
statements:
  - id: no-contact
    kind: extreme
    statement: Without contact no one falls ill
    why: The illness passes from one to another.
    if:
      - set: {contact rate: 0}
    then:
      - increase(Susceptible, start..end) > -1e-9
      - at(Ill, 50) / at(Ill, 0) < 0.01
  - id: contagion
    kind: loop
    loop: R1
    statement: Cutting contagion keeps people from falling ill
    why: A reinforcing loop.
    if:
      - hold: [infection]
    then:
      - max(Ill, start..end) / base < 0.5
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """The small model with its checks in a folder."""
    (tmp_path / "small.mdl").write_text(MODEL, encoding="utf-8")
    (tmp_path / "checks.yaml").write_text(CHECKS, encoding="utf-8")
    (tmp_path / "parameters.toml").write_text(PARAMETERS, encoding="utf-8")
    return tmp_path


Broken = Callable[..., dict[str, Result]]


@pytest.fixture
def validated(files: Path) -> Broken:
    """Results by id of the small model after replacements in its text, or in that of its checks."""

    def run(*changes: tuple[str, str], checks: tuple[tuple[str, str], ...] = (), only: str = "") -> dict[str, Result]:
        for name, replacements in (("small.mdl", changes), ("checks.yaml", checks)):
            text = (files / name).read_text(encoding="utf-8")
            for old, new in replacements:
                assert text.count(old) == 1, old
                text = text.replace(old, new)
            (files / name).write_text(text, encoding="utf-8")
        found = validate(small(files), only=(only,) if only else ())
        return {result.id: result for result in found.results}

    return run


def small(folder: Path) -> ModelFile:
    return read(folder / "small.mdl")
