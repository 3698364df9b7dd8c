"""Which charts a forecast and a back-test allow, and what each of them shows."""

from sdforecast.reporting.drawing.compared import by_year, medians, paths, totals
from sdforecast.reporting.drawing.deaths import headline
from sdforecast.reporting.drawing.fitted import months, targets
from sdforecast.reporting.drawing.levels import levels
from sdforecast.reporting.drawing.sectors import sector
from sdforecast.reporting.drawing.skilled import by_origin, coverage, relative
from sdforecast.reporting.drawing.structures import structures

__all__ = [
    "by_origin",
    "by_year",
    "coverage",
    "headline",
    "levels",
    "medians",
    "months",
    "paths",
    "relative",
    "sector",
    "structures",
    "targets",
    "totals",
]
