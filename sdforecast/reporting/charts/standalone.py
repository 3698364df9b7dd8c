"""A chart as a file of its own, with its colours in it."""

from __future__ import annotations

from html import escape

from sdforecast.reporting.charts.marks import Chart
from sdforecast.reporting.charts.svg import draw
from sdforecast.reporting.theme import Theme


def standalone(chart: Chart, theme: Theme, *, narrow: bool = False, bare: bool = False) -> str:
    """Return a chart as an SVG document in light colours, with title and note, or the panels alone where `bare`."""
    drawing = draw(chart, narrow=narrow)
    view = drawing.view if bare else drawing.whole
    height = drawing.height - (drawing.above + drawing.below if bare else 0)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{view}" width="{drawing.width:g}" height="{height:g}" '
        f'role="img"><title>{escape(chart.title)}</title><desc>{escape(chart.alt)}</desc>'
        f"<style>{theme.chart_css()}</style>"
        f'<rect class="ground" x="0" y="0" width="{drawing.width:g}" height="{drawing.height:g}"/>'
        f"{drawing.inner}</svg>\n"
    )
