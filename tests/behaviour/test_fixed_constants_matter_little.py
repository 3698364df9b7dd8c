"""Constants that the table calls fixed since they matter little: they are changed, and matter little."""

from __future__ import annotations

import numpy as np

from sdforecast import parameters
from sdforecast.engine import Job, run_jobs
from sdforecast.model import read

CLAIM = "changes no year's deaths from 2015 on by more than 1 % (tested)"
DEATHS = "cumulative synthetic opioid deaths"


def yearly(run: np.ndarray) -> np.ndarray:
    """Deaths of each year from 2015 to 2035, from months since January 2010."""
    return np.diff(run[::12, 0])[5:]


def test_half_or_half_as_much_again_changes_no_year_by_more_than_one_per_cent() -> None:
    claimed = [p for p in parameters.load() if CLAIM in p.fixed_because]
    assert len(claimed) > 20
    jobs = [Job({}), *(Job({p.name: p.value * factor}) for p in claimed for factor in (0.5, 1.5))]
    with run_jobs(read(), [DEATHS]) as run:
        base, *changed = (yearly(out) for out in run(jobs, lambda: None))
    moved = {
        p.name: max(float(np.abs(changed[2 * k + j] / base - 1).max()) for j in (0, 1)) for k, p in enumerate(claimed)
    }
    assert {name: round(most, 4) for name, most in moved.items() if most > 0.01} == {}
    assert max(moved.values()) > 1e-4  # the changes do reach the run
