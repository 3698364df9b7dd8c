"""Forecasts: every acceptable parameter set under every scenario."""

from sdforecast.forecast.making import DEFAULT_SCENARIOS, forecast
from sdforecast.forecast.quantiles import LEVELS, quantile_table, twelve_month_sums
from sdforecast.forecast.result import Forecast
from sdforecast.forecast.running import dataset, outputs, trajectories

__all__ = [
    "DEFAULT_SCENARIOS",
    "LEVELS",
    "Forecast",
    "dataset",
    "forecast",
    "outputs",
    "quantile_table",
    "trajectories",
    "twelve_month_sums",
]
