"""Tables of forecasts are refused with the reason, or come back as they were."""

import numpy as np
import pandas as pd
import pytest

from sdforecast.errors import InputError
from sdforecast.evaluation import tables
from sdforecast.evaluation.levels import COLUMNS, HUB_LEVELS, KEYS, later
from tests.evaluation.samples import forecast

RISING = np.arange(1, 24)


def test_there_are_23_levels_symmetric_about_the_median():
    assert len(HUB_LEVELS) == 23
    assert np.array(HUB_LEVELS) + np.array(HUB_LEVELS[::-1]) == pytest.approx(1)
    assert list(HUB_LEVELS) == sorted(HUB_LEVELS)


def test_horizons_end_on_last_days():
    assert later(pd.Timestamp(2019, 2, 28), 12) == pd.Timestamp(2020, 2, 29)
    assert later(pd.Timestamp(2017, 12, 31), 6) == pd.Timestamp(2018, 6, 30)


def test_wide_and_tidy_are_inverse_whatever_the_order_of_the_rows():
    table = pd.concat([forecast(RISING), forecast(RISING * 2, method="theirs", horizon=24)], ignore_index=True)
    sorted_ = table[list(COLUMNS)].sort_values([*KEYS, "quantile"], ignore_index=True)
    shuffled = table.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(tables.tidy(tables.wide(shuffled)), sorted_, check_dtype=False)


def test_levels_and_days_may_be_written_roughly():
    table = forecast(RISING)
    rough = table.assign(quantile=table["quantile"] + 1e-12, target_end_date="2021-06-30", origin="2020-06-30")
    pd.testing.assert_frame_equal(tables.wide(rough), tables.wide(table))


def _without(level):
    table = forecast(RISING)
    return table[table["quantile"] != level]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (_without(0.5), "lacks some of the 23"),
        (pd.concat([_without(0.5), forecast(RISING).head(1)]), "has a quantile twice"),
        (forecast(RISING[::-1]), "quantiles that cross"),
        (forecast(RISING - 2), "negative number of deaths"),
        (forecast(np.where(RISING == 23, np.inf, RISING)), "not finite"),
        (forecast(np.where(RISING == 23, np.nan, RISING)), "lacks some of the 23"),
        (forecast(RISING).replace({"quantile": {0.45: 0.46}}), "0.46"),
        (forecast(RISING).assign(horizon=11), "another month than its horizon"),
        (forecast(RISING).assign(origin=pd.Timestamp(2020, 6, 15)), "not the last day of a month"),
        (forecast(RISING).assign(origin="June"), "cannot be read"),
        (forecast(RISING).drop(columns="value"), "lacks 'value'"),
        (forecast(RISING).astype({"value": str}), "something else than numbers"),
        (forecast(RISING).assign(method=None), "'method'.*empty"),
    ],
)
def test_a_wrong_table_is_refused(table, said):
    with pytest.raises(InputError, match=said):
        tables.wide(table)


def test_of_many_faults_a_few_are_named():
    many = pd.concat([forecast(RISING[::-1], method=f"m{k}") for k in range(20)])
    with pytest.raises(InputError) as error:
        tables.wide(many)
    assert len(error.value.problems) == tables.MOST_NAMED + 1
    assert "and 15 more" in str(error.value)


def test_control_characters_of_a_name_do_not_reach_the_message():
    with pytest.raises(InputError, match=r"by '\?\[31mred'"):
        tables.wide(forecast(RISING[::-1], method="\x1b[31mred"))
