"""The table of parameters: every fault with its line, and agreement with a model."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from sdforecast import shipped
from sdforecast.errors import InputError
from sdforecast.model import ModelFile
from sdforecast.parameters import DISTRIBUTIONS, GRADES, KINDS, Parameter, disagreements, load, table
from tests.small import small

GOOD = {
    "name": "growth rate",
    "unit": "1/Month",
    "kind": "estimated",
    "value": 0.02,
    "distribution": "lognormal",
    "spread": 0.5,
    "low": 0.001,
    "high": 0.2,
    "source": "Ours.",
    "grade": "judgement",
    "narrowed_by": "A count every month.",
}


def entry(**changes: object) -> str:
    """One entry of thirteen lines; None leaves a key out."""
    lines = []
    for key, value in {**GOOD, **changes}.items():
        if value is not None:
            shown = f'"{value}"' if isinstance(value, str) else str(value).lower()
            lines.append(f"{key} = {shown}")
    return "[[parameter]]\n" + "\n".join(lines) + "\n\n"


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "parameters.toml"
    file.write_text(text)
    return file


def complaints(file: Path) -> list[str]:
    with pytest.raises(InputError) as caught:
        load(file)
    return [str(problem).replace(f"{file.parent}/", "") for problem in caught.value.problems]


def test_an_entry_is_read_as_it_stands(tmp_path: Path) -> None:
    assert load(write(tmp_path, entry())) == [Parameter(**GOOD)]  # type: ignore[arg-type]


def test_data_need_no_prior_and_are_fixed(tmp_path: Path) -> None:
    bare = entry(kind="data", distribution=None, spread=None, low=None, high=None, fixed_because="A definition.")
    (found,) = load(write(tmp_path, bare))
    assert found.fixed_because == "A definition."
    assert (found.low, found.value, found.high, found.spread) == (0.02, 0.02, 0.02, 0)
    assert [found.at(z) for z in (-3, 0, 3)] == [0.02] * 3
    assert found.bounds == (0, 0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"unit": None}, "parameter 'growth rate': 'unit' is missing"),
        ({"spread": None}, "parameter 'growth rate': 'spread' is missing"),
        ({"narrowed_by": None}, "parameter 'growth rate': 'narrowed_by' is missing"),
        ({"narrowed_by": " "}, "parameter 'growth rate': 'narrowed_by' must be text"),
        ({"narowed_by": "x"}, "parameter 'growth rate': unknown key 'narowed_by' (did you mean 'narrowed_by'?)"),
        ({"kind": "data"}, "parameter 'growth rate': 'fixed_because' is missing"),
        ({"kind": "data", "fixed_because": 3}, "parameter 'growth rate': 'fixed_because' must be text"),
        (
            {"fixed_because": "x"},
            "parameter 'growth rate': 'fixed_because' is for constants of kind 'data', which have no range",
        ),
        ({"source": ""}, "parameter 'growth rate': 'source' must be text"),
        ({"unit": 3}, "parameter 'growth rate': 'unit' must be text"),
        ({"name": 5}, "parameter '5': 'name' must be text"),
        ({"sprad": 0.1}, "parameter 'growth rate': unknown key 'sprad' (did you mean 'spread'?)"),
        ({"kind": "estimate"}, "parameter 'growth rate': 'estimate' is no kind (did you mean 'estimated'?)"),
        ({"grade": "sen"}, "parameter 'growth rate': 'sen' is no grade (did you mean 'seen'?)"),
        ({"distribution": "gamma"}, "parameter 'growth rate': 'gamma' is no distribution (known: lognormal, normal)"),
        ({"value": "much"}, "parameter 'growth rate': 'value' must be a finite number"),
        ({"value": True}, "parameter 'growth rate': 'value' must be a finite number"),
        ({"high": float("inf")}, "parameter 'growth rate': 'high' must be a finite number"),
        ({"low": float("nan")}, "parameter 'growth rate': 'low' must be a finite number"),
        ({"spread": 0}, "parameter 'growth rate': 'spread' must be above zero"),
        ({"value": 0.3}, "parameter 'growth rate': 'low' <= 'value' <= 'high' does not hold"),
        ({"low": 0.02, "high": 0.02}, "parameter 'growth rate': 'low' <= 'value' <= 'high' does not hold"),
        ({"low": 0.0}, "parameter 'growth rate': a lognormal prior needs 'low' above zero"),
    ],
)
def test_each_fault_has_its_line(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    text = "# a comment\n\n" + entry(name="first") + entry(**changes) + entry(name="last")
    line = 2 + entry().count("\n") + 1
    assert complaints(write(tmp_path, text)) == [f"parameters.toml:{line}: {message}"]


def test_all_faults_are_told_together(tmp_path: Path) -> None:
    text = entry(unit=None, spread=0) + entry(name="b", grade="sen") + entry(name="b")
    assert [told.split(":")[1] for told in complaints(write(tmp_path, text))] == ["1", "1", "13", "26"]
    assert "'b' stands here a second time" in complaints(write(tmp_path, text))[-1]


def test_lines_are_counted_whatever_the_brackets_look_like(tmp_path: Path) -> None:
    text = entry().replace("[[parameter]]", "  [[ parameter ]]") + entry(name="b", spread=0)
    assert complaints(write(tmp_path, text))[0].startswith("parameters.toml:14: parameter 'b'")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no [[parameter]] tables"),
        ("parameter = 3\n", "has no [[parameter]] tables"),
        ("[[parameters]]\nname = 'a'\n", "unknown entry 'parameters' (did you mean 'parameter'?)"),
        ("[[parameter]]\nname = \n", "is not readable TOML: Invalid value (at line 2, column 8)"),
    ],
)
def test_what_is_no_table(tmp_path: Path, text: str, message: str) -> None:
    assert complaints(write(tmp_path, text)) == [f"parameters.toml: {message}"]


def test_a_missing_file_and_one_that_is_no_text(tmp_path: Path) -> None:
    assert complaints(tmp_path / "none.toml") == ["none.toml: no such file"]
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    assert complaints(tmp_path / "binary.toml")[0].startswith("binary.toml: is not readable TOML")


class TestAgreement:
    @pytest.fixture
    def right(self) -> list[Parameter]:
        units = {"growth rate": "1/Month", "initial population": "person", "half life": "Month"}
        values = {"growth rate": 0.02, "initial population": 100.0, "half life": 5.0}
        wide = {"low": 0.001, "high": 500.0}
        return [Parameter(**{**GOOD, **wide, "name": n, "unit": units[n], "value": values[n]}) for n in units]  # type: ignore[arg-type]

    @pytest.fixture
    def model(self) -> ModelFile:
        return small("growth.mdl")

    def test_none_differ(self, right: list[Parameter], model: ModelFile) -> None:
        assert disagreements(right, model) == []

    def test_a_constant_without_an_entry(self, right: list[Parameter], model: ModelFile) -> None:
        (problem,) = disagreements(right[:2], model)
        assert problem.what == "constant 'half life' has no entry in the table of parameters"

    def test_an_entry_without_a_constant(self, right: list[Parameter], model: ModelFile) -> None:
        more = Parameter(**{**GOOD, "name": "growth rates"})  # type: ignore[arg-type]
        (problem,) = disagreements([*right, more], model)
        assert (problem.what, problem.hint) == (
            "parameter 'growth rates' is no constant of the model",
            "did you mean 'growth rate'?",
        )

    def test_an_estimate_may_differ_from_its_centre_but_not_leave_its_bounds(self, model: ModelFile) -> None:
        others = [Parameter(**{**GOOD, "name": n, "unit": u, "value": v, "low": v / 2, "high": 2 * v})  # type: ignore[arg-type]
                  for n, u, v in (("initial population", "person", 90.0), ("half life", "Month", 5.5))]  # fmt: skip
        assert disagreements([Parameter(**GOOD), *others], model) == []  # type: ignore[arg-type]
        outside = Parameter(**{**GOOD, "value": 0.05, "low": 0.03})  # type: ignore[arg-type]
        (problem,) = disagreements([outside, *others], model)
        assert problem.what == "'growth rate' is 0.02 in the model, outside 0.03 to 0.2"

    def test_data_are_the_same_in_both(self, right: list[Parameter], model: ModelFile) -> None:
        fixed = Parameter(**{**GOOD, "kind": "data", "value": 0.03, "spread": 0.0})  # type: ignore[arg-type]
        told = [problem.what for problem in disagreements([fixed, *right[1:]], model)]
        assert told == ["'growth rate' is 0.02 in the model and 0.03 in the table"]

    def test_units_are_the_same_in_both(self, right: list[Parameter], model: ModelFile) -> None:
        yearly = Parameter(**{**GOOD, "unit": "1/Year"})  # type: ignore[arg-type]
        (problem,) = disagreements([yearly, *right[1:]], model)
        assert problem.what == "'growth rate' has unit '1/Month' in the model and '1/Year' in the table"


class TestShipped:
    def test_it_is_read_as_toml_reads_it(self) -> None:
        raw = tomllib.loads((shipped.calibration_dir() / "parameters.toml").read_text())["parameter"]
        found = load()
        assert [p.name for p in found] == [entry["name"] for entry in raw]
        assert [p.value for p in found] == [entry["value"] for entry in raw]

    def test_every_constant_has_a_source_and_words_of_the_vocabulary(self) -> None:
        found = table(load())
        assert set(found["kind"]) <= set(KINDS)
        assert set(found["grade"]) <= set(GRADES)
        assert set(found["distribution"]) <= {"", *DISTRIBUTIONS}
        assert (found["source"].str.len() > 5).all()

    def test_estimated_ones_have_room_to_move(self) -> None:
        for parameter in load():
            if parameter.kind == "estimated":
                low, high = parameter.bounds
                assert low <= -1 <= 1 <= high, parameter.name
