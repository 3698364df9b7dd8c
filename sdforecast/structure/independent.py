"""The shortest independent loops of a graph, where all loops would be millions.

In a part of a graph in which everything leads to everything, with E links and V variables, E - V + 1 loops are
independent: every other is a combination of them (Kampmann 2012, System Dynamics Review 28(4)). Oliva (2004, System
Dynamics Review 20(4), 313-336) takes the shortest: the loops that the shortest ways there and back between two
variables make, in the order of their lengths, each kept if the ones before do not make it up. Here that is decided by
elimination over the links, so that the number is always E - V + 1.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence

Graph = Mapping[str, Sequence[str]]
"""The variables that each variable leads to."""
Loop = tuple[str, ...]
"""The variables around a loop, the first not repeated."""


class Basis:
    """Loops kept so far, as sets of links in the order of elimination (numbers whose bits are links)."""

    def __init__(self, graph: Graph) -> None:
        links = [(cause, effect) for cause, effects in graph.items() for effect in effects]
        self.bit = {link: 1 << k for k, link in enumerate(links)}
        self.rank = len(links) - len(graph) + 1
        self.rows: dict[int, int] = {}

    @property
    def is_full(self) -> bool:
        """Whether every loop is a combination of those kept."""
        return len(self.rows) >= self.rank

    def add(self, loop: Loop) -> bool:
        """Keep a loop if it is independent of those kept; return whether it is."""
        rest = 0
        for link in zip(loop, (*loop[1:], loop[0]), strict=True):
            rest ^= self.bit[link]
        while rest:
            row = self.rows.get(rest.bit_length())
            if row is None:
                self.rows[rest.bit_length()] = rest
                return True
            rest ^= row
        return False


def shortest_independent(graph: Graph) -> list[Loop]:
    """Return the shortest independent loops of a strongly connected graph without links of a variable to itself."""
    basis = Basis(graph)
    ways = {name: _tree(graph, name) for name in graph}
    kept: list[Loop] = []
    for loop in _there_and_back(ways):
        if basis.is_full:
            return kept
        if basis.add(loop):
            kept.append(loop)
    for loop in _through_links(graph, ways):  # ways there and back need not reach all of them
        if basis.is_full:
            break
        if basis.add(loop):
            kept.append(loop)
    return kept


def _tree(graph: Graph, begin: str) -> dict[str, str]:
    """Return the variable before each on a shortest way from `begin`, which leads to itself."""
    before, waiting = {begin: begin}, deque([begin])
    while waiting:
        here = waiting.popleft()
        for following in graph[here]:
            if following not in before:
                before[following] = here
                waiting.append(following)
    return before


def _lengths(before: Mapping[str, str]) -> dict[str, int]:
    lengths: dict[str, int] = {}
    for name, previous in before.items():  # in the order of discovery: the nearer first
        lengths[name] = 0 if name == previous else lengths[previous] + 1
    return lengths


def way(before: Mapping[str, str], end: str) -> Loop:
    """Return the variables on the way that a tree of predecessors holds, both ends among them."""
    path = [end]
    while before[path[-1]] != path[-1]:
        path.append(before[path[-1]])
    return tuple(reversed(path))


def _there_and_back(ways: Mapping[str, Mapping[str, str]]) -> Iterator[Loop]:
    """Give the simple loops through each pair of variables on shortest ways, the shortest first."""
    far = {name: _lengths(before) for name, before in ways.items()}
    names = list(ways)
    by_length: dict[int, list[tuple[str, str]]] = {}
    for k, one in enumerate(names):
        for other in names[k + 1 :]:
            by_length.setdefault(far[one][other] + far[other][one], []).append((one, other))
    for length in sorted(by_length):
        for one, other in by_length[length]:
            loop = (*way(ways[one], other)[:-1], *way(ways[other], one)[:-1])
            if len(set(loop)) == len(loop):
                yield loop


def _through_links(graph: Graph, ways: Mapping[str, Mapping[str, str]]) -> Iterator[Loop]:
    """Give simple loops that span all: the ways from one variable over each link back to it, taken apart."""
    begin = next(iter(graph))
    for cause, effects in graph.items():
        for effect in effects:
            walk = (*way(ways[begin], cause), *way(ways[effect], begin)[:-1])
            yield from _apart(walk)


def _apart(walk: Loop) -> Iterator[Loop]:
    """Take a closed walk apart into simple loops."""
    path: list[str] = []
    for name in (*walk, walk[0]):
        if name in path:
            k = path.index(name)
            if len(path) - k > 1:
                yield tuple(path[k:])
            path = path[:k]
        path.append(name)
