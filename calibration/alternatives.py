"""Estimate the model anew under each structural alternative and run the policy mixes: what turns on what nobody knows.

Run it from a checkout: python calibration/alternatives.py. Each alternative takes a minute or two: the normal
approximation at the mode stands for its posterior. It writes `calibration/alternatives.csv`, one row an alternative,
from the questions in `calibration/alternatives.toml`. What has its row there already is left out, so that a run that
was broken off goes on: remove the file to begin afresh, as after a change of the model.
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from sdforecast.forecasting import forecast
from sdforecast.inference.calibrating import Listener, calibrate
from sdforecast.inference.methods import Plan
from sdforecast.model import read

HERE = Path(__file__).parent
TABLE = HERE / "alternatives.csv"
COMMAND = "python calibration/alternatives.py"
REFERENCE = "current-course"
MIXES = ("soft-power-with-teeth", "military-only", "treatment-naloxone-surge")
DEATHS = "synthetic opioid deaths"
DRAWS = 500


def figures(hold: Mapping[str, float]) -> dict[str, float | str]:
    """Return what the posterior with these constants held says of the past and of the mixes: medians over draws."""
    found = calibrate(
        read(), plan=Plan("laplace", chains=1, draws=1000), starts=1, kept=1000, hold=hold, command=COMMAND,
        listener=Listener(print),
    )  # fmt: skip
    made = forecast(
        [REFERENCE, *MIXES], posterior=found.posterior, draws=DRAWS, horizon="2035-12", variables=[DEATHS],
        command=COMMAND,
    )  # fmt: skip
    deaths = made.trajectories[DEATHS]
    years = deaths.groupby("time.year").sum()
    after = deaths.sel(time=deaths["time"].dt.year >= 2027).sum("time")
    fit, manifest = found.posterior.manifest["fit"], found.posterior.manifest

    # A constant that is held has no prior, and one that acts no more has none that counts: the density of a standard
    # normal at its centre is taken out for every number that is left, so that they can be compared.
    density = manifest["log_density_at_mode"] + manifest["numbers"] * np.log(2 * np.pi) / 2
    return {
        "log density": round(float(density), 1),
        "annual error, %": round(fit["annual_mape"], 1),
        "recent months, %": round(fit["recent_mape"], 1),
        "peak": fit["peak_model"],
        **{f"deaths {year}": round(float(years.sel(scenario=REFERENCE, year=year).median())) for year in (2027, 2035)},
        **{
            f"{mix}, 2027-35": round(float((after.sel(scenario=mix) - after.sel(scenario=REFERENCE)).median()))
            for mix in MIXES
        },
    }


def main() -> None:
    """Write a row for each alternative that has none yet."""
    questions = tomllib.loads((HERE / "alternatives.toml").read_text(encoding="utf-8"))["alternative"]
    rows = pd.read_csv(TABLE, keep_default_na=False).to_dict("records") if TABLE.is_file() else []
    there = {(row["question"], row["answer"]) for row in rows}
    for each in [{"question": "", "answer": "the estimate", "hold": {}}, *questions]:
        name = {"question": each["question"], "answer": each["answer"]}
        if tuple(name.values()) in there:
            continue
        rows.append({**name, **figures(each["hold"])})
        print(f"{each['answer']}: {rows[-1]}")
        pd.DataFrame(rows).to_csv(TABLE, index=False)


if __name__ == "__main__":
    main()
