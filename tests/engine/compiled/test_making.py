"""From a file to a program, and the cache of lowered programs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdforecast.engine.compiled import making
from sdforecast.engine.compiled.machine import Machine
from sdforecast.engine.compiled.making import Question, lowered, made
from sdforecast.engine.compiled.program import Table
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.errors import InputError
from sdforecast.model import ModelFile, read
from tests.engine.compiled.comparing import written
from tests.small import small

EXTERNAL = "a = GET DIRECT CONSTANTS('numbers.csv', ',', 'B1')\nx = INTEG(a, 0)"


@pytest.fixture
def translated(monkeypatch: pytest.MonkeyPatch, empty_cache: Path) -> list[str]:
    """Names of the files that are read with PySD, in an empty cache, by a process that forgets the last one."""
    seen: list[str] = []
    real = making.abstract_model

    def told(model: ModelFile) -> object:
        seen.append(model.path.name)
        return real(model)

    monkeypatch.setattr(making, "abstract_model", told)
    monkeypatch.setattr(making, "_last", _Forgetful())
    return seen


class _Forgetful(dict[object, object]):
    """A dictionary that keeps nothing: what is in memory must not hide what is on disk."""

    def __setitem__(self, key: object, value: object) -> None:
        return


def test_the_last_model_is_parsed_once_in_a_process(monkeypatch: pytest.MonkeyPatch, empty_cache: Path) -> None:
    seen: list[ModelFile] = []
    real = making.abstract_model
    monkeypatch.setattr(making, "_last", {})
    monkeypatch.setattr(making, "abstract_model", lambda model: seen.append(model) or real(model))
    for given in ((), ("births",)):
        lowered(small("growth.mdl"), series=frozenset(given))
    assert len(seen) == 1
    assert len(programs(empty_cache)) == 2


def programs(empty_cache: Path) -> list[Path]:
    return sorted((empty_cache.parent / "programs").glob("*.json"))


def test_the_second_time_it_comes_from_disk(translated: list[str], empty_cache: Path) -> None:
    first = lowered(small("growth.mdl"))
    assert lowered(small("growth.mdl")) == first
    assert translated == ["growth.mdl"]
    assert len(programs(empty_cache)) == 1


def test_another_question_of_lowering_is_another_program(translated: list[str], empty_cache: Path) -> None:
    plain = lowered(small("growth.mdl"))
    by_row = lowered(small("growth.mdl"), series=frozenset({"births"}))
    fixed = lowered(small("growth.mdl"), constants=frozenset({"births"}))
    assert by_row.series == ("births",)
    assert {p.name for p in fixed.parameters} - {p.name for p in plain.parameters} == {"births"}
    assert len(translated) == len(programs(empty_cache)) == 3


def test_a_changed_model_is_made_again(translated: list[str], tmp_path: Path) -> None:
    model = read(written(tmp_path, "a = 1"))
    lowered(model)
    changed = lowered(read(written(tmp_path, "a = 2")))
    assert [p.value for p in changed.parameters if p.name == "a"] == [2]
    assert len(translated) == 2


def test_a_changed_file_that_it_reads_too(translated: list[str], tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("a,3\n")
    model = read(written(tmp_path, EXTERNAL))

    def end() -> float:
        machine = Machine(model)
        ready = machine.ready(["x"])
        return float(ready.run(ready.batch({}))[0, -1, 0])

    assert (end(), end()) == (24, 24)
    assert len(translated) == 1
    numbers.write_text("a,5\n")
    assert end() == 40
    assert len(translated) == 2


def test_a_file_that_is_gone_does_not_come_from_the_cache(translated: list[str], tmp_path: Path) -> None:
    numbers = tmp_path / "numbers.csv"
    numbers.write_text("a,3\n")
    model = read(written(tmp_path, EXTERNAL))
    lowered(model)
    numbers.unlink()
    with pytest.raises((InputError, Unsupported)):
        lowered(model)


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"files": {}, "program": "{}"}', "\x00\xff", "cut", "bits"])
def test_a_damaged_one_is_made_again(translated: list[str], empty_cache: Path, damage: str) -> None:
    first = lowered(small("growth.mdl"))
    (place,) = programs(empty_cache)
    whole = place.read_text()
    changed = {"cut": whole[: len(whole) // 2], "bits": whole.replace('\\"mul\\"', '\\"mol\\"')}.get(damage, damage)
    assert changed != whole
    place.write_text(changed, encoding="latin-1")
    assert lowered(small("growth.mdl")) == first
    assert len(translated) == 2
    assert place.read_text() == whole


def test_a_cache_that_cannot_be_written_is_no_cache(
    translated: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    model = small("growth.mdl")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert lowered(model) == lowered(model)
    assert len(translated) == 2


def test_what_is_not_compiled_is_not_kept(translated: list[str], empty_cache: Path, tmp_path: Path) -> None:
    model = read(written(tmp_path, "u = RANDOM UNIFORM(0, 1, 0)"))
    for _ in range(2):
        with pytest.raises(Unsupported) as caught:
            lowered(model)
        assert (caught.value.what, caught.value.variable) == ("RANDOM UNIFORM", "u")
    assert not programs(empty_cache)


class TestMade:
    def test_only_what_was_asked_for_is_left(self) -> None:
        program = lowered(small("growth.mdl"))
        leveled = made(program, Question(("Drug_left",), varied=("half life",)))
        assert [state.name for state in leveled.program.states] == ["Drug_left"]
        assert [output.key for output in leveled.program.outputs] == ["Drug_left"]
        assert leveled.program.parameters == program.parameters  # never renumbered
        assert [program.parameters[k].key for k in leveled.varied] == ["half life"]

    def test_columns_in_the_order_asked(self) -> None:
        leveled = made(lowered(small("growth.mdl")), Question(("births", "Population")))
        assert [output.key for output in leveled.program.outputs] == ["births", "Population"]

    def test_points_replace_those_of_the_table_and_of_its_cells(self, tmp_path: Path) -> None:
        equations = "P: a, b\ncurve[a]((0,0),(1,1))\ncurve[b]((0,0),(1,2))\ny[P] = curve[P](Time)"
        program = lowered(read(written(tmp_path, equations)))
        asked = ("y[a]", "y[b]")
        points = ((0.0, 2.0), (5.0, 6.0))
        one = made(program, Question(asked, tables=(Table("curve[a]", *points),))).program.tables
        assert {table.name: (table.x, table.y) for table in one} == {"curve[a]": points, "curve[b]": ((0, 1), (0, 2))}
        both = made(program, Question(asked, tables=(Table("curve", *points),))).program.tables
        assert {(table.x, table.y) for table in both} == {points}

    @pytest.mark.parametrize(
        ("question", "message"),
        [
            (Question(("births",), varied=("growth rat",)), "did you mean 'growth rate'"),
            (Question(("birth",)), "no variable 'birth' to save .*'births'"),
            (Question(("births",), initials=("births",)), "'births' is no stock"),
        ],
    )
    def test_names_that_are_not_there(self, question: Question, message: str) -> None:
        with pytest.raises(InputError, match=message):
            made(lowered(small("growth.mdl")), question)

    def test_fast_divides_less(self) -> None:
        program = lowered(small("growth.mdl"))
        asked = Question(("Drug_left",), varied=("half life",))
        plain, fast = made(program, asked), made(program, Question(**{**vars(asked), "fast": True}))
        divided = [
            {one.program.nodes[node.args[0]].op for node in one.program.nodes if node.op == "div"}
            for one in (plain, fast)
        ]
        assert divided == [{"neg"}, {"lit"}]


def test_a_fault_of_the_model_names_its_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model.mdl.*circ|model.mdl.*circular"):
        model = read(written(tmp_path, "a = b + 1\nb = a + 1"))
        lowered(model)


def test_numbers_survive_the_cache_to_the_last_bit(empty_cache: Path, tmp_path: Path) -> None:
    model = read(written(tmp_path, "a = 0.1\nb = 1e-300\nc = 123456789.123456789"))
    fresh, again = lowered(model), lowered(model)
    assert (
        np.array([p.value for p in fresh.parameters]).tobytes()
        == np.array([p.value for p in again.parameters]).tobytes()
    )
