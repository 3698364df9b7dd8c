"""Whatever a file holds, reading it gives a table or our error; calendars agree with another calendar."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from sdforecast import history
from sdforecast.errors import InputError
from sdforecast.history import vocabulary
from tests.history.conftest import ROW

HEADER = ",".join(ROW)
DAYS = st.dates(date(1990, 1, 1), date(2040, 12, 31))


@contextmanager
def folder_with(content: bytes, name: str = "mine.csv") -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        yield Path(folder)


def load_or_refuse(content: bytes) -> pd.DataFrame | None:
    with folder_with(content) as folder:
        try:
            return history.load(folder)
        except InputError as error:
            assert all(problem.file for problem in error.problems)
            assert str(error).isprintable() or "\n" in str(error)
            return None


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes(content: bytes) -> None:
    assert load_or_refuse(content) is None  # no 300 bytes hold the header and a row
    frame = load_or_refuse(HEADER.encode() + b"\n" + content)
    assert frame is None or frame.empty


@given(st.sampled_from(sorted(ROW)), st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_in_any_cell(column: str, text: str) -> None:
    cells = {name: f'"{value}"' for name, value in ROW.items()}
    quoted = '"' + text.replace('"', '""') + '"'
    content = f"{HEADER}\n{','.join((cells | {column: quoted}).values())}\n".encode("utf-8", "surrogatepass")
    frame = load_or_refuse(content)
    if frame is not None and column in ("source", "breakdown"):
        assert frame[column].tolist() == [text]


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_as_descriptions(content: bytes) -> None:
    with folder_with(content, "series.toml") as folder:
        try:
            described = history.load_descriptions(folder)
        except InputError:
            return
        assert described == {}


LENGTHS = {"month": 1, "half-year": 6, "calendar-year": 12, "fiscal-year": 12, "12-month-ending": 12}
FIRST_MONTHS = {"half-year": {1, 7}, "calendar-year": {1}, "fiscal-year": {10}}


@given(DAYS, st.sampled_from(sorted(LENGTHS)))
def test_whole_periods_agree_with_pandas(day: date, aggregation: str) -> None:
    start = pd.Timestamp(day)
    end = start + pd.DateOffset(months=LENGTHS[aggregation]) - pd.Timedelta(days=1)
    whole = day.day == 1 and day.month in FIRST_MONTHS.get(aggregation, range(1, 13))
    assert vocabulary.matches(aggregation, day, end.date()) == whole
    for other in (end - pd.Timedelta(days=1), end + pd.Timedelta(days=1), start - pd.Timedelta(days=1)):
        assert not vocabulary.matches(aggregation, day, other.date())


@given(DAYS, DAYS)
def test_points_and_free_periods(start: date, end: date) -> None:
    assert vocabulary.matches("point", start, end) == (start == end)
    assert vocabulary.matches("period", start, end) == (start <= end)


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=36), st.integers(0, 35))
@settings(max_examples=50, deadline=None)
def test_check_finds_the_one_missing_month(numbers: list[float], missing: int) -> None:
    starts = pd.date_range("2020-01-01", periods=len(numbers), freq="MS")
    rows = [{**ROW, "period_start": start, "period_end": start + pd.offsets.MonthEnd(), "value": number,
             "low": float("nan"), "high": float("nan"), "file": "mine.csv", "line": k + 2}
            for k, (start, number) in enumerate(zip(starts, numbers, strict=True))]  # fmt: skip
    frame = pd.DataFrame(rows)
    assert history.check(frame) == []
    inside = 0 < missing < len(rows) - 1
    assert len(history.check(frame.drop(index=missing, errors="ignore"))) == (1 if inside else 0)
