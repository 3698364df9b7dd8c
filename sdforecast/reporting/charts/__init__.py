"""Charts as plain objects and as SVG: one drawing for the page, in dark and light, for paper and for download."""

from sdforecast.reporting.charts.marks import Axis, Band, Chart, Dots, Line, Note, Panel, Rows, Rule, Span
from sdforecast.reporting.charts.standalone import standalone
from sdforecast.reporting.charts.svg import NARROW, WIDE, Drawing, draw

__all__ = [
    "NARROW",
    "WIDE",
    "Axis",
    "Band",
    "Chart",
    "Dots",
    "Drawing",
    "Line",
    "Note",
    "Panel",
    "Rows",
    "Rule",
    "Span",
    "draw",
    "standalone",
]
