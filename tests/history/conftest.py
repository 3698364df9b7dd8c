from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from sdforecast import history
from sdforecast.history import COLUMNS

ROW = {
    "series": "synthetic_opioid_deaths",
    "period_start": "2023-06-01",
    "period_end": "2023-06-30",
    "aggregation": "month",
    "geography": "US",
    "breakdown": "occurrence",
    "value": "6500",
    "low": "",
    "high": "",
    "unit": "deaths",
    "status": "final",
    "vintage": "2026-06-27",
    "source": "NCHS",
    "licence": "public-domain",
    "grade": "seen",
}

Write = Callable[..., Path]


@pytest.fixture(scope="session")
def shipped() -> pd.DataFrame:
    return history.load()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a history file of rows that differ from `ROW` as told, and return its folder."""

    def write(*changes: dict[str, str], name: str = "mine.csv") -> Path:
        rows = [ROW | change for change in changes]
        pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(tmp_path / name, index=False)
        return tmp_path

    return write
