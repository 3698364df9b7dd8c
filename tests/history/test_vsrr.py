"""The CDC's table as published: both layouts, and everything that is not that table."""

import json
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from sdforecast.errors import InputError
from sdforecast.history import vsrr
from tests.history.published import HEADER, as_csv, rows, sums


@pytest.fixture(scope="module")
def table() -> list[list[str]]:
    return rows(more=0)


def small(table: list[list[str]]) -> list[list[str]]:
    """The last rows of the deaths from all drugs."""
    return [row for row in table if row[4] == "Number of Drug Overdose Deaths"][-3:]


def test_as_downloaded(table: list[list[str]]) -> None:
    found = vsrr.read(as_csv(table).encode(), "f.csv")
    ours = found.rows[found.rows["series"] == "synthetic_opioid_deaths"].set_index("period_end")["value"]
    pd.testing.assert_series_equal(ours, sums("synthetic_opioid_deaths"), check_names=False, check_freq=False)
    assert set(found.rows["series"]) == set(vsrr.INDICATORS.values())
    assert found.warnings == ()


def test_the_open_data_address_gives_the_same(table: list[list[str]]) -> None:
    names = [name.lower().replace(" ", "_") for name in HEADER]
    plain = [[cell.replace(",", "") if k in (5, 11) else cell for k, cell in enumerate(row)] for row in table]
    records = [dict(zip(names, row, strict=True)) for row in plain]
    expected = vsrr.read(as_csv(table).encode(), "f.csv").rows
    for content in (json.dumps(records), as_csv(plain, names)):
        pd.testing.assert_frame_equal(vsrr.read(content.encode(), "f").rows, expected)
    pd.testing.assert_frame_equal(vsrr.read(b"\xef\xbb\xbf" + as_csv(table).encode(), "f").rows, expected)


def test_a_suppressed_value_is_no_row(table: list[list[str]]) -> None:
    some = [list(row) for row in small(table)]
    some[0][5] = ""
    found = vsrr.read(as_csv(some).encode(), "f.csv")
    assert len(found.rows) == 2
    assert found.warnings == ("1 national values are suppressed or empty",)


def test_a_missing_prediction_is_not_a_number(table: list[list[str]]) -> None:
    some = [[*row[:11], ""] for row in small(table)]
    assert np.isnan(vsrr.read(as_csv(some).encode(), "f.csv").rows["predicted"]).all()


def test_the_same_row_twice_is_told(table: list[list[str]]) -> None:
    some = small(table)
    assert vsrr.read(as_csv([*some, some[0]]).encode(), "f.csv").warnings == ("1 rows stand twice with the same value",)


def test_an_unknown_indicator_is_told(table: list[list[str]]) -> None:
    some = small(table)
    odd = [*some[0][:4], "Nitazenes (T40.9)", *some[0][5:]]
    (told,) = vsrr.read(as_csv([*some, odd]).encode(), "f.csv").warnings
    assert "as 'Nitazenes (T40.9)'" in told


def cell(column: str, value: str) -> Callable[[list[list[str]]], str]:
    def change(some: list[list[str]]) -> str:
        some[1][HEADER.index(column)] = value
        return as_csv(some)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cell("Data Value", "-5"), r"f:5: data_value: '-5' is not a number that can be a count"),
        (cell("Data Value", "=1+1"), r"'=1\+1' is not a number"),
        (cell("Data Value", "inf"), "'inf' is not a number"),
        (cell("Data Value", "1e9"), "'1e9' is not a number"),
        (cell("Data Value", "12,34"), "'12,34' is not a number"),
        (cell("Data Value", "٣٤"), "is not a number"),
        (cell("Data Value", "9,999,999"), "is more than 1,000,000"),
        (cell("Data Value", "9" * 5000), "is not a number"),
        (cell("Month", "Brumaire"), "'Brumaire' is not the name of a month"),
        (cell("Year", "1824"), "'1824' is not a year"),
        (lambda some: as_csv([*some, [*some[0][:5], "7", *some[0][6:]]]), r"stands twice, as .* \(line 4\) and as 7"),
        (lambda some: as_csv(some).replace("Data Value", "Deaths"), "no column 'data_value'"),
        (lambda some: "a,b\n1,2\n", "no column 'state', 'year', .* \\(it has a, b\\)"),
        (lambda some: as_csv(some).replace("Predicted Value", "State"), "a column stands twice"),
        (lambda some: as_csv(some).replace("US,", "AK,"), "has no national rows"),
        (lambda some: as_csv(some) + "US,2015\n", "f:7: has 2 cells instead of 12"),
        (lambda some: as_csv(some) + '"US', "is not readable as CSV"),
        (lambda some: "<html>", "is a web page"),
        (lambda some: "", "is empty"),
        (lambda some: "[1, 2]", "is not a list of objects"),
        (lambda some: "[", "is not readable as JSON"),
        (lambda some: "[" * 100_000, "is not readable as JSON"),
        (lambda some: "a\0b", "NUL byte"),
    ],
)
def test_what_is_not_that_table(table: list[list[str]], change: Callable[[list[list[str]]], str], words: str) -> None:
    content = change([list(row) for row in small(table)])
    with pytest.raises(InputError, match=words):
        vsrr.read(content.encode(), "f")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"PK\x03\x04", "is a spreadsheet"),
        ("State".encode("utf-16"), "UTF-16"),
        ("State\nMéxico".encode("latin-1"), "f:2: is not UTF-8"),
    ],
)
def test_another_encoding(content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        vsrr.read(content, "f")


def test_many_faults_are_counted(table: list[list[str]]) -> None:
    wrong = [[*row[:5], "x", *row[6:]] for row in table[:60]]
    with pytest.raises(InputError) as caught:
        vsrr.read(as_csv(wrong).encode(), "f")
    assert len(caught.value.problems) == 26
    assert caught.value.problems[-1].what == "and 35 more problems"
