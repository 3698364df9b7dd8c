"""The tables over time of a model file, against its text and against what PySD makes of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sdforecast import shipped
from sdforecast.errors import InputError
from sdforecast.model.timetables import tables_over_time

MODEL = """{UTF-8}
warmth = WITH LOOKUP(Time,([(0,0)-(10,20)],(0,5),(4,20),(10,7.5)))
	~	Dmnl
	~		|
answer = WITH LOOKUP(warmth,([(0,0)-(20,1)],(0,0),(20,1)))
	~	Dmnl
	~		|
curve([(0,0)-(10,1)],(0,0),(10,1))
	~	Dmnl
	~		|
later = WITH LOOKUP(Time + 1,([(0,0)-(10,1)],(0,0),(10,1)))
	~	Dmnl
	~		|
looked up = curve(Time)
	~	Dmnl
	~		|
INITIAL TIME = 0
	~	Month
	~		|
FINAL TIME = 10
	~	Month
	~		|
TIME STEP = 1
	~	Month
	~		|
SAVEPER = TIME STEP
	~	Month
	~		|
"""


def test_only_tables_of_time_alone_are_found(tmp_path: Path) -> None:
    file = tmp_path / "model.mdl"
    file.write_text(MODEL, encoding="utf-8")
    assert tables_over_time(file) == {"warmth": ((0, 5), (4, 20), (10, 7.5))}


def test_it_finds_as_many_as_stand_in_the_text_of_the_shipped_model() -> None:
    text = re.sub(r"\\\n\s*", "", shipped.model_file().read_text(encoding="utf-8"))  # lines that go on
    named = re.findall(r"^([^\n=~|]+?)\s*=\s*\n?\s*WITH LOOKUP\s*\(\s*Time\b", text, re.MULTILINE)
    assert sorted(tables_over_time(shipped.model_file())) == sorted(named)


def test_what_pysd_does_not_understand_is_named(tmp_path: Path) -> None:
    file = tmp_path / "model.mdl"
    file.write_text("{UTF-8}\na = = 3 ~ ~ |\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"model\.mdl: PySD does not understand this model"):
        tables_over_time(file)
