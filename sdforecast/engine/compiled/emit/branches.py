"""Branches not taken: for one member, what only one side of a selection needs is computed on that side alone.

    %9 = select %3, exp(%5), log(%6)        if %3: exp(%5) else: log(%6)

In lanes both sides are computed, since members may differ. One member takes one side, and a logarithm that is not
needed costs as much as ten additions. The value is the same in every bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sdforecast.engine.compiled.emit.pieces import Piece
from sdforecast.engine.compiled.level import Level, Leveled

DEAR = frozenset(
    ("exp", "log", "pow", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "mod")
)
"""Operations that are worth a branch."""


def compute_all(piece: Piece, made: Any, nodes: Sequence[int]) -> None:
    """Add the operations of `nodes`, with branches where they spare something dear; `made` is the function."""
    for k in piece.at_level(Level.LITERAL):
        piece.value(k)  # now, where all that follows can see it
    sides = _sides(piece.leveled, nodes)
    inner = {k for one, two in sides.values() for k in (*one, *two)}
    _compute(piece, made, [k for k in nodes if k not in inner], sides)


def _compute(piece: Piece, made: Any, nodes: Sequence[int], sides: dict[int, tuple[list[int], list[int]]]) -> None:
    for k in nodes:
        if k in piece.values:
            continue
        if k in sides:
            _branch(piece, made, k, sides)
        else:
            piece.compute(k)


def _branch(piece: Piece, made: Any, k: int, sides: dict[int, tuple[list[int], list[int]]]) -> None:
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


def _sides(leveled: Leveled, nodes: Sequence[int]) -> dict[int, tuple[list[int], list[int]]]:
    """Return, for each selection that is worth a branch, the nodes that only its first or second side needs.

    A node belongs to the innermost selection that it can.
    """
    program, users = leveled.program, _users(leveled)
    owned: set[int] = set()
    found: dict[int, tuple[list[int], list[int]]] = {}
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
