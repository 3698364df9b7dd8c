"""How a posterior fits the deaths, and how much of their fall each part of it explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from sdforecast import history, observation
from sdforecast.calendar import parse_month
from sdforecast.engine.repeated import Repeated
from sdforecast.inference.posterior import Posterior
from sdforecast.inference.studying import Setting
from sdforecast.observation.predicting import CUMULATIVE

DEATHS = "synthetic opioid deaths"
DISCREPANCY = "deaths"
SHOCK = "supply shock size"

TURN = ("2023-06", "2025-04")
"""Months that end the highest 12-month sum and the last one."""


def figures(setting: Setting, posterior: Posterior) -> dict[str, Any]:
    """Return the figures of the fit of deaths, and what each part of the posterior explains of the turn.

    Medians over draws of the monthly flow: of the model alone, with its discrepancy, and without its latent series.
    Empty for a model that has no such deaths.
    """
    if f"{CUMULATIVE}{DEATHS}" not in setting.model.names:
        return {}
    runs = _runs(setting, posterior)
    alone = np.median(runs["model"], axis=0)
    found = observation.measured_fit(np.concatenate([[0.0], np.cumsum(alone)]), setting.rows)
    counted = found["annual"]
    for name, label in (("whole", "with_discrepancy"), ("plain", "without_latents")):
        if name in runs:
            monthly = np.median(runs[name], axis=0)
            annual = {y: round(float(monthly[(int(y) - 2010) * 12 :][:12].sum())) for y in counted}
            found[f"annual_{label}"] = annual
            found[f"annual_mape_{label}"] = float(
                100 * np.mean([abs(annual[year] / counted[year][0] - 1) for year in counted])
            )
    return {**found, "turn": _turn(runs, setting.rows)}


def _runs(setting: Setting, posterior: Posterior) -> dict[str, np.ndarray]:
    """Return monthly deaths [draws, months] of the model and of variants of it."""
    names = [p.name for p in setting.study.parameters]
    until = parse_month(TURN[1]) + 1
    asked = Repeated(
        setting.model, (f"{CUMULATIVE}{DEATHS}",), tuple(names), setting.study.knots, setting.fixed, setting.levels,
        float(until),
    )  # fmt: skip
    constants = posterior.draws[names].to_numpy()
    knots = [posterior.latent(variable).to_numpy() for variable in setting.study.knots]
    found = {"model": _flow(asked, constants, knots)}
    if knots:
        found["plain"] = _flow(asked, constants, [np.zeros_like(each) for each in knots])
    if SHOCK in names:
        without = constants.copy()
        without[:, names.index(SHOCK)] = 0.0
        found["no dated shock"] = _flow(asked, without, knots)
        found["no shock"] = _flow(asked, without, [np.zeros_like(each) for each in knots])
    if DISCREPANCY in posterior.discrepancies:
        path = posterior.discrepancy(DISCREPANCY)
        months = path["month"].to_numpy()
        whole = (path["discrepancy"] + path["drift"]).sel(month=months[months < until]).to_numpy()
        found["whole"] = found["model"] * np.exp(whole)
    return found


def _flow(asked: Repeated, constants: np.ndarray, knots: Sequence[np.ndarray]) -> np.ndarray:
    return np.diff(asked.run(np.hstack([constants, *knots]))[..., 0], axis=1)


def _turn(runs: Mapping[str, np.ndarray], rows: pd.DataFrame) -> dict[str, float]:
    """Return the fall between the two 12-month sums of :data:`TURN` in per cent: counted, and of each variant."""
    sums = history.select(rows, "synthetic_opioid_deaths", aggregation="12-month-ending", breakdown="occurrence")
    known = {str(end)[:7]: float(value) for end, value in zip(sums["period_end"], sums["value"], strict=True)}
    counted = {"counted": 100 * (known[TURN[1]] / known[TURN[0]] - 1)} if all(m in known for m in TURN) else {}
    first, last = (parse_month(month) for month in TURN)
    falls = {
        name: float(np.median(100 * (_ending(flow, last) / _ending(flow, first) - 1))) for name, flow in runs.items()
    }
    return {**counted, **falls}


def _ending(flow: np.ndarray, month: int) -> np.ndarray:
    result: np.ndarray = flow[:, month - 11 : month + 1].sum(axis=1)
    return result
