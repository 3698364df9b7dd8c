"""What PySD's translator loses, through the tree that comes out; for values see test_definitions.py of the engine."""

from __future__ import annotations

from pathlib import Path

from sdforecast.model import read
from sdforecast.model.translating import MappedRange, abstract_model
from tests.engine.compiled.comparing import text, written


def ranges(file: Path) -> dict[str, object]:
    return {part.name: part for part in abstract_model(file).sections[0].subscripts}


def test_what_a_mapping_lists_is_no_subscript(tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "Place: north, south -> (Zone: cold, warm), Side \n Zone: warm, cold \n Side: a, b \n q[Place] = 1, 2"
    )  # fmt: skip
    place = ranges(file)["Place"]
    assert isinstance(place, MappedRange)
    assert (place.subscripts, place.mapping) == (["north", "south"], ["Zone", "Side"])
    assert place.listed == {"Zone": ("cold", "warm")}


def test_ranges_in_a_file_that_changes_are_read_anew(tmp_path: Path) -> None:
    file = written(tmp_path, "R: GET DIRECT SUBSCRIPT('r.csv', ',', 'A2', 'A', '') \n a[R] = Time")
    (tmp_path / "r.csv").write_text("name\nx\ny\n")
    first = read(file).translation.read_text()
    (tmp_path / "r.csv").write_text("name\nx\nlonger\n")
    second = read(file).translation.read_text()
    assert '"y"' in first
    assert '"longer"' in second


def test_control_variables_may_be_spelled_with_underscores(tmp_path: Path) -> None:
    file = tmp_path / "model.mdl"
    spelled = text("a = final_time - Time").replace("TIME STEP", "Time_Step").replace("FINAL TIME", "FINAL_TIME")
    file.write_text(spelled)
    model = read(file)
    assert model.names == ["a"]
    assert dict(model.control) == {"INITIAL TIME": 0, "FINAL TIME": 8, "TIME STEP": 0.25, "SAVEPER": 0.25}
