"""The school's model in PyMC with its own solver of ODEs (SciPy's, with sensitivities), and its own NUTS."""

from __future__ import annotations

import warnings

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from jax_peer import BOYS, DAYS, ILL
from measuring import Sampled, clocked
from problems import Problem
from sdforecast.inference.density import _constants
from pymc.ode import DifferentialEquation


def _change(y, t, p):  # type: ignore[no-untyped-def]
    infection = p[0] * y[0] * y[1] / BOYS
    return [-infection, infection - p[1] * y[1]]


def with_pymc(problem: Problem, *, chains: int, tune: int, draws: int) -> Sampled:
    """Sample with PyMC alone."""
    study = problem.setting.study
    target = study.targets[0]
    with clocked() as start, warnings.catch_warnings(), pm.Model():
        warnings.simplefilter("ignore")
        solve = DifferentialEquation(
            func=_change, times=np.arange(1.0, DAYS + 1), n_states=2, n_theta=2, t0=0
        )
        rates = _constants(study.parameters, pm.Normal("position", shape=2))
        size = pm.Normal("size")
        ill = solve(y0=[BOYS - ILL, ILL], theta=rates)[:, 1]
        pm.Normal("seen", pt.log(ill), target.sd * pt.exp(target.sd_spread * size), observed=study.observed)
        step = pm.NUTS()
        step.step(pm.modelcontext(None).initial_point())
    with clocked() as work, warnings.catch_warnings(), step_model(step):
        warnings.simplefilter("ignore")
        trace = pm.sample(
            draws, tune=tune, chains=chains, cores=1, step=step, progressbar=False, random_seed=1,
            compute_convergence_checks=False, discard_tuned_samples=False,
        )  # fmt: skip
    parts = trace.posterior
    found = np.concatenate([parts["position"].to_numpy(), parts["size"].to_numpy()[..., None]], axis=-1)
    steps = int(trace.sample_stats["n_steps"].sum() + trace.warmup_sample_stats["n_steps"].sum())
    return Sampled(problem.name, "PyMC's own ODEs", found, start, work, steps, problem.labels)


def step_model(step: pm.NUTS) -> pm.Model:
    """Return the model that a step method belongs to."""
    return step._model
