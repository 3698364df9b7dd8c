from __future__ import annotations

import csv
from pathlib import Path

import pytest

from sdforecast.calendar import parse_month
from sdforecast.errors import InputError
from sdforecast.scenario import LAST_OBSERVED, history_levels, instrument_history, instrument_ids, instruments
from sdforecast.shipped import history_dir

HEAD = "instrument,date,level,reason,source,grade\n"


def level(instrument: str, month: str) -> float:
    return float(history_levels(instrument_history())[instrument][parse_month(month)])


def test_twenty_instruments_each_with_a_scale() -> None:
    known = instruments()
    assert len(known) == 20
    for one in known.values():
        assert one.title and one.zero_means and one.one_means and one.basis
        assert one.zero_means != one.one_means


def test_history_ends_at_the_current_level_and_starts_in_2010() -> None:
    history = instrument_history()
    assert list(dict.fromkeys(history["instrument"])) == list(instrument_ids())
    for name, knots in history.groupby("instrument"):
        assert knots["date"].iloc[0] == "2010-01"
        assert knots["time"].is_monotonic_increasing
        assert level(str(name), "2026-11") == instruments()[str(name)].current_level


def test_every_knot_gives_reason_source_and_grade() -> None:
    history = instrument_history()
    assert (history["grade"] == "judgement").all()
    assert (history[["reason", "source"]].map(len) > 2).all(axis=None)
    assert history["date"].max() <= "2026-11"


@pytest.mark.parametrize(
    ("instrument", "before", "after", "sign"),
    [
        ("class_control", "2019-04", "2019-05", 1),  # China's class control in force on 1 May 2019
        ("class_control", "2018-01", "2018-03", 1),  # US temporary class order of 6 February 2018
        ("class_control", "2017-10", "2017-11", 1),  # NPP and ANPP in Table I on 18 October 2017
        ("class_control", "2022-11", "2022-12", 1),  # 4-AP, 1-boc-4-AP, norfentanyl on 23 November 2022
        ("china_enforcement", "2022-08", "2022-11", -1),  # cooperation suspended on 5 August 2022
        ("china_enforcement", "2023-11", "2024-02", 1),  # resumed on 15 November 2023
        ("china_enforcement", "2025-10", "2025-12", 1),  # export licences of 10 November 2025
        ("pen_online", "2022-08", "2022-11", -1),
        ("private_diplomacy", "2020-10", "2020-12", -1),  # arrest of 15 October, law of 15 December 2020
        ("private_diplomacy", "2021-10", "2021-12", 1),  # Bicentennial Framework of 8 October 2021
        ("trade_coercion", "2025-01", "2025-04", 1),  # tariffs of February and March 2025
        ("trade_coercion", "2026-02", "2026-03", -1),  # void since 24 February 2026
        ("usmca_enforcement", "2020-06", "2020-07", 1),  # in force on 1 July 2020
        ("naloxone", "2023-03", "2023-10", 1),  # over the counter
        ("joint_indictments", "2020-10", "2020-12", -1),
        ("economic_sanctions", "2019-08", "2019-09", 1),  # first fentanyl designations on 21 August 2019
    ],
)
def test_levels_move_with_published_dates(instrument: str, before: str, after: str, sign: int) -> None:
    assert sign * (level(instrument, after) - level(instrument, before)) > 0.005


@pytest.mark.parametrize(
    ("instrument", "last_month_at_zero"),
    [("trade_coercion", "2025-01"), ("military_action", "2025-01"), ("economic_sanctions", "2019-07"),
     ("vehicle_searches", "2020-01"), ("visa_denial", "2025-01"), ("usmca_enforcement", "2020-06")],
)  # fmt: skip
def test_what_did_not_exist_stands_at_zero(instrument: str, last_month_at_zero: str) -> None:
    past = history_levels(instrument_history())[instrument].loc[: parse_month(last_month_at_zero)]
    assert (past == 0).all()


