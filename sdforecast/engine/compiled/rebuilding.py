"""Rebuilding: a program node by node into another, through the builder, so that folding and sharing happen again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sdforecast.engine.compiled.building import Builder
from sdforecast.engine.compiled.operations import LEAVES, OPERATIONS
from sdforecast.engine.compiled.program import Node

Replace = Callable[[int, Node], int | None]
"""From the position of a node and the node to its position in the new list, or None to rebuild it as it is."""


def needed(nodes: Sequence[Node], roots: Iterable[int]) -> list[int]:
    """Return the positions that `roots` rest on, in order."""
    found, waiting = set[int](), list(roots)
    while waiting:
        k = waiting.pop()
        if k not in found:
            found.add(k)
            waiting.extend(nodes[k].args)
    return sorted(found)


def rebuild(builder: Builder, nodes: Sequence[Node], roots: Iterable[int], replace: Replace) -> dict[int, int]:
    """Rebuild what `roots` rest on in `builder`; returns new positions by old ones.

    `replace` is asked about each node first; what it returns stands for the node. Arguments of a node that is replaced
    are rebuilt all the same.
    """
    made: dict[int, int] = {}
    for k in needed(nodes, roots):
        node = nodes[k]
        found = replace(k, node)
        made[k] = found if found is not None else copy(builder, node, [made[arg] for arg in node.args])
    return made


def copy(builder: Builder, node: Node, args: Sequence[int]) -> int:
    """Return `node` with other arguments."""
    if node.op == "lit" and isinstance(node.data, float):
        return builder.lit(node.data)
    if node.op in LEAVES:
        return builder.leaf(node.op, node.data)  # type: ignore[arg-type]
    if node.op == "lookup" and isinstance(node.data, int):
        return builder.lookup(args[0], node.data)
    if node.op == "initial":
        return builder.initial(args[0])
    if node.op not in OPERATIONS:
        raise ValueError(f"no operation '{node.op}'")
    return builder.op(node.op, *args)
