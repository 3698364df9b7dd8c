"""Levels: how often each node must be computed, and what the pieces of the code hand to each other.

(Prose and the pass itself are being written.)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from sdforecast.engine.compiled.program import Program


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
