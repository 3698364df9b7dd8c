"""Feedback loops of a model: which variables, which way round, through which stocks and delays."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sdforecast.errors import InputError, Problem
from sdforecast.structure.graph import CausalGraph
from sdforecast.structure.independent import Loop, shortest_independent
from sdforecast.structure.polarity import Links, product, sign_of

if TYPE_CHECKING:
    import networkx as nx

FEW = 100
"""Loops up to which all are told; of more only the shortest independent ones."""
THROUGH = 50
"""Loops through one variable that are told unless a longest length is given, the shortest of them."""
MOST = 20_000
"""Loops after which a search by length ends."""

NAMES = {"+": "reinforcing", "-": "balancing", "±": "either", "?": "unknown"}
"""What a loop is called by the product of its signs."""


@dataclass(frozen=True)
class FeedbackLoop:
    """One feedback loop.

    Attributes
    ----------
    variables : around the loop, from its first stock in the order of the file; the first not repeated.
    signs : of the link from each variable to the next, the last to the first; see :data:`.polarity.SIGNS`.
    kind : one of :data:`NAMES`: what a rise does after one round.
    stocks : those on the loop.
    delays : what else on it remembers: `name (smooth)`.
    sectors : those it passes, in order.
    """

    variables: Loop
    signs: tuple[str, ...]
    kind: str
    stocks: tuple[str, ...]
    delays: tuple[str, ...]
    sectors: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.variables)

    def __str__(self) -> str:
        steps = "".join(f"{name} –{sign}→ " for name, sign in zip(self.variables, self.signs, strict=True))
        return f"{steps}{self.variables[0]}"


@dataclass(frozen=True)
class Loops:
    """Feedback loops that were asked for.

    Attributes
    ----------
    loops : shortest first.
    complete : whether these are all that there are (of what was asked).
    chosen : what they are, in words.
    independent : number of independent loops of the model, a stock's link to its own rate not among them.
    own : stocks whose rate depends on the stock itself: loops of a single link.
    """

    loops: tuple[FeedbackLoop, ...]
    complete: bool
    chosen: str
    independent: int
    own: tuple[str, ...]


def feedback_loops(
    graph: CausalGraph, links: Links, *, through: str | None = None, longest: int | None = None
) -> Loops:
    """Return the feedback loops of a model.

    Without further words all of them where they are few, otherwise the shortest independent ones.

    Parameters
    ----------
    links : the sign of each link, from :func:`.polarity.polarities`; `{}` leaves all unknown.
    through : only loops through this variable.
    longest : only loops of at most so many variables: all of them then, up to :data:`MOST`.

    Raises
    ------
    InputError : `longest` below two.
    """
    if longest is not None and longest < 2:
        raise InputError(Problem("a loop has at least 2 variables", hint="--max-length 2 or more"))
    parts = cycles_of(graph)
    found, complete, chosen = _asked(parts, through, longest)
    order = {name: k for k, name in enumerate(graph.variables)}
    told = [_described(graph, links, loop) for loop in found]
    told.sort(key=lambda loop: (len(loop), [order[name] for name in loop.variables]))
    own = tuple(v.name for v in graph.of_kind("stock") if v.name in v.inputs)
    return Loops(tuple(told), complete, chosen, sum(map(independent, parts)), own)


def cycles_of(graph: CausalGraph) -> list[nx.DiGraph]:
    """Return the parts of a graph in which everything leads to everything, without links of one to itself."""
    import networkx as nx

    whole = nx.DiGraph()
    whole.add_nodes_from(graph.variables)
    whole.add_edges_from((cause, effect) for cause, effect in graph.links if cause != effect)
    order = {name: k for k, name in enumerate(graph.variables)}
    parts = [sorted(part, key=order.__getitem__) for part in nx.strongly_connected_components(whole) if len(part) > 1]
    return [_ordered(whole, part) for part in sorted(parts, key=lambda part: order[part[0]])]


def _ordered(whole: nx.DiGraph, names: list[str]) -> nx.DiGraph:
    """Return a part with variables and links in the order of the file, so that results do not depend on chance."""
    import networkx as nx

    part = nx.DiGraph()
    part.add_nodes_from(names)
    inside = set(names)
    part.add_edges_from((cause, effect) for cause in names for effect in whole[cause] if effect in inside)
    return part


def independent(part: nx.DiGraph) -> int:
    """Return the number of independent loops of one part."""
    return int(part.number_of_edges() - part.number_of_nodes() + 1)


def _asked(parts: list[nx.DiGraph], through: str | None, longest: int | None) -> tuple[list[Loop], bool, str]:
    import networkx as nx

    if through is not None:
        part = next((part for part in parts if through in part), None)
        loops = [] if part is None else list(itertools.islice(_through(part, through, longest), _most(longest) + 1))
        return _cut(loops, _most(longest), f"loops through '{through}'", longest)
    everything = itertools.chain.from_iterable(nx.simple_cycles(part, length_bound=longest) for part in parts)
    loops = [tuple(loop) for loop in itertools.islice(everything, _most(longest, FEW) + 1)]
    if longest is None and len(loops) > FEW:
        short = [loop for part in parts for loop in shortest_independent({name: list(part[name]) for name in part})]
        return short, False, "the shortest independent loops, of which all others are combinations"
    return _cut(loops, _most(longest, FEW), "all loops", longest)


def _most(longest: int | None, otherwise: int = THROUGH) -> int:
    return otherwise if longest is None else MOST


def _cut(loops: list[Loop], most: int, chosen: str, longest: int | None) -> tuple[list[Loop], bool, str]:
    complete = len(loops) <= most
    words = chosen if complete else f"the first {most} {chosen.removeprefix('all ')}"
    return loops[:most], complete, words + (f" of at most {longest} variables" if longest is not None else "")


def _through(part: nx.DiGraph, name: str, longest: int | None) -> Iterator[Loop]:
    """Give the loops through a variable, the shortest first: ways from it to a copy of it that takes its causes."""
    import networkx as nx

    copy = object()
    opened: Any = nx.DiGraph(part)
    opened.add_edges_from((cause, copy) for cause in part.predecessors(name))
    opened.remove_edges_from([(cause, name) for cause in part.predecessors(name)])
    for path in nx.shortest_simple_paths(opened, name, copy):
        if longest is not None and len(path) - 1 > longest:
            return
        yield tuple(path[:-1])


def _described(graph: CausalGraph, links: Links, loop: Loop) -> FeedbackLoop:
    order = {name: k for k, name in enumerate(graph.variables)}
    of = graph.variables
    stocks = sorted((name for name in loop if of[name].kind == "stock"), key=order.__getitem__)
    begin = loop.index(stocks[0] if stocks else min(loop, key=order.__getitem__))
    turned = (*loop[begin:], *loop[:begin])
    signs = tuple(sign_of(links, *pair) for pair in _pairs(turned))
    return FeedbackLoop(
        variables=turned,
        signs=signs,
        kind=NAMES[product(signs)],
        stocks=tuple(name for name in turned if of[name].kind == "stock"),
        delays=tuple(f"{name} ({', '.join(of[name].memories)})" for name in turned if of[name].memories),
        sectors=tuple(dict.fromkeys(of[name].sector for name in turned if of[name].sector)),
    )


def _pairs(loop: Loop) -> Iterable[tuple[str, str]]:
    return zip(loop, (*loop[1:], loop[0]), strict=True)


def as_record(found: Loops) -> Mapping[str, object]:
    """Return loops as plain data."""
    return {
        "chosen": found.chosen,
        "complete": found.complete,
        "independent loops": found.independent,
        "stocks that act on themselves": list(found.own),
        "loops": [
            {
                "variables": list(loop.variables), "signs": list(loop.signs), "kind": loop.kind, "length": len(loop),
                "stocks": list(loop.stocks), "delays": list(loop.delays), "sectors": list(loop.sectors),
            }
            for loop in found.loops
        ],
    }  # fmt: skip
