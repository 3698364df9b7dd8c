"""Branches not taken: for one member, what only one side of a selection needs is computed on that side alone.

    %9 = select %3, exp(%5), log(%6)        if %3: exp(%5) else: log(%6)

In lanes both sides are computed, since members may differ. One member takes one side, and a logarithm that is not
needed costs as much as ten additions. The value is the same in every bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sdforecast.engine.compiled.emit import abreast
from sdforecast.engine.compiled.emit.pieces import Piece
from sdforecast.engine.compiled.level import Level, Leveled
from sdforecast.engine.compiled.program import Node

DEAR = frozenset(
    ("exp", "log", "pow", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "mod")
)
"""Operations that are worth a branch."""

_Sides = dict[int, tuple[list[int], list[int]]]
"""What only the first and only the second side of a selection needs, by selection."""


def compute_all(piece: Piece, made: Any, nodes: Sequence[int]) -> None:
    """Add the operations of `nodes`, with branches where they spare something dear; `made` is the function."""
    for k in piece.at_level(Level.LITERAL):
        piece.value(k)  # now, where all that follows can see it
    sides = _sides(piece.leveled, nodes)
    _compute(piece, made, nodes, sides)


def _compute(piece: Piece, made: Any, nodes: Sequence[int], sides: _Sides) -> None:
    """Add the operations of `nodes` but for those that a selection among them takes care of."""
    inner = {k for select in nodes if select in sides for k in _within(select, sides)}
    outer = [k for k in nodes if k not in inner and k not in piece.values]
    own = frozenset(outer)
    needs = {k: own.intersection(_arguments(piece.program.nodes, k, sides)) for k in outer}
    for group in abreast.groups(piece.program.nodes, outer, needs):
        if group[0] in sides:
            _branch(piece, made, group[0], sides)
        else:
            abreast.compute(piece, group)


def _within(select: int, sides: _Sides) -> set[int]:
    """Return all nodes that are computed inside the branches of a selection."""
    within = {k for side in sides[select] for k in side}
    return within.union(*(_within(k, sides) for k in within if k in sides))


def _arguments(nodes: Sequence[Node], k: int, sides: _Sides) -> set[int]:
    """Return what a node waits for, with its branches if it has some."""
    within = {k} | (_within(k, sides) if k in sides else set())
    return {arg for n in within for arg in nodes[n].args} - within


def _branch(piece: Piece, made: Any, k: int, sides: _Sides) -> None:
    """Add a selection as a branch."""
    builder, node = piece.lanes.builder, piece.program.nodes[k]
    blocks = [made.append_basic_block(name) for name in ("then", "else", "after")]
    builder.cbranch(piece.value(node.args[0]), blocks[0], blocks[1])
    incoming = []
    for block, arg, own in zip(blocks[:2], node.args[1:], sides[k], strict=True):
        builder.position_at_end(block)
        _compute(piece, made, own, sides)
        incoming.append((piece.value(arg), builder.block))
        builder.branch(blocks[2])
    builder.position_at_end(blocks[2])
    value = builder.phi(piece.lanes.double)
    for given, block in incoming:
        value.add_incoming(given, block)
    piece.values[k] = value


def _sides(leveled: Leveled, nodes: Sequence[int]) -> _Sides:
    """Return, for each selection that is worth a branch, the nodes that only its first or second side needs.

    A node belongs to the innermost selection that it can.
    """
    program, users = leveled.program, _users(leveled)
    owned: set[int] = set()
    found: _Sides = {}
    own = set(nodes)
    for k in nodes:
        node = program.nodes[k]
        if node.op != "select" or node.args[1] == node.args[2]:
            continue
        one, two = (_cone(program.nodes, users, k, arg, own) - owned for arg in node.args[1:])
        if any(program.nodes[n].op in DEAR or n in found for n in one | two):
            found[k] = (sorted(one), sorted(two))
            owned |= one | two
    return found


def _users(leveled: Leveled) -> list[set[int]]:
    """Return who uses each node; -1 is something outside the list."""
    program = leveled.program
    users: list[set[int]] = [set() for _ in program.nodes]
    for k, node in enumerate(program.nodes):
        for arg in node.args:
            users[arg].add(k)
    for root in program.roots:
        users[root].add(-1)
    return users


def _cone(nodes: Sequence[Any], users: Sequence[set[int]], select: int, top: int, own: set[int]) -> set[int]:
    """Return the nodes that only argument `top` of a selection needs."""
    if users[top] != {select} or nodes[select].args.count(top) != 1 or top not in own or not nodes[top].args:
        return set()
    cone, waiting = {top}, set(nodes[top].args)
    while waiting:
        k = max(waiting)  # all that could use it has been looked at
        waiting.remove(k)
        if k in own and nodes[k].args and users[k] <= cone:
            cone.add(k)
            waiting.update(nodes[k].args)
    return cone
