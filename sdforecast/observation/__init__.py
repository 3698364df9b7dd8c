"""What was observed, set against what the model gives for the same thing over the same time."""

from sdforecast.observation.agreeing import check, check_start, check_values
from sdforecast.observation.fit import RECENT, fit_table, measured_fit
from sdforecast.observation.predicting import columns_needed, on_scale, predicted, residuals
from sdforecast.observation.targets import Target, load, observations
from sdforecast.observation.times import Clock, end_of, on_rows

__all__ = [
    "RECENT",
    "Clock",
    "Target",
    "check",
    "check_start",
    "check_values",
    "columns_needed",
    "end_of",
    "fit_table",
    "load",
    "measured_fit",
    "observations",
    "on_rows",
    "on_scale",
    "predicted",
    "residuals",
]
