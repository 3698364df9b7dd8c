"""Simulation-based calibration of the shipped model: are the ranks of known truths uniform?

    python calibration/sbc.py --replications 50

Each replication draws all constants, latent changes and errors from their priors, makes data, fits them as `calibrate`
does (mode, curvature, NUTS; short chains) and ranks the truth among the draws. Replications are kept one by one in
the folder, so that the command can be ended and given again; with more processors, start it several times in the same
folder with another --first. It prints the time, and in the end the tests, and writes into the folder the ranks
(ranks.csv), the tests (uniformity.csv) and a figure (ranks.svg, ranks.png). docs/proof.md says what they mean.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from sdforecast.inference.belonging import fingerprints
from sdforecast.inference.simulation_based import Effort, Replication, Store, replications
from sdforecast.inference.studying import Sources, study
from sdforecast.inference.uniformity import uniformity
from sdforecast.model import read
from sdforecast.plot.ranks import ranks_figure

EFFORT = Effort(chains=8, draws=200, tune=200, deepest=5)
"""Some three minutes a replication on two cores. Chains of 100 draws do not leave the neighbourhood of the mode."""

NOT_UNIFORM = 0.01
"""Chance, corrected for the number of quantities, below which ranks count as not uniform."""


def main() -> None:
    """Replicate, test, draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replications", type=int, default=50, help="how many in all (default: 50)")
    parser.add_argument("--first", type=int, default=0, help="number of the first one (default: 0)")
    parser.add_argument("--folder", type=Path, default=Path("sbc"), help="where they are kept (default: sbc)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only-tests", action="store_true", help="no more replications: tests of those in the folder")
    given = parser.parse_args()
    model, effort, begun = read(), EFFORT, time.monotonic()
    of = {"fingerprints": fingerprints(model), "seed": given.seed, "effort": vars(effort)}
    store = Store(given.folder, of)

    def finished(one: Replication) -> None:
        word = f"replication {one.number}: {one.seconds:.0f} s, {one.divergences} divergences, R-hat to {one.rhat:.2f}"
        again = f", {one.refused} draws of the prior refused" if one.refused else ""
        print(f"{word}{again} (after {(time.monotonic() - begun) / 60:.1f} minutes)", flush=True)

    if not given.only_tests:
        replications(
            study(model, Sources()).study, given.replications, first=given.first, seed=given.seed, effort=effort,
            store=store, finished=finished,
        )  # fmt: skip
    there = store.all()
    if not there:
        raise SystemExit(f"{given.folder} holds no replications yet")
    told(there, given.folder)


def told(found: Sequence[Replication], folder: Path) -> None:
    """Print the tests, and write ranks, tests and figure."""
    numbers = pd.Index([one.number for one in found], name="replication")
    ranks = pd.DataFrame([one.ranks for one in found], index=numbers)
    table = uniformity({str(name): ranks[name].tolist() for name in ranks}, found[0].of)
    ranks.to_csv(folder / "ranks.csv")
    table.to_csv(folder / "uniformity.csv", index=False, float_format="%.4g")
    drawn = ranks_figure(ranks, table, found[0].of)
    for ending in ("svg", "png"):
        drawn.savefig(folder / f"ranks.{ending}", dpi=200)
    minutes = sum(one.seconds for one in found) / 60
    stuck = sum(one.rhat > 1.1 for one in found)
    odd = table[table["curve_p_all"] < NOT_UNIFORM]
    print(table.head(8).to_string(index=False, float_format="%.3g"))
    print(
        f"{len(found)} replications in {minutes:.0f} minutes ({60 * minutes / len(found):.0f} s each); "
        f"{sum(one.refused for one in found)} draws of the prior refused; "
        f"{sum(one.divergences for one in found)} divergences; R-hat above 1.1 in {stuck}"
    )
    print(
        f"{len(table)} quantities: " + ("all uniform" if odd.empty else f"{len(odd)} not uniform")
        + f" at {NOT_UNIFORM:.0%} for all together; {(table['curve_p'] < 0.05).mean():.1%} are below 5 % alone"
    )  # fmt: skip


if __name__ == "__main__":
    main()
