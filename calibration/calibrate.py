"""Estimate the shipped model from the shipped history: what `calibration/estimate/` was made with.

Run it from a checkout: python calibration/calibrate.py. Copy it and change it for a model of your own.
"""

from dataclasses import replace
from pathlib import Path

from sdforecast.inference import calibrate, with_constants, write
from sdforecast.model import read

if __name__ == "__main__":  # the model runs in processes of their own, which import this file
    model = read()
    estimate = calibrate(model, starts=3, sets=300, seed=1, command="python calibration/calibrate.py", told=print)
    print(estimate.fit.to_string(index=False))

    # The model file carries the best constants, so that it shows the calibrated run wherever it is opened. Every run
    # above set all of these constants, so the estimate is that of the file written here.
    best = dict(zip(estimate.best["parameter"], estimate.best["value"], strict=True))
    model.path.write_text(with_constants(model.path.read_text(encoding="utf-8"), best), encoding="utf-8")
    manifest = estimate.manifest | {"model_sha256": read(model.path).sha256}
    write(replace(estimate, manifest=manifest), Path(__file__).with_name("estimate"))
