"""Specialising: from the whole model to what one question needs.

In goes a lowered program, out comes one that computes the asked outputs and nothing else:

* what no asked output rests on is dropped: nodes, states, rings;
* the initial time and the time step become numbers;
* stocks whose initial value is given get a parameter for it;
* `initial` vanishes: its argument is rebuilt *at the start*, where time is the initial time and a series its first
  value.

        %5 = initial %4                       (gone)
        %4 = mul %1, %2    %1 = time          %4 = mul %0, %2    %0 = lit 2010.0

Below a state's or ring's initial value everything is at the start too. Parameters keep their positions; new ones come
after them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sdforecast.engine.compiled.building import Builder
from sdforecast.engine.compiled.program import Node, Parameter, Program, Ring, State, start_of
from sdforecast.engine.compiled.rebuilding import copy
from sdforecast.errors import InputError, Problem, nearest


def specialise(program: Program, *, outputs: Sequence[str], initials: Sequence[str] = ()) -> Program:
    """Return the part of a program that a question needs.

    Parameters
    ----------
    outputs : keys, in the order in which they are to be saved.
    initials : keys of stocks whose initial value is given: each becomes a parameter, see :func:`.program.start_of`.

    Raises
    ------
    InputError : an unknown output or stock, with the nearest.
    """
    return _Specialiser(program, initials).program(outputs)


class _Specialiser:
    def __init__(self, program: Program, initials: Sequence[str]) -> None:
        self.old, self.builder = program, Builder()
        self.parameters = list(program.parameters)
        self.given = self._given(initials)
        self.literal = self._literals()
        self.made: dict[tuple[int, bool], int] = {}
        self.states: dict[int, int] = {}  # new positions by old ones
        self.rings: dict[int, int] = {}

    def _given(self, initials: Sequence[str]) -> dict[int, int]:
        """Return the parameter of each given initial value, by state."""
        stocks = {state.name: state for state in self.old.states if state.is_rate}
        given: dict[int, int] = {}
        for key in initials:
            if key not in stocks:
                raise InputError(Problem(f"'{key}' is no stock", hint=nearest(key, stocks)))
            given[self._state_of(key)] = len(self.parameters)
            self.parameters.append(Parameter(start_of(key), (), float("nan")))
        return given

    def _state_of(self, key: str) -> int:
        return next(k for k, state in enumerate(self.old.states) if state.name == key)

    def _literals(self) -> dict[int, float]:
        """Return the values of those parameters that are numbers from here on."""
        fixed = {"INITIAL TIME": self.old.initial_time, "TIME STEP": self.old.step}
        return {k: fixed[p.name.upper()] for k, p in enumerate(self.old.parameters) if p.name.upper() in fixed}

    def program(self, outputs: Sequence[str]) -> Program:
        """Return the specialised program."""
        known = {output.key: output for output in self.old.outputs}
        missing = [key for key in outputs if key not in known]
        if missing:
            raise InputError(Problem(f"no variable '{missing[0]}' to save", hint=nearest(missing[0], known)))
        saved = [replace(known[key], node=self.node(known[key].node, start=False)) for key in outputs]
        states, rings = self._reached()
        return replace(
            self.old,
            nodes=tuple(self.builder.nodes),
            parameters=tuple(self.parameters),
            states=tuple(states),
            rings=tuple(rings),
            outputs=tuple(saved),
            shapes=(),
        )

    def _reached(self) -> tuple[list[State], list[Ring]]:
        """Rebuild states and rings that something has asked for, until none is new."""
        states: list[State] = []
        rings: list[Ring] = []
        while len(states) < len(self.states) or len(rings) < len(self.rings):
            if len(states) < len(self.states):
                states.append(self._state(list(self.states)[len(states)]))
            else:
                rings.append(self._ring(self.old.rings[list(self.rings)[len(rings)]]))
        return states, rings

    def _state(self, k: int) -> State:
        old = self.old.states[k]
        given = self.given.get(k)
        initial = self.node(old.initial, start=True) if given is None else self.builder.leaf("par", given)
        return replace(old, initial=initial, root=self.node(old.root, start=False))

    def _ring(self, old: Ring) -> Ring:
        return replace(
            old,
            input=self.node(old.input, start=False),
            delay=self.node(old.delay, start=True),
            initial=self.node(old.initial, start=True),
        )

    def node(self, root: int, *, start: bool) -> int:
        """Return the new position of a node in a context, rebuilding what it rests on first."""
        waiting = [(root, start)]
        while waiting:
            k, at_start = waiting[-1]
            node = self.old.nodes[k]
            inner = [(arg, at_start or node.op == "initial") for arg in node.args]
            lacking = [key for key in inner if key not in self.made]
            if (k, at_start) in self.made or not lacking:
                waiting.pop()
                if (k, at_start) not in self.made:
                    self.made[k, at_start] = self._rebuilt(node, [self.made[key] for key in inner], start=at_start)
            else:
                waiting.extend(lacking)
        return self.made[root, start]

    def _rebuilt(self, node: Node, args: Sequence[int], *, start: bool) -> int:
        if node.op == "initial":
            return args[0]
        if node.op == "par" and isinstance(node.data, int) and node.data in self.literal:
            return self.builder.lit(self.literal[node.data])
        if node.op == "start" or (start and node.op in ("time", "row time")):
            return self.builder.lit(self.old.initial_time)
        if node.op == "series" and start and isinstance(node.data, tuple):
            return self.builder.leaf("series start", node.data[0])
        if node.op == "state" and isinstance(node.data, int):
            return self.builder.leaf("state", self.states.setdefault(node.data, len(self.states)))
        if node.op == "ring" and isinstance(node.data, int):
            return self.builder.leaf("ring", self.rings.setdefault(node.data, len(self.rings)))
        return copy(self.builder, node, args)
