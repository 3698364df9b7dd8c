"""A forecast from an origin: the model estimated anew from what was known then, and run on to the longest horizon."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from sdforecast import calendar
from sdforecast.backtesting.knowing import Known
from sdforecast.evaluation.levels import HORIZONS, HUB_LEVELS, TARGETS, later
from sdforecast.forecasting.disturbing import disturbances
from sdforecast.forecasting.drawing import run_draws
from sdforecast.forecasting.remaining import counted
from sdforecast.forecasting.result import Forecast
from sdforecast.inference import Posterior
from sdforecast.inference.calibrating import estimated
from sdforecast.inference.methods import Plan
from sdforecast.inference.studying import Sources, study
from sdforecast.issuing.counts import counts
from sdforecast.model import ModelFile

OURS = "sdforecast"
"""Name of the model's own forecasts among methods."""


@dataclass(frozen=True)
class Refit:
    """What an origin gives.

    Attributes
    ----------
    forecasts : in the columns of :mod:`sdforecast.evaluation`.
    mode : most probable position by label: where the search of the next origin begins.
    value : log density there.
    numbers, observations : how many numbers were estimated from how many observations.
    """

    forecasts: pd.DataFrame
    mode: Mapping[str, float]
    value: float
    numbers: int
    observations: int


def refit(
    known: Known,
    model: ModelFile,
    plan: Plan,
    *,
    sources: Sources | None = None,
    near: Mapping[str, float] | None = None,
    horizons: Sequence[int] = HORIZONS,
    method: str = OURS,
) -> Refit:
    """Estimate the model from what was known, and forecast.

    Parameters
    ----------
    plan : how to estimate; as many draws are run on.
    sources : tables of parameters and targets to start from (default: the shipped ones).
    near : where the search for the mode begins, by label.
    method : what the forecasts are called.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = known.write(Path(folder), sources)
        setting = study(model, given, hold=known.held, entering=known.inputs(model))
        found = estimated(
            setting, plan, {"data_vintage": f"{known.released:%Y-%m-%d}", "last_observed": f"{known.origin:%Y-%m-%d}"},
            starts=1, kept=plan.chains * plan.draws, near=near, account=False,
        )  # fmt: skip
        posterior = found.posterior
        made = _forecast(known, model, posterior, setting.fixed, max(horizons), plan.seed, given.targets)
    mode = posterior.tree["mode"]
    positions = mode["position"].to_numpy()
    return Refit(
        forecasts=_quantiles(made, known, horizons, method),
        mode={str(label): float(at) for label, at in zip(mode["coordinate"].to_numpy(), positions, strict=True)},
        value=float(posterior.manifest["log_density_at_mode"]),
        numbers=len(positions),
        observations=len(setting.study.observations),
    )


def _forecast(
    known: Known,
    model: ModelFile,
    posterior: Posterior,
    fixed: Mapping[str, float],
    months: int,
    seed: int,
    targets: Path | None,
) -> Forecast:
    """Return trajectories to `months` after the origin, with all inputs as they were known."""
    last = calendar.parse_month(f"{known.origin:%Y-%m}") + months
    beside = disturbances(posterior, model, last, seed, targets)
    wanted = [model.name_of(name) for name in TARGETS]
    free = set(posterior.draws.columns)
    runs = run_draws(
        model, posterior.draws, beside.latents, [known.scenario], beside.needed(wanted), last=last,
        fixed={name: value for name, value in fixed.items() if name not in free}, entering=known.inputs(model),
    )  # fmt: skip
    finite = np.isfinite(runs.to_array().to_numpy()).all(axis=(0, 2, 3))
    runs, beside = runs.isel(draw=finite), beside.kept(finite)
    made = beside.applied(runs, wanted, lambda of: counted(of, known.rows, known.vintages))
    return Forecast(
        trajectories=made, scenarios=(known.scenario,), levels={known.scenario.name: known.levels},
        reference=known.scenario.name, history=known.rows, targets=posterior.residuals,
        fit=posterior.fit, parameters=posterior.learned, summary={}, manifest={"seed": seed},
    )  # fmt: skip


def _quantiles(made: Forecast, known: Known, horizons: Sequence[int], method: str) -> pd.DataFrame:
    found = counts(made, known.vintages)
    parts = []
    for target in TARGETS:
        paths = found.paths[target].isel(scenario=0)
        for horizon in horizons:
            end = later(known.origin, horizon)
            values = np.quantile(paths.sel(time=end).to_numpy(), HUB_LEVELS)
            row = {
                "method": method,
                "target": target,
                "origin": known.origin,
                "horizon": horizon,
                "target_end_date": end,
            }
            parts.append(pd.DataFrame({**row, "quantile": HUB_LEVELS, "value": values}))
    return pd.concat(parts, ignore_index=True)
