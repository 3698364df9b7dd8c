"""Effective draws per second of one posterior, by ours and by what a user has today, in one process on one core.

    python benchmarks/calibration/run.py [--full]

Problems: influenza in a boarding school (3 numbers; also by Euler's method, the only one that PySD has), and the
shipped model with ten informed constants, alone (10 numbers) and with their errors (44).
`--full` adds the national problem as it is, for ours, and what a run of it takes by others.

No time is told unless all draws agree: on the school with moments by quadrature, elsewhere with ours. Draws'
figures go to `results.csv`, searches for the mode to `modes.csv`, single evaluations to
`evaluations.csv`, ratios to `ratios.csv`, and all of it as text to `results.md`.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SETTINGS = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
"""One thread for each tool; read when the libraries are loaded."""


@dataclass
class Found:
    """All that was measured."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    modes: list[Any] = field(default_factory=list)
    evaluations: list[dict[str, Any]] = field(default_factory=list)

    def sampled(self, sampled: Any, than: Any) -> None:
        """Keep a row of draws; stop if they are not of our posterior."""
        from measuring import FURTHEST, MIXED

        row = sampled.row(than)
        say(f"{row['problem']}: {row['tool']}: {row['ess_per_cpu_s']:.3g} effective draws a second of CPU, "
            f"{row['apart']:.1f} standard errors apart, R-hat {row['r_hat']:.3f}")  # fmt: skip
        if row["r_hat"] > MIXED:
            row["note"] = "not converged: its effective draws are fewer than told"
        elif row["apart"] > FURTHEST:
            raise SystemExit(f"{row['tool']} draws from another density on {row['problem']}: no times are told")
        self.rows.append(row)

    def evaluation(self, problem: str, tool: str, what: str, cpu: float) -> None:
        """Keep what one evaluation takes."""
        say(f"{problem}: {tool}: {what}: {1e3 * cpu:.3g} ms")
        self.evaluations.append({"problem": problem, "tool": tool, "what": what, "cpu": cpu})


def say(text: str) -> None:
    """Tell how far we are."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def room() -> Iterator[Path]:
    """Give a folder to write in; our own cache is in it, so that we compile afresh."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_CACHE_HOME"] = folder
        yield Path(folder)


def school(folder: Path, found: Found) -> None:
    """Sample influenza in the boarding school by all that can."""
    import numpy as np
    import problems
    from jax_peer import with_blackjax
    from measuring import clocked, on_a_grid
    from pymc_peer import value_and_gradient
    from samplers import differential_moves, evolved, least, ours, with_emcee
    from telling import PYMC
    from vectorised import Vectorised, in_lanes

    with clocked() as start:
        problem = problems.school(folder)
    best, mode, height = ours(problem, start, chains=4, tune=300, draws=1000)
    lanes = Vectorised(problem, in_lanes(problem))
    exact = on_a_grid(lanes, best)
    found.sampled(best, exact)
    found.modes.append(mode)
    single(found, problem, lanes)
    for tool, moves in (("emcee (stretch), our lanes", None), ("emcee (DE), our lanes", differential_moves())):
        found.sampled(with_emcee(problem, tool, lanes, walkers=256, burn=100, steps=700, moves=moves), exact)
    found.sampled(with_blackjax(problem, chains=4, tune=500, draws=1000), exact)
    solver = value_and_gradient(problem)
    point = np.array([0.0, 0.5, 0.0])
    if not np.allclose(solver(point)[0], problem.value_and_gradient(point)[0], rtol=1e-5):  # it steps as it likes
        raise SystemExit("the density by PyMC's own ODEs is not ours")
    found.evaluation(problem.name, PYMC, "value and gradient", least(lambda: solver(point), 10))
    lanes.evaluations = 0
    found.modes.append(evolved(problem, "SciPy DE, our lanes", lanes, height, generations=500))


def with_pysd(folder: Path, found: Found) -> None:
    """Sample the same by Euler's method, with PySD."""
    import numpy as np
    import problems
    from measuring import clocked
    from samplers import PySD, differential_moves, evolved, ours, seconds_a_run, with_emcee
    from vectorised import Vectorised

    with clocked() as start:
        problem = problems.school(folder, "euler")
    best, mode, height = ours(problem, start, chains=4, tune=300, draws=1000)
    found.sampled(best, best)
    found.modes.append(mode)
    with clocked() as start:
        predict = PySD(problem)
    found.evaluation(problem.name, "PySD", "one run", seconds_a_run(predict, np.array([2.0, 0.4]), 20).cpu)
    density = Vectorised(problem, predict)
    moves = differential_moves()
    sampled = with_emcee(problem, "emcee (DE), PySD", density, walkers=32, burn=50, steps=250, moves=moves)
    sampled.start.cpu += start.cpu
    sampled.start.wall += start.wall
    found.sampled(sampled, best)
    density.evaluations = 0
    found.modes.append(evolved(problem, "SciPy DE, PySD", density, height, generations=500))


