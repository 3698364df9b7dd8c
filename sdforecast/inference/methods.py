"""Ways to draw from a posterior: NUTS, the normal approximation at the mode, and two that need no gradient.

All return a tree with /unconstrained (`position`) and /sample_stats, which :mod:`.completing` goes on with.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from sdforecast.inference.chains import Progress, sample
from sdforecast.inference.compiling import LogDensity
from sdforecast.inference.mode import Laplace
from sdforecast.inference.together import Together

METHODS = ("nuts", "laplace", "smc", "de")
"""`nuts`: Hamiltonian Monte Carlo. `laplace`: the normal approximation at the mode, without sampling. `smc`: sequential
Monte Carlo, for several modes or a density that jumps. `de`: differential evolution Metropolis, likewise."""

EXACT = ("nuts", "smc", "de")


@dataclass(frozen=True)
class Plan:
    """How to sample.

    Attributes
    ----------
    draws, tune : of each chain, kept and for warm-up.
    cores : chains at a time; by default all of them, since they share runs of the model (:mod:`.together`).
    deepest : doublings of a trajectory at most.
    store : folder for chains as they are drawn, so that they survive a kill; None: nowhere.
    key : what the chains in the store must belong to.
    """

    method: str = "nuts"
    chains: int = 8
    draws: int = 500
    tune: int = 250
    seed: int = 1
    cores: int | None = None
    target_accept: float = 0.9
    deepest: int = 5
    store: Path | None = None
    key: str = ""


def draw(
    density: LogDensity, approximation: Laplace, plan: Plan, progress: Callable[[Progress], None] = lambda now: None
) -> xr.DataTree:
    """Return draws by the method of `plan`."""
    if plan.method == "nuts":
        together = Together(density.many, plan.chains)
        return sample(
            lambda: together, density.labels, approximation.mode, approximation.root,
            chains=plan.chains, draws=plan.draws, tune=plan.tune, seed=plan.seed, cores=plan.cores or plan.chains,
            target_accept=plan.target_accept, max_treedepth=plan.deepest, store=plan.store, key=plan.key,
            low_rank=False, progress=progress,
        )  # fmt: skip
    if plan.method == "laplace":
        drawn, lp = approximation.draw(plan.chains * plan.draws, np.random.default_rng(plan.seed))
        shape = (plan.chains, plan.draws)
        return _tree(density, drawn.reshape(*shape, -1), {"lp": lp.reshape(shape)})
    return _with_pymc(density, plan)


def _with_pymc(density: LogDensity, plan: Plan) -> xr.DataTree:
    """Sample with PyMC's own samplers, which ask for the density alone."""
    import pymc as pm

    with density.model, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # on the operator's object mode, and on short chains, which we judge ourselves
        quiet: dict[str, Any] = {"progressbar": False, "random_seed": plan.seed, "cores": 1, "chains": plan.chains}
        if plan.method == "smc":
            trace = pm.sample_smc(plan.draws, **quiet, compute_convergence_checks=False)
        else:
            step = pm.DEMetropolisZ()
            trace = pm.sample(plan.draws, tune=plan.tune, step=step, **quiet, compute_convergence_checks=False)
    data = trace.posterior
    parts = [
        np.asarray(data[name].transpose("chain", "draw", ...)).reshape(*_first_two(data), -1) for name in density.shapes
    ]
    position = np.concatenate(parts, axis=-1)
    lp = [density.value_and_gradient(point)[0] for point in position.reshape(-1, density.size)]
    return _tree(density, position, {"lp": np.reshape(lp, position.shape[:2])})


def _first_two(data: Any) -> tuple[int, int]:
    return int(data.sizes["chain"]), int(data.sizes["draw"])


def _tree(density: LogDensity, position: np.ndarray, statistics: Mapping[str, np.ndarray]) -> xr.DataTree:
    coords = {"chain": np.arange(position.shape[0]), "draw": np.arange(position.shape[1])}
    unconstrained = xr.Dataset(
        {"position": (("chain", "draw", "coordinate"), position)}, {**coords, "coordinate": density.labels}
    )
    stats = xr.Dataset({name: (("chain", "draw"), values) for name, values in statistics.items()}, coords)
    return xr.DataTree.from_dict({"/unconstrained": unconstrained, "/sample_stats": stats})


DIRECTIONS, POINTS, JUMP = 8, 17, 0.3
"""Lines along which the gradient is tried, points on each, and the gap in log density from which it is not trusted."""


def distrust(density: LogDensity, approximation: Laplace, seed: int) -> str:
    """Return why the gradient is not to be trusted, or nothing.

    Along lines through the mode, two posterior standard deviations long, the density must change as its gradient says
    (Simpson's rule). Where a condition of the model jumps, it does not.
    """
    rng, worst, at = np.random.default_rng(seed), 0.0, ""
    along = np.linspace(-1, 1, POINTS)
    simpson = np.ones(POINTS)
    simpson[1:-1:2], simpson[2:-1:2] = 4, 2
    for _ in range(DIRECTIONS):
        direction = approximation.root @ rng.standard_normal(len(approximation.mode))
        direction /= np.linalg.norm(np.linalg.lstsq(approximation.root, direction, rcond=None)[0])
        found = [density.value_and_gradient(approximation.mode + t * direction) for t in along]
        if not all(np.isfinite(value) for value, _ in found):
            return "the density is not finite within a standard deviation of its mode"
        slopes = np.array([gradient @ direction for _, gradient in found])
        gap = abs(found[-1][0] - found[0][0] - (simpson @ slopes) * (along[1] - along[0]) / 3)
        if gap > worst:
            worst, at = gap, density.labels[int(np.abs(direction).argmax())]
    if worst <= JUMP:
        return ""
    return f"the density changes by {worst:.2g} where its gradient does not see it (along '{at}' and others)"
