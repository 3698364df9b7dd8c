"""From what a picture shows to where everything stands."""

from __future__ import annotations

import math

from sdforecast.diagrams import chains, keeping, placing
from sdforecast.diagrams.assembling import assembled
from sdforecast.diagrams.board import COLUMN, ROW, Board
from sdforecast.diagrams.content import Content
from sdforecast.diagrams.copying import end_of, foreign, with_copies
from sdforecast.diagrams.noting import Notes, noted
from sdforecast.diagrams.parts import Picture
from sdforecast.diagrams.repairing import repaired


def laid_out(shown: Content, *, before: Picture | None = None, notes: Notes | None = None) -> Picture:
    """Return the picture of a content.

    Parameters
    ----------
    before : an earlier picture of it, whose places are kept; only what is new is placed.
    notes : texts to stand near the middle of the variables that each is about.
    """
    picture = _anew(shown) if before is None else _renewed(shown, before)
    return noted(picture, notes, before) if notes else picture


def _anew(shown: Content) -> Picture:
    if not shown.links and not shown.flows:
        return _listed(shown)
    rigid = chains.blocks(shown)
    plain = [(link.source, end_of(shown, link.target)) for link in shown.links]
    inner = [(end_of(shown, a), b) for a, b in plain if a in shown.own or foreign(shown, a)]
    outside = {a for a, b in plain} - shown.own - {flow.name for flow in shown.flows if flow.foreign}
    made = placing.board(rigid, shown.words, inner, shadows=round(len(outside) * 1.5 + len(inner) * 0.08))
    copies: dict[str, str] = {}  # copy: variable
    placing.anneal(made, set(shown.words), 45)
    starts = with_copies(shown, made, copies)
    placing.anneal(made, {*shown.words, *copies}, 60, hot=1.2)
    starts = with_copies(shown, made, copies, starts)
    placing.anneal(made, {*shown.words, *copies}, 40, hot=0.5)
    return repaired(shown, made, copies, starts, still=False)


def _listed(shown: Content) -> Picture:
    """Return the picture of things without links: row by row, in the order of the file."""
    blocks = chains.blocks(shown)
    things = [*range(len(blocks)), *shown.words]
    columns = max(1, round(math.sqrt(len(things) * placing.SHAPE * ROW / COLUMN)))
    made = Board(columns, -(-len(things) // columns), blocks, ())
    for n, thing in enumerate(things):
        cell = n % columns, n // columns
        made.put_block(thing, cell) if isinstance(thing, int) else made.put(thing, cell)
    return assembled(shown, made, {}, [])


def _renewed(shown: Content, before: Picture) -> Picture:
    """Return the picture with the places of an earlier one; only copies whose arrows run through a box are others."""
    copies: dict[str, str] = {}
    made, starts = keeping.kept(shown, chains.blocks(shown), before, copies)
    fresh = {n for n, start in enumerate(starts) if not start}
    starts = [start or end_of(shown, link.source) for start, link in zip(starts, shown.links, strict=True)]
    standing = set(made.words)
    starts = with_copies(shown, made, copies, starts, only=fresh, still=standing)
    placing.anneal(made, set(made.words) - standing, 60, hot=0.5, shift=False)
    return repaired(shown, made, copies, starts, still=True)