def fentanyl(folder: Path, found: Found) -> None:
    """Sample a part of the shipped problem, with and without what belongs to errors."""
    import numpy as np
    import problems
    from measuring import Spent, clocked
    from samplers import PySD, differential_moves, evolved, ours, seconds_a_run, with_emcee
    from vectorised import Vectorised, in_lanes

    with clocked() as start:
        wide = problems.reduced(folder)
    best, mode, height = ours(wide, start, chains=4, tune=120, draws=100)
    found.sampled(best, best)
    found.modes.append(mode)
    narrow = problems.constants_alone(wide)
    only, narrow_mode, narrow_height = ours(narrow, Spent(), chains=4, tune=100, draws=150)
    only.note = "loaded with the one before"
    found.sampled(only, only)
    found.modes.append(narrow_mode)
    predict = PySD(wide)
    spent = seconds_a_run(predict, np.array([p.value for p in wide.setting.study.parameters]), 2)
    found.evaluation(wide.name, "PySD", "one run", spent.cpu)
    found.evaluation(narrow.name, "PySD", "one run", spent.cpu)
    moves = differential_moves()
    for problem, than, top, walkers, steps in (
        (narrow, only, narrow_height, 64, 500), (wide, best, height, 128, 400),
    ):  # fmt: skip
        lanes = Vectorised(problem, in_lanes(problem))
        single(found, problem, lanes)
        shape = {"walkers": walkers, "burn": steps // 5, "steps": steps}
        found.sampled(with_emcee(problem, "emcee (DE), our lanes", lanes, **shape, moves=moves), than)
        lanes.evaluations = 0
        found.modes.append(evolved(problem, "SciPy DE, our lanes", lanes, top, generations=100))


def full(folder: Path, found: Found) -> None:
    """Sample the national problem by ours; measure what peers would need for each evaluation of it."""
    import numpy as np
    import problems
    from measuring import clocked
    from samplers import PySD, least, ours, seconds_a_run
    from vectorised import in_lanes

    from sdforecast.inference.methods import Plan

    with clocked() as start:
        problem = problems.national()
    plan = Plan()  # as `sdforecast calibrate` samples when nothing is said
    best, mode, _ = ours(
        problem, start, chains=plan.chains, tune=plan.tune, draws=plan.draws, many=problem.whole.many,
        target_accept=plan.target_accept, max_treedepth=plan.deepest, low_rank=False,
    )  # fmt: skip
    found.sampled(best, best)
    found.modes.append(mode)
    gradient(found, problem)
    centre = np.array([p.value for p in problem.setting.study.parameters])
    predict, knots = in_lanes(problem), problem.setting.study.predictor.size - len(centre)
    points = np.tile(np.concatenate([centre, np.zeros(knots)]), (64, 1))
    found.evaluation(problem.name, "our lanes", "one of 64 runs", least(lambda: predict(points), 10) / len(points))
    found.evaluation(problem.name, "PySD", "one run", seconds_a_run(PySD(problem), centre, 2).cpu)


def single(found: Found, problem: Any, lanes: Any) -> None:
    """Measure one evaluation by ours: with its gradient, and in lanes."""
    import numpy as np
    from samplers import least

    points = 0.1 * np.random.default_rng(5).standard_normal((64, problem.size))
    expected = np.array([problem.value_and_gradient(point)[0] for point in points[:4]])
    if not np.allclose(lanes(points)[:4], expected, rtol=1e-9, atol=1e-8):
        raise SystemExit(f"the density of {problem.name} in NumPy is not ours")
    gradient(found, problem)
    found.evaluation(problem.name, "our lanes", "one of 64 values", least(lambda: lanes(points), 10) / len(points))


def gradient(found: Found, problem: Any) -> None:
    """Measure the log density with its gradient, at another point each time."""
    import numpy as np
    from samplers import least

    points = iter(0.1 * np.random.default_rng(6).standard_normal((30, problem.size)))
    found.evaluation(
        problem.name, "sdforecast", "value and gradient", least(lambda: problem.value_and_gradient(next(points)), 30)
    )


def main() -> None:
    """Run all and write the results."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--full", action="store_true", help="the national problem, too")
    parser.add_argument("--only", choices=("school", "pysd", "fentanyl", "full"), help="one part; the rest is kept")
    asked = parser.parse_args()
    os.environ.update(SETTINGS)
    warnings.simplefilter("ignore")
    found = Found()
    parts = {"school": school, "pysd": with_pysd, "fentanyl": fentanyl, "full": full}
    with room() as folder:
        for name, part in parts.items():
            if asked.only == name or (not asked.only and (name != "full" or asked.full)):
                part(folder, found)
    import telling

    print(telling.tell(found, HERE))


if __name__ == "__main__":
    main()
