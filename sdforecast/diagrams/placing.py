"""Where things stand on the board: a greedy start, then simulated annealing.

A word moves to a cell near those that it is linked with, or changes places with another; a block shifts by a cell or
two (Kirkpatrick et al. 1983, doi 10.1126/science.220.4598.671). The same content gives the same board.
"""

from __future__ import annotations

import math
import random
from collections.abc import Collection, Iterable, Mapping, Sequence

from sdforecast.diagrams.board import COLUMN, ROW, Board
from sdforecast.diagrams.chains import Block, Cell

FILL = 0.6
"""Share of the cells of a board that are taken: less room makes links unclear, more makes words small on a slide."""

SHAPE = 16 / 9
"""Width over height of a slide."""

_HOT, _COLD = 2.5, 0.03  # costs that are accepted at the beginning and at the end, in hundreds of pixels


def board(blocks: Sequence[Block], words: Iterable[str], links: Iterable[tuple[str, str]], shadows: int) -> Board:
    """Return a board with blocks and words in greedy places, with room for so many shadows."""
    names = list(words)
    need = sum(len(block.taken) for block in blocks) + len(names) + shadows
    area = max(4.0, need / FILL)
    widest = max((block.width for block in blocks), default=1)
    columns = max(2, widest, round(math.sqrt(area * SHAPE * ROW / COLUMN)))
    tallest = max((block.height for block in blocks), default=1)
    made = Board(columns, max(tallest, math.ceil(area / columns)), blocks, links)
    for k in range(len(blocks)):
        settle_block(made, k)
    standing = {key for k in range(len(blocks)) for key in made.keys_of(k)}
    while names:  # next is always the word that is linked most with what stands already
        best = max(names, key=lambda name: sum(other in standing for other in _others(made, name)))
        names.remove(best)
        standing.add(best)
        made.put(best, nearest_free(made, middle(made, best)))
    return made


def settle_block(made: Board, k: int) -> None:
    """Put a block where its links are short and its neighbours leave it room; add rows where none is left."""
    block = made.blocks[k]
    best: tuple[float, Cell] | None = None
    for row in range(made.rows - block.height + 1):
        for column in range(made.columns - block.width + 1):
            if not all(made.free((column + c, row + r)) for c, r in block.taken):
                continue
            made.put_block(k, (column, row))
            score = made.cost(made.keys_of(k), crossings=False) + _crowding(made, k, column, row)
            made.lift(k)
            if best is None or score < best[0] - 1e-9:
                best = (score, (column, row))
    if best is None:
        made.rows += block.height
        return settle_block(made, k)
    made.put_block(k, best[1])


def _crowding(made: Board, k: int, column: int, row: int) -> float:
    block = made.blocks[k]
    x, y = column + block.width / 2, row + block.height / 2
    score = 0.15 * math.hypot((x - made.columns / 2) * 2, y - made.rows / 2)
    for other, corner in made.corners.items():
        if other != k:
            beside = made.blocks[other]
            dx = abs(x - corner[0] - beside.width / 2) - (block.width + beside.width) / 2
            dy = abs(y - corner[1] - beside.height / 2) - (block.height + beside.height) / 2
            score += 4.0 if max(dx, dy) < 1 else 0.0
    return score


def _others(made: Board, name: str) -> list[str]:
    pairs = [made.links[n] for n in made.by_end.get(name, [])]
    return [b if a == name else a for a, b in pairs]


def middle(made: Board, name: str) -> tuple[float, float]:
    """Return the mean place of what a word is linked with, the middle of the board for one without links."""
    places = [place for other in _others(made, name) if (place := made.place(other)) is not None]
    if not places:
        return made.columns / 2, made.rows / 2
    return sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places)


def nearest_free(made: Board, place: tuple[float, float]) -> Cell:
    """Return the free cell nearest to a place; the board grows by a row where none is left."""
    cells = [(c, r) for r in range(made.rows) for c in range(made.columns) if (c, r) not in made.taken]
    if not cells:
        made.rows += 1
        return nearest_free(made, place)
    return min(cells, key=lambda cell: (math.hypot((cell[0] - place[0]) * COLUMN, (cell[1] - place[1]) * ROW), cell))


