"""A structure at an origin: estimated anew from what was known then, and run on to the longest horizon."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sdforecast import calendar, parameters
from sdforecast.backtesting.knowing import Known
from sdforecast.evaluation.levels import HORIZONS, TARGETS
from sdforecast.forecasting.disturbing import disturbances
from sdforecast.forecasting.drawing import run_draws
from sdforecast.forecasting.remaining import counted
from sdforecast.forecasting.result import Forecast
from sdforecast.inference import Posterior
from sdforecast.inference.calibrating import estimated
from sdforecast.inference.methods import Plan
from sdforecast.inference.studying import Sources, study
from sdforecast.model import ModelFile
from sdforecast.scenario import Scenario
from sdforecast.scenario.inputs import has_instruments


@dataclass(frozen=True)
class Refit:
    """What a structure gives at an origin.

    Attributes
    ----------
    forecast : its draws, run on.
    sums : variables that contain the deaths which its discrepancy is of.
    mode : most probable position by label: where the search of the next origin begins.
    value : log density there.
    numbers, observations : how many numbers were estimated from how many observations.
    """

    forecast: Forecast
    sums: tuple[str, ...]
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
    hold: Mapping[str, float] | None = None,
    near: Mapping[str, float] | None = None,
    months: int = max(HORIZONS),
    wanted: Sequence[str] = TARGETS,
) -> Refit:
    """Estimate a model from what was known, and run it on.

    Parameters
    ----------
    plan : how to estimate; as many draws are run on.
    sources : tables of parameters and targets to start from (default: the shipped ones).
    hold : constants that keep a value, besides those that do at the origin.
    near : where the search for the mode begins, by label.
    months : how far after the origin.
    wanted : variables.
    """
    with tempfile.TemporaryDirectory() as folder:
        given = known.write(Path(folder), sources)
        names = {each.name for each in parameters.load(given.parameters)}
        held = {name: value for name, value in known.held.items() if name in names}
        setting = study(model, given, hold={**held, **(hold or {})}, entering=known.inputs(model))
        found = estimated(
            setting, plan, {"data_vintage": f"{known.released:%Y-%m-%d}", "last_observed": f"{known.origin:%Y-%m-%d}"},
            starts=1, kept=plan.chains * plan.draws, near=near, account=False,
        )  # fmt: skip
        posterior = found.posterior
        made, sums = _forecast(known, model, posterior, setting.fixed, months, plan.seed, given.targets, wanted)
    mode = posterior.tree["mode"]
    positions = mode["position"].to_numpy()
    return Refit(
        forecast=made,
        sums=sums,
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
    wanted: Sequence[str],
) -> tuple[Forecast, tuple[str, ...]]:
    """Return trajectories to `months` after the origin, with all inputs as they were known, and sums of the flow."""
    last = calendar.parse_month(f"{known.origin:%Y-%m}") + months
    beside = disturbances(posterior, model, last, seed, targets)
    names = [model.name_of(name) for name in wanted]
    inputs = known.inputs(model)
    mix = known.scenario if has_instruments(model) else Scenario(name=known.scenario.name, title=known.scenario.title)
    free = set(posterior.draws.columns)
    runs = run_draws(
        model, posterior.draws, beside.latents, [mix], beside.needed(names), last=last,
        fixed={name: value for name, value in fixed.items() if name not in free}, entering=inputs,
    )  # fmt: skip
    finite = np.isfinite(runs.to_array().to_numpy()).all(axis=(0, 2, 3))
    runs, beside = runs.isel(draw=finite), beside.kept(finite)
    made = beside.applied(runs, names, lambda of: counted(of, known.rows, known.vintages))
    sums = {name for of, _ in beside.discrepancies for name in of.contained_in} | {r.whole for r in beside.remainders}
    return Forecast(
        trajectories=made, scenarios=(known.scenario,), levels={known.scenario.name: known.levels},
        reference=known.scenario.name, history=known.rows, targets=posterior.residuals,
        fit=posterior.fit, parameters=posterior.learned, summary={}, manifest={"seed": seed},
    ), tuple(sorted(sums))  # fmt: skip
