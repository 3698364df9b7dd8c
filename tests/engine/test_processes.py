"""Many runs: the same bits in any number of processes, our errors out of them, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sdforecast.engine import Simulator
from sdforecast.engine.processes import Job, run_jobs, workers
from sdforecast.errors import InputError, MachineError, Problem
from tests.small import ROOT, small

COLUMNS = ("Population", "births")
SERIES = ({}, {"births": pd.Series([1.0, 3.0], index=[0.0, 40.0])})
JOBS = [Job({"growth rate": 0.01 * k}, k % 2) for k in range(1, 41)]  # so many that they do not end in order


def spread(jobs: list[Job], processes: int, model: str = "growth.mdl", **options: object) -> tuple[np.ndarray, int]:
    done: list[None] = []
    with run_jobs(small(model), COLUMNS, SERIES, processes=processes, **options) as run:
        return run(jobs, lambda: done.append(None)), len(done)


def test_two_processes_give_the_bits_of_one_and_of_a_run_alone() -> None:
    here, told = spread(JOBS, 1)
    there, told_too = spread(JOBS, 2)
    assert here.shape == (40, 41, 2)
    assert here.tobytes() == there.tobytes()
    assert (told, told_too) == (40, 40)
    alone = Simulator(small("growth.mdl"))
    for job, result in zip(JOBS, here, strict=True):
        table = alone.run({**SERIES[job.series], **job.constants}, COLUMNS)
        np.testing.assert_array_equal(result, table.to_numpy(float))


def test_a_constant_wins_over_a_series_of_the_same_name() -> None:
    result, _ = spread([Job({"births": 5.0}, 1)], 1)
    assert set(result[0, :, 1]) == {5.0}


def test_until_ends_every_run() -> None:
    assert spread(JOBS[:2], 1, until=6)[0].shape == (2, 7, 2)


def test_workers_help_only_with_many_jobs() -> None:
    cores = len(os.sched_getaffinity(0))
    assert [workers(n) for n in (0, 1, 7)] == [1, 1, 1]
    assert workers(10_000) == cores
    assert workers(8) == min(cores, 2)


class TestFaults:
    @pytest.mark.parametrize("processes", [1, 2])
    def test_a_run_that_fails_gives_our_error(self, processes: int) -> None:
        jobs = [*JOBS, Job({"half life": 0.0}), *JOBS]
        with pytest.raises(InputError) as caught:
            spread(jobs, processes)
        problem = caught.value.problems[0]
        assert problem.what.startswith("failed while running: ")
        assert problem.what.endswith("division by zero")
        assert problem.file is not None
        assert problem.file.endswith("growth.mdl")

    @pytest.mark.parametrize("processes", [1, 2])
    def test_an_unknown_name_too(self, processes: int) -> None:
        with pytest.raises(InputError) as caught:
            spread([Job({"growth rat": 1.0})] * 8, processes)
        assert caught.value.problems[0].hint == "did you mean 'growth rate'?"

    def test_a_process_that_dies_is_the_machines_fault(self) -> None:
        with pytest.raises(MachineError, match="a process of ours died"):
            spread([Job(Deadly(), 0)] * 4, 2)


class Deadly(dict):  # type: ignore[type-arg]
    """Ends the process that unpickles it."""

    def __reduce__(self) -> tuple[object, ...]:
        return os._exit, (1,)


class TestProcesses:
    """Ctrl-C and death from outside, with a script that runs more than anyone waits for."""

    SCRIPT = """
import sys
from sdforecast.cli import main
from sdforecast.engine.processes import Job, run_jobs
from tests.small import small

if __name__ == "__main__":
    told = []
    with run_jobs(small("sir.mdl"), ["Infectious"], processes=2) as run:
        try:
            run([Job({"total": 10_000.0 + k}) for k in range(3000)], lambda: print("done", flush=True))
        except KeyboardInterrupt:
            sys.exit(130)
"""

    @pytest.fixture
    def process(self, tmp_path: Path) -> subprocess.Popen[bytes]:
        script = tmp_path / "script.py"
        script.write_text(self.SCRIPT)
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.Popen(
            [sys.executable, str(script)], env=environment, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    @pytest.mark.parametrize("when", ["at the first result", "while processes start"])
    def test_ctrl_c_ends_all_soon_and_quietly(self, process: subprocess.Popen[bytes], when: str) -> None:
        if when == "at the first result":
            assert process.stdout is not None
            assert process.stdout.readline() == b"done\n"
        else:
            wait_for(lambda: len(members(process.pid)) >= 3)
        os.killpg(process.pid, signal.SIGINT)  # a terminal sends it to all
        begun = time.monotonic()
        _, err = process.communicate(timeout=30)
        assert (process.returncode, err) == (130, b"")
        assert time.monotonic() - begun < 10  # the runs asked for would take minutes
        wait_for(lambda: not members(process.pid))

    def test_when_it_is_killed_its_processes_end_too(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout is not None
        assert process.stdout.readline() == b"done\n"
        process.kill()
        process.communicate(timeout=30)
        wait_for(lambda: not members(process.pid))


def members(group: int) -> list[int]:
    """Living processes of a group."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, _, of_group = folder.joinpath("stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(of_group) == group and state != "Z":
            found.append(int(folder.name))
    return found


def wait_for(condition: object) -> None:
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "waited 20 seconds in vain"
        time.sleep(0.02)


def test_an_error_survives_the_way_between_processes() -> None:
    import pickle

    error = InputError(Problem("wrong", file="a.yaml", line=3, column=4, hint="this"), "more")
    copy = pickle.loads(pickle.dumps(error))
    assert copy.problems == error.problems
    assert str(copy) == "a.yaml:3:4: wrong (this)\nmore"
    assert copy.exit_code == 2


def test_a_script_without_a_guard_is_told_so_and_does_not_hang(tmp_path: Path) -> None:
    """Its processes die while they start; we once waited for ever to tell them the rest."""
    script = tmp_path / "mine.py"
    script.write_text(
        "import sdforecast as sdf\n"
        "sdf.forecast(scenarios=['current-course'], only=['supply-led'], draws=12, engine='pysd')\n",
        encoding="utf-8",
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "if __name__ == '__main__'" in done.stderr.splitlines()[-1]
