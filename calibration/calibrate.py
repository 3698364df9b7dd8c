"""Make the posterior of the shipped model from the shipped history: what `calibration/posterior/` was made with.

Run it from a checkout: python calibration/calibrate.py. It takes some minutes; broken off, it goes on from the chains
in `calibration/posterior.chains`. Copy it and change it for a model of your own.
"""

import shutil
import sys
from pathlib import Path

from sdforecast.inference import with_constants, write
from sdforecast.inference.calibrating import Listener, calibrate
from sdforecast.inference.methods import Plan
from sdforecast.model import read

HERE = Path(__file__).parent


def main(folder: Path = HERE / "posterior", method: str = "nuts", draws: int = 1000, starts: int = 3) -> bool:
    """Write the posterior to `folder` and its mode into the model file; returns whether it may be published."""
    model, store = read(), folder.with_name(f"{folder.name}.chains")
    before = model.path.read_text(encoding="utf-8")

    # The model file carries the constants of the mode, so that it shows the calibrated run wherever it is opened. A
    # constant with a prior is set by every draw, so that its value in the file is no part of what the posterior belongs
    # to: the posterior of the file read above is that of the file written below.
    found = calibrate(
        model, plan=Plan(method, draws=draws, target_accept=0.95, deepest=6, store=store if method == "nuts" else None),
        starts=starts, kept=1000, command="python calibration/calibrate.py", listener=Listener(print),
    )  # fmt: skip
    best = found.posterior.best
    model.path.write_text(
        with_constants(before, dict(zip(best["parameter"], best["value"], strict=True))), encoding="utf-8"
    )
    found.posterior.manifest["model_sha256"] = read(model.path).sha256
    write(found.posterior, folder)
    shutil.rmtree(store, ignore_errors=True)

    print(found.posterior.fit[["target", "n", "mape", "cover_90", "k_max"]].to_string(index=False))
    for warning in found.warnings:
        print(f"warning: {warning}")
    if found.diagnosis is not None:
        print(found.diagnosis.to_text())
    return found.diagnosis is not None and found.diagnosis.publishable


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
