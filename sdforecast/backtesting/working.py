"""One origin from beginning to end, as a job that any process can do: what was known, the refit, the simple methods."""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from sdforecast.backtesting.deaths import Variant
from sdforecast.backtesting.keeping import Done, identity
from sdforecast.backtesting.knowing import Known, known_at
from sdforecast.backtesting.names import OURS
from sdforecast.backtesting.rivals import rivals
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.evaluation.extra import library
from sdforecast.evaluation.levels import HORIZONS
from sdforecast.inference.extra import require
from sdforecast.inference.studying import Sources
from sdforecast.model import ModelFile

if TYPE_CHECKING:
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
    """

    model: ModelFile
    plan: Plan
    sources: Sources = field(default_factory=Sources)
    hindsight: Path | None = None
    variant: Variant = "then"
    noise: int = 0
    horizons: tuple[int, ...] = HORIZONS

    def known(self, origin: pd.Timestamp) -> Known:
        """Return what was known at an origin. Raises as `known_at` does."""
        return known_at(origin, self.sources.folder, variant=self.variant, seed=self.noise, hindsight=self.hindsight)


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
) -> Setup:
    """Return what all origins share, from the words that a user says.

    Parameters
    ----------
    method : `quick`, the normal approximation at the mode, or `nuts`.

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
    return Setup(model, Plan(name, chains, draws or DRAWS[method], tune, seed), sources, variant=variant, noise=noise)


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
    from sdforecast.backtesting.refitting import refit  # waits for PyMC

    begun, setup = time.monotonic(), task.setup
    known = setup.known(task.origin)
    simple = rivals(known, setup.horizons)
    plan = replace(setup.plan, store=task.chains)
    starts = [task.near, {}] if task.near else [{}]
    for near in starts:
        try:
            found = refit(
                known, setup.model, plan, sources=setup.sources, near=near, horizons=setup.horizons, method=OURS
            )
            break
        except InputError:  # a mode of another version of the model may be no place to begin
            if not near:
                raise
    if task.chains is not None:
        shutil.rmtree(task.chains, ignore_errors=True)
    facts = {
        "released": f"{known.released:%Y-%m-%d}",
        "deaths_from": dict(known.deaths_from),
        "held": known.held,
        "warm_start": task.near_from if near else "",
        "numbers": found.numbers,
        "observations": found.observations,
        "log_density_at_mode": found.value,
        "seconds": round(time.monotonic() - begun, 1),
        "mode": dict(found.mode),
    }
    return Done(task.origin, pd.concat([found.forecasts, simple], ignore_index=True), {**task.identity, **facts})


def identified(setup: Setup, origin: pd.Timestamp) -> dict[str, Any]:
    """Return what decides the result at an origin. Raises as `known_at` does."""
    return identity(
        setup.known(origin), setup.model, setup.plan, setup.sources, setup.hindsight, setup.noise, setup.horizons
    )
