"""The drawn views of a Vensim file: made for the sectors of a model, renewed when its equations change, shown again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sdforecast.diagrams import arcs, sketch
from sdforecast.diagrams.assembling import CLOUD, STOCK, VALVE, described, word
from sdforecast.diagrams.content import Content, Signs, content
from sdforecast.diagrams.layout import laid_out
from sdforecast.diagrams.noting import Notes
from sdforecast.diagrams.parts import Arrow, Box, Picture
from sdforecast.diagrams.repairing import cleared
from sdforecast.diagrams.words import variable_of, wrapped
from sdforecast.structure.graph import CausalGraph

ORIGIN = (110.0, 90.0)
"""Where the middle of the first cell stands in a view."""


def moved(picture: Picture, dx: float, dy: float) -> Picture:
    """Return the picture elsewhere."""
    return replace(
        picture,
        boxes={key: replace(box, x=box.x + dx, y=box.y + dy) for key, box in picture.boxes.items()},
        pipes=tuple(replace(p, points=tuple((x + dx, y + dy) for x, y in p.points)) for p in picture.pipes),
        arrows=tuple(replace(a, middle=(a.middle[0] + dx, a.middle[1] + dy)) for a in picture.arrows),
    )


def with_views(
    text: str,
    graph: CausalGraph,
    signs: Signs | None = None,
    notes: Mapping[str, Notes] | None = None,
) -> str:
    """Return the text of a Vensim file with a view for each sector that has variables.

    What a view showed before keeps its place; what is new is placed, what is gone is left out. Views of other names
    are kept as they are.

    Parameters
    ----------
    notes : for each sector texts, with the variables that each is about.
    """
    equations, section, settings = sketch.split(text)
    old = sketch.views(text)
    sectors = graph.sectors or [graph.file.stem]
    drawn = {}
    for sector in sectors:
        shown = content(graph, sector if graph.sectors else None, constants=True, signs=signs)
        before = moved(old[sector], -ORIGIN[0], -ORIGIN[1]) if sector in old else None
        picture = laid_out(shown, before=before, notes=(notes or {}).get(sector))
        drawn[sector] = moved(picture, *ORIGIN)
    others = "".join(part for name, part in sketch.parts(section) if name not in drawn)
    return equations.rstrip("\n") + "\n\n" + sketch.written(drawn) + others + (settings or f"{sketch.END}\n")


def as_drawn(view: Picture, shown: Content) -> Picture | None:
    """Return a drawn view of a sector as a picture, without what the content leaves out.

    None where the view lacks a variable of the content: it is of another time, or shows something else.
    """
    if not shown.own <= {variable_of(key) for key in view.boxes}:
        return None
    joined = {key for pipe in view.pipes for key in (pipe.source, pipe.valve, pipe.target)}
    used = {link.source for link in shown.links}
    copied = {flow.name if flow.foreign else flow.repeats for flow in shown.flows}
    arrows = [arrow for each in view.arrows if (arrow := _wanted(each, view, shown, used)) is not None]
    ends = {key for arrow in arrows for key in (arrow.source, arrow.target)}
    boxes = {}
    for key, box in view.boxes.items():
        if box.kind in ("valve", "cloud"):
            kept = key in joined
        elif box.kind == "shadow":
            kept = key in ends or (variable_of(key) in copied and _at_valve(box, view))
        else:
            kept = key in shown.own or box.kind == "note"
        if kept:
            boxes[key] = _dressed(box, shown)
    arrows = [arrow for arrow in arrows if arrow.source in boxes and arrow.target in boxes]
    return cleared(squeezed(Picture(shown.title, described(shown), boxes, view.pipes, tuple(arrows))))


def _wanted(arrow: Arrow, view: Picture, shown: Content, used: set[str]) -> Arrow | None:
    """Return an arrow of a view with its sign if the content has its link; those into a stock are for its start."""
    source, target = variable_of(arrow.source), view.boxes[arrow.target]
    name = arrow.target.removeprefix("valve ")
    if target.kind == "stock":
        return None
    if target.kind == "valve" and name not in shown.own:  # a flow without a name: which, the view does not say
        return arrow if source in used else None
    link = next((link for link in shown.links if (link.source, link.target) == (source, name)), None)
    return replace(arrow, polarity=arrow.polarity or link.polarity) if link is not None else None


def _at_valve(box: Box, view: Picture) -> bool:
    """Return whether a word stands right below a valve: that of a flow which is drawn or computed elsewhere."""
    valves = [view.boxes[pipe.valve] for pipe in view.pipes]
    return any(abs(valve.x - box.x) < 3 and 0 < box.y - valve.y < 48 for valve in valves)


def _dressed(box: Box, shown: Content) -> Box:
    """Return a box of a sketch as we draw it: its kind, its words broken into lines."""
    name = variable_of(box.key)
    about = shown.about.get(name, "")
    if box.kind in ("valve", "cloud", "note"):
        size = {"valve": VALVE, "cloud": CLOUD}.get(box.kind, (box.width, box.height))
        return replace(box, width=size[0], height=size[1])
    if box.kind == "stock":
        lines = wrapped(name, max(box.width, STOCK) - 8, bold=True)
        return replace(box, width=max(box.width, STOCK), height=max(box.height, 46.0), lines=lines, about=about)
    if box.kind == "shadow":
        kind = "outside" if name in shown.outside else "shadow"
        return word(box.key, f"<{name}>", kind, box.x, box.y, about)
    return word(box.key, name, "flow" if box.kind == "flow" else shown.words.get(name, box.kind), box.x, box.y, about)


def squeezed(picture: Picture, gap: float = 34.0) -> Picture:
    """Return the picture with the empty strips across it made no wider than `gap`; arrows bend round what they meet."""
    edges = [box.edges for box in picture.boxes.values()]
    xs = _strips([(e[0], e[2]) for e in edges], gap)
    ys = _strips([(e[1], e[3]) for e in edges], gap)

    def at(x: float, y: float) -> tuple[float, float]:
        return x - _taken(xs, x), y - _taken(ys, y)

    boxes = {}
    for key, box in picture.boxes.items():
        x, y = at(box.x, box.y)
        boxes[key] = replace(box, x=x, y=y)
    pipes = tuple(replace(pipe, points=tuple(at(*point) for point in pipe.points)) for pipe in picture.pipes)
    arrows = tuple(replace(arrow, middle=at(*arrow.middle)) for arrow in picture.arrows)
    return replace(picture, boxes=boxes, pipes=pipes, arrows=arcs.freed(boxes, pipes, arrows))


def _strips(spans: list[tuple[float, float]], gap: float) -> list[tuple[float, float]]:
    """Return the empty strips that are too wide: where each begins to be taken away, and how much of it."""
    found = []
    reached: float | None = None
    for low, high in sorted(spans):
        if reached is not None and low - reached > gap:
            found.append((reached + gap / 2, low - reached - gap))
        reached = high if reached is None else max(reached, high)
    return found


def _taken(strips: list[tuple[float, float]], at: float) -> float:
    return sum(min(max(at - start, 0.0), width) for start, width in strips)
