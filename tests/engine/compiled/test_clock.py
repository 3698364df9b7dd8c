"""Rows and saved rows against those of PySD itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sdforecast.engine.compiled.clock import MOST_ROWS, clock, labels, misses_final_time
from sdforecast.engine.reference import Simulator
from sdforecast.errors import InputError
from sdforecast.model import read
from tests.engine.compiled.comparing import written


@pytest.mark.parametrize(
    ("initial", "final", "step", "saving"),
    [
        (0, 8, 0.25, 0.25),
        (0, 10, 0.0833333, 0.0833333),  # the last row is late
        (0, 5, 0.1, 0.25),  # saved every half
        (0, 1, 0.1, 0.3),
        (0, 1, 0.3, 0.3),
        (2000, 2003, 0.0625, 1),
        (-3, 3, 0.7, 0.7),
        (0, 2, 1, 0.5),
        (5, 5, 1, 1),
        (5, 3, 1, 1),
        (1.5, 9.25, 0.1, 1),
        (0, 100, 1 / 3, 1),
    ],
)
def test_the_rows_of_pysd(tmp_path: Path, initial: float, final: float, step: float, saving: float) -> None:
    model = read(
        written(tmp_path, "now = Time", INITIAL_TIME=initial, FINAL_TIME=final, TIME_STEP=step, SAVEPER=saving)
    )
    table = Simulator(model).run({}, ["now"])
    times, saved = clock(*(model.control[name] for name in ("INITIAL TIME", "FINAL TIME", "TIME STEP", "SAVEPER")))
    assert times[saved, 0].tolist() == table["now"].tolist()  # to the last bit
    assert labels(times[saved, 0], step).tolist() == table.index.tolist()


def test_what_pysd_does_with_odd_steps() -> None:
    times, saved = clock(0, 10, 0.0833333, 0.0833333)
    assert times[saved][-1, 0] == pytest.approx(121 * 0.0833333)  # one step beyond the end
    assert misses_final_time(times, saved, 10, 0.0833333)
    times, saved = clock(0, 2, 0.1, 0.25)
    np.testing.assert_allclose(times[saved, 0], [0, 0.5, 1, 1.5, 2], atol=1e-12)
    assert not misses_final_time(times, saved, 2, 0.1)


def test_runge_kutta_looks_at_the_middle_and_the_end_of_a_step() -> None:
    plain, saved = clock(3, 4, 0.25, 0.5)
    times, saved_too = clock(3, 4, 0.25, 0.5, moments=3)
    assert saved.tolist() == saved_too.tolist() == [True, False, True, False, True]
    np.testing.assert_array_equal(times, plain + np.array([[0, 0.125, 0.25]]))
    assert (plain.shape, times.flags.c_contiguous) == ((5, 1), True)


@pytest.mark.parametrize(
    "times",
    [(0, 1, 0, 1), (0, 1, -1, 1), (0, 1, 1, 0), (0, np.nan, 1, 1), (np.inf, 1, 1, 1), (0, np.inf, 1, 1)],
)
def test_times_that_make_no_run(times: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="times that do not make a run"):
        clock(*times)


def test_a_run_without_end_is_refused() -> None:
    with pytest.raises(InputError, match=r"a run of 5.01e\+07 steps \(at most 50,000,000\)"):
        clock(0, MOST_ROWS * 1.002, 1, 1)
