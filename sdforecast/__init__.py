"""sdforecast: stock-and-flow forecasts of the US fentanyl crisis."""

__version__ = "0.1.0"
