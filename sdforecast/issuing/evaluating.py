"""Every edition of the archive against what was counted since.

Nowcast and forecast are scored apart. A nowcast (horizon 0 or less) is scored once its month is closed. A forecast is
scored as soon as its month is counted, also in part: how many of the outcomes may still change is told. Only what was
not yet published on the day of issue was foretold in real time: NCHS publishes a month some four months after its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sdforecast.errors import InputError, Problem
from sdforecast.evaluation import scoring, spreadsheet
from sdforecast.evaluation.levels import COLUMNS, HUB_LEVELS, TARGETS
from sdforecast.issuing import target_data
from sdforecast.issuing.archive import Edition
from sdforecast.issuing.checking import files
from sdforecast.issuing.configuration import MODEL_ID
from sdforecast.issuing.tables import COLUMNS as HUB_COLUMNS

PUBLISHED_AFTER = 4
"""Months from a month's end to its first publication."""

OURS, LAST_VALUE = "sdforecast", "last value"


@dataclass(frozen=True)
class Evaluation:
    """Scores of editions.

    Attributes
    ----------
    scores : one row a forecast whose outcome is known: `edition, kind` (nowcast or forecast), `real_time`, and the
        columns of :func:`sdforecast.evaluation.scoring.score`.
    summary : one row an edition, kind and target.
    waiting : days of editions without any outcome, with the first month that they wait for.
    """

    scores: pd.DataFrame
    summary: pd.DataFrame
    waiting: dict[str, str]


def quantiles_of(edition: Edition) -> pd.DataFrame:
    """Return the quantiles of an edition under its reference scenario, one a row. Raises `InputError`."""
    name = f"{edition.manifest['reference_date']}-{MODEL_ID}.csv"
    path = edition.hub / "model-output" / MODEL_ID / name.replace("/", "_")
    try:
        table = files.csv_table(path)
    except files.UnreadableError as error:
        raise InputError(Problem(str(error), file=str(path))) from error
    missing = [column for column in HUB_COLUMNS if column not in table]
    if missing:
        raise InputError(Problem(f"the column '{missing[0]}' is missing", file=str(path)))
    rows = table[
        (table["scenario_id"] == edition.manifest["reference_scenario"]) & (table["output_type"] == "quantile")
    ]
    try:
        found = pd.DataFrame(
            {
                "method": OURS,
                "target": rows["target"],
                "origin": pd.to_datetime(rows["reference_date"], format="%Y-%m-%d"),
                "horizon": rows["horizon"].astype(int),
                "target_end_date": pd.to_datetime(rows["target_end_date"], format="%Y-%m-%d"),
                "quantile": rows["output_type_id"].astype(float),
                "value": rows["value"].astype(float),
            }
        )
    except ValueError as error:
        raise InputError(Problem(f"holds a cell that cannot be read: {str(error)[:80]}", file=str(path))) from error
    if found.empty:
        raise InputError(Problem(f"has no rows of '{edition.manifest['reference_scenario']}'", file=str(path)))
    return found.reset_index(drop=True)


def evaluate(editions: Sequence[Edition], observed: pd.DataFrame) -> Evaluation:
    """Score all editions against today's counts.

    Parameters
    ----------
    observed : the history as it stands today.

    Raises
    ------
    InputError : an edition cannot be read.
    MachineError : the extra `evaluate` is not installed.
    """
    counted = target_data.outcomes(observed)
    counted["provisional"] = counted["status"].eq("provisional")
    parts, waiting = [], {}
    for edition in editions:
        found = _scored(edition, counted)
        if not (found["kind"] == "forecast").any():
            first = pd.Timestamp(edition.manifest["reference_date"]) + pd.offsets.MonthEnd(1)
            waiting[edition.day] = f"{first:%Y-%m}"
        parts.append(found)
    scores = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=["edition", "kind", "target"])
    return Evaluation(scores, _summary(scores), waiting)


def _scored(edition: Edition, counted: pd.DataFrame) -> pd.DataFrame:
    ours = quantiles_of(edition)
    origin = ours["origin"].iloc[0]
    closed = counted["provisional"].eq(False) | (counted["target_end_date"] > origin)
    there = counted[closed]
    keys = pd.MultiIndex.from_frame(there[["target", "target_end_date"]])
    tables = [ours, *_last_values(edition, ours)]
    table = pd.concat(tables, ignore_index=True)
    table = table[pd.MultiIndex.from_frame(table[["target", "target_end_date"]]).isin(keys)]
    if table.empty:
        return pd.DataFrame(columns=["edition", "kind", "target", "method"])
    scores = scoring.score(table, there)
    published = scores["target_end_date"] + pd.offsets.MonthEnd(PUBLISHED_AFTER)
    return scores.assign(
        edition=edition.day,
        kind=np.where(scores["horizon"] > 0, "forecast", "nowcast"),
        real_time=published > pd.Timestamp(edition.day),
    )


def _last_values(edition: Edition, ours: pd.DataFrame) -> list[pd.DataFrame]:
    """Return what repeating the last sum would have said, from the counts that the edition had."""
    path = edition.hub / "target-data" / "time-series.csv"
    try:
        table = files.csv_table(path)
        table["observation"] = table["observation"].astype(float)
        table["target_end_date"] = pd.to_datetime(table["target_end_date"], format="%Y-%m-%d")
    except (files.UnreadableError, KeyError, ValueError) as error:
        raise InputError(Problem("cannot be read as a time series", file=str(path))) from error
    origin = ours["origin"].iloc[0]
    found = []
    for target in TARGETS:
        rows = table[(table["target"] == target) & (table["target_end_date"] <= origin)]
        sums = rows.sort_values("as_of").groupby("target_end_date")["observation"].last().to_numpy(float)
        horizons = sorted(ours.loc[(ours["target"] == target) & (ours["horizon"] > 0), "horizon"].unique())
        if len(sums) < 24 or not horizons:
            continue
        for horizon, values in spreadsheet.quantiles(LAST_VALUE, sums, horizons).items():
            part = pd.DataFrame({"quantile": HUB_LEVELS, "value": values})
            end = origin + pd.offsets.MonthEnd(int(horizon))
            part = part.assign(
                method=LAST_VALUE, target=target, origin=origin, horizon=int(horizon), target_end_date=end
            )
            found.append(part[list(COLUMNS)])
    return found


def _summary(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row an edition, kind and target."""
    if scores.empty:
        return pd.DataFrame()
    rows: list[dict[str, Any]] = []
    for (edition, kind, target), part in scores.groupby(["edition", "kind", "target"], sort=True):
        ours, theirs = part[part["method"] == OURS], part[part["method"] == LAST_VALUE]
        if ours.empty:
            continue
        rows.append(
            {
                "edition": edition,
                "kind": kind,
                "target": target,
                "months": len(ours),
                "last": f"{ours['target_end_date'].max():%Y-%m}",
                "not_final": int(ours["provisional"].sum()),
                "real_time": int(ours["real_time"].sum()),
                "median_error_percent": float(ours["percent_error"].abs().mean()),
                "bias": float(ours["bias"].mean()),
                "wis": float(ours["wis"].mean()),
                "relative_wis": float(ours["wis"].sum() / theirs["wis"].sum()) if len(theirs) else float("nan"),
                "covered_50": float(ours["covered_50"].mean()),
                "covered_95": float(ours["covered_95"].mean()),
            }
        )
    return pd.DataFrame(rows)
