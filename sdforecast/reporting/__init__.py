"""What is published of a forecast: one page, its figures, and the data of both."""

from sdforecast.reporting.writing import variables, write

__all__ = ["variables", "write"]
