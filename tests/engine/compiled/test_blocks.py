"""Work on several threads."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from sdforecast.engine.compiled.blocks import AT_ONCE, in_blocks


@pytest.mark.parametrize("effort", [0.0, 2.0 * AT_ONCE])
@pytest.mark.parametrize("threads", [1, 3])
def test_every_block_is_done_once_and_told_of(threads: int, effort: float) -> None:
    done: list[int] = []
    told: list[int] = []

    def work(begin: int) -> int:
        done.append(begin)
        return 10

    in_blocks(work, range(0, 200, 10), threads=threads, effort=effort, advance=told.append)
    assert sorted(done) == list(range(0, 200, 10))
    assert sum(told) == 200


def test_threads_work_at_the_same_time() -> None:
    meeting = threading.Barrier(2, timeout=5)

    def work(begin: int) -> int:
        meeting.wait()
        return 1

    in_blocks(work, range(2), threads=2, effort=2.0 * AT_ONCE)


@pytest.mark.parametrize("effort", [0.0, 2.0 * AT_ONCE])
def test_a_fault_is_raised_where_the_work_was_asked_for(effort: float) -> None:
    done: list[int] = []

    def work(begin: int) -> int:
        if begin == 3:
            raise ZeroDivisionError
        done.append(begin)
        return 1

    with pytest.raises(ZeroDivisionError):
        in_blocks(work, range(100), threads=1, effort=effort)
    assert done == [0, 1, 2]


def test_an_interrupt_begins_no_further_block() -> None:
    done: list[int] = []

    def work(begin: int) -> int:
        time.sleep(0.02)
        done.append(begin)
        return 1

    def stop(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        in_blocks(work, range(1000), threads=2, effort=2.0 * AT_ONCE, advance=stop)
    time.sleep(0.1)
    count = len(done)
    time.sleep(0.1)
    assert len(done) == count < 20


_ENSEMBLE = """
import os, signal, sys, threading, time
import numpy as np
from sdforecast.engine.members import Draws, run_members
from tests.small import small

struck = []

def strike(count):
    if not struck:
        struck.append(time.perf_counter())
        threading.Timer(0.1, hit).start()

def hit():
    struck[0] = time.perf_counter()
    os.kill(os.getpid(), signal.SIGINT)

draws = Draws(("contact rate",), np.linspace(1, 3, 100_000)[:, None])
try:
    run_members(small("sir.mdl"), ["Infectious"], draws, threads=int(sys.argv[1]), advance=strike)
except KeyboardInterrupt:
    print(time.perf_counter() - struck[0])
else:
    print("ended")
"""


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_ends_a_long_ensemble_within_a_fifth_of_a_second(threads: int) -> None:
    """It would take seconds: 100,000 members of 7,681 rows."""
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", _ENSEMBLE, str(threads)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.2
