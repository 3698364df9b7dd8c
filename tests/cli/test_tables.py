"""Tables and JSON."""

import json
import math

import numpy as np
import pytest

from sdforecast.cli.tables import print_json, print_table


@pytest.fixture(autouse=True)
def narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")


def test_columns_align_and_numbers_go_to_the_right(capsys):
    print_table([{"name": "a", "deaths": 5.0, "note": "x"}, {"name": "long name", "deaths": 48662.0, "note": "y"}])
    assert capsys.readouterr().out.splitlines() == [
        "name       deaths  note",
        "a               5  x",
        "long name  48,662  y",
    ]


def test_a_gap_is_empty(capsys):
    print_table([{"a": None, "b": math.nan, "c": "x"}, {"a": "1", "b": 2.5, "c": "y"}])
    assert capsys.readouterr().out.splitlines() == ["a    b  c", "        x", "1  2.5  y"]


def test_the_last_column_wraps_below_itself(capsys):
    words = "one two three four five six seven eight nine ten eleven twelve"
    print_table([{"key": "k", "text": words}])
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert " ".join(line[5:].strip() for line in lines[1:]) == words
    assert lines[2].startswith("     ")


def test_text_from_files_cannot_steer_the_terminal(capsys):
    print_table([{"name": "a\x1b[2Jb\nc"}])
    assert capsys.readouterr().out == "name\na?[2Jb?c\n"


def test_nothing_to_show_prints_nothing(capsys):
    print_table([])
    assert capsys.readouterr().out == ""


def test_json_takes_numpy_numbers_and_keeps_letters(capsys):
    print_json({"n": np.int64(3), "x": np.float64(0.5), "t": np.datetime64("2025-04-30"), "w": "Añejo"})
    text = capsys.readouterr().out
    assert json.loads(text) == {"n": 3, "x": 0.5, "t": "2025-04-30", "w": "Añejo"}
    assert "Añejo" in text


def test_json_refuses_what_json_does_not_know():
    with pytest.raises(ValueError, match="JSON"):
        print_json({"x": math.nan})


def test_a_run_is_shown_with_four_digits_and_nothing_as_0(capsys):
    from sdforecast.cli.runtables import _rounded

    row = {"variable": "people", "unit": "person", "2010": 11_747_008.0, "2020": 1.3e-30, "2030": -0.25}
    print_table(_rounded([row]))
    assert capsys.readouterr().out.splitlines()[1].split() == ["people", "person", "11,750,000", "0", "-0.25"]
