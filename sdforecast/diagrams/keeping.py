"""Keeping the places of an earlier picture: to the cell, so that what is new finds room between."""

from __future__ import annotations

from collections.abc import Sequence

from sdforecast.diagrams import placing
from sdforecast.diagrams.assembling import PIPE, TOP
from sdforecast.diagrams.board import COLUMN, ROW, Board
from sdforecast.diagrams.chains import Block, Cell
from sdforecast.diagrams.content import Content
from sdforecast.diagrams.copying import end_of, foreign
from sdforecast.diagrams.parts import Box, Picture

COPIES = ("shadow", "outside")


def kept(shown: Content, blocks: Sequence[Block], before: Picture, copies: dict[str, str]) -> tuple[Board, list[str]]:
    """Return a board with everything that had a place before, and where each link starts, empty for one that is new.

    The earlier picture is in the pixels of a board, its first cell around the origin. `copies` is filled with the
    copies that are still of use, and the variable of each.
    """
    columns = 2 + max((round(box.x / COLUMN) for box in before.boxes.values()), default=0)
    rows = 2 + max((round(box.y / ROW) for box in before.boxes.values()), default=0)
    columns = max(columns, *(block.width for block in blocks)) if blocks else columns
    made = Board(columns, rows + sum(block.height for block in blocks), blocks, _plain(shown))
    for k, block in enumerate(blocks):
        corner = _corner(block, before)
        if corner is not None and all(made.free((corner[0] + c, corner[1] + r)) for c, r in block.taken):
            made.put_block(k, corner)
    for k in range(len(blocks)):
        if k not in made.corners:
            placing.settle_block(made, k)
    for name in shown.words:
        box = before.boxes.get(name)
        if box is not None and made.free(cell := _cell(box)):
            made.put(name, cell)
    starts = _starts(shown, made, before, copies)
    pairs = zip(starts, shown.links, strict=True)
    made.relink([(start or end_of(shown, link.source), end_of(shown, link.target)) for start, link in pairs])
    for name in shown.words:
        if name not in made.words:
            placing.settle(made, name)
    return made, starts


def _plain(shown: Content) -> list[tuple[str, str]]:
    return [(end_of(shown, link.source), end_of(shown, link.target)) for link in shown.links]


def _cell(box: Box) -> Cell:
    return round(box.x / COLUMN), round(box.y / ROW)


def _corner(block: Block, before: Picture) -> Cell | None:
    """Return where a block stood: its first stock that was drawn says so."""
    for name, (column, row, _) in block.stocks.items():
        box = before.boxes.get(name)
        if box is not None and box.kind == "stock":
            return round(box.x / COLUMN) - column, round((box.edges[1] - TOP) / ROW) - row
    return None


def _starts(shown: Content, made: Board, before: Picture, copies: dict[str, str]) -> list[str]:
    """Return what each link started at: the variable itself or a copy, which is put where it was."""
    at = _valves(made)
    came: dict[tuple[str, str], str] = {}  # (variable, target on the board): box that the arrow started at
    for arrow in before.arrows:
        target = before.boxes[arrow.target]
        key = at.get(_cell_of_valve(target)) if target.kind == "valve" else end_of(shown, arrow.target)
        came[_variable(arrow.source), key or ""] = arrow.source
    starts = []
    for link in shown.links:
        source = came.get((link.source, end_of(shown, link.target)), "")
        box = before.boxes.get(source)
        if box is None:
            starts.append("")
        elif box.kind not in COPIES or at.get(_cell(box)) == end_of(shown, link.source):
            here = link.source in shown.own or foreign(shown, link.source)
            starts.append(end_of(shown, link.source) if here else "")
        else:
            starts.append(_copy(made, source, box, link.source, copies))
    return starts


def _copy(made: Board, key: str, box: Box, variable: str, copies: dict[str, str]) -> str:
    """Put a copy where it was; return its key, empty where something else stands there."""
    if key not in copies:
        if not made.free(_cell(box)):
            return ""
        made.put(key, _cell(box))
        copies[key] = variable
    return key


def _variable(key: str) -> str:
    """Return the variable of a box: that in the angle brackets of a copy."""
    return key[1 : key.rindex(">")] if key.startswith("<") and ">" in key else key


def _valves(made: Board) -> dict[Cell, str]:
    return {
        (corner[0] + column, corner[1] + row): key
        for k, corner in made.corners.items()
        for key, (column, row) in made.blocks[k].valves.items()
    }


def _cell_of_valve(box: Box) -> Cell:
    return round(box.x / COLUMN), round((box.y - PIPE) / ROW)
