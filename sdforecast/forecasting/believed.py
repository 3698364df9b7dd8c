"""What is believed of each constant: the prior, and what the posterior made of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sdforecast import parameters
from sdforecast.inference import Posterior
from sdforecast.inference.learned import INTERVAL
from sdforecast.model import ModelFile

LATER = "acts later"
"""Of a constant that no observation can tell of: its draws are from the prior."""


def believed(posterior: Posterior, model: ModelFile) -> pd.DataFrame:
    """Return all constants, one row each.

    Columns of the table of parameters (name, kind, unit, value, low, high, source, grade, ...); `prior_low` and
    `prior_high` (central 90 %); `median`, `posterior_low` and `posterior_high` (5th and 95th percentile of the draws);
    `taught` as :func:`sdforecast.inference.learned.learned` has it, "acts later" where no observation depends on it,
    empty where it is fixed. A fixed constant has the value that it runs with as median and no interval.
    """
    table = parameters.table(parameters.load())
    draws = posterior.draws
    low, median, high = np.quantile(draws.to_numpy(), (INTERVAL[0], 0.5, INTERVAL[1]), axis=0)
    found = pd.DataFrame({"median": median, "posterior_low": low, "posterior_high": high}, index=draws.columns)
    told = posterior.learned.set_index("parameter")
    for column in ("prior_low", "prior_high", "shrinkage", "taught"):
        found[column] = told[column].reindex(found.index) if column in told else np.nan
    found["taught"] = found["taught"].where(found["taught"].notna(), LATER)
    held = table["name"].map(model.variables.set_index("name")["value"]).fillna(table["value"])
    made = table.join(found, on="name")
    return made.assign(median=made["median"].fillna(held), taught=made["taught"].fillna(""))
