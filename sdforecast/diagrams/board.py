"""A board of cells on which blocks and words stand, so that no two can overlap, and what its links cost.

A link costs its length, what a straight line would run through, and how often it crosses others.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from sdforecast.diagrams.chains import Block, Cell

COLUMN, ROW = 168.0, 86.0
"""Width and height of a cell in pixels."""

_PIERCED = 2.4
_CROSSED = 0.6
"""What running through a taken cell and crossing a link cost, in hundreds of pixels."""

_PARTS = (np.arange(1, 30) / 30)[:, None]

Floats = NDArray[np.float64]


class Board:
    """Cells and who stands on them.

    Attributes
    ----------
    columns, rows : size.
    blocks : chains of stocks; `corners` has the upper left cell of each that stands.
    words : cell of each word that stands.
    taken : owner of each cell that is taken: a word, or the number of a block.
    links : pairs of keys.
    """

    def __init__(self, columns: int, rows: int, blocks: Sequence[Block], links: Iterable[tuple[str, str]]) -> None:
        self.columns, self.rows, self.blocks = columns, rows, blocks
        self.words: dict[str, Cell] = {}
        self.corners: dict[int, Cell] = {}
        self.taken: dict[Cell, str | int] = {}
        self.relink(links)

    def relink(self, links: Iterable[tuple[str, str]]) -> None:
        """Set the links, and note where their ends stand."""
        self.links = list(links)
        keys = dict.fromkeys(key for link in self.links for key in link)
        self._index = {key: k for k, key in enumerate(keys)}
        self._a = np.array([self._index[a] for a, _ in self.links], dtype=int)
        self._b = np.array([self._index[b] for _, b in self.links], dtype=int)
        self._place: Floats = np.full((len(keys), 3), np.nan)
        self.by_end: dict[str, list[int]] = {key: [] for key in keys}
        for n, (a, b) in enumerate(self.links):
            self.by_end[a].append(n)
            if b != a:
                self.by_end[b].append(n)
        self._every: Floats = np.full((len(self.links), 4), np.nan)
        self._stale: set[int] = set(range(len(self.links)))
        self._filled = np.zeros((self.columns + 2, self.rows + 200), dtype=bool)
        for cell in self.taken:
            self._filled[cell] = True
        for word, cell in self.words.items():
            self._note(word, cell[0], cell[1], cell[1])
        for k in self.corners:
            self._note_block(k)

    def _note(self, key: str, column: float, first: float, last: float) -> None:
        if key in self._index:
            self._place[self._index[key]] = column, first, last
            self._stale.update(self.by_end[key])

    def _note_block(self, k: int) -> None:
        left, top = self.corners[k]
        for name, (column, row, count) in self.blocks[k].stocks.items():
            self._note(name, left + column, top + row, top + row + count - 1)
        for key, (column, row) in self.blocks[k].valves.items():
            self._note(key, left + column, top + row, top + row)

    def keys_of(self, k: int) -> list[str]:
        """Return the keys of a block at which links may end."""
        return [*self.blocks[k].stocks, *self.blocks[k].valves]

    def place(self, key: str) -> tuple[float, float] | None:
        """Return the middle of a thing that has links, as column and row; None before it stands anywhere."""
        column, first, last = self._place[self._index[key]]
        return None if np.isnan(column) else (float(column), float(first + last) / 2)

    def free(self, cell: Cell) -> bool:
        """Return whether a cell is on the board and not taken."""
        return self.holds(cell) and cell not in self.taken

    def holds(self, cell: Cell) -> bool:
        """Return whether a cell is on the board."""
        return 0 <= cell[0] < self.columns and 0 <= cell[1] < self.rows

    def put(self, word: str, cell: Cell) -> None:
        """Let a word stand on a cell."""
        self.words[word] = cell
        self.taken[cell] = word
        self._filled[cell] = True
        self._note(word, cell[0], cell[1], cell[1])

    def clear(self, cell: Cell) -> None:
        """Take a word off its cell; it keeps its place for its links until it is put elsewhere."""
        del self.taken[cell]
        self._filled[cell] = False

    def put_block(self, k: int, corner: Cell) -> None:
        """Let a block stand on free cells."""
        self.corners[k] = corner
        for c, r in self.blocks[k].taken:
            self.taken[corner[0] + c, corner[1] + r] = k
            self._filled[corner[0] + c, corner[1] + r] = True
        self._note_block(k)

    def lift(self, k: int) -> Cell:
        """Take a block off the board and return where its corner was."""
        corner = self.corners.pop(k)
        for c, r in self.blocks[k].taken:
            self.clear((corner[0] + c, corner[1] + r))
        return corner

    def forget(self, k: int) -> None:
        """Forget where a lifted block stood."""
        for key in self.keys_of(k):
            self._note(key, np.nan, np.nan, np.nan)

    def cost(self, keys: Iterable[str], *, crossings: bool = True) -> float:
        """Return what the links of some things cost; a link to what does not stand anywhere costs nothing."""
        chosen = sorted({n for key in keys for n in self.by_end.get(key, [])})
        if not chosen:
            return 0.0
        numbers = np.array(chosen)
        ends = self._ends()[numbers]
        standing = ~np.isnan(ends[:, 0] + ends[:, 2])
        if not standing.all():
            numbers, ends = numbers[standing], ends[standing]
        if not len(ends):
            return 0.0
        length = np.hypot((ends[:, 2] - ends[:, 0]) * COLUMN, (ends[:, 3] - ends[:, 1]) * ROW) / 100
        cost = float((length + 0.07 * length**2).sum()) + _PIERCED * self._pierced(ends)
        return cost + (_CROSSED * self._crossings(numbers, ends) if crossings else 0.0)

    def _ends(self) -> Floats:
        """Return both ends of all links in cells; a stock is met in the row nearest to the other end."""
        if self._stale:
            chosen = np.array(list(self._stale))
            a, b = self._place[self._a[chosen]], self._place[self._b[chosen]]
            ya = np.minimum(np.maximum((b[:, 1] + b[:, 2]) / 2, a[:, 1]), a[:, 2])
            yb = np.minimum(np.maximum(ya, b[:, 1]), b[:, 2])
            self._every[chosen] = np.stack([a[:, 0], ya, b[:, 0], yb], axis=1)
            self._stale.clear()
        return self._every

    def _pierced(self, ends: Floats) -> float:
        """Return how many taken cells straight lines would run through near their middle."""
        x = ends[:, 0] + (ends[:, 2] - ends[:, 0]) * _PARTS
        y = ends[:, 1] + (ends[:, 3] - ends[:, 1]) * _PARTS
        column, row = np.rint(x), np.rint(y)
        c, r = column.astype(int), row.astype(int)
        cell = c * 1000 + r
        near = (np.abs(x - column) < 0.42) & (np.abs(y - row) < 0.36) & self._filled[c, r]
        own = np.rint(ends).astype(int)
        near &= (cell != own[:, 0] * 1000 + own[:, 1]) & (cell != own[:, 2] * 1000 + own[:, 3])
        cell = np.where(near, cell, -1)
        return float(((cell[1:] != cell[:-1]) & near[1:]).sum() + near[0].sum())

    def _crossings(self, chosen: NDArray[np.int_], ends: Floats) -> float:
        x0, y0, x1, y1 = (ends[:, k][:, None] for k in range(4))
        every = self._ends()
        u0, v0, u1, v1 = (every[:, k][None, :] for k in range(4))
        dx, dy, du, dv = x1 - x0, y1 - y0, u1 - u0, v1 - v0
        with np.errstate(invalid="ignore"):
            one = dx * (v0 - y0) - dy * (u0 - x0)
            two = dx * (v1 - y0) - dy * (u1 - x0)
            three = du * (y0 - v0) - dv * (x0 - u0)
            four = du * (y1 - v0) - dv * (x1 - u0)
            chosen_ones, others = np.nonzero((one * two < 0) & (three * four < 0))
        a, b = self._a[chosen[chosen_ones]], self._b[chosen[chosen_ones]]
        c, d = self._a[others], self._b[others]
        return float(((a != c) & (a != d) & (b != c) & (b != d)).sum())
