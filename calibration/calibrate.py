"""Make the posteriors of the shipped structures from the shipped history: what `structures.toml` names.

    python calibration/calibrate.py                    all of them, one after the other
    python calibration/calibrate.py spread             one of them
    python calibration/calibrate.py demand-led --accept 0.98 --draws 1500

Run it from a checkout. It takes a minute for the small structure and some twenty for each of the others; broken off, it
goes on from the chains beside the posterior. Copy it and change it for a model of your own.
"""

import argparse
import shutil
import sys
from pathlib import Path

from sdforecast.forecasting.structures import Structure, load
from sdforecast.inference import with_constants, write
from sdforecast.inference.calibrating import Listener, calibrate
from sdforecast.inference.methods import Plan
from sdforecast.model import read

KEPT = 500
"""Draws that a posterior keeps of those that were made: a large structure takes below 3 MB."""


def main(structure: Structure, method: str = "nuts", draws: int = 1000, starts: int = 3, accept: float = 0.97) -> bool:
    """Write the posterior of a structure; returns whether it may be published."""
    model, folder = read(structure.model), structure.posterior or Path("posterior")
    store, before = folder.with_name(f"{folder.name}.chains"), model.path.read_text(encoding="utf-8")
    print(f"{structure.name}: {structure.title}")

    # The model file carries the constants of the mode, so that it shows the calibrated run wherever it is opened. A
    # constant with a prior is set by every draw, so that its value in the file is no part of what the posterior belongs
    # to: the posterior of the file read above is that of the file written below. A structure that holds constants of
    # a model is another way to run it, and leaves the file alone.
    found = calibrate(
        model, structure.sources(),
        Plan(method, draws=draws, target_accept=accept, deepest=6, store=store if method == "nuts" else None),
        starts=starts, kept=KEPT, hold=structure.hold, listener=Listener(print),
        command=f"python calibration/calibrate.py {structure.name} --accept {accept} --draws {draws}",
    )  # fmt: skip
    if not structure.hold:
        best = found.posterior.best
        model.path.write_text(
            with_constants(before, dict(zip(best["parameter"], best["value"], strict=True))), encoding="utf-8"
        )
        found.posterior.manifest["model_sha256"] = read(model.path).sha256
    folder.parent.mkdir(exist_ok=True)
    write(found.posterior, folder)
    shutil.rmtree(store, ignore_errors=True)

    print(found.posterior.fit[["target", "n", "mape", "cover_90", "k_max"]].to_string(index=False))
    for warning in found.warnings:
        print(f"warning: {warning}")
    if found.diagnosis is not None:
        print(found.diagnosis.to_text())
    return found.diagnosis is not None and found.diagnosis.publishable


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="structures (default: all)")
    parser.add_argument("--accept", type=float, default=0.97, help="acceptance aimed at; higher: shorter steps")
    parser.add_argument("--draws", type=int, default=1000, help="of each of eight chains")
    given = parser.parse_args()
    there = load()
    if unknown := set(given.names) - {each.name for each in there}:
        parser.error(f"no structure {', '.join(sorted(unknown))}")
    wanted = [each for each in there if each.name in given.names or not given.names]
    fine = [main(each, draws=given.draws, accept=given.accept) for each in wanted]
    sys.exit(0 if fine and all(fine) else 1)
