"""Abreast: for one member, dear functions that do not wait for each other are computed together, as if in lanes.

    %5 = pow %1, %2           %5, %8 = pow (%1, %6), (%2, %7)
    %8 = pow %6, %7

A processor computes eight powers in the time of one. In lanes the members fill it; one member has to bring its own
operations together. The order is changed only as far as arguments allow, and the value is the same in every bit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from sdforecast.engine.compiled.emit.mathematics import MathLanes
from sdforecast.engine.compiled.emit.pieces import Piece
from sdforecast.engine.compiled.operations import OPERATIONS
from sdforecast.engine.compiled.program import Node

TOGETHER = frozenset(("exp", "log", "pow", "tanh", "sin", "cos"))
"""Operations that we compute in lanes without a call for each."""

WIDEST = 8


def groups(nodes: Sequence[Node], chosen: Sequence[int], needs: Mapping[int, Set[int]]) -> list[list[int]]:
    """Return `chosen` in an order in which it can be computed; what is computed together stands together.

    Parameters
    ----------
    needs : for each of `chosen`, those of `chosen` that it waits for.
    """
    found: list[list[int]] = []
    done: set[int] = set()
    waiting = list(chosen)
    while waiting:
        later: list[int] = []
        dear: dict[str, list[int]] = {}
        for k in waiting:
            if not needs[k] <= done:
                later.append(k)
            elif nodes[k].op in TOGETHER:
                dear.setdefault(nodes[k].op, []).append(k)
            else:
                found.append([k])
                done.add(k)
        if dear:  # nothing else can go on: the most at a time
            most = max(dear.values(), key=len)
            found.append(most)
            done.update(most)
            later += [k for same in dear.values() if same is not most for k in same]
        waiting = sorted(later)
    return found


def compute_all(piece: Piece, chosen: Sequence[int]) -> None:
    """Add the operations of nodes that are not known yet."""
    nodes = piece.program.nodes
    lacking = [k for k in chosen if k not in piece.values]
    own = frozenset(lacking)
    for group in groups(nodes, lacking, {k: own.intersection(nodes[k].args) for k in lacking}):
        compute(piece, group)


def compute(piece: Piece, group: Sequence[int]) -> None:
    """Add operations of the same name."""
    if len(group) == 1:
        piece.compute(group[0])
        return
    for begin in range(0, len(group), WIDEST):
        part = list(group[begin : begin + WIDEST])
        width = 1 << (len(part) - 1).bit_length()
        lanes = MathLanes(piece.lanes.builder, width)
        filled = [piece.program.nodes[k] for k in (*part, *[part[0]] * (width - len(part)))]
        places = range(len(filled[0].args))
        args = [lanes.together([piece.value(node.args[place]) for node in filled]) for place in places]
        result = OPERATIONS[filled[0].op].emit(lanes, *args)
        for lane, k in enumerate(part):
            piece.values[k] = lanes.lane(result, lane)
