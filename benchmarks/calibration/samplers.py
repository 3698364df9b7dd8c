"""Ours, and the peers that ask for values alone: emcee and SciPy, with our engine or with PySD."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import emcee
import numpy as np
import pandas as pd
from measuring import Counted, Sampled, Spent, clocked
from problems import Problem
from scipy.optimize import differential_evolution
from vectorised import Predict, Vectorised

from sdforecast.inference.chains import sample
from sdforecast.inference.mode import laplace, search
from sdforecast.inference.splitting import Many
from sdforecast.inference.together import Together
from sdforecast.observation.predicting import reading

NEAR = 0.1
"""A mode is found when the log density is this near to the highest known."""

WIDTH = 4.0
"""Differential evolution looks within so many prior standard deviations."""


@dataclass
class Mode:
    """A search for the mode: what it took until it was within `NEAR`, and how near it came."""

    problem: str
    tool: str
    work: Spent
    evaluations: int
    short: float
    note: str = ""


def ours(
    problem: Problem, start: Spent, *, chains: int, tune: int, draws: int, many: Many | None = None, **settings: Any
) -> tuple[Sampled, Mode, float]:
    """Sample as `sdforecast calibrate` does: search, curvature, the No-U-Turn sampler; the height of the mode, too.

    With `many` all chains run at once and share runs, on all processors; otherwise one after the other on one.
    """
    density = Counted(problem.value_and_gradient)
    with clocked() as compiling:
        density(np.zeros(problem.size))
    start = Spent(start.cpu + compiling.cpu, start.wall + compiling.wall)
    density.calls = 0
    with clocked() as searching:
        found = search(density, problem.size, 1, np.random.default_rng(1))[0]
    searched = density.calls
    with clocked() as sampling:
        shared = density if many is None else Together(_counting(many, density), chains)
        callers = 1 if many is None else chains
        approximation = laplace(shared, found.position, callers=callers)
        tree = sample(
            lambda: shared, problem.labels, approximation.mode, approximation.root,
            chains=chains, draws=draws, tune=tune, cores=callers, **settings,
        )  # fmt: skip
    work = Spent(searching.cpu + sampling.cpu, searching.wall + sampling.wall)
    position = tree["unconstrained"]["position"].to_numpy()
    divergences = int(tree["sample_stats"]["diverging"].sum())
    note = f"{divergences} divergences" if divergences else ""
    made = Sampled(problem.name, "sdforecast", position, start, work, density.calls, problem.labels, note)
    return made, Mode(problem.name, "sdforecast L-BFGS", searching, searched, 0.0), found.value


def _counting(many: Many, density: Counted) -> Many:
    def counted(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        density.calls += len(points)
        return many(points)

    return counted


def with_emcee(
    problem: Problem, tool: str, density: Vectorised, *, walkers: int, burn: int, steps: int, moves: Any = None,
    note: str = "",
) -> Sampled:  # fmt: skip
    """Sample with emcee: walkers start around the mode, whose search is not counted."""
    centre = search(problem.value_and_gradient, problem.size, 1, np.random.default_rng(1))[0].position
    approximation = laplace(problem.value_and_gradient, centre)
    begin, _ = approximation.draw(walkers, np.random.default_rng(2))  # as good a start as can be
    with clocked() as start:
        density(begin[:2])
    density.evaluations = 0
    with clocked() as work:
        sampler = emcee.EnsembleSampler(walkers, problem.size, density, vectorize=True, moves=moves)
        state = emcee.State(begin, random_state=np.random.RandomState(3).get_state())
        sampler.run_mcmc(state, burn + steps)
    draws = sampler.get_chain(discard=burn).swapaxes(0, 1)
    return Sampled(problem.name, tool, draws, start, work, density.evaluations, problem.labels, note)


def differential_moves() -> Any:
    """Return differential evolution moves. Its snooker move is left out: with it draws come out too narrow."""
    return [(emcee.moves.DEMove(), 0.9), (emcee.moves.DEMove(gamma0=1.0), 0.1)]


def evolved(problem: Problem, tool: str, density: Vectorised, best: float, *, generations: int) -> Mode:
    """Search for the mode by SciPy's differential evolution, until it is within `NEAR` of `best`."""
    reached = [-np.inf]

    def stop(intermediate_result: Any) -> bool:
        reached[0] = -float(intermediate_result.fun)
        return reached[0] > best - NEAR

    def negative(points: np.ndarray) -> np.ndarray:
        return np.minimum(-density(points.T), 1e9)

    with clocked() as work:
        differential_evolution(
            negative, [(-WIDTH, WIDTH)] * problem.size, vectorized=True, updating="deferred", popsize=8, tol=0,
            maxiter=generations, polish=False, rng=4, callback=stop,
        )  # fmt: skip
    short = max(best - reached[0], 0.0)
    note = "" if short <= NEAR else f"given up {short:.2g} below"
    return Mode(problem.name, tool, work, density.evaluations, short, note)


class PySD:
    """PySD as a function of constants, one run at a time."""

    def __init__(self, problem: Problem) -> None:
        import pysd

        setting = problem.setting
        self._asked = setting.study.predictor.repeated
        observations = setting.study.observations
        self._columns = list(self._asked.columns)
        self._names = [p.name for p in setting.study.parameters]
        self._until = float(self._asked.until or 0)
        self._shared: dict[str, float | pd.Series] = {**setting.fixed, **setting.levels}
        self._matrix = reading(observations, len(self._asked.times), self._columns)
        self._model = pysd.load(str(setting.model.translation))

    def __call__(self, constants: np.ndarray) -> np.ndarray:
        """Return the model's value of each observation [points, observations]."""
        return np.stack([self._matrix @ self._one(point).ravel() for point in constants])

    def _one(self, point: np.ndarray) -> np.ndarray:
        params = {**self._shared, **dict(zip(self._names, map(float, point), strict=True))}
        run = self._model.run(
            params=params, return_columns=self._columns, final_time=self._until, progress=False, reload=False
        )
        return run[self._columns].to_numpy(float)


def seconds_a_run(predict: Predict, point: np.ndarray, repeats: int) -> Spent:
    """Return the least that one run takes."""
    best = Spent(np.inf, np.inf)
    for _ in range(repeats):
        with clocked() as spent:
            predict(point[None])
        best = min(best, spent, key=lambda each: each.cpu)
    return best


def least(work: Callable[[], Any], repeats: int) -> float:
    """Return the least CPU time of several calls."""
    times = []
    for _ in range(repeats):
        with clocked() as spent:
            work()
        times.append(spent.cpu)
    return min(times)
