"""What happened on the way from precursors to deaths, so that a reader sees why."""

from __future__ import annotations

import pandas as pd

from sdforecast.policy import effects
from sdforecast.policy.estimating import estimate
from sdforecast.policy.kept import DEATHS, STAGES
from sdforecast.policy.outcomes import Outcomes

EVERY = "all years"


def stages(outcomes: Outcomes) -> pd.DataFrame:
    """Return how far each stage is from the reference, in per cent of it, in each year and over all.

    Columns `scenario, stage, title, unit, year, median, low, high, error`; `year` is a number or "all years", of which
    the change is that of the sum (or, of levels, the mean). Deaths come last, so that the chain is whole.
    """
    there = [name for name in (*STAGES, DEATHS) if name in outcomes.yearly]
    rows = []
    for name in there:
        attributes = outcomes.yearly[name].attrs
        by_year = 100 * effects.relative(outcomes, name)
        base = outcomes.yearly[name].sel(scenario=outcomes.reference, drop=True).sum("year")
        whole = 100 * effects.more(outcomes, name).sum("year") / base
        for mix in by_year["scenario"].to_numpy():
            told = {"scenario": str(mix), "stage": name, "title": attributes["title"], "unit": "% of the reference"}
            for year in by_year["year"].to_numpy():
                values = by_year.sel(scenario=mix, year=year).to_numpy()
                rows.append({**told, "year": int(year), **estimate(values).row()})
            rows.append({**told, "year": EVERY, **estimate(whole.sel(scenario=mix).to_numpy()).row()})
    return pd.DataFrame(rows)
