"""Printing: a program as text that people can read, one line a node.

    %3 = par 1                        ; rate
    %4 = mul %2, %3                   ; births
    state 0 population: starts as %1, next %9

With levels the nodes stand under the piece of code that computes them, and each piece says what it hands on. The text
is for reading and for tests; :mod:`storing` writes the form that is read back.
"""

from __future__ import annotations

from collections.abc import Iterator

from sdforecast.engine.compiled.level import Level, Leveled
from sdforecast.engine.compiled.program import Node, Program

_PIECES = {
    Level.LITERAL: "numbers",
    Level.SHARED: "once for all members",
    Level.TIME: "once a row for all members",
    Level.MEMBER: "once a member",
    Level.STEP: "each row of each member",
}


def printed(made: Program | Leveled) -> str:
    """Return a program as text, with its levels if it has them."""
    program = made.program if isinstance(made, Leveled) else made
    lines = [f"program: {program.method}, step {program.step:g}, from {program.initial_time:g}"]
    lines += [f"parameter {k} {parameter.key} = {parameter.value:g}" for k, parameter in enumerate(program.parameters)]
    lines += [f"series {k} {name}" for k, name in enumerate(program.series)]
    lines += [_table(program, k) for k in range(len(program.tables))]
    lines += _leveled(made) if isinstance(made, Leveled) else list(_nodes(program, range(len(program.nodes))))
    lines += [_state(program, k) for k in range(len(program.states))]
    lines += [
        f"ring {k} {ring.name}: filled with %{ring.initial}, takes %{ring.input}, gives it after %{ring.delay}"
        for k, ring in enumerate(program.rings)
    ]
    lines += [f"output {output.key}: %{output.node}" for output in program.outputs]
    return "\n".join(lines) + "\n"


def _leveled(made: Leveled) -> Iterator[str]:
    for at, piece in _PIECES.items():
        nodes = [k for k, level in enumerate(made.levels) if level is at and k not in made.late]
        if nodes:
            yield f"-- {piece}"
            yield from _nodes(made.program, nodes)
    if made.late:
        yield "-- each saved row of each member"
        yield from _nodes(made.program, sorted(made.late))


def _nodes(program: Program, places: range | list[int]) -> Iterator[str]:
    names: dict[int, list[str]] = {}
    for output in program.outputs:
        names.setdefault(output.node, []).append(output.key)
    for k in places:
        text = f"%{k} = {_node(program, program.nodes[k])}"
        told = ", ".join(dict.fromkeys(names.get(k, []))) or _leaf_name(program, program.nodes[k])
        yield f"{text:<36}; {told}" if told else text


def _node(program: Program, node: Node) -> str:
    data = node.data
    if isinstance(data, float):
        return f"{node.op} {data!r}"
    if node.op == "lookup" and isinstance(data, int):
        return f"lookup %{node.args[0]} in table {data}"
    if isinstance(data, tuple):
        return f"{node.op} {data[0]} at moment {data[1]}"
    shown = [node.op, *([str(data)] if data is not None else [])]
    return " ".join([*shown, ", ".join(f"%{arg}" for arg in node.args)]).strip()


def _leaf_name(program: Program, node: Node) -> str:
    """Return what a leaf refers to."""
    data = node.data[0] if isinstance(node.data, tuple) else node.data
    if not isinstance(data, int):
        return ""
    if node.op == "par":
        return program.parameters[data].key
    if node.op in ("series", "series start"):
        return program.series[data]
    if node.op in ("state", "ring"):
        return (program.states if node.op == "state" else program.rings)[data].name
    return ""


def _state(program: Program, k: int) -> str:
    state = program.states[k]
    then = f"changes by %{state.root} a unit of time" if state.is_rate else f"next %{state.root}"
    bound = ", never below zero" if state.non_negative and state.is_rate else ""
    return f"state {k} {state.name}: starts as %{state.initial}, {then}{bound}"


def _table(program: Program, k: int) -> str:
    table = program.tables[k]
    points = ", ".join(f"({x:g}, {y:g})" for x, y in zip(table.x[:8], table.y[:8], strict=True))
    more = f", … {len(table.x)} points" if len(table.x) > 8 else ""
    return f"table {k} {table.name} ({table.kind}): {points}{more}"
