"""Random models: PySD, the interpreter and machine code agree; a member does not depend on who runs beside it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from sdforecast.engine.compiled.machine import Machine
from sdforecast.errors import InputError
from sdforecast.model import read
from tests.engine.compiled.comparing import compiled, error, pysd
from tests.properties.random_models import Model, models

FEW = settings(max_examples=20, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=600, derandomize=False, print_blob=True)


@pytest.fixture(autouse=True, scope="module")
def _cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        if "XDG_CACHE_HOME" not in os.environ:
            patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


def file_of(model: Model, folder: str) -> Path:
    file = Path(folder) / "model.mdl"
    file.write_text(model.source, encoding="utf-8")
    return file


def three_ways_agree(model: Model) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = file_of(model, folder)
        try:
            times, theirs = pysd(file)
        except InputError as fault:  # PySD cannot run it: nothing to compare with
            event(f"refused by PySD: {str(fault).rpartition(': ')[2][:60]}")
            assume(False)
        ours = compiled(file)
        assert ours.times.tolist() == times.tolist()
        assert ours.code.keys() == theirs.keys()
        apart = {key: max(error(ours.code[key], theirs[key]), error(ours.read[key], theirs[key])) for key in theirs}
        assert {key: value for key, value in apart.items() if value > 1e-12} == {}


def alone_and_together_agree(model: Model, seed: int, members: int) -> None:
    generator = np.random.default_rng(seed)
    varied = model.constants[: 1 + seed % len(model.constants)]
    draws = generator.uniform(0.125, 4.0, size=(members, len(varied)))
    with tempfile.TemporaryDirectory() as folder:
        machine = Machine(read(file_of(model, folder)))
        keys = [output.key for output in machine.base.outputs]
        together = machine.ready(keys, varied=varied)
        batch = together.batch({}, varied=draws)
        ensemble = together.run(batch)
        np.testing.assert_array_equal(together.run(batch, threads=2), ensemble)
        for k in {0, members // 2, members - 1}:
            fixed = dict(zip(varied, draws[k], strict=True))
            ready = machine.ready(keys, fixed=fixed)
            alone = ready.run(ready.batch(fixed))[0]
            np.testing.assert_array_equal(alone, ensemble[k])
            single = together.run(together.batch({}, varied=draws[k : k + 1]))[0]
            np.testing.assert_array_equal(single, ensemble[k])


@FEW
@given(models())
def test_three_ways_agree(model: Model) -> None:
    three_ways_agree(model)


@settings(FEW, max_examples=8)
@given(models(), st.integers(0, 99), st.integers(1, 19))
def test_a_member_alone_equals_the_member_in_its_ensemble(model: Model, seed: int, members: int) -> None:
    alone_and_together_agree(model, seed, members)


@pytest.mark.slow
@MANY
@given(models())
def test_three_ways_agree_on_many(model: Model) -> None:
    three_ways_agree(model)


@pytest.mark.slow
@settings(MANY, max_examples=200)
@given(models(), st.integers(0, 99), st.integers(1, 19))
def test_members_alone_equal_those_in_ensembles_on_many(model: Model, seed: int, members: int) -> None:
    alone_and_together_agree(model, seed, members)
