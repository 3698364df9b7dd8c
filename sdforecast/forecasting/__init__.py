"""Forecasts: draws from the posterior under every scenario."""

from sdforecast.forecasting.applying import OF_THE_MODEL
from sdforecast.forecasting.making import DEFAULT_SCENARIOS, forecast, runs
from sdforecast.forecasting.parts import counts, parts
from sdforecast.forecasting.quantiles import LEVELS, quantile_table, twelve_month_sums
from sdforecast.forecasting.result import Forecast
from sdforecast.forecasting.running import dataset, outputs, trajectories

__all__ = [
    "DEFAULT_SCENARIOS",
    "LEVELS",
    "OF_THE_MODEL",
    "Forecast",
    "counts",
    "dataset",
    "forecast",
    "outputs",
    "parts",
    "quantile_table",
    "runs",
    "trajectories",
    "twelve_month_sums",
]
