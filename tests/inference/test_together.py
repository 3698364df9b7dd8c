"""Threads that share runs: the numbers of each alone, and nobody waits for one that does not come."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from sdforecast.inference.chains import sample
from sdforecast.inference.together import Together
from tests.inference.proof.problems import boarding_school

LONG = 60.0
"""Seconds that no test can wait: where this is the patience, a test that ends shows that nobody had to be patient."""


class Parabolas:
    """Minus half the square of three numbers; it takes down how many were asked for at a time."""

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause
        self.asked: list[int] = []

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.asked.append(len(points))
        time.sleep(self.pause)
        if (points < -1e9).any():
            raise ArithmeticError("too low")
        return np.array([-(point @ point) / 2 for point in points]), -points


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Return what `work` gives for 0, 1, ..., each in a thread; they start together."""
    start = threading.Barrier(count)

    def begun(k: int) -> Any:
        start.wait()
        return work(k)

    with ThreadPoolExecutor(count) as pool:
        return [future.result(timeout=20) for future in [pool.submit(begun, k) for k in range(count)]]


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_a_model_has_the_bits_of_a_run_alone(groups: int) -> None:
    density = boarding_school().density
    rng = np.random.default_rng(groups)
    points = rng.normal(0, 0.3, (5, 8, density.size))
    together = Together(density.many, 5, groups=groups)
    found = in_threads(5, lambda k: [together(point) for point in points[k]])
    for k in range(5):
        for point, (value, gradient) in zip(points[k], found[k], strict=True):
            alone, its = density.value_and_gradient(point)
            assert np.isfinite(value)
            assert value == alone
            assert gradient.tobytes() == its.tobytes()


@pytest.mark.parametrize(("groups", "most"), [(1, 6), (2, 3), (3, 2)])
def test_runs_are_shared(groups: int, most: int) -> None:
    parabolas = Parabolas(pause=0.002)
    together = Together(parabolas, 6, groups=groups)
    in_threads(6, lambda k: [together(np.full(3, float(k))) for _ in range(20)])
    assert sum(parabolas.asked) == 120
    assert np.median(parabolas.asked) == most


def test_one_thread_waits_for_nobody() -> None:
    value, gradient = Together(Parabolas(), 8, patience=LONG)(np.array([1.0, 2.0, 3.0]))
    assert value == -7.0
    assert gradient.tolist() == [-1.0, -2.0, -3.0]


def test_chains_that_end_are_missed_once() -> None:
    """The k-th thread asks 10 (k + 1) times; each end costs the others no more than their patience, once or twice."""
    together = Together(Parabolas(), 4, groups=1, patience=0.05)
    began = time.monotonic()
    in_threads(4, lambda k: [together(np.ones(3)) for _ in range(10 * (k + 1))])
    assert time.monotonic() - began < 2.0


def test_an_error_reaches_all_who_share_it_and_nobody_after() -> None:
    together = Together(Parabolas(), 3, groups=1)

    def work(k: int) -> str:
        try:
            return str(together(np.array([1.0, -1e10, 1.0]))[0])
        except ArithmeticError as error:
            return str(error)

    assert in_threads(3, work) == ["too low"] * 3
    assert together(np.ones(3))[0] == -1.5


def test_a_wrong_vector_is_refused_before_it_meets_others() -> None:
    parabolas = Parabolas(pause=0.2)
    together = Together(parabolas, 2, groups=1, patience=0.5)
    together(np.ones(3))

    def work(k: int) -> str:
        time.sleep(0.1 * k)  # the second comes while the first waits for it
        try:
            return str(together(np.ones(3 + k))[0])
        except ValueError as error:
            return str(error)

    assert in_threads(2, work) == ["-1.5", "a point of shape (4,) instead of (3,)"]


@pytest.mark.parametrize(("chains", "groups"), [(0, 1), (4, 0)])
def test_no_chains_or_groups(chains: int, groups: int) -> None:
    with pytest.raises(ValueError, match="groups"):
        Together(Parabolas(), chains, groups=groups)


def test_chains_draw_what_they_draw_alone() -> None:
    pytest.importorskip("nutpie")
    few: dict[str, Any] = {"chains": 3, "draws": 30, "tune": 40, "seed": 4}
    shared = Parabolas()
    one, beside = Together(Parabolas(), 1), Together(shared, 3, groups=1)
    alone = sample(lambda: one, ["a", "b", "c"], np.zeros(3), np.eye(3), cores=1, **few)
    together = sample(lambda: beside, ["a", "b", "c"], np.zeros(3), np.eye(3), cores=3, **few)
    assert max(shared.asked) > 1
    drawn, other = (tree["unconstrained"]["position"].to_numpy() for tree in (alone, together))
    assert drawn.tobytes() == other.tobytes()
