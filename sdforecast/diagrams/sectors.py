"""The picture of a sector, from the file's own views where it has them, and a file with views for all sectors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from sdforecast.diagrams import drawing, sketch, views
from sdforecast.diagrams.content import Signs, content
from sdforecast.diagrams.layout import laid_out
from sdforecast.diagrams.named_loops import NamedLoop
from sdforecast.diagrams.parts import Picture
from sdforecast.errors import InputError, Problem
from sdforecast.model.vocabulary import VENSIM
from sdforecast.structure.graph import CausalGraph


def svg(
    graph: CausalGraph,
    sector: str | None,
    signs: Signs,
    *,
    level: str = "full",
    constants: bool = False,
    drawn: bool = True,
) -> str:
    """Return the picture of a sector, of the whole model for None, as the text of an SVG file.

    Parameters
    ----------
    level : `full`, or `stocks` for stocks, flows and what acts on them from outside.
    constants : whether constants are shown.
    drawn : whether things stand where the file's view of the sector has them; the overview is always laid out.
    """
    return drawing.drawn(picture(graph, sector, signs, level=level, constants=constants, drawn=drawn))


def picture(
    graph: CausalGraph,
    sector: str | None,
    signs: Signs,
    *,
    level: str = "full",
    constants: bool = False,
    drawn: bool = True,
) -> Picture:
    """Return the picture of a sector; see :func:`svg`."""
    shown = content(graph, sector, level=level, constants=constants, signs=signs)
    if not shown.own:
        raise InputError(Problem(f"'{shown.title}' has nothing to draw", hint="try without --level stocks"))
    linked = shown.links or shown.flows  # things that nothing joins are listed
    view = _view(graph.file, shown.title) if drawn and linked and level == "full" else None
    found = views.as_drawn(view, shown) if view is not None else None
    return found if found is not None else views.squeezed(laid_out(shown), 60.0)


def _view(file: Path, name: str) -> Picture | None:
    if file.suffix.lower() not in VENSIM:
        return None
    found = sketch.views(file.read_text(encoding="utf-8", errors="replace"))
    return next((view for title, view in found.items() if title.casefold() == name.casefold()), None)


def file_with_views(file: Path, graph: CausalGraph, signs: Signs, loops: Sequence[NamedLoop] = ()) -> str:
    """Return the text of a Vensim file with a view for each sector, the loops named where most of each is."""
    try:
        text = file.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(Problem("is not UTF-8", file=str(file), hint="save it from Vensim as UTF-8")) from error
    notes: dict[str, dict[str, tuple[str, ...]]] = {}
    for loop in loops:
        home = [graph.variables[name].sector for name in loop.path if name in graph.variables]
        sector = max(dict.fromkeys(home), key=home.count, default="")
        notes.setdefault(sector, {})[f"{loop.id} {loop.name.lower()}"] = loop.path
    return views.with_views(text.replace("\r\n", "\n"), graph, signs, notes)


def file_name(title: str) -> str:
    """Return a title as the name of a file, without what some system forbids there."""
    return re.sub(r"[^\w.-]+", "-", title.casefold(), flags=re.ASCII).strip("-.") or "model"
