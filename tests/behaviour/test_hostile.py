"""What a hostile reader tries first: totals that fall, instruments switched on and off, numbers that are none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import sdforecast as sdf
from sdforecast.errors import InputError
from sdforecast.scenario import instrument_ids
from tests.behaviour.conftest import Run


@pytest.fixture(scope="module")
def everything(run: Run) -> pd.DataFrame:
    return run(dict.fromkeys(instrument_ids(), 1.0))


def _totals(table: pd.DataFrame) -> list[str]:
    return [str(name) for name in table.columns if str(name).startswith("cumulative ")]


def test_no_total_ever_falls(current_course: pd.DataFrame, everything: pd.DataFrame) -> None:
    """Deaths, kilograms, years and dollars are spent once."""
    for table in (current_course, everything):
        steps = table[_totals(table)].diff().iloc[1:]
        assert len(steps.columns) > 40
        falling = [name for name in steps if steps[name].min() < -1e-9 * abs(table[name]).max()]
        assert falling == []


def test_everything_at_once_is_finite_and_no_stock_is_negative(everything: pd.DataFrame, model: object) -> None:
    assert np.isfinite(everything.to_numpy(float)).all()
    stocks = model.variables.query("kind == 'stock'")["name"]  # type: ignore[attr-defined]
    lowest = everything[[name for name in stocks if "log " not in name and not name.startswith("log")]].min()
    assert lowest[lowest < -1e-9].empty


def test_a_series_with_a_hole_is_refused() -> None:
    hole = pd.Series([0.5, np.nan], index=[204.0, 300.0])
    with pytest.raises(InputError, match="not finite"):
        sdf.load_model().run({"naloxone": hole})


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(InputError, match="kit life"):
        sdf.load_model().run({"kit lief": 3.0})
