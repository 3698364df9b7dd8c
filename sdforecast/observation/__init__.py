"""What was observed, set against what the model gives for the same thing over the same time."""

from sdforecast.observation.fit import RECENT, fit_table, measured_fit
from sdforecast.observation.predicting import columns_needed, on_scale, predicted, residuals
from sdforecast.observation.targets import Target, load, observations

__all__ = [
    "RECENT",
    "Target",
    "columns_needed",
    "fit_table",
    "load",
    "measured_fit",
    "observations",
    "on_scale",
    "predicted",
    "residuals",
]
