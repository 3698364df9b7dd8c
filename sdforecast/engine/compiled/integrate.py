"""Integrating: from rates of change to next values.

In goes a specialised program, out comes one whose every state has a next value, so that what follows needs to know
nothing of rates or methods.

    Euler          state 0 rate %7        %8 = mul %7, step    %9 = add state 0, %8    state 0 next %9

A Runge-Kutta step of fourth order is four times the same operations with other states and times: they are simply
written out, the states replaced by those in the middle and at the end of the step. What is held (SAMPLE IF TRUE, DELAY
FIXED) and `row time` (STEP, PULSE) stay as they are at the begin of the step.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sdforecast.engine.compiled.building import Builder
from sdforecast.engine.compiled.program import Node, Program, State
from sdforecast.engine.compiled.rebuilding import moved, rebuild


def integrate(program: Program) -> Program:
    """Return a program whose states have next values."""
    builder = Builder()
    begin = rebuild(builder, program.nodes, program.roots, lambda k, node: _leaf(builder, node, 0, {}))
    rates = [k for k, state in enumerate(program.states) if state.is_rate]
    slopes = {k: begin[program.states[k].root] for k in rates}
    step = builder.lit(program.step)
    if program.method == "rk4":
        changes = _runge_kutta(program, builder, slopes)
    else:
        changes = {k: builder.op("mul", slope, step) for k, slope in slopes.items()}
    whole = moved(program, (), begin)
    states = [_next(builder, k, state, changes.get(k)) for k, state in enumerate(whole.states)]
    return replace(whole, nodes=tuple(builder.nodes), states=tuple(states))


def _next(builder: Builder, k: int, state: State, change: int | None) -> State:
    """Return a state with its next value; one that is held has it already."""
    if change is None:
        return state
    root = builder.op("add", builder.leaf("state", k), change)
    root = builder.op("max", root, builder.lit(0)) if state.non_negative else root
    return replace(state, root=root, is_rate=False)


def _runge_kutta(program: Program, builder: Builder, first: Mapping[int, int]) -> dict[int, int]:
    """Return the change of each state over a step: a weighted mean of four slopes, times the step."""
    stages = [dict(first)]
    for part, moment in ((0.5, 1), (0.5, 1), (1.0, 2)):
        moved = {
            k: builder.op("add", builder.leaf("state", k), builder.op("mul", slope, builder.lit(part * program.step)))
            for k, slope in stages[-1].items()
        }
        stages.append(_slopes(program, builder, moved, moment))
    changes = {}
    for k in first:
        middle = builder.op("mul", builder.lit(2), builder.op("add", stages[1][k], stages[2][k]))
        total = builder.op("add", builder.op("add", stages[0][k], middle), stages[3][k])
        changes[k] = builder.op("mul", total, builder.lit(program.step / 6))
    return changes


def _slopes(program: Program, builder: Builder, moved: Mapping[int, int], moment: int) -> dict[int, int]:
    """Return the rates where the states in `moved` have other values, at a moment of the step."""
    roots = [program.states[k].root for k in moved]
    made = rebuild(builder, program.nodes, roots, lambda k, node: _leaf(builder, node, moment, moved))
    return {k: made[program.states[k].root] for k in moved}


def _leaf(builder: Builder, node: Node, moment: int, moved: Mapping[int, int]) -> int | None:
    """Return what stands for a leaf at a moment of the step; None for what does not change."""
    if node.op == "time":
        return builder.leaf("time", moment)
    if node.op == "row time":
        return builder.leaf("time", 0)
    if node.op == "series" and isinstance(node.data, tuple):
        return builder.leaf("series", (node.data[0], moment))
    if node.op == "state" and isinstance(node.data, int):
        return moved.get(node.data)
    return None
