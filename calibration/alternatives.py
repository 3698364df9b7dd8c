"""Estimate the model anew under each structural alternative and run the policy mixes: what turns on what nobody knows.

Run it from a checkout: python calibration/alternatives.py. It takes a few minutes and writes
`calibration/alternatives.csv`, one row an alternative, from the questions in `calibration/alternatives.toml`.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sdforecast.forecasting import forecast
from sdforecast.inference import calibrate
from sdforecast.model import read

HERE = Path(__file__).parent
COMMAND = "python calibration/alternatives.py"
REFERENCE = "current-course"
MIXES = ("soft-power-with-teeth", "military-only", "treatment-naloxone-surge")
DEATHS = "synthetic opioid deaths"


def figures(hold: Mapping[str, float]) -> dict[str, float | str]:
    """Return what the best estimate with these constants held says of the past and of the mixes."""
    estimate = calibrate(read(), starts=1, sets=1, hold=hold, command="python calibration/alternatives.py")
    made = forecast(
        [REFERENCE, *MIXES], estimate=estimate, horizon="2035-12", command="python calibration/alternatives.py"
    )
    deaths = made.trajectories[DEATHS].isel(set=0)
    years = deaths.groupby("time.year").sum()
    after = deaths.sel(time=deaths["time"].dt.year >= 2027).sum("time")
    fit = estimate.manifest["fit"]
    return {
        "cost": round(estimate.manifest["cost"], 1),
        "annual error, %": round(fit["annual_mape"], 1),
        "recent months, %": round(fit["recent_mape"], 1),
        "peak": fit["peak_model"],
        **{f"deaths {year}": round(float(years.sel(scenario=REFERENCE, year=year))) for year in (2024, 2027, 2035)},
        **{f"{mix}, 2027-35": round(float(after.sel(scenario=mix) - after.sel(scenario=REFERENCE))) for mix in MIXES},
    }


if __name__ == "__main__":  # the model runs in processes of their own, which import this file
    questions = tomllib.loads((HERE / "alternatives.toml").read_text(encoding="utf-8"))["alternative"]
    rows = [{"question": "", "answer": "the estimate", **figures({})}]
    for each in questions:
        rows.append({"question": each["question"], "answer": each["answer"], **figures(each["hold"])})
        print(f"{each['answer']}: {rows[-1]}")
    pd.DataFrame(rows).to_csv(HERE / "alternatives.csv", index=False)
