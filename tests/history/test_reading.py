"""Every kind of broken file: one message that names the file, the line, and the nearest valid word."""

from pathlib import Path

import pandas as pd
import pytest

from sdforecast import history
from sdforecast.errors import InputError
from sdforecast.history import reading
from tests.history.conftest import ROW, Write


def message(folder: Path) -> str:
    """Return what `load` says about a folder, without the folder's own name."""
    with pytest.raises(InputError) as caught:
        history.load(folder)
    return str(caught.value).replace(f"{folder}/", "")


def line(**changes: str) -> str:
    return ",".join((ROW | changes).values())


HEADER = ",".join(ROW)


def test_types_and_place(write: Write) -> None:
    folder = write({"low": "6400.5", "high": "6.6e3"}, {"period_start": "2023-07-01", "period_end": "2023-07-31"})
    frame = history.load(folder)
    assert list(frame.columns) == [*history.COLUMNS, "file", "line"]
    assert frame["period_end"].dtype == frame["period_start"].dtype == "datetime64[ns]"
    assert frame[["value", "low", "high"]].dtypes.eq("float64").all()
    assert frame.loc[0, ["value", "low", "high"]].tolist() == [6500, 6400.5, 6600]
    assert frame.loc[1, ["low", "high"]].isna().all()
    assert frame["line"].tolist() == [2, 3]
    assert frame["file"].tolist() == [str(folder / "mine.csv")] * 2


def test_several_files_in_order_of_name_and_other_tables_left_out(write: Write) -> None:
    write({"source": "second"}, name="b.csv")
    write({"source": "first"}, name="a.csv")
    folder = write({"source": "old"}, name="death_vintages.csv")
    (folder / "instruments.csv").write_text("instrument,date,level\nnaloxone,2010-01-01,0.1\n")
    assert history.load(folder)["source"].tolist() == ["first", "second"]
    assert history.load_vintages(folder)["source"].tolist() == ["old"]


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    pd.DataFrame([dict(reversed(ROW.items()))]).to_csv(tmp_path / "mine.csv", index=False)
    assert history.load(tmp_path)["value"].tolist() == [6500]


def test_a_byte_order_mark_and_windows_lines_are_read(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\n{line()}\r\n\r\n".encode())
    assert len(history.load(tmp_path)) == 1


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"value": "6,500"}, "value: '6,500' is not a number (write digits and a decimal point, as in 1234.5)"),
        ({"value": ""}, "value: '' is not a number"),
        ({"value": "nan"}, "value: 'nan' is not a number"),
        ({"value": "-inf"}, "value: '-inf' is not a number"),
        ({"value": "1_000"}, "value: '1_000' is not a number"),
        ({"value": "0x10"}, "value: '0x10' is not a number"),
        ({"value": "1e999"}, "value: '1e999' is not a number"),
        ({"value": "٣"}, "value: '٣' is not a number"),
        ({"low": "few"}, "low: 'few' is not a number"),
        ({"period_start": "2023-6-1"}, "period_start: '2023-6-1' is not a date (write YYYY-MM-DD)"),
        ({"period_end": "2023-06-31"}, "period_end: '2023-06-31' is not a date"),
        ({"period_end": "06/30/2023"}, "period_end: '06/30/2023' is not a date"),
        ({"period_end": "9999-12-31"}, "period_end: '9999-12-31' is not in the years 1900 to 2100"),
        ({"aggregation": "monthly"}, "aggregation: unknown word 'monthly' (did you mean 'month'?)"),
        ({"status": "provisonal"}, "status: unknown word 'provisonal' (did you mean 'provisional'?)"),
        ({"grade": "Seen"}, "grade: unknown word 'Seen' (did you mean 'seen'?)"),
        ({"unit": "death"}, "unit: unknown word 'death' (did you mean 'deaths'? Or add it to"),
        ({"geography": "USA"}, "geography: unknown word 'USA' (did you mean 'US'? Or add it to"),
        ({"licence": "CC0"}, "licence: unknown word 'CC0' (known: public-domain, CC-BY-4.0, cited-fact. Or"),
        ({"vintage": "contemporary"}, "vintage: 'contemporary' is not a date (write YYYY, YYYY-MM or YYYY-MM-DD,"),
        ({"vintage": "2023-13"}, "vintage: '2023-13' is not a date"),
        ({"vintage": "2023-02-30"}, "vintage: '2023-02-30' is not a date"),
        ({"series": "Synthetic opioid deaths"}, "series: 'Synthetic opioid deaths' is not a series name"),
        ({"source": " "}, "source: is empty"),
        ({"source": "NCHS\x1b[2J"}, "source: 'NCHS\\x1b[2J' holds control characters"),
        ({"source": "NCHS\nfinal"}, "source: 'NCHS\\nfinal' holds control characters"),
        ({"breakdown": "all\u202egnp"}, "breakdown: 'all\\u202egnp' holds control characters"),
    ],
)
def test_a_bad_cell(write: Write, change: dict[str, str], expected: str) -> None:
    folder = write({}, change)
    # A line break in a cell puts the end of its row one line further down.
    place = 4 if "\n" in change.get("source", "") else 3
    assert message(folder).startswith(f"mine.csv:{place}: {expected}")


