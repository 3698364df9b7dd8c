"""Levelling: how often each node must be computed, so that the loop over time holds no more than it must.

In goes an integrated program; out comes the same with a level for each node, and the lists of what the pieces of code
hand to each other:

    tabulate   once for all members: SHARED nodes, and TIME nodes for each row into a table [rows, columns]
    prologue   once a member: MEMBER nodes and initial values
    step       each row of each member: STEP nodes; those that only outputs need, on saved rows alone

    growth = rate * season(time)      rate shared: a TIME node, read from the table; rate drawn: a STEP node
    k = 1 / lifetime                  lifetime shared: SHARED; drawn: MEMBER, once before the loop

A node's level is the join of those of its arguments; only SHARED or TIME joined with what differs between members
needs thought: see :func:`join`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from sdforecast.engine.compiled.program import Node, Program
from sdforecast.engine.compiled.rebuilding import moved, needed
from sdforecast.engine.compiled.unsupported import Unsupported


class Level(IntEnum):
    """How often a node is computed."""

    LITERAL = 0
    """Never: it is a number in the code."""
    SHARED = 1
    """Once for all members that are run together."""
    TIME = 2
    """Once a row for all members."""
    MEMBER = 3
    """Once a member."""
    STEP = 4
    """Once a row and member."""


@dataclass(frozen=True)
class Leveled:
    """A program with the level of each node: ready to be interpreted or emitted.

    Attributes
    ----------
    program : specialised, integrated, pruned; its `outputs` are what is saved, in order.
    levels : one a node.
    varied : positions of the parameters that differ between members: the columns of `Inputs.varied`.
    own : positions of the series that differ between members: the last axis of `Inputs.own`; all others, in
        order, are that of `Inputs.series`.
    slots : SHARED nodes that MEMBER or STEP nodes, roots or outputs need: handed on as an array.
    columns : TIME nodes that STEP nodes, roots or outputs need: handed on as a table [rows, columns].
    late : STEP nodes that only outputs need: computed on saved rows only.
    """

    program: Program
    levels: tuple[Level, ...]
    varied: tuple[int, ...]
    own: tuple[int, ...]
    slots: tuple[int, ...]
    columns: tuple[int, ...]
    late: frozenset[int]


def join(one: Level, two: Level) -> Level:
    """Return how often a node must be computed that rests on both: what differs by row and by member, at each step."""
    if {one, two} == {Level.TIME, Level.MEMBER}:
        return Level.STEP
    return max(one, two)


def level(program: Program, *, varied: Sequence[int] = (), own: Sequence[int] = ()) -> Leveled:
    """Return the program with the level of each node.

    Parameters
    ----------
    varied : positions of the parameters that differ between members.
    own : positions of the series that do.

    Raises
    ------
    Unsupported : the length of a DELAY FIXED differs between members or changes in time.
    """
    kept = needed(program.nodes, program.roots)
    if len(kept) < len(program.nodes):
        program = _without(program, kept)
    levels = _levels(program, frozenset(varied), frozenset(own))
    for ring in program.rings:
        if levels[ring.delay] > Level.SHARED:
            raise Unsupported("a DELAY FIXED whose delay time is drawn or changes: it sets a length", ring.name)
    stepping = _stepping(program)
    loop = [k for k, at in enumerate(levels) if at in (Level.MEMBER, Level.STEP)]
    handed = {arg for k in loop for arg in program.nodes[k].args} | set(program.roots)
    return Leveled(
        program=program,
        levels=tuple(levels),
        varied=tuple(varied),
        own=tuple(own),
        slots=tuple(sorted(k for k in handed if levels[k] is Level.SHARED)),
        columns=tuple(sorted(k for k in handed if levels[k] is Level.TIME)),
        late=frozenset(k for k, at in enumerate(levels) if at is Level.STEP and k not in stepping),
    )


def _levels(program: Program, varied: frozenset[int], own: frozenset[int]) -> list[Level]:
    levels: list[Level] = []
    for node in program.nodes:
        at = _leaf(node, varied, own)
        for arg in node.args:
            at = join(at, levels[arg])
        levels.append(at)
    return levels


def _leaf(node: Node, varied: frozenset[int], own: frozenset[int]) -> Level:
    if node.op == "par":
        return Level.MEMBER if node.data in varied else Level.SHARED
    if node.op == "lookup":  # never a number in the code, even at one
        return Level.SHARED
    if node.op == "time":
        return Level.TIME
    if node.op in ("state", "ring"):
        return Level.STEP
    if node.op == "series" and isinstance(node.data, tuple):
        return Level.STEP if node.data[0] in own else Level.TIME
    if node.op == "series start":
        return Level.MEMBER if node.data in own else Level.SHARED
    return Level.LITERAL


def _stepping(program: Program) -> set[int]:
    """Return the nodes that the next row rests on."""
    roots = [state.root for state in program.states] + [ring.input for ring in program.rings]
    return set(needed(program.nodes, roots))


def _without(program: Program, kept: Sequence[int]) -> Program:
    """Return the program with the nodes `kept` alone."""
    new = {old: k for k, old in enumerate(kept)}
    nodes = [program.nodes[k] for k in kept]
    return moved(program, [replace(node, args=tuple(new[arg] for arg in node.args)) for node in nodes], new)
