"""Making a forecast from a posterior: its draws, carried on to the horizon, run under policy mixes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sdforecast import calendar, history, scenario
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting.believed import believed
from sdforecast.forecasting.disturbing import LAST, Disturbances, disturbances
from sdforecast.forecasting.drawing import run_draws
from sdforecast.forecasting.remaining import Counted, counted
from sdforecast.forecasting.result import Forecast
from sdforecast.inference import Posterior, load
from sdforecast.inference.belonging import belongs
from sdforecast.inference.posterior_files import CARRIED
from sdforecast.manifest import manifest
from sdforecast.model import ModelFile
from sdforecast.model import read as read_model
from sdforecast.observation.remainders import Remainder

DEFAULT_SCENARIOS = (
    "current-course",
    "soft-power-with-teeth",
    "military-only",
    "treatment-naloxone-surge",
    "demand-plus-essay",
)
"""What is run when nothing is named; the first is the reference."""

HORIZON = LAST

DRAWS = 300
"""How many draws are run where it is not said: the median of 2035 is then known to 2 %."""


def forecast(
    scenarios: Sequence[str | Path] = DEFAULT_SCENARIOS,
    *,
    model: ModelFile | None = None,
    posterior: Posterior | None = None,
    draws: int | None = None,
    horizon: str = HORIZON,
    variables: Sequence[str] | None = None,
    seed: int = 1,
    targets: Path | None = None,
    engine: str = "auto",
    command: str = "sdforecast forecast",
    told: Callable[[str], None] = lambda line: None,
    advance: Callable[[], None] = lambda: None,
) -> Forecast:
    """Run draws of a posterior under scenarios.

    Latent series and discrepancies of the posterior go on after the last month, each draw's own, the same under every
    scenario (:mod:`.propagating`). A flow with a discrepancy is given with it, as counts would be, and beside it as
    the model alone gives it, under `<flow> of the model`. What is left of all deaths has an error of its own, which
    follows the months counted so far (:mod:`.remaining`): they are set against the current course where that is among
    the scenarios, else against the first that is not counterfactual.

    Parameters
    ----------
    scenarios : names or files; the first is the reference.
    posterior : by default the shipped one.
    draws : how many of its draws, evenly spaced (default: 300, or all where there are fewer).
    horizon : last month, YYYY-MM, at most 2035-12.
    variables : what to keep (default: every stock and auxiliary).
    seed : of what goes on after the last month.
    targets : the table of targets that the posterior was made with (default: the shipped one).
    engine : see :data:`sdforecast.engine.ENGINES`.
    told : called with a sentence where model, priors, targets or data are no longer those of the posterior, and where
        all scenarios have another past than the one that was counted.
    advance : called after each run.

    Raises
    ------
    InputError : an unknown scenario, a horizon out of range, a posterior of another model or of other targets.
    """
    model = model or read_model()
    posterior = posterior or load(whole=False)
    mixes, last = _mixes(scenarios, model), _last(horizon)
    _same_names(posterior, model)
    kept = posterior.thin(how_many(draws, posterior))
    changed = belongs(posterior, model, target_file=targets)
    for line in (*map(str, changed), *_unsettled(posterior)):
        told(line)
    beside = disturbances(kept, model, last, seed, targets)
    wanted = None if variables is None else list(dict.fromkeys(map(model.name_of, variables)))
    runs = run_draws(
        model, kept.draws, beside.latents, mixes, wanted and beside.needed(wanted), last=last, fixed=_held(posterior),
        engine=engine, advance=advance,
    )  # fmt: skip
    for line in _rewritten(mixes, beside, runs):
        told(line)
    return Forecast(
        trajectories=beside.applied(_finite(runs), wanted, _counted, _actual(mixes)),
        scenarios=mixes,
        levels={mix.name: scenario.levels(mix) for mix in mixes},
        reference=mixes[0].name,
        history=history.load(),
        targets=posterior.residuals,
        fit=posterior.fit,
        parameters=believed(posterior, model),
        summary=posterior.manifest["fit"],
        manifest=_manifest(command, model, posterior, mixes, len(kept), seed, horizon, changed, beside),
    )


def how_many(draws: int | None, posterior: Posterior) -> int:
    """Return how many draws are run where `draws` are asked for."""
    return min(DRAWS, len(posterior)) if draws is None else draws


def _mixes(scenarios: Sequence[str | Path], model: ModelFile) -> tuple[scenario.Scenario, ...]:
    mixes = scenario.load_all(scenarios, model)
    if not mixes:
        raise InputError(Problem("no scenario to run"))
    return mixes


def _actual(mixes: Sequence[scenario.Scenario]) -> int:
    """Return the position of a scenario whose past is what happened: the current course, or one with its past."""
    names = [mix.name for mix in mixes]
    if DEFAULT_SCENARIOS[0] in names:
        return names.index(DEFAULT_SCENARIOS[0])
    return next((k for k, mix in enumerate(mixes) if not mix.counterfactual), 0)


def _rewritten(mixes: Sequence[scenario.Scenario], beside: Disturbances, runs: xr.Dataset) -> list[str]:
    """Return that months counted are set against another past, in one sentence; nothing if they are not."""
    wholes = [of.whole for of in beside.remainders if of.whole in runs]
    mix = mixes[_actual(mixes)]
    if not wholes or not mix.counterfactual or mix.name == DEFAULT_SCENARIOS[0]:
        return []
    return [
        f"counts of '{wholes[0]}' are set against {mix.name}, whose past is another: run {DEFAULT_SCENARIOS[0]}, too"
    ]


@lru_cache(maxsize=8)
def _counted(of: Remainder) -> Counted:
    """Return what the shipped history counted of a remainder: how reports come in takes seconds to estimate."""
    return counted(of, history.load(), history.load_vintages())


def _finite(runs: xr.Dataset) -> xr.Dataset:
    """Return the runs; `InputError` names variable, time, draw and scenario of a value that is not finite."""
    for name, array in runs.data_vars.items():
        broken = ~np.isfinite(array.to_numpy())
        if broken.any():
            k, mix, row = np.unravel_index(int(broken.argmax()), broken.shape)
            month = str(runs["time"].to_numpy()[row])[:7]
            what = f"'{name}' is not finite in {month} with draw {k} under {runs['scenario'].to_numpy()[mix]}"
            raise InputError(Problem(what, hint="look at the constants of this draw"))
    return runs


def _last(horizon: str) -> int:
    try:
        last = calendar.parse_month(horizon)
    except ValueError as error:
        raise InputError(Problem(f"horizon: {error}")) from error
    end = calendar.parse_month(HORIZON)
    begin = calendar.parse_month("2025-12")
    if not begin <= last <= end:
        raise InputError(Problem(f"horizon {horizon} is out of range", hint=f"2025-12 to {HORIZON}"))
    return last


def _same_names(posterior: Posterior, model: ModelFile) -> None:
    constants = set(model.variables.loc[model.variables["kind"] == "constant", "name"])
    strange = [name for name in [*posterior.best["parameter"], *posterior.latents] if name not in constants]
    if strange:
        what = f"the posterior is of another model: '{strange[0]}' is no constant of this one"
        raise InputError(Problem(what, file=str(model.path), hint="make one of this model: sdforecast calibrate"))


def _held(posterior: Posterior) -> dict[str, float]:
    """Return the constants that the posterior was made with, held at values of the user's."""
    held = posterior.manifest.get("held", {})
    return {str(name): float(value) for name, value in held.items()} if isinstance(held, dict) else {}


