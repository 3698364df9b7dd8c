"""Simulation-based calibration of the shipped model: are the ranks of known truths uniform?

    python calibration/sbc.py --replications 50

Each replication draws all constants, latent changes and errors from their priors, makes data, fits them as `calibrate`
does (mode, curvature, NUTS; short chains) and ranks the truth among the draws. Replications are kept one by one in
the folder, so that the command can be ended and given again; with more cores, start it several times with another
--first. It prints the time, and in the end the tests; docs/proof.md says what they mean.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from sdforecast.inference.belonging import fingerprints
from sdforecast.inference.simulation_based import Effort, Replication, Store, replications
from sdforecast.inference.studying import Sources, study
from sdforecast.model import read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=50, help="how many in all (default: 50)")
    parser.add_argument("--first", type=int, default=0, help="number of the first one (default: 0)")
    parser.add_argument("--folder", type=Path, default=Path("sbc"), help="where they are kept (default: sbc)")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    model, effort, begun = read(), Effort(), time.monotonic()
    problem = study(model, Sources()).study
    of = {"fingerprints": fingerprints(model), "seed": given.seed, "effort": vars(effort)}
    store = Store(given.folder, of)

    def finished(one: Replication) -> None:
        word = f"replication {one.number}: {one.seconds:.0f} s, {one.divergences} divergences, R-hat to {one.rhat:.2f}"
        again = f", {one.refused} draws of the prior refused" if one.refused else ""
        print(f"{word}{again} (after {(time.monotonic() - begun) / 60:.1f} minutes)", flush=True)

    replications(
        problem, given.replications, first=given.first, seed=given.seed, effort=effort, store=store, finished=finished
    )


if __name__ == "__main__":
    main()