def test_all_problems_are_told_together(write: Write) -> None:
    write({"value": "x", "grade": "y"}, name="a.csv")
    told = message(write({"unit": "z"}, name="b.csv")).splitlines()
    assert [text.split(": ")[:2] for text in told] == [["a.csv:2", "value"], ["a.csv:2", "grade"], ["b.csv:2", "unit"]]


def test_very_many_problems_are_counted(write: Write) -> None:
    told = message(write(*[{"value": "x"}] * 100)).splitlines()
    assert len(told) == reading.MOST_PROBLEMS + 1
    assert told[-1] == "and 75 more problems"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "mine.csv:1: the column 'series' is missing"),
        (HEADER.replace("grade", "grades") + "\n", "mine.csv:1: the column 'grade' is missing"),
        (HEADER + ",value\n", "mine.csv:1: a column stands twice in the header"),
        (
            HEADER + "\ntoo,few\n",
            "mine.csv:2: has 2 cells instead of 15 (a comma in a text needs quotes around it)",
        ),
        (f"{HEADER}\n{line(source='a, b')}\n", "mine.csv:2: has 16 cells instead of 15"),
        (HEADER + "\n" + line(source='"open'), "mine.csv:2: is not a readable CSV file: unexpected end of data"),
        (HEADER + "\n" + line(source='"a"b') + "\n", "mine.csv:2: is not a readable CSV file"),
        (f"{HEADER}\n{line(source='x' * 200_000)}\n", "mine.csv:2: is not a readable CSV file: field larger than"),
    ],
)
def test_a_bad_table(tmp_path: Path, text: str, expected: str) -> None:
    (tmp_path / "mine.csv").write_text(text, "utf-8")
    assert message(tmp_path).startswith(expected)


def test_an_unknown_column_gets_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text(HEADER.replace("licence", "license") + "\n")
    assert "mine.csv:1: unknown column 'license' (did you mean 'licence'?)" in message(tmp_path)


def test_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(f"{HEADER}\n{line(source='Fiscalía')}\n".encode("latin-1"))
    assert message(tmp_path) == "mine.csv:2: is not UTF-8 text (save it as UTF-8)"


def test_a_nul_byte(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_bytes(f"{HEADER}\n{line()}\n".encode() + b"\0\0")
    assert message(tmp_path) == "mine.csv:3: holds a NUL byte, so it is not a text file"


def test_a_huge_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 2_000_000)
    (tmp_path / "mine.csv").write_bytes(b"x" * 3_000_000)
    assert message(tmp_path) == "mine.csv: has 3 MB, more than 2"


def test_a_formula_is_only_text(write: Write) -> None:
    text = '=HYPERLINK("http://example.org","2+5")'
    assert history.load(write({"source": text}))["source"].tolist() == [text]


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere: is not a folder \(name a folder with history files"):
        history.load(tmp_path / "nowhere")


def test_a_folder_without_history(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"holds no history files \(expected \*\.csv\)"):
        history.load(tmp_path)
    assert history.load_vintages(tmp_path).empty


def test_a_folder_in_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").mkdir()
    assert message(tmp_path) == "mine.csv: cannot be read: Is a directory"
