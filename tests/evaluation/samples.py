"""Forecasts whose scores are known."""

import numpy as np
import pandas as pd

from sdforecast.evaluation.levels import HUB_LEVELS, SYNTHETIC_OPIOIDS, later

ORIGIN = pd.Timestamp(2020, 6, 30)
MIDDLE = len(HUB_LEVELS) // 2


def forecast(values, method="ours", target=SYNTHETIC_OPIOIDS, origin=ORIGIN, horizon=12):
    return pd.DataFrame(
        {
            "method": method,
            "target": target,
            "origin": origin,
            "horizon": horizon,
            "target_end_date": later(origin, horizon),
            "quantile": HUB_LEVELS,
            "value": np.broadcast_to(np.asarray(values, float), len(HUB_LEVELS)),
        }
    )


def happened(*values, target=SYNTHETIC_OPIOIDS, step=6):
    first = later(ORIGIN, 12)
    ends = [later(first, step * k) for k in range(len(values))]
    return pd.DataFrame({"target": target, "target_end_date": ends, "value": [float(v) for v in values]})
