"""Where members go: the same numbers in memory, as quantiles and on disk, and no more memory than that takes."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from sdforecast import scenario
from sdforecast.errors import InputError, MachineError
from sdforecast.forecasting import ensembles, sinks
from sdforecast.forecasting.ensembles import run_ensemble
from sdforecast.forecasting.sinks import MemorySink, QuantileSink, free_memory
from sdforecast.model import read
from tests.small import ROOT, small

DRAWS = {"growth rate": np.random.default_rng(2).uniform(0, 0.1, 101)}
LEVELS = (0.05, 0.5, 0.95)


@pytest.fixture
def chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run some members at a time."""
    monkeypatch.setattr(ensembles, "CHUNK", 8 * 41 * 3 * 10)
    monkeypatch.setattr(ensembles, "FEWEST", 1)


@pytest.mark.usefixtures("chunks")
class TestQuantiles:
    @pytest.mark.parametrize("waiting", ["in memory", "in a file"])
    def test_they_are_numpys(self, waiting: str, monkeypatch: pytest.MonkeyPatch) -> None:
        if waiting == "in a file":
            monkeypatch.setattr(sinks, "LARGEST", 1)
        members, fan = (
            run_ensemble(small("growth.mdl"), DRAWS),
            run_ensemble(small("growth.mdl"), DRAWS, quantiles=LEVELS),
        )
        assert fan["Population"].dims == ("quantile", "time")
        assert fan["quantile"].to_numpy().tolist() == list(LEVELS)
        for name in members:
            np.testing.assert_array_equal(fan[name], np.quantile(members[name], LEVELS, axis=0))
            assert fan[name].attrs == members[name].attrs

    def test_of_one_scenario_after_the_other(self) -> None:
        mixes = [scenario.load(name) for name in ("current-course", "treatment-naloxone-surge")]
        draws = {"detection base": [0.1, 0.2, 0.4]}
        options = {"variables": ["synthetic opioid deaths"], "first": 170, "last": 200}
        members = run_ensemble(read(), draws, mixes, **options)["synthetic opioid deaths"]
        fan = run_ensemble(read(), draws, mixes, quantiles=LEVELS, **options)["synthetic opioid deaths"]
        assert fan.dims == ("quantile", "scenario", "time")
        np.testing.assert_array_equal(fan, np.quantile(members, LEVELS, axis=0))

    @pytest.mark.parametrize("levels", [[-0.1], [1.1], [0.5, math.nan], [[0.5]]])
    def test_levels_are_numbers_from_0_to_1(self, levels: list[float]) -> None:
        with pytest.raises(InputError, match="numbers from 0 to 1"):
            QuantileSink((1, 1, 1, 1), levels, lambda *_: xr.Dataset())


@pytest.mark.usefixtures("chunks")
class TestDisk:
    @pytest.mark.parametrize("name", ["growth.mdl", "regions.mdl"])
    def test_the_file_is_what_memory_holds(self, tmp_path: Path, name: str) -> None:
        draws = DRAWS if name == "growth.mdl" else {"loss[North]": np.linspace(0, 0.5, 33)}
        members = run_ensemble(small(name), draws)
        with run_ensemble(small(name), draws, to=tmp_path / "runs.nc") as lazy:
            xr.testing.assert_identical(lazy.load(), members)
        with xr.open_dataset(tmp_path / "runs.nc") as again:
            xr.testing.assert_identical(again.load(), members)

    def test_scenarios_too(self, tmp_path: Path) -> None:
        mixes = [scenario.load(name) for name in ("current-course", "treatment-naloxone-surge")]
        draws = {"detection base": [0.1, 0.2, 0.4]}
        options = {"variables": ["synthetic opioid deaths", "dose"], "first": 170, "last": 200}
        members = run_ensemble(read(), draws, mixes, **options)
        with run_ensemble(read(), draws, mixes, to=tmp_path / "runs.nc", **options) as lazy:
            xr.testing.assert_identical(lazy.load(), members)

    def test_what_was_run_before_an_interruption_is_in_it(self, tmp_path: Path) -> None:
        told: list[int] = []

        def stop(count: int) -> None:
            told.append(count)
            if sum(told) > 50:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run_ensemble(small("growth.mdl"), DRAWS, to=tmp_path / "runs.nc", advance=stop)
        members = run_ensemble(small("growth.mdl"), DRAWS)["Population"]
        with xr.open_dataset(tmp_path / "runs.nc") as left:
            there = left["Population"].notnull().all("time").to_numpy()
            assert 40 <= there.sum() < 101
            np.testing.assert_array_equal(left["Population"][there], members[there])

    @pytest.mark.parametrize(("name", "error"), [("runs.csv", InputError), ("missing/runs.nc", MachineError)])
    def test_a_place_that_cannot_be(self, tmp_path: Path, name: str, error: type[Exception]) -> None:
        with pytest.raises(error):
            run_ensemble(small("growth.mdl"), DRAWS, to=tmp_path / name)
        assert not list(tmp_path.iterdir())


def test_what_memory_cannot_hold_is_refused_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert free_memory() > 0
    with pytest.raises(MachineError, match=r"8000000.0 GB of results do not fit .*ask for quantiles"):
        MemorySink((10_000_000, 1, 10_000, 10_000), lambda *_: xr.Dataset())
    monkeypatch.setattr(sinks, "free_memory", lambda: 1000.0)
    told: list[int] = []
    with pytest.raises(MachineError):
        run_ensemble(small("growth.mdl"), DRAWS, advance=told.append)
    assert not told


_MEASURE = """
import resource, sys
import numpy as np
from sdforecast.forecasting.ensembles import run_ensemble
from tests.small import small

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

draws = np.linspace(0, 0.1, int(sys.argv[2]))
to = {"to": sys.argv[1]} if sys.argv[1] else {}
run_ensemble(small("sir.mdl"), {"contact rate": draws[:16]}, **to).close()
before = peak()
runs = run_ensemble(small("sir.mdl"), {"contact rate": draws}, **to)
print((peak() - before), runs.nbytes)
"""


def measured(to: str, draws: int) -> tuple[float, float]:
    """Return by how many bytes a process grew for an ensemble, and the bytes of its result."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _MEASURE, to, str(draws)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    grown, size = map(float, done.stdout.split())
    return grown, size


@pytest.mark.skipif(sys.platform != "linux", reason="counts what Linux counts")
class TestMemory:
    def test_an_ensemble_takes_little_more_than_its_output(self) -> None:
        grown, size = measured("", 50_000)
        assert size > 120e6
        assert grown < 1.2 * size

    def test_on_disk_it_takes_a_chunk(self, tmp_path: Path) -> None:
        grown, size = measured(str(tmp_path / "runs.nc"), 50_000)
        assert size > 120e6
        assert grown < 0.5 * size
