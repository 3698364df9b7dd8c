"""History: what was observed, by whom, when it was known, and where a series changes its meaning."""

from sdforecast.history.checking import check
from sdforecast.history.describing import describe, last_observed, select
from sdforecast.history.descriptions import Break, Series, load_descriptions
from sdforecast.history.reading import load, load_vintages
from sdforecast.history.vocabulary import COLUMNS, GRADES, USABLE

__all__ = [
    "COLUMNS",
    "GRADES",
    "USABLE",
    "Break",
    "Series",
    "check",
    "describe",
    "last_observed",
    "load",
    "load_descriptions",
    "load_vintages",
    "select",
]
