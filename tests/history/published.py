"""A table as the CDC publishes it, made of what the history has, for tests of taking it in."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd

from sdforecast import history, shipped
from sdforecast.history.vsrr import INDICATORS

HEADER = ["State", "Year", "Month", "Period", "Indicator", "Data Value", "Percent Complete",
          "Percent Pending Investigation", "State Name", "Footnote", "Footnote Symbol", "Predicted Value"]  # fmt: skip


@cache
def shipped_history() -> pd.DataFrame:
    """The shipped history, read once."""
    return history.load()


def deaths_only(folder: Path) -> Path:
    """Make a history of deaths only, which is quicker to read."""
    folder.mkdir()
    for name in ("deaths.csv", "death_vintages.csv", "series.toml"):
        shutil.copyfile(shipped.history_dir() / name, folder / name)
    return folder


def sums(series: str) -> pd.Series:
    """The 12-month sums of the shipped history."""
    rows = history.select(shipped_history(), series, aggregation="12-month-ending", breakdown="occurrence")
    return rows.set_index("period_end")["value"]


def rows(more: int = 2, change: Callable[[str, pd.Series], pd.Series] = lambda _, s: s) -> list[list[str]]:
    """Rows of every series, `more` months longer than the history; each further sum is 400 lower."""
    found = []
    for indicator, series in INDICATORS.items():
        values = sums(series)
        for _ in range(more):
            end = values.index[-1] + pd.offsets.MonthEnd(1)
            step = 0 if series == "overdose_certificates_naming_a_drug" else 400
            values = pd.concat([values, pd.Series([values.iloc[-1] - step], index=[end])])
        for end, value in change(series, values).items():
            day = pd.Timestamp(end)
            text = f"{value:,.0f}" if value > 100 else f"{value:.2f}"
            found.append(["US", str(day.year), f"{day:%B}", "12 month-ending", indicator, text, "100", "0.15",
                          "United States", "Numbers may differ.", "**", text])  # fmt: skip
    return found


def as_csv(table: list[list[str]], header: list[str] = HEADER) -> str:
    """Text of a CSV file with some rows of a state, of another period and of another indicator."""
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(header)
    out.writerow(["AK", "2015", "April", "12 month-ending", "Cocaine (T40.5)", "", "100", "0", "Alaska", "", "", ""])
    out.writerow(
        ["US", "2015", "April", "12 month-ending", "Number of Deaths", "2,700,000", "100", "0", "US", "", "", ""]
    )
    out.writerows(table)
    return text.getvalue()
