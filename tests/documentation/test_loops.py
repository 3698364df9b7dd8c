"""The file of loops: read as it is meant, and refused with what is wrong; the shipped paths follow the equations."""

import itertools
import re

import pytest

from sdforecast.documentation.loops import load
from sdforecast.errors import InputError

START = "- {id: R1, name: a, delay: 1, polarity: "


def loops_of(folder, text):
    file = folder / "loops.yaml"
    file.write_text(text, "utf-8")
    return load(file, ["dose", "tolerance"])


def test_a_loop_is_read(tmp_path):
    rest = "delay: a year, cut: {dose: 0, tolerance: large}}"
    (loop,) = loops_of(tmp_path, "loops:\n  - {id: R1, name: a, polarity: open, path: [dose, tolerance], " + rest)
    assert loop.path == ("dose", "tolerance")
    assert loop.cut == "`dose` = 0, `tolerance` = large"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("loops: [", "is not readable YAML"),
        ("loops: []", "has no list of loops"),
        ("- 3", "an entry is no loop"),
        (START + "up, path: [dose], cut: 1}", "'up' is no polarity"),
        (START + "open, path: [doze], cut: 1}", "no variable 'doze' (did you mean 'dose'?)"),
        (START + "open, path: [dose]}", "'cut' is missing"),
        ("\n".join([START + "open, path: [dose], cut: 1}"] * 2), "loop 'R1' stands twice"),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, text, what):
    with pytest.raises(InputError, match=re.escape(what)):
        loops_of(tmp_path, text)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "loops.yaml", [])


def test_each_variable_of_a_shipped_path_acts_on_the_next(subject):
    for loop in subject.loops:
        closed = [] if loop.polarity == "open" else [loop.path[0]]
        way = [*loop.path, *closed]
        for cause, effect in itertools.pairwise(way):
            assert cause in subject.uses[effect], f"{loop.id}: '{cause}' is not in the equation of '{effect}'"