def test_more_people_in_treatment_and_more_kits_year_after_year() -> None:
    table = history_levels(instrument_history())
    assert table["moud"].is_monotonic_increasing
    assert table["naloxone"].is_monotonic_increasing


def complaint(tmp_path: Path, text: str | bytes) -> str:
    file = tmp_path / "instruments.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(InputError) as caught:
        instrument_history(file)
    return str(caught.value).replace(f"{tmp_path}/", "")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("moud,2010-01,1.2,r,s,g\n", "instruments.csv:2: level '1.2' is not a number from 0 to 1"),
        ("moud,2010-01,nan,r,s,g\n", "instruments.csv:2: level 'nan' is not a number from 0 to 1"),
        ("moud,2010-01,,r,s,g\n", "instruments.csv:2: level '' is not a number from 0 to 1"),
        ("mood,2010-01,1,r,s,g\n", "instruments.csv:2: unknown instrument 'mood' (did you mean 'moud'?)"),
        ("moud,2010,1,r,s,g\n", "instruments.csv:2: '2010' is not a month; write YYYY-MM"),
        ("moud,2009-12,1,r,s,g\n", "instruments.csv:2: 2009-12 is before 2010-01"),
        ("moud,2010-01,1,r,s,g\nmoud,2010-01,0,r,s,g\n", "instruments.csv:3: 'moud' has a second level for 2010-01"),
        ("moud,2010-01,1,r\n", "instruments.csv:2: has 4 fields instead of 6"),
    ],
)
def test_a_wrong_row_is_told_with_its_line(tmp_path: Path, rows: str, expected: str) -> None:
    assert complaint(tmp_path, HEAD + rows).splitlines()[0] == expected


def test_several_wrong_rows_are_told_together(tmp_path: Path) -> None:
    said = complaint(tmp_path, HEAD + "moud,2010-01,2,r,s,g\nmood,2010-13,0,r,s,g\n")
    assert [line.split(": ")[0] for line in said.splitlines()] == [f"instruments.csv:{n}" for n in (2, 3, 3)]


def test_instruments_without_history_are_named(tmp_path: Path) -> None:
    said = complaint(tmp_path, HEAD + "moud,2010-01,0,r,s,g\n").splitlines()
    assert len(said) == 19
    assert said[0] == "instruments.csv: 'military_action' has no level for 2010-01"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("instrument,date\n", "instruments.csv:1: needs the columns instrument, date, level, reason, source, grade"),
        ("", "instruments.csv:1: needs the columns instrument, date, level, reason, source, grade"),
        ("\xff\xfe".encode("latin-1"), "instruments.csv: is not UTF-8 text (byte 1)"),
        (HEAD + '"moud', "instruments.csv:2: is not CSV: unexpected end of data"),
        (HEAD + "x" * 200_000, "instruments.csv:2: is not CSV: field larger than field limit (131072)"),
    ],
)
def test_a_broken_file(tmp_path: Path, content: str | bytes, expected: str) -> None:
    assert complaint(tmp_path, content) == expected


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        instrument_history(tmp_path / "none.csv")


def test_a_broken_scale(tmp_path: Path) -> None:
    file = tmp_path / "scale.csv"
    head = "instrument,title,zero_means,one_means,current_level,basis,grade\n"
    file.write_text(head + "a,A,z,o,7,b,g\nb,B,z,o,0.5,b,g\nb,B,z,o,0.5,b,g\n")
    with pytest.raises(InputError) as caught:
        instruments(file)
    assert [problem.line for problem in caught.value.problems] == [2, 4]


def test_the_last_observation_is_that_of_the_deaths() -> None:
    with (history_dir() / "deaths.csv").open(encoding="utf-8", newline="") as stream:
        months = [
            row["period_end"][:7]
            for row in csv.DictReader(stream)
            if row["series"] == "synthetic_opioid_deaths" and row["aggregation"] == "month"
        ]
    assert max(months) == LAST_OBSERVED