def _unsettled(posterior: Posterior) -> list[str]:
    """Return why the posterior should not be published, in one sentence; nothing if it may be."""
    sampling = posterior.manifest.get("sampling") or {}
    if sampling.get("publishable", True):
        return []
    figures = {"rhat_max": "largest R-hat {:.3f}", "ess_min": "fewest effective draws {:.0f}"}
    found = [text.format(sampling[key]) for key, text in figures.items() if sampling.get(key) is not None]
    return ["the chains of the posterior have not settled enough to publish it: " + ", ".join(found)]


def _manifest(
    command: str,
    model: ModelFile,
    posterior: Posterior,
    mixes: Sequence[scenario.Scenario],
    draws: int,
    seed: int,
    horizon: str,
    changed: Sequence[Problem],
    beside: Disturbances,
) -> dict[str, object]:
    told = posterior.manifest
    also = [key for key in ("method", "partial", "held", "left_out") if key in told]
    facts: dict[str, Any] = {"posterior_differs": [problem.what for problem in changed]} if changed else {}
    facts |= {"posterior_unsettled": unsettled} if (unsettled := _unsettled(posterior)) else {}
    return manifest(
        command,
        model_sha256=model.sha256,
        scenarios=[mix.name for mix in mixes],
        draws=draws,
        seed=seed,
        horizon=horizon,
        propagated=beside.names,
        posterior={key: told[key] for key in (*CARRIED, *also) if key not in ("fit", "fingerprints")},
        **facts,
        data_vintage=told["data_vintage"],
        last_observed=told["last_observed"],
        fit=told["fit"],
    )
