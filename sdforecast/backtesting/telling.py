"""What was known when, as a table for readers (docs/backtest.md)."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from sdforecast.backtesting.knowing import Known
from sdforecast.backtesting.timeline import now
from sdforecast.history import USABLE
from sdforecast.observation.revisions import completeness

LAST = {
    "share": "fentanyl_share_of_market",
    "survey": "heroin_use_disorder",
    "treatment": "moud_patients",
    "purity": "fentanyl_powder_purity",
    "seizures": "cbp_fentanyl_seized",
    "parts of deaths": "heroin_deaths_without_synthetic_opioids",
}
"""Columns of the table that tell how far a series reaches, and the series."""


def table(known: Iterable[Known]) -> pd.DataFrame:
    """Return one row an origin.

    Columns: `origin` and `out` (release of its deaths), `deaths` (file, simulated, today), `files` (how many could be
    compared with a later one, so that the completeness of young months was known), then for each of `LAST` the last
    month covered (empty: none), `COVID` (its level at the origin) and `held` (constants that keep a value).
    """
    return pd.DataFrame([_row(each) for each in known])


def markdown(found: pd.DataFrame) -> str:
    """Return a table of texts as one of Markdown."""
    lines = [list(found.columns), ["---"] * found.shape[1], *found.to_numpy().tolist()]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _row(known: Known) -> dict[str, str]:
    told = {
        "origin": f"{known.origin:%Y-%m}",
        "out": f"{known.released:%Y-%m-%d}",
        "deaths": " / ".join(dict.fromkeys(source.split(" of ")[0] for source in known.deaths_from.values())),
        "files": str(len(completeness(known.vintages).vintages)),
    }
    for column, series in LAST.items():
        rows = known.rows[(known.rows["series"] == series) & known.rows["status"].isin(USABLE)]
        rows = rows[rows["aggregation"] != "period"]  # single looks, which no target takes
        told[column] = "" if rows.empty else f"{rows['period_end'].max():%Y-%m}"
    covid = known.tables.get("COVID disruption shape")
    told["COVID"] = "" if covid is None else f"{_at(covid, known.origin):.2f}"
    told["held"] = ", ".join(known.held)
    return told


def _at(series: pd.Series, origin: pd.Timestamp) -> float:
    return float(np.interp(now(origin), series.index.to_numpy(float), series.to_numpy(float)))