def settle(made: Board, word: str) -> None:
    """Put a word on the free cell near what it is linked with where its links cost least."""
    x, y = middle(made, word)
    nearest_free(made, (x, y))  # grows the board if it is full
    cells = [(c, r) for r in range(made.rows) for c in range(made.columns) if (c, r) not in made.taken]
    near = sorted(cells, key=lambda cell: (math.hypot((cell[0] - x) * COLUMN, (cell[1] - y) * ROW), cell))[:24]
    scores = []
    for cell in near:
        made.put(word, cell)
        scores.append((made.cost([word]), cell))
        made.clear(cell)
    made.put(word, min(scores)[1])


def anneal(made: Board, movable: Collection[str], rounds: int, *, hot: float = _HOT, shift: bool = True) -> None:
    """Improve a board in place by so many moves a word; blocks stay where they are unless they may `shift`."""
    chance = random.Random(2010)
    names = sorted(movable)
    blocks = sorted(made.corners) if shift else []
    moves = rounds * (len(names) + 2 * len(blocks))
    for step in range(moves):
        heat = hot * (_COLD / hot) ** (step / moves)
        if blocks and (not names or chance.random() < 0.08):
            _try_block(made, chance.choice(blocks), chance, heat, movable)
        elif names:
            _try_word(made, chance.choice(names), chance, heat, movable)


def _accepted(before: float, after: float, chance: random.Random, heat: float) -> bool:
    return after <= before or chance.random() < math.exp((before - after) / heat)


def _try_word(made: Board, word: str, chance: random.Random, heat: float, movable: Collection[str]) -> None:
    x, y = middle(made, word)
    spread = 0.7 + 0.8 * heat
    cell = (round(chance.gauss(x, spread)), round(chance.gauss(y, 1.8 * spread)))
    old = made.words[word]
    there = made.taken.get(cell)
    if cell == old or not made.holds(cell) or (there is not None and there not in movable):
        return
    both = [word] if there is None else [word, str(there)]
    crossings = heat < 0.8
    before = made.cost(both, crossings=crossings)
    _swap(made, word, old, cell, there)
    if not _accepted(before, made.cost(both, crossings=crossings), chance, heat):
        _swap(made, word, cell, old, there)


def _swap(made: Board, word: str, old: Cell, new: Cell, there: str | int | None) -> None:
    made.clear(old)
    if there is not None:
        made.put(str(there), old)
    made.put(word, new)


def _try_block(made: Board, k: int, chance: random.Random, heat: float, movable: Collection[str]) -> None:
    """Shift a block; words in its way go where it has made room."""
    corner, block = made.corners[k], made.blocks[k]
    new = (corner[0] + chance.randint(-2, 2), corner[1] + chance.randint(-2, 2))
    cells = sorted((new[0] + c, new[1] + r) for c, r in block.taken)
    if new == corner or not all(made.holds(cell) for cell in cells):
        return
    owners = [(made.taken[cell], cell) for cell in cells if made.taken.get(cell, k) != k]
    if any(owner not in movable for owner, _ in owners):
        return
    pushed = {str(owner): cell for owner, cell in owners}
    keys = [*made.keys_of(k), *pushed]
    before = made.cost(keys, crossings=heat < 0.8)
    _move_block(made, k, new, pushed)
    if not _accepted(before, made.cost(keys, crossings=heat < 0.8), chance, heat):
        for word in pushed:
            made.clear(made.words[word])
        made.lift(k)
        made.put_block(k, corner)
        for word, cell in pushed.items():
            made.put(word, cell)


def _move_block(made: Board, k: int, new: Cell, pushed: Mapping[str, Cell]) -> None:
    old = {(made.corners[k][0] + c, made.corners[k][1] + r) for c, r in made.blocks[k].taken}
    for word in pushed:
        made.clear(made.words[word])
    made.lift(k)
    made.put_block(k, new)
    room = sorted(cell for cell in old if cell not in made.taken)
    for word, cell in zip(pushed, room, strict=False):
        made.put(word, cell)
