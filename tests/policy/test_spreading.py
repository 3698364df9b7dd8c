"""Blocks give the same results, whatever their size and whoever does them; on a cluster, too, when a worker dies."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import numpy as np
import pytest

from sdforecast.errors import InputError, MachineError, Problem
from sdforecast.forecasting import forecast
from sdforecast.inference import load
from sdforecast.policy import blocks, cluster
from sdforecast.policy.outcomes import Outcomes, outcomes

MIXES = ("current-course", "military-only", "soft-power-with-teeth")
DRAWS = 20


def made(**more: Any) -> Outcomes:
    """Return few draws of a few outcomes under three mixes."""
    return outcomes(MIXES, draws=DRAWS, variables=["deaths", "all drug deaths", "budget"], horizon="2028-12", **more)


def bits(found: Outcomes) -> list[bytes]:
    """Return all numbers as they are in memory."""
    return [found.yearly[name].to_numpy().tobytes() for name in found.yearly] + [found.onset.to_numpy().tobytes()]


@pytest.fixture(scope="module")
def expected() -> Outcomes:
    """What one thread gives, in one block."""
    return made(threads=1)


def test_outcomes_are_the_forecasts_own_years(expected: Outcomes) -> None:
    months = forecast(
        MIXES,
        posterior=load(),
        draws=DRAWS,
        horizon="2028-12",
        variables=["synthetic opioid deaths", "all drug deaths"],
    ).trajectories
    for ours, theirs in (("deaths", "synthetic opioid deaths"), ("all drug deaths", "all drug deaths")):
        years = months[theirs].sel(time=slice("2027", "2028")).transpose("draw", "scenario", "time").to_numpy()
        summed = years.reshape(DRAWS, 3, 2, 12).sum(axis=-1)
        np.testing.assert_allclose(expected.yearly[ours].to_numpy(), summed, rtol=1e-12)


@pytest.mark.parametrize(("threads", "size"), [(2, 8), (3, 16)])
def test_results_depend_on_neither_threads_nor_blocks(
    expected: Outcomes, monkeypatch: pytest.MonkeyPatch, threads: int, size: int
) -> None:
    monkeypatch.setattr(blocks, "BYTES", size * 8 * 25 * 4 * 3)
    assert bits(made(threads=threads)) == bits(expected)


@pytest.mark.slow  # a second program is compiled
def test_the_step_of_the_fit_is_near_the_files_own(expected: Outcomes) -> None:
    quick = made(quick=True)
    assert quick.manifest["integration"] == {"integration": "rk4", "time_step": 0.5}
    for name in ("deaths", "all drug deaths"):
        gap = np.abs(quick.yearly[name] / expected.yearly[name] - 1).to_numpy()
        assert 0 < gap.max() < 0.005


@pytest.mark.parametrize(("draws", "largest", "workers"), [(1, 170, 2), (20, 170, 2), (10_000, 170, 2), (9, 8, 64)])
def test_pieces_are_all_draws_in_their_order(draws: int, largest: int, workers: int) -> None:
    pieces = blocks.pieces_of(draws, largest, workers)
    assert [k for rows in pieces for k in range(rows.start, rows.stop)] == list(range(draws))
    assert all(rows.stop - rows.start <= max(largest, blocks.LANES) for rows in pieces)
    assert all((rows.stop - rows.start) % blocks.LANES == 0 for rows in pieces[:-1])


# --- who does them --------------------------------------------------------------------------------------------------


def test_results_stand_in_the_order_of_the_blocks() -> None:
    waits = [0.05, 0.0, 0.02, 0.0]
    told: list[int] = []

    def work(k: int) -> int:
        time.sleep(waits[k])
        return 10 * k

    assert cluster.spread(work, range(4), threads=3, advance=told.append) == [0, 10, 20, 30]
    assert sorted(told) == [0, 1, 2, 3]
    with ThreadPoolExecutor(3) as client:
        assert cluster.spread(work, range(4), client=client) == [0, 10, 20, 30]


def test_a_fault_in_a_block_is_raised_and_the_rest_given_up() -> None:
    begun: list[int] = []

    def work(k: int) -> int:
        begun.append(k)
        if k == 1:
            raise InputError(Problem("a wrong number"))
        return k

    with pytest.raises(InputError):
        cluster.spread(work, range(50), threads=1)
    assert begun == [0, 1]


class Dying:
    """A client whose workers die."""

    def submit(self, function: Any, /, *arguments: Any) -> Future[Any]:
        """Fail as a pool does that has lost a process."""
        future: Future[Any] = Future()
        future.set_exception(BrokenProcessPool("a process died"))
        return future


def test_workers_that_die_again_and_again_are_told() -> None:
    with pytest.raises(MachineError, match="died again and again"):
        cluster.spread(abs, [1, 2], client=Dying())


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """A cluster of two processes."""
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as made,
        distributed.Client(made) as found,
    ):
        yield found


def _slow_square(number: int) -> tuple[int, int]:
    time.sleep(0.05)
    return number * number, os.getpid()


def test_processes_of_a_cluster_do_blocks(client: Any) -> None:
    found = cluster.spread(_slow_square, range(12), client=client)
    assert [square for square, _ in found] == [k * k for k in range(12)]
    assert os.getpid() not in {process for _, process in found}


@pytest.mark.slow  # workers load the package and the model
def test_nothing_is_lost_when_a_worker_is_killed_in_mid_run(
    client: Any, expected: Outcomes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BYTES", 1)  # the smallest blocks: some on their way when the worker dies
    killed: list[int] = []
    told = threading.Event()

    def kill() -> None:
        if not killed:
            killed.append(1)
            processes = client.run(os.getpid)
            os.kill(next(iter(processes.values())), 9)
            told.set()

    assert bits(made(client=client, advance=kill)) == bits(expected)
    assert told.is_set()


@pytest.mark.slow
def test_a_cluster_gives_the_bits_of_threads(client: Any, expected: Outcomes) -> None:
    assert bits(made(client=client)) == bits(expected)
