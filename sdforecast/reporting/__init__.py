"""What is published of a forecast: one page, its figures, and the data of both."""

from sdforecast.reporting.writing import HOLDS, variables, write

__all__ = ["HOLDS", "variables", "write"]
