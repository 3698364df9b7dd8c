"""Estimate the shipped model from the shipped history: what `calibration/estimate/` was made with.

Run it from a checkout: python calibration/calibrate.py. Copy it and change it for a model of your own.
"""

from pathlib import Path

from sdforecast.inference import calibrate, write
from sdforecast.model import read

if __name__ == "__main__":  # the model runs in processes of their own, which import this file
    estimate = calibrate(
        read(), starts=4, sets=40, seed=1, command="python calibration/calibrate.py", told=lambda line: print(line)
    )
    print(estimate.fit.to_string(index=False))
    write(estimate, Path(__file__).with_name("estimate"))
