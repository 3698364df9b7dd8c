"""From what a picture shows to where everything stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sdforecast.diagrams import arcs, chains, keeping, placing
from sdforecast.diagrams.assembling import assembled
from sdforecast.diagrams.content import Content
from sdforecast.diagrams.copying import end_of, foreign, with_copies
from sdforecast.diagrams.parts import Picture

_REPAIRS = 5
"""Times that copies are made for arrows that would run through a box."""

Notes = Mapping[str, Iterable[str]]
"""Texts, and the variables that each is about."""


def laid_out(shown: Content, *, before: Picture | None = None, notes: Notes | None = None) -> Picture:
    """Return the picture of a content.

    Parameters
    ----------
    before : an earlier picture of it, whose places are kept; only what is new is placed.
    notes : texts to stand near the middle of the variables that each is about.
    """
    rigid = chains.blocks(shown)
    plain = [(link.source, end_of(shown, link.target)) for link in shown.links]
    inner = [(end_of(shown, a), b) for a, b in plain if a in shown.own or foreign(shown, a)]
    copies: dict[str, str] = {}  # copy: variable
    if before is not None:
        made, starts = keeping.kept(shown, rigid, before, copies)
        fresh = {n for n, start in enumerate(starts) if not start}
        starts = [start or end_of(shown, link.source) for start, link in zip(starts, shown.links, strict=True)]
        standing = set(made.words)
        starts = with_copies(shown, made, copies, starts, only=fresh)
        placing.anneal(made, set(made.words) - standing, 60, hot=0.5, shift=False)
        return assembled(shown, made, copies, starts, keeping.noted(made, notes or {}, before))
    outside = {a for a, b in plain} - shown.own - {flow.name for flow in shown.flows if flow.foreign}
    made = placing.board(rigid, shown.words, inner, shadows=round(len(outside) * 1.5 + len(inner) * 0.08))
    placing.anneal(made, set(shown.words), 45)
    starts = with_copies(shown, made, copies)
    placing.anneal(made, {*shown.words, *copies}, 60, hot=1.2)
    starts = with_copies(shown, made, copies, starts)
    placing.anneal(made, {*shown.words, *copies}, 40, hot=0.5)
    best = picture = assembled(shown, made, copies, starts, {})
    for _ in range(_REPAIRS):
        bad = _through(picture)
        if not bad:
            break
        drawn = [n for n, link in enumerate(shown.links) if starts[n] != end_of(shown, link.target)]
        starts = with_copies(shown, made, copies, starts, {drawn[n] for n in bad})
        placing.anneal(made, {*shown.words, *copies}, 25, hot=0.25, shift=False)
        picture = assembled(shown, made, copies, starts, {})
        best = min(best, picture, key=lambda each: len(_through(each)))
    if not notes:
        return best
    return assembled(shown, made, copies, starts, keeping.noted(made, notes, None))


def _through(picture: Picture) -> set[int]:
    """Return the numbers of the arrows that run through a box."""
    return {n for n, arrow in enumerate(picture.arrows) if arcs.hits(picture.boxes, arrow)}
