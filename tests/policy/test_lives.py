"""Years of life lost, against annuities."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy.integrate import quad

from sdforecast import parameters
from sdforecast.errors import InputError
from sdforecast.policy import lives


def test_the_ages_give_the_mean_that_the_model_has() -> None:
    """The constant of the model was worked out elsewhere, from the same sources."""
    ages = lives.by_age()
    constant = next(each for each in parameters.load() if each.name == lives.PER_DEATH)
    assert ages["share"].sum() == pytest.approx(1)
    assert float(ages["share"] @ ages["years"]) == pytest.approx(constant.value, abs=0.1)


def test_without_a_rate_every_year_counts_alike() -> None:
    mean = np.array([34.0, 20.0])
    assert lives.worth(mean, 0.0).tolist() == mean.tolist()
    assert lives.worth(mean, 1e-9) == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize("rate", [0.015, 0.03, 0.07])
def test_one_age_is_worth_its_annuity(rate: float) -> None:
    ages = pd.DataFrame({"share": [1.0], "years": [40.0]}, index=["all"])
    summed, _ = quad(lambda t: np.exp(-rate * t), 0, 25)
    assert lives.worth(np.array([25.0]), rate, ages)[0] == pytest.approx(summed)


def test_the_annuity_of_the_mean_life_would_be_too_much() -> None:
    mean = np.array([34.0])
    annuity = -np.expm1(-0.03 * 34) / 0.03
    assert lives.worth(mean, 0.03)[0] < 0.99 * annuity


def test_a_year_is_discounted_from_its_middle() -> None:
    found = lives.present(np.array([2027, 2030]), 2027, 0.03)
    assert found == pytest.approx([np.exp(-0.015), np.exp(-0.105)])


def test_years_lost_are_discounted_by_age_and_by_year() -> None:
    deaths = xr.DataArray([[100.0, 200.0]], {"year": [2027, 2028]}, ("draw", "year"))
    found = lives.discounted(30 * deaths, deaths, 0.03, 2027)
    each = lives.worth(np.array([30.0]), 0.03)[0]
    assert found.to_numpy()[0] == pytest.approx([100 * each * np.exp(-0.015), 200 * each * np.exp(-0.045)])
    none = xr.zeros_like(deaths)
    assert (lives.discounted(none, none, 0.03, 2027) == 0).all()


def test_a_wrong_table_is_named(tmp_path: Path) -> None:
    file = tmp_path / "lives.csv"
    file.write_text("age_group,age,deaths\n15-24,20,5\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"lives\.csv: is no table of lives"):
        lives.by_age(file)
    file.write_text("age_group,age,deaths,remaining_men,remaining_women\n15-24,20,-5,1,1\n", encoding="utf-8")
    with pytest.raises(InputError, match="not above zero"):
        lives.by_age(file)
