"""The content of a report as one page that needs nothing else and asks for nothing.

Figures stand in it as drawings, their data as packed CSV; a small script, which the page's own policy names by its
hash, gives files, hover values and toggles. Without it all of the page can be read.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from pathlib import Path

import jinja2
from markupsafe import Markup

from sdforecast.reporting import content as parts
from sdforecast.reporting.charts import Chart, Drawing, draw
from sdforecast.reporting.content import Content
from sdforecast.reporting.tables import to_csv
from sdforecast.reporting.theme import Theme

_TEMPLATES = Path(__file__).parent / "templates"
_DIGITS = 5
"""Of the numbers behind a figure: more is not known."""


def render(content: Content, theme: Theme | None = None) -> str:
    """Return the page; all that is not from our templates and drawings is escaped."""
    theme = theme or Theme()
    script = _read("page.js")
    digest = base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, finalize=_kept_together,
    )  # fmt: skip
    environment.filters["csv"] = figure_csv
    environment.filters["packed"] = packed
    environment.filters["pieces"] = lambda words: [words] if isinstance(words, str) else list(words)
    environment.filters["anchor"] = lambda text: "h-" + hashlib.sha256(text.encode("utf-8")).hexdigest()[:8]
    environment.tests["kind"] = lambda block, name: type(block).__name__ == name
    return environment.get_template("page.html.j2").render(
        it=content, style=Markup(f"{theme.page_css()}\n{_read('page.css')}\n{theme.inline_css()}"),
        script=Markup(script), digest=digest, plain=Markup(theme.chart_css()), drawn=_drawn, Strong=parts.Strong,
    )  # fmt: skip


def figure_csv(chart: Chart) -> str:
    """Return the data of a chart as CSV, in the page as in the file beside it."""
    return to_csv(chart.data, _DIGITS)


def packed(text: str) -> str:
    """Return a text as gzip in base64: a quarter of its size, and without a letter that a page could trip over."""
    return base64.b64encode(gzip.compress(text.encode("utf-8"), 9, mtime=0)).decode("ascii")


def _kept_together(value: object) -> object:
    """Keep a number and its per cent on one line."""
    return value.replace(" %", "\u00a0%") if type(value) is str else value


def _drawn(chart: Chart, narrow: bool) -> Markup:
    """Return a figure as an element of the page; `draw` escapes every text in it."""
    drawing: Drawing = draw(chart, narrow=narrow)
    kind = "narrow" if narrow else "wide"
    return Markup(
        f'<svg class="chart {kind}" viewBox="{drawing.view}" data-whole="{drawing.whole}" role="img" '
        'aria-labelledby="{}-alt" focusable="false">{}</svg>'
    ).format(chart.name, Markup(drawing.inner))


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
