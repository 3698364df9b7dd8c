"""Several methods as one: the equal mean of their quantiles, level by level.

Weights from past scores were worse than equal ones: before a turn they back the method that is about to fail.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.evaluation import tables


def quantile_mean(forecasts: pd.DataFrame, methods: Sequence[str], name: str) -> pd.DataFrame:
    """Return the forecasts of a new method `name`: at each level the mean of the quantiles of `methods`.

    Only what all of them forecast is combined. Raises `InputError` for a method that is not in the table, for fewer
    than two, for a method named twice, or if there is nothing that all of them forecast; see also `tables.wide`.
    """
    known = list(forecasts["method"].unique())
    unknown = [method for method in methods if method not in known]
    if unknown:
        raise InputError(*(Problem(f"no forecasts by '{each}'", hint=nearest(each, known)) for each in unknown))
    if len(set(methods)) < max(len(methods), 2):
        raise InputError(Problem("a mean takes at least two different methods"))
    values = tables.wide(forecasts[forecasts["method"].isin(methods)])
    groups = values.groupby(["target", "origin", "horizon", "target_end_date"], sort=True)
    mean = groups.mean()[groups.size() == len(methods)]
    if mean.empty:
        raise InputError(Problem(f"nothing was forecast by all of: {', '.join(methods)}"))
    return tables.tidy(pd.concat({name: mean}, names=["method"]))
