"""Years of life lost: what the people who died could have expected to live, by age.

`calibration/lives.csv` has the ages of those who died in 2024 (CDC WONDER, drug-induced deaths of residents by ten-year
group, cells under ten missing: for the shape, not the level) and the remaining years of men and women of the middle age
of each group (Social Security Administration, period life table of 2017, 2020 Trustees Report). With 69 % men (NIDA on
CDC WONDER, 2021) that is 34.0 years a death: what people of the same age in general would have lived, an upper bound.
A draw has its own mean, `remaining life years per death`, since people who use drugs would have lived shorter lives:
the remaining years of every age are then shorter in proportion.

Later years can count less: at a rate r a remaining life of L years is worth (1 - exp(-r L)) / r, and a death in a later
year is discounted to the start of the first year compared (Sanders et al. 2016, JAMA 316(10), doi
10.1001/jama.2016.12195, have 3 % a year). The sum over ages is taken after the formula: an annuity of the mean life
would be worth too much.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import shipped
from sdforecast.errors import InputError, Problem
from sdforecast.policy.kept import LIFE_YEARS

PER_DEATH = "remaining life years per death"
"""Constant of the model: its mean in each draw."""

MEN = 0.69
"""Share of men among those who died in 2021."""

_COLUMNS = ("age_group", "age", "deaths", "remaining_men", "remaining_women")


@lru_cache(maxsize=2)
def by_age(file: Path | None = None) -> pd.DataFrame:
    """Return, by age group, `share` of the deaths and `years` of remaining life of both sexes together.

    Raises `InputError` for a table that is not right.
    """
    path = file or shipped.calibration_dir() / "lives.csv"
    try:
        table = pd.read_csv(path)
        numbers = table[list(_COLUMNS[1:])].to_numpy(float)
    except (OSError, ValueError, KeyError, pd.errors.ParserError) as error:
        raise InputError(Problem(f"is no table of lives: {error}", file=str(path))) from error
    if not len(table) or not (np.isfinite(numbers) & (numbers > 0)).all():
        raise InputError(Problem("has numbers that are not above zero", file=str(path)))
    years = MEN * table["remaining_men"] + (1 - MEN) * table["remaining_women"]
    return pd.DataFrame({"share": table["deaths"] / table["deaths"].sum(), "years": years}).set_index(
        table["age_group"].astype(str)
    )


def worth(mean: np.ndarray, rate: float, ages: pd.DataFrame | None = None) -> np.ndarray:
    """Return what the remaining years of one death are worth when it happens, of each draw.

    Parameters
    ----------
    mean : remaining years of one death [draws].
    rate : a year, 0 for every year alike.
    ages : as from :func:`by_age`.
    """
    mean = np.asarray(mean, dtype=float)
    if rate == 0:
        return mean
    ages = by_age() if ages is None else ages
    share, years = ages["share"].to_numpy(), ages["years"].to_numpy()
    own = np.multiply.outer(mean / float(share @ years), years)  # [draws, ages]
    found: np.ndarray = (-np.expm1(-rate * own) / rate) @ share
    return found


def present(years: np.ndarray, first: int, rate: float) -> np.ndarray:
    """Return what one unit of each calendar year, at its middle, is worth at the start of year `first`."""
    found: np.ndarray = np.exp(-rate * (np.asarray(years, dtype=float) + 0.5 - first))
    return found


def derived(yearly: Mapping[str, xr.DataArray], value: Callable[[str], xr.DataArray]) -> dict[str, xr.DataArray]:
    """Return the years of life lost, undiscounted: deaths times what one of them loses, draw by draw."""
    if LIFE_YEARS not in yearly:
        return {}
    return {LIFE_YEARS: yearly[LIFE_YEARS] * value(PER_DEATH)}


def discounted(lost: xr.DataArray, deaths: xr.DataArray, rate: float, first: int) -> xr.DataArray:
    """Return years of life lost (…, year) at the start of year `first`.

    Parameters
    ----------
    lost : undiscounted. Over `deaths`, of the same draw and scenario, they are its remaining years of one death.
    """
    if rate == 0:
        return lost
    mean = (lost / deaths).fillna(0.0)
    value = xr.apply_ufunc(lambda values: worth(values.ravel(), rate).reshape(values.shape), mean)
    later = xr.DataArray(present(lost["year"].to_numpy(), first, rate), dims="year")
    found: xr.DataArray = deaths * value * later
    return found.assign_attrs(lost.attrs)
