"""Checking: whether a program is well formed, and which stage it has reached.

What is legal is data (:data:`STAGES`): after which pass which operations may still occur. Passes are checked in tests;
a program that comes from the cache is checked always, because a file on disk may hold anything.

    %2 = add %0, %7          not a lowered program: %2 (add): uses %7, which does not come before it
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

from sdforecast.engine.compiled.operations import LEAVES, OPERATIONS
from sdforecast.engine.compiled.program import Node, Program, Table
from sdforecast.engine.compiled.rebuilding import changes

_BEFORE = frozenset({"initial", "start", "row time"})

STAGES = {
    "lowered": frozenset(),
    "specialised": frozenset({"initial", "start"}),
    "integrated": _BEFORE,
}
"""By stage, what must no longer occur. After `integrated` no state has a rate either."""

_KINDS = ("interpolate", "extrapolate", "hold backward", "look forward", "raw")


def check(program: Program, stage: str = "lowered") -> None:
    """Raise `ValueError` with the first fault of a program at a stage of :data:`STAGES`."""
    fault = next(faults(program, stage), None)
    if fault is not None:
        raise ValueError(f"not a {stage} program: {fault}")


def faults(program: Program, stage: str) -> Iterator[str]:
    """Give what is wrong with a program, one sentence each."""
    for k, node in enumerate(program.nodes):
        yield from (f"%{k} ({node.op}): {fault}" for fault in _node(program, k, node, STAGES[stage]))
    for root in program.roots:
        if not 0 <= root < len(program.nodes):
            yield f"%{root} is needed and not there"
        elif gives(program.nodes[root]) != "d":
            yield f"%{root} is needed as a number and is a truth value"
    yield from (fault for table in program.tables for fault in _table(table))
    if stage != "lowered":
        yield from _starts(program)
    if stage == "integrated" and any(state.is_rate for state in program.states):
        yield "a state has a rate"
    if program.method not in ("euler", "rk4") or not 0 < program.step < math.inf:
        yield f"steps of {program.step} by '{program.method}'"
    if not math.isfinite(program.initial_time):
        yield f"starts at {program.initial_time}"
    if any(not 0 <= k < len(program.parameters) for k, _ in program.assumed):
        yield "a parameter that shapes it is not there"


def _starts(program: Program) -> Iterator[str]:
    """Give the initial values that rest on what is not there before the first row."""
    moving = changes(program.nodes)
    roots = [(state.name, state.initial) for state in program.states]
    roots += [(ring.name, node) for ring in program.rings for node in (ring.delay, ring.initial)]
    for name, root in roots:
        if 0 <= root < len(moving) and moving[root]:
            yield f"'{name}' starts from %{root}, which changes in time"


def _table(table: Table) -> Iterator[str]:
    if len(table.x) != len(table.y) or not table.x or table.kind not in _KINDS:
        yield f"the table '{table.name}' has {len(table.x)} and {len(table.y)} points and kind '{table.kind}'"
    elif any(math.isnan(x) for x in table.x) or any(one > two for one, two in itertools.pairwise(table.x)):
        yield f"the table '{table.name}' does not rise"


def gives(node: Node) -> str:
    """Return `t` if a node is a truth value, else `d`."""
    operation = OPERATIONS.get(node.op)
    return operation.gives if operation else "d"


def _node(program: Program, k: int, node: Node, gone: frozenset[str]) -> Iterator[str]:
    if node.op in gone:
        yield "must be gone by now"
    if any(not 0 <= arg < k for arg in node.args):
        wrong = next(arg for arg in node.args if not 0 <= arg < k)
        yield f"uses %{wrong}, which does not come before it"
        return
    operation = OPERATIONS.get(node.op)
    takes = operation.takes if operation else {"lookup": "d", "initial": "d"}.get(node.op, "")
    if operation is None and node.op not in (*LEAVES, "lookup", "initial"):
        yield "no such operation"
    elif len(node.args) != len(takes):
        yield f"takes {len(takes)} arguments, not {len(node.args)}"
    elif any(gives(program.nodes[arg]) != kind for arg, kind in zip(node.args, takes, strict=True)):
        yield "an argument is a number for a truth value or the other way round"
    elif not _data_is_right(program, node):
        yield f"has {node.data!r} with it"


def _data_is_right(program: Program, node: Node) -> bool:
    """Return whether what is with a node refers to something that is there."""
    sizes = {
        "par": len(program.parameters), "state": len(program.states), "ring": len(program.rings),
        "series start": len(program.series), "lookup": len(program.tables), "time": 3,
    }  # fmt: skip
    if node.op in sizes:
        return isinstance(node.data, int) and not isinstance(node.data, bool) and 0 <= node.data < sizes[node.op]
    if node.op == "lit":
        return isinstance(node.data, float)
    if node.op == "series":
        pair = node.data if isinstance(node.data, tuple) else ()
        return (
            len(pair) == 2
            and all(type(n) is int for n in pair)
            and 0 <= pair[0] < len(program.series)
            and 0 <= pair[1] < 3
        )
    return node.data is None
