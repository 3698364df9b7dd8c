"""The table of what is left of a count without a part of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sdforecast import history, shipped
from sdforecast.errors import InputError
from sdforecast.model import read
from sdforecast.observation.errors import evidence
from sdforecast.observation.targets import load

SHIPPED = (shipped.calibration_dir() / "targets.toml").read_text(encoding="utf-8")
PLACE = SHIPPED.index("[[remainder]]")
TABLE = SHIPPED[PLACE : SHIPPED.index("\n\n", PLACE) + 1]


def changed(folder: Path, old: str, new: str) -> Path:
    assert TABLE.count(old) == 1
    file = folder / "targets.toml"
    file.write_text(SHIPPED.replace(TABLE, TABLE.replace(old, new)), encoding="utf-8")
    return file


def test_the_shipped_one_is_of_two_flows_of_the_model_and_two_series_of_the_history() -> None:
    (of,) = evidence().remainders
    model, rows = read(), history.load()
    assert [model.name_of(name) for name in (of.whole, of.part)] == [of.whole, of.part]
    for series in (of.series, of.part_series):
        assert len(history.select(rows, series, aggregation=of.aggregation, breakdown=of.breakdown)) > 100
    assert (of.walk, of.season, of.noise, of.month_lengths) == (0.02, 0.06, 0.015, True)


def test_it_is_no_target(tmp_path: Path) -> None:
    without = tmp_path / "targets.toml"
    without.write_text(SHIPPED.replace(TABLE, ""), encoding="utf-8")
    assert evidence(without).remainders == ()
    assert [t.name for t in load(without)] == [t.name for t in load()]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("walk = 0.02", "walk = 0", "'walk' must be a number above zero"),
        ("walk = 0.02", "walk = [0.02, 0.5]", "'walk' must be a number above zero"),
        ("walk = 0.02", "walk = inf", "'walk' must be a number above zero"),
        ("walk = 0.02", "", "'walk' is missing"),
        ("walk = 0.02", "walk = 0.02\nwalks = 1", "unknown key 'walks'"),
        ("season = 0.06", "season = -1", "'season' must be a number, zero or above"),
        ("noise = 0.015", "noise = nan", "'noise' must be a number, zero or above"),
        ("month_lengths = true", "month_lengths = 1", "'month_lengths' must be true or false"),
        ('aggregation = "month"', 'aggregation = "calendar-year"', "'aggregation' must be \"month\""),
        ('whole = "all drug deaths"', "whole = 3", "'whole' must be text"),
        ('part = "synthetic opioid deaths"', 'part = "All drug deaths"', "'whole' and 'part' are the same"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InputError, match="remainder 'other drug deaths'") as raised:
        evidence(changed(tmp_path, f"\n{old}\n", f"\n{new}\n"))
    assert said in str(raised.value)


def test_a_second_one_of_the_same_whole_is_refused(tmp_path: Path) -> None:
    again = TABLE.replace('name = "other drug deaths"', 'name = "more"')
    with pytest.raises(InputError, match="another one has the same 'whole'"):
        evidence(changed(tmp_path, TABLE, TABLE + "\n" + again))


def test_it_must_be_an_array_of_tables(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be \\[\\[remainder\\]\\] tables"):
        evidence(changed(tmp_path, "[[remainder]]", "[remainder]"))
