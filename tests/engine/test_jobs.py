"""Many runs by name: compiled ones are PySD's."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from sdforecast.engine import Job, SlowEngineWarning, run_jobs
from sdforecast.errors import InputError
from sdforecast.model import ModelFile
from tests.engine.compiled.comparing import error
from tests.engine.conftest import Write
from tests.small import exponential, small

COLUMNS = ("Population", "births", "Drug_left")
SERIES = (
    {},
    {"births": pd.Series([1.0, 3.0], index=[0.0, 40.0])},
    {"Growth_Rate": pd.Series([0.0, 0.1, 0.0], index=[5.0, 15.0, 30.5])},
)


def run(
    jobs: list[Job], engine: str, model: str | ModelFile = "growth.mdl", columns: tuple[str, ...] = COLUMNS,
    series: tuple[dict[str, pd.Series], ...] = SERIES, **options: object,
) -> np.ndarray:  # fmt: skip
    file = small(model) if isinstance(model, str) else model
    with run_jobs(file, columns, series, engine=engine, **options) as runner:
        return runner(jobs, lambda: None)


def same(jobs: list[Job], *arguments: object, **options: object) -> np.ndarray:
    ours, theirs = run(jobs, "compiled", *arguments, **options), run(jobs, "pysd", *arguments, **options)
    assert ours.shape == theirs.shape
    for one, other in zip(ours, theirs, strict=True):
        assert all(error(one[:, k], other[:, k]) < 1e-12 for k in range(one.shape[1]))
    return ours


def test_constants_and_sets_of_series_in_any_order() -> None:
    jobs = [
        Job({"growth rate": 0.03, "HALF LIFE": 7.0}, 1),
        Job({}, 2),
        Job({"initial_population": 3.0}, 0),
        Job({"growth rate": 0.01}, 0),
        Job({}, 1),
    ]
    values = same(jobs)
    np.testing.assert_allclose(values[3, :, 0], exponential(np.arange(41.0), 100, 0.01, 0.125), rtol=1e-12)
    backwards = run(jobs[::-1], "compiled")
    assert backwards[::-1].tobytes() == values.tobytes()


def test_a_constant_counts_more_than_a_series_of_its_name() -> None:
    values = same([Job({"births": 5.0}, 1), Job({}, 1), Job({"births": 7.0}, 1), Job({"growth rate": 0.5}, 2)])
    assert [set(values[k, :, 1]) for k in (0, 2)] == [{5.0}, {7.0}]
    assert values[1, -1, 1] == 3


def test_one_element_of_a_variable_that_is_given_over_time() -> None:
    series = ({"loss": pd.Series([0.1, 0.1], index=[0.0, 1.0])},)
    values = run([Job({"loss[North]": 0.0}), Job({})], "compiled", "regions.mdl", ("whole",), series)
    left = 100 * (1 - 0.1 / 16) ** 320
    np.testing.assert_allclose(values[:, -1, 0], [100 + left, 2 * left], rtol=1e-12)


def test_until_ends_every_run_sooner_or_later() -> None:
    jobs = [Job({"growth rate": 0.1 * k}) for k in range(3)]
    assert same(jobs, until=7).shape == (3, 8, 3)
    assert same(jobs, until=50).shape == (3, 51, 3)


def test_a_second_call_knows_nothing_of_the_first() -> None:
    with run_jobs(small("growth.mdl"), COLUMNS, SERIES, engine="compiled") as runner:
        alone = runner([Job({})], lambda: None)
        runner([Job({"growth rate": 0.1 * k, "half life": 2.0 + k}, k % 3) for k in range(5)], lambda: None)
        assert runner([Job({})], lambda: None).tobytes() == alone.tobytes()


def test_the_same_bits_for_one_job_and_among_many() -> None:
    jobs = [Job({"growth rate": 0.001 * k, "half life": 1.0 + k / 7}) for k in range(37)]
    many = run(jobs, "compiled")
    for k in (0, 17, 36):
        assert run([jobs[k]], "compiled")[0].tobytes() == many[k].tobytes()


def test_a_constant_that_shapes_the_program_may_differ_between_jobs(write: Write) -> None:
    model = write(
        """
        x = SMOOTH N(STEP(8, 1), 3, 0, how many)
        how many = 2
        one = SMOOTH(STEP(8, 1), 3)
        three = SMOOTH3(STEP(8, 1), 3)
        """
    )
    jobs = [Job({"how many": float(n)}) for n in (1, 3, 2, 3)]  # PySD cannot
    values = run(jobs, "compiled", model, ("x", "one", "three"), ({},))
    np.testing.assert_allclose(values[0, :, 0], values[0, :, 1], rtol=1e-12)
    np.testing.assert_allclose(values[[1, 3], :, 0], values[[1, 3], :, 2], rtol=1e-12)
    assert (values[2, 8:, 0] != values[1, 8:, 0]).all()
    steps = [Job({"TIME STEP": 1.0}), Job({"TIME STEP": 0.25})]
    same(steps, write("S = INTEG(0.1 * S, 1)", SAVEPER=1), ("S",), ({},))


def test_each_job_is_told() -> None:
    told: list[None] = []
    with run_jobs(small("growth.mdl"), COLUMNS, engine="compiled") as runner:
        runner([Job({"growth rate": k / 100}) for k in range(23)], lambda: told.append(None))
    assert len(told) == 23


def test_the_fallback_is_pysd_and_is_told(random_model: ModelFile) -> None:
    with pytest.warns(SlowEngineWarning, match="'a noise' uses RANDOM UNIFORM"):
        values = run([Job({"rate": 3.0}), Job({})], "auto", random_model, ("Level",), ({},))
    np.testing.assert_allclose(values[:, -1, 0], [24, 16])


@pytest.mark.parametrize("engine", ["compiled", "pysd"])
@pytest.mark.parametrize(
    ("job", "columns", "series", "message"),
    [
        (Job({"growth rat": 1.0}), COLUMNS, ({},), "did you mean 'growth rate'"),
        (Job({}), ("birth",), ({},), "did you mean 'births'"),
        (Job({}), COLUMNS, ({"birthz": pd.Series([1.0], index=[0.0])},), "did you mean 'births'"),
    ],
)
def test_names_that_are_not_there(
    engine: str, job: Job, columns: tuple[str, ...], series: tuple[dict[str, pd.Series], ...], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        run([job], engine, columns=columns, series=series)


def test_jobs_with_other_rows_are_refused() -> None:
    with pytest.raises(InputError, match="'FINAL TIME' cannot differ"):
        run([Job({"FINAL TIME": 5.0}), Job({"FINAL TIME": 6.0})], "compiled")
    assert run([Job({"FINAL TIME": 5.0})] * 2, "compiled").shape == (2, 6, 3)
