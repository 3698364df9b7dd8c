"""Forty runs of the shipped model: our pool of processes against PySD called in a loop.

    python benchmarks/processes_against_pysd.py

The pool pays its start (a process imports PySD and reads the translation) and gains the second core.
"""

import time

import pysd

from sdforecast.engine.processes import Job, run_jobs, workers
from sdforecast.model import read

COLUMNS = ["cumulative synthetic opioid deaths", "dose"]
RUNS = 40


def main() -> None:
    """Time both and print seconds and ratio."""
    model = read()
    values = [0.04 + 0.0005 * k for k in range(RUNS)]

    peer = pysd.load(str(model.translation))
    begun = time.perf_counter()
    for value in values:
        peer.run(params={"overdose hazard": value}, return_columns=COLUMNS, progress=False)
    loop = time.perf_counter() - begun

    jobs = [Job({"overdose hazard": value}) for value in values]
    begun = time.perf_counter()
    with run_jobs(model, COLUMNS, processes=workers(RUNS)) as run:
        run(jobs, lambda: None)
    pool = time.perf_counter() - begun

    print(
        f"PySD in a loop {loop:.1f} s, ours {pool:.1f} s on {workers(RUNS)} processes: {loop / pool:.2f} times as fast"
    )


if __name__ == "__main__":  # the pool's processes import this file
    main()
