"""The school's model in PyMC with its own solver of ODEs (SciPy's, with sensitivities)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pymc as pm
import pytensor.tensor as pt
from jax_peer import BOYS, DAYS, ILL
from problems import Problem
from pymc.ode import DifferentialEquation

from sdforecast.inference.density import _constants


def _change(y: Any, t: Any, p: Any) -> list[Any]:
    infection = p[0] * y[0] * y[1] / BOYS
    return [-infection, infection - p[1] * y[1]]


def value_and_gradient(problem: Problem) -> Any:
    """Return the log density with its gradient as PyMC's NUTS asks for it."""
    study = problem.setting.study
    target = study.targets[0]
    with pm.Model() as model:
        solve = DifferentialEquation(func=_change, times=np.arange(1.0, DAYS + 1), n_states=2, n_theta=2, t0=0)
        rates = _constants(study.parameters, pm.Normal("position", shape=2))
        size = pm.Normal("size")
        ill = solve(y0=[BOYS - ILL, ILL], theta=rates)[:, 1]
        pm.Normal("seen", pt.log(ill), target.sd * pt.exp(target.sd_spread * size), observed=study.observed)
    function = model.logp_dlogp_function(ravel_inputs=True)
    function.set_extra_values({})
    return function
