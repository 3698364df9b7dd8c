"""Threads that share runs: the numbers of each alone, and nobody waits for one that does not come."""

from __future__ import annotations

import copy
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from sdforecast.engine.repeated import Repeated
from sdforecast.inference.chains import sample
from sdforecast.inference.together import Together
from tests.small import small

LONG = 60.0
"""Seconds that no test can wait: where this is the patience, a test that ends shows that nobody had to be patient."""


class Squares:
    """The squares of three numbers; it takes down how many were asked for at a time."""

    size = count = 3

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause
        self.forwards: list[int] = []
        self.pulls: list[int] = []

    def forward_many(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.forwards.append(len(points))
        time.sleep(self.pause)
        if (points < 0).any():
            raise ArithmeticError("below zero")
        return points**2, points

    def pull_many(self, ran: np.ndarray, cotangents: np.ndarray) -> np.ndarray:
        self.pulls.append(len(cotangents))
        result: np.ndarray = 2 * ran * cotangents
        return result


class Epidemic:
    """Infectious people of a small model by its three constants."""

    size, count = 3, 7

    def __init__(self) -> None:
        varied = ("contact rate", "duration", "total")
        self.asked = Repeated(small("sir.mdl"), ("Infectious",), varied, until=6.0, step=0.0625)

    def forward_many(self, points: np.ndarray) -> tuple[np.ndarray, Any]:
        ran = self.asked.forward_many(points)
        return ran.values[..., 0], ran

    def pull_many(self, ran: Any, cotangents: np.ndarray) -> np.ndarray:
        return self.asked.pull_many(ran, cotangents[..., None])


def in_threads(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Return what `work` gives for 0, 1, ..., each in a thread; they start together."""
    start = threading.Barrier(count)

    def begun(k: int) -> Any:
        start.wait()
        return work(k)

    with ThreadPoolExecutor(count) as pool:
        return [future.result(timeout=20) for future in [pool.submit(begun, k) for k in range(count)]]


def both(together: Together, point: np.ndarray, cotangent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, ran = together.forward(point)
    return values, together.pull(ran, cotangent)


@pytest.mark.parametrize("groups", [1, 2, 3])
def test_a_model_has_the_bits_of_a_run_alone(groups: int) -> None:
    model = Epidemic()
    rng = np.random.default_rng(groups)
    points = np.array([2.0, 1.0, 10_000.0]) * rng.uniform(0.5, 1.5, (5, 8, 3))
    weights = rng.normal(size=(5, 8, 7))
    together = Together(model, 5, groups=groups)
    found = in_threads(5, lambda k: [both(together, *each) for each in zip(points[k], weights[k], strict=True)])
    for k in range(5):
        for point, weight, (values, gradient) in zip(points[k], weights[k], found[k], strict=True):
            ran = model.asked.forward(point)
            assert values.tobytes() == ran.values[:, 0].tobytes()
            assert gradient.tobytes() == model.asked.pull(ran, weight[:, None]).tobytes()


@pytest.mark.parametrize(("groups", "most"), [(1, 6), (2, 3), (3, 2)])
def test_runs_are_shared(groups: int, most: int) -> None:
    squares = Squares(pause=0.002)
    together = Together(squares, 6, groups=groups)
    in_threads(6, lambda k: [both(together, np.full(3, float(k)), np.ones(3)) for _ in range(20)])
    assert sum(squares.forwards) == sum(squares.pulls) == 120
    assert np.median(squares.forwards) == np.median(squares.pulls) == most


def test_one_thread_waits_for_nobody() -> None:
    together = Together(Squares(), 8, patience=LONG)
    values, gradient = both(together, np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 0.5]))
    assert values.tolist() == [1.0, 4.0, 9.0]
    assert gradient.tolist() == [2.0, 4.0, 3.0]


def test_chains_that_end_are_missed_once() -> None:
    """The k-th thread asks 10 (k + 1) times; each end costs the others no more than their patience, once or twice."""
    together = Together(Squares(), 4, groups=1, patience=0.05)
    began = time.monotonic()
    in_threads(4, lambda k: [both(together, np.ones(3), np.ones(3)) for _ in range(10 * (k + 1))])
    assert time.monotonic() - began < 2.0


def test_one_that_never_asks_for_its_gradient_gets_it_later() -> None:
    squares = Squares()
    together = Together(squares, 2, groups=1, patience=0.2)
    for _ in range(50):  # at first they do not know of each other
        runs = in_threads(2, lambda k: together.forward(np.full(3, k + 1.0)))
        if squares.forwards[-1] == 2:
            break
    assert squares.forwards[-1] == 2
    assert together.pull(runs[0][1], np.ones(3)).tolist() == [2.0, 2.0, 2.0]
    assert together.pull(runs[1][1], np.ones(3)).tolist() == [4.0, 4.0, 4.0]
    assert together.pull(runs[1][1], np.array([0.0, 0.0, 1.0])).tolist() == [0.0, 0.0, 4.0]


def test_an_error_reaches_all_who_share_it_and_nobody_after() -> None:
    together = Together(Squares(), 3, groups=1)

    def work(k: int) -> str:
        try:
            return str(together.forward(np.array([1.0, -1.0, 1.0]))[0])
        except ArithmeticError as error:
            return str(error)

    assert in_threads(3, work) == ["below zero"] * 3
    assert together.forward(np.ones(3))[0].tolist() == [1.0, 1.0, 1.0]


def test_a_wrong_vector_is_refused_before_it_meets_others() -> None:
    squares = Squares()
    together = Together(squares, 2)
    with pytest.raises(ValueError, match=r"\(2,\) instead of \(3,\)"):
        together.forward(np.ones(2))
    _, ran = together.forward(np.ones(3))
    with pytest.raises(ValueError, match=r"\(4,\) instead of \(3,\)"):
        together.pull(ran, np.ones(4))
    assert (squares.forwards, squares.pulls) == ([1], [])


@pytest.mark.parametrize(("chains", "groups"), [(0, 1), (4, 0)])
def test_no_chains_or_groups(chains: int, groups: int) -> None:
    with pytest.raises(ValueError, match="groups"):
        Together(Squares(), chains, groups=groups)


def test_it_can_be_copied() -> None:
    together = Together(Squares(), 4, groups=2, patience=0.3)
    for other in (pickle.loads(pickle.dumps(together)), copy.deepcopy(together)):
        assert (other.chains, other.groups, other.patience) == (4, 2, 0.3)
        assert other.forward(np.ones(3))[0].tolist() == [1.0, 1.0, 1.0]


def test_chains_draw_what_they_draw_alone() -> None:
    pytest.importorskip("nutpie")
    centre, root = np.zeros(3), np.eye(3)

    def made(function: Together) -> Callable[[], Callable[[np.ndarray], tuple[float, np.ndarray]]]:
        def density(point: np.ndarray) -> tuple[float, np.ndarray]:
            values, ran = function.forward(point + 5.0)  # minus half of (x + 5)^2 + 10 (x + 5), a normal shape
            slope = function.pull(ran, np.full(3, -0.5))
            return float(-0.5 * values.sum() + 5 * point.sum()), slope + 5.0

        return lambda: density

    class Parabolas(Squares):
        def forward_many(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            self.forwards.append(len(points))
            return points**2, points

    few: dict[str, Any] = {"chains": 3, "draws": 30, "tune": 40, "seed": 4}
    shared = Parabolas()
    alone = sample(made(Together(Parabolas(), 1)), ["a", "b", "c"], centre, root, cores=1, **few)
    beside = sample(made(Together(shared, 3, groups=1)), ["a", "b", "c"], centre, root, cores=3, **few)
    assert max(shared.forwards) > 1
    one, other = (tree["unconstrained"]["position"].to_numpy() for tree in (alone, beside))
    assert one.tobytes() == other.tobytes()
