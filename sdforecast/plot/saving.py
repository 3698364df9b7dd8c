"""Figures as files whose bytes repeat."""

from __future__ import annotations

import io
import re
import warnings

from matplotlib.figure import Figure

from sdforecast.plot.style import styled

PNG_DPI = 150


@styled
def to_svg(figure: Figure) -> bytes:
    """Return the figure as SVG; the same figure gives the same bytes."""
    drawn = _saved(figure, "svg", {"Date": None, "Creator": None})
    # Six decimals of a point would double the size of the page; one is finer than any line drawn here.
    return _PATH.sub(lambda path: _DECIMALS.sub(rb"\1", path[0]).replace(b" \n", b"\n"), drawn)


@styled
def to_png(figure: Figure) -> bytes:
    """Return the figure as PNG; the same figure gives the same bytes."""
    return _saved(figure, "png", {"Software": None})


_PATH = re.compile(rb'\bd="[^"]*"')
_DECIMALS = re.compile(rb"(\.\d)\d+")


def _saved(figure: Figure, kind: str, metadata: dict[str, None]) -> bytes:
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # a title in a script the font lacks: boxes
        figure.savefig(stream, format=kind, dpi=PNG_DPI, metadata=metadata)
    figure.set_layout_engine("none")  # the first drawing has found the places; they hold for the other format
    return stream.getvalue()
