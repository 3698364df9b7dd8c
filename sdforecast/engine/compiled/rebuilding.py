"""Rebuilding: a program node by node into another, through the builder, so that folding and sharing happen again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from sdforecast.engine.compiled.building import Builder
from sdforecast.engine.compiled.operations import LEAVES, OPERATIONS
from sdforecast.engine.compiled.program import Node, Program

Replace = Callable[[int, Node], int | None]
"""From the position of a node and the node to its position in the new list, or None to rebuild it as it is."""


MOVING = frozenset({"time", "row time", "series", "state", "ring"})
"""Leaves that change from row to row."""


def changes(nodes: Sequence[Node]) -> list[bool]:
    """Return for each node whether it changes from row to row."""
    found: list[bool] = []
    for k, node in enumerate(nodes):
        rests = any(0 <= arg < k and found[arg] for arg in node.args)  # also of nodes that are not checked yet
        found.append(node.op != "initial" and (node.op in MOVING or rests))
    return found


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


def moved(program: Program, nodes: Sequence[Node], places: Mapping[int, int] | Sequence[int]) -> Program:
    """Return `program` with other nodes, where the node at k is now at `places[k]`."""
    return replace(
        program,
        nodes=tuple(nodes),
        states=tuple(replace(s, initial=places[s.initial], root=places[s.root]) for s in program.states),
        rings=tuple(
            replace(r, input=places[r.input], delay=places[r.delay], initial=places[r.initial]) for r in program.rings
        ),
        outputs=tuple(replace(output, node=places[output.node]) for output in program.outputs),
    )
