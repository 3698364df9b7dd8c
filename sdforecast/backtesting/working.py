"""One origin from beginning to end, as a job that any process can do: what was known, the refit, the simple methods."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sdforecast.backtesting.deaths import Variant
from sdforecast.backtesting.keeping import Done, identity
from sdforecast.backtesting.knowing import Known, known_at
from sdforecast.backtesting.rivals import rivals
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.evaluation.extra import library
from sdforecast.evaluation.levels import HORIZONS, SYNTHETIC_OPIOIDS, TARGETS
from sdforecast.forecasting.structures import Structure
from sdforecast.inference.extra import require
from sdforecast.inference.studying import Sources
from sdforecast.model import ModelFile, read

if TYPE_CHECKING:
    from sdforecast.backtesting.refitting import Refit
    from sdforecast.inference.methods import Plan  # waits for PyMC


@dataclass(frozen=True)
class Setup:
    """What all origins of a back-test share.

    Attributes
    ----------
    sources : history, parameters and targets; the shipped ones by default.
    hindsight : file of what was learnt later; the shipped one by default.
    variant, noise : how deaths are known, and the seed of simulated noise; see `known_at`.
    plan : how each origin is estimated; as many draws are run on.
    structures : what is estimated at each origin and mixed; without any, `model` with `sources` alone.
    """

    model: ModelFile
    plan: Plan
    sources: Sources = field(default_factory=Sources)
    hindsight: Path | None = None
    variant: Variant = "then"
    noise: int = 0
    horizons: tuple[int, ...] = HORIZONS
    structures: tuple[Structure, ...] = ()

    def known(self, origin: pd.Timestamp) -> Known:
        """Return what was known at an origin. Raises as `known_at` does."""
        return known_at(origin, self.sources.folder, variant=self.variant, seed=self.noise, hindsight=self.hindsight)


ALONE, _OF = "alone", ": "
"""Name of a structure where there is but one; what stands between a structure and a label of its mode."""

METHODS = ("quick", "nuts")
DRAWS = {"quick": 100, "nuts": 250}
"""Draws of a chain, by method."""


def setup(
    model: ModelFile,
    sources: Sources,
    *,
    method: str = "quick",
    chains: int = 4,
    draws: int | None = None,
    tune: int = 250,
    seed: int = 1,
    variant: Variant = "then",
    noise: int = 0,
    structures: Sequence[Structure] = (),
) -> Setup:
    """Return what all origins share, from the words that a user says.

    Parameters
    ----------
    method : `quick`, the normal approximation at the mode, or `nuts`.
    structures : what is estimated and mixed; without any, `model` with `sources` alone.

    Raises
    ------
    InputError : an unknown method.
    MachineError : a library that a back-test needs is not installed.
    """
    if method not in METHODS:
        raise InputError(Problem(f"no method '{method}' of a back-test", hint=nearest(method, METHODS)))
    require("a back-test")
    for name in ("scoringrules", "statsforecast"):
        if find_spec(name) is None:
            library(name)  # told now, and not when all is done
    from sdforecast.inference.methods import Plan  # waits for PyMC

    name = "laplace" if method == "quick" else method
    plan = Plan(name, chains, draws or DRAWS[method], tune, seed)
    return Setup(model, plan, sources, variant=variant, noise=noise, structures=tuple(structures))


@dataclass(frozen=True)
class Task:
    """An origin that is to be done.

    Attributes
    ----------
    identity : what decides its result, see `keeping.identity`.
    near : where the search for the mode begins, by label; `near_from`: of which origin that was the mode.
    chains : folder in which NUTS keeps its chains, so that they outlive a kill.
    """

    origin: pd.Timestamp
    setup: Setup
    identity: Mapping[str, Any]
    near: Mapping[str, float] = field(default_factory=dict)
    near_from: str = ""
    chains: Path | None = None


def perform(task: Task) -> Done:
    """Estimate and forecast at the origin of a task. The same task gives the same forecasts, wherever it is done.

    Raises as the refit and the simple methods do.
    """
    require("a back-test")
    from threadpoolctl import threadpool_limits  # of the extra `calibrate`

    with threadpool_limits(1):  # as many origins as processors are done at a time
        return _performed(task)


def _performed(task: Task) -> Done:
    from sdforecast.backtesting.mixing import mixed

    begun, setup = time.monotonic(), task.setup
    known = setup.known(task.origin)
    simple = rivals(known, setup.horizons)
    structures = setup.structures or (Structure(ALONE, ALONE),)
    fits = [_refit(task, known, of) for of in structures]
    if task.chains is not None:
        shutil.rmtree(task.chains, ignore_errors=True)
    found = mixed(known, structures, [fit for fit, _ in fits], setup.horizons)
    facts = {
        "released": f"{known.released:%Y-%m-%d}",
        "deaths_from": dict(known.deaths_from),
        "held": known.held,
        "warm_start": task.near_from if any(warm for _, warm in fits) else "",
        "fits": {
            of.name: {"numbers": fit.numbers, "observations": fit.observations, "log_density_at_mode": fit.value,
                      "draws": found.draws[of.name]}
            for of, (fit, _) in zip(structures, fits, strict=True)
        },
        "seconds": round(time.monotonic() - begun, 1),
        "mode": {
            f"{of.name}{_OF}{label}": at
            for of, (fit, _) in zip(structures, fits, strict=True) for label, at in fit.mode.items()
        },
    }  # fmt: skip
    return Done(task.origin, pd.concat([found.forecasts, simple], ignore_index=True), {**task.identity, **facts})


def _refit(task: Task, known: Known, of: Structure) -> tuple[Refit, bool]:
    """Return a structure estimated anew, and whether its search began at an earlier mode."""
    from sdforecast.backtesting.refitting import refit  # waits for PyMC

    setup, prefix = task.setup, f"{of.name}{_OF}"
    alone = of.name == ALONE
    model = setup.model if alone else read(of.model)
    near = {label.removeprefix(prefix): at for label, at in task.near.items() if label.startswith(prefix)}
    wanted = (SYNTHETIC_OPIOIDS,) if of.borrows else TARGETS
    for start in [near, {}] if near else [{}]:
        try:
            found = refit(
                known, model, replace(setup.plan, store=task.chains and task.chains / of.name),
                sources=setup.sources if alone else of.sources(setup.sources.folder), hold=of.hold, near=start,
                months=max(setup.horizons), wanted=wanted,
            )  # fmt: skip
            return found, bool(start)
        except InputError:  # a mode of another version of the model may be no place to begin
            if not start:
                raise
    raise AssertionError  # unreachable: the last start raises


def identified(setup: Setup, origin: pd.Timestamp) -> dict[str, Any]:
    """Return what decides the result at an origin. Raises as `known_at` does."""
    return identity(
        setup.known(origin),
        setup.model,
        setup.plan,
        setup.sources,
        setup.hindsight,
        setup.noise,
        setup.horizons,
        setup.structures,
    )
