"""Stock chains as rigid blocks of cells: the stocks of a chain side by side, their flows between and beside them.

    cloud ═ valve ═ ┌───────┐ ═ valve ═ ┌───────┐ ═ valve ═ cloud
                    │ stock │           │ stock │
    cloud ═ valve ═ └───────┘           └───────┘

A stock is as many cells high as it has flows on its fuller side. A flow between stocks that do not stand side by side
runs in a lane of its own below the block.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sdforecast.diagrams.content import Content, FlowPart

Cell = tuple[int, int]
"""Column and row."""

MOST_ORDERS = 7
"""Stocks up to which all orders of a chain are tried."""


@dataclass
class Block:
    """A chain with its cells, counted from its own upper left corner.

    Attributes
    ----------
    stocks : for each stock its column, first row and number of rows.
    valves : for each flow the cell of its valve and word.
    sides : for each flow with a cloud on which side of the valve it is: -1 left, 1 right.
    lanes : flows in lanes, by key the row of the lane.
    taken : all cells that nothing else may use.
    """

    stocks: dict[str, tuple[int, int, int]] = field(default_factory=dict)
    valves: dict[str, Cell] = field(default_factory=dict)
    sides: dict[str, int] = field(default_factory=dict)
    lanes: dict[str, int] = field(default_factory=dict)
    taken: set[Cell] = field(default_factory=set)

    @property
    def width(self) -> int:
        """Number of columns."""
        return 1 + max(column for column, _ in self.taken)

    @property
    def height(self) -> int:
        """Number of rows."""
        return 1 + max(row for _, row in self.taken)


def blocks(content: Content) -> list[Block]:
    """Return the chains of a picture, the largest first."""
    ends = {flow.name or flow.key: {flow.source, flow.target} for flow in content.flows}
    inputs = Counter(link.target for link in content.links if link.source not in ends.get(link.target, {link.source}))
    between = [flow for flow in content.flows if flow.source and flow.target and flow.source != flow.target]
    chains = _components(content.stocks, [(flow.source or "", flow.target or "") for flow in between])
    flows = sorted(content.flows, key=lambda flow: inputs[flow.name or flow.key])  # those with most to the free end
    room = {flow.key: min(inputs[flow.name or flow.key], 2) for flow in flows}
    made = [_block(_order(chain, between), flows, room) for chain in chains]
    return sorted(made, key=lambda block: (-len(block.stocks), -len(block.taken)))


def _components(names: Sequence[str], pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    group = {name: name for name in names}
    for a, b in pairs:
        old, new = group[b], group[a]
        group = {name: new if mark == old else mark for name, mark in group.items()}
    return [[name for name in names if group[name] == mark] for mark in dict.fromkeys(group.values())]


def _order(chain: list[str], flows: Sequence[FlowPart]) -> list[str]:
    """Return the order from left to right with the shortest flows, most of them running to the right."""
    pairs = [(flow.source, flow.target) for flow in flows if flow.source in chain and flow.target in chain]

    def cost(order: Sequence[str]) -> float:
        at = {name: k for k, name in enumerate(order)}
        ways = [at[b] - at[a] for a, b in pairs if a and b]
        return sum(2 * abs(way) + (way < 0) + 3 * (abs(way) > 1) for way in ways)

    if len(chain) <= MOST_ORDERS:
        return min((list(order) for order in itertools.permutations(chain)), key=cost)
    best = list(chain)
    for _ in range(3):  # many stocks: move each to where it costs least, three times over
        for name in chain:
            rest = [other for other in best if other != name]
            tries = [[*rest[:k], name, *rest[k:]] for k in range(len(best))]
            best = min([best, *tries], key=cost)
    return best


def _block(order: Sequence[str], flows: Sequence[FlowPart], room: Mapping[str, int]) -> Block:
    """Return a chain; below each flow cells are left free for so many words that act on it."""
    block = Block()
    column = {name: 2 * k + 1 for k, name in enumerate(order)}
    own = [flow for flow in flows if flow.source in column or flow.target in column]
    rows: dict[int, int] = {}  # gap by its column: rows used so far
    reach = dict.fromkeys(order, 1)
    lanes = []

    def put(flow: FlowPart, gap: int, *stocks: str) -> None:
        row = rows.get(gap, 0)
        rows[gap] = row + 1 + room[flow.key]
        block.valves[flow.key] = (gap, row)
        for stock in stocks:
            reach[stock] = max(reach[stock], row + 1)

    for flow in own:
        if flow.source and flow.target and flow.source != flow.target:
            a, b = column[flow.source], column[flow.target]
            if abs(a - b) == 2:
                put(flow, (a + b) // 2, flow.source, flow.target)
            else:
                lanes.append(flow)
    for name in order:
        for flow in own:
            if flow.key in block.valves or flow in lanes or name not in (flow.source, flow.target):
                continue
            left, right = column[name] - 1, column[name] + 1
            usual, other = (right, left) if flow.source == name else (left, right)
            gap = usual if rows.get(usual, 0) <= rows.get(other, 0) + 1 else other
            block.sides[flow.key] = 1 if gap == right else -1
            put(flow, gap, name)
    for name in order:
        block.stocks[name] = (column[name], 0, reach[name])
        block.taken.update((column[name], row) for row in range(reach[name]))
    block.taken.update(block.valves.values())
    _add_lanes(block, lanes, column)
    return _trimmed(block)


def _add_lanes(block: Block, lanes: Sequence[FlowPart], column: Mapping[str, int]) -> None:
    bottom = max((row for _, row in block.taken), default=0) + 1
    for k, flow in enumerate(lanes):
        a, b = sorted((column[flow.source or ""], column[flow.target or ""]))
        row = bottom + k
        block.lanes[flow.key] = row
        middle = (a + b) // 2
        block.valves[flow.key] = (middle + middle % 2, row)  # between stocks, where no other lane comes down
        block.taken.update((c, row) for c in range(a, b + 1))
        for name in (flow.source or "", flow.target or ""):
            first = block.stocks[name][1] + block.stocks[name][2]
            block.taken.update((column[name], r) for r in range(first, row))


def _trimmed(block: Block) -> Block:
    """Return the block without an empty column at its left."""
    least = min(column for column, _ in block.taken)
    return Block(
        {name: (c - least, r, n) for name, (c, r, n) in block.stocks.items()},
        {key: (c - least, r) for key, (c, r) in block.valves.items()},
        block.sides,
        block.lanes,
        {(c - least, r) for c, r in block.taken},
    )
