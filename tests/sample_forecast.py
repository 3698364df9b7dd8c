"""A forecast whose every number can be worked out by hand, for tests of figures and pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import history, scenario
from sdforecast.calendar import month_end, month_ends, month_start
from sdforecast.forecasting import Forecast
from sdforecast.observation import fit_table
from sdforecast.scenario import Scenario

MIXES = ("current-course", "military-only", "treatment-naloxone-surge")
DEATHS = "synthetic opioid deaths"
SCRIPT = "<script>alert('x')</script>"
FORMULA = "=HYPERLINK(1)"


def deaths_in(month: int, draw: int, position: int) -> float:
    """Deaths of one month: they rise by one a month and ten a draw; from 2027 each later mix has 100 fewer."""
    return 2000.0 + month + 10 * draw - (100 * position if month >= 204 else 0)


def sample(
    names: Sequence[str] = MIXES, *, draws: int = 5, variables: Sequence[str] | None = None, months: int = 312
) -> Forecast:
    """Return a forecast with a few variables in three sectors."""
    mixes = tuple(scenario.load(name) for name in names)
    shape = (draws, len(mixes), months)
    deaths = np.array([[[deaths_in(m, s, k) for m in range(months)] for k in range(len(mixes))] for s in range(draws)])
    share = np.broadcast_to(np.linspace(0.01, 0.9, months), shape)
    every = {
        DEATHS: _variable(deaths, "person/Month", "Overdose deaths", "month"),
        "fentanyl share": _variable(share, "Dmnl", "Demand", ""),
        "precursor price": _variable(1 + share, "Dmnl", "Precursor supply", ""),
        "opioid prescribing": _variable(1 - share, "Dmnl", "Exogenous inputs", ""),
    }
    chosen = {name: every[name] for name in (every if variables is None else variables)}
    coordinates = {"draw": np.arange(draws), "scenario": list(names), "time": month_ends(0, months - 1)}
    targets = _targets()
    targets = targets[targets["variable"].isin(list(chosen))].reset_index(drop=True)
    return Forecast(
        trajectories=xr.Dataset(chosen, coordinates),
        scenarios=mixes,
        levels={mix.name: scenario.levels(mix) for mix in mixes},
        reference=names[0],
        history=history.load(),
        targets=targets,
        fit=fit_table(targets, targets["model"].to_numpy()),
        parameters=_parameters(),
        summary={
            "annual": {"2023": [72000, 70000], "2024": [48000, 54000]},
            "annual_mape": 7.6,
            "recent_mape": 12.34,
            "peak_model": "2023-04",
            "peak_observed": "2023-06",
        },
        manifest={
            "command": "sdforecast forecast",
            "sdforecast": "0.1.0",
            "created": "2026-11-25T04:00:00Z",
            "data_vintage": "2026-06-27",
            "packages": {"pysd": "3.14.3"},
            "scenarios": list(names),
            "propagated": ["latent supply shock", "deaths"],
        },
    )


def renamed(forecast: Forecast, name: str, **changes: str) -> Forecast:
    """Return the forecast with texts of one scenario changed."""
    mixes: list[Scenario] = [mix.model_copy(update=changes) if mix.name == name else mix for mix in forecast.scenarios]
    return dataclasses.replace(forecast, scenarios=tuple(mixes))


def _variable(
    values: np.ndarray, unit: str, sector: str, per: str
) -> tuple[tuple[str, ...], np.ndarray, dict[str, str]]:
    facts = {"unit": unit, "sector": sector, "per": per, "comment": f"A comment, {SCRIPT}."}
    return ("draw", "scenario", "time"), np.array(values), facts


def _targets() -> pd.DataFrame:
    """Two observations of a share, and one of deaths over a year, off by more than a factor of two."""
    rows = [
        ("share", "Fentanyl in the market", "fentanyl_share_of_market", "fentanyl share", "level", 60, 71, 0.2, 0.22),
        ("share", "Fentanyl in the market", "fentanyl_share_of_market", "fentanyl share", "level", 72, 83, 0.3, 0.27),
        ("deaths", "Deaths a year", "synthetic_opioid_deaths", DEATHS, "flow", 36, 47, 12000.0, 30000.0),
    ]  # fmt: skip
    names = ["target", "title", "series", "variable", "kind", "first", "last", "observed", "model"]
    table = pd.DataFrame(rows, columns=names).assign(
        scale="log", sd=0.1, fitted=True, unit="", grade="seen", residual=0.0
    )
    table["start"] = [month_start(int(month)) for month in table["first"]]
    table["end"] = [month_end(int(month)) for month in table["last"]]
    return table


def _parameters() -> pd.DataFrame:
    rows = [
        (FORMULA, "assumption", "Dmnl", 0.5, 0.2, 0.8, 0.4, 0.3, 0.6, "partly", f"Assumption {SCRIPT}", "judgement"),
        ("overdose hazard", "estimated", "1/Month", 0.05, 0.01, 0.2, 0.06, 0.05, 0.07, "learned", "Told.", "judgement"),
        ("mg to kg", "data", "kg/mg", 1e-6, np.nan, np.nan, 1e-6, np.nan, np.nan, "", "Definition.", "derived"),
    ]
    names = ["name", "kind", "unit", "value", "prior_low", "prior_high", "median", "posterior_low", "posterior_high",
             "taught", "source", "grade"]  # fmt: skip
    return pd.DataFrame(rows, columns=names)
