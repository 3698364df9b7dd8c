"""Time steps that are too long for what a model remembers.

Of a delay or smooth the time constant is its time over its order. Of a stock it is what its own rate says: how fast the
rate falls when the stock alone is larger, by its equation or by a flow that it names,

    time constant = -1 / (d rate / d stock + sum over named flows of ± d flow / d stock),

at its shortest along a run. Euler's method with a step above half of it is far off, and swings above the whole;
a quarter is what the field takes for safe (Sterman 2000, Business Dynamics, appendix A).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from sdforecast.model import ModelFile
from sdforecast.structure.graph import CausalGraph
from sdforecast.structure.local import Equation, Moments, equations, part

SAFE, LONGEST = 1 / 4, 1 / 2
"""Shares of a time constant above which a step is warned of, and is wrong."""
_ROUNDING = 1e-6


@dataclass(frozen=True)
class Pace:
    """The shortest time constant of a stock, delay or smooth in a run.

    Attributes
    ----------
    variable : whose equation it is in.
    what : `stock`, or the kind of delay.
    constant : in units of time.
    time : when it is that short.
    """

    variable: str
    what: str
    constant: float
    time: float


def paces(model: ModelFile, graph: CausalGraph, run: xr.Dataset) -> list[Pace]:
    """Return the time constants of everything that remembers, the shortest first."""
    at = Moments(run)
    known: dict[str, list[Equation]] = {}
    for equation in equations(model):
        known.setdefault(equation.effect[0], []).append(equation)
    found: dict[tuple[str, str], Pace] = {}
    for pace in (*_of_stocks(graph, known, at), *_of_delays(known, at)):
        key = (pace.variable, pace.what)
        if key not in found or pace.constant < found[key].constant:
            found[key] = pace
    return sorted(found.values(), key=lambda pace: pace.constant)


def _of_stocks(graph: CausalGraph, known: Mapping[str, list[Equation]], at: Moments) -> Iterator[Pace]:
    for stock in graph.of_kind("stock"):
        for equation in known.get(stock.name, ()):
            key = equation.effect
            slope = at.slope(equation, key)
            flows = {each.name for each in (*stock.inflows, *stock.outflows) if each.name}
            for cause, _ in equation.causes:
                if cause[0] in flows and cause != key:
                    slope = slope + at.slope(equation, cause) * _through(known, cause, key, at)
            finite = np.where(np.isfinite(slope), slope, 0.0)
            steepest = int(finite.argmin())
            if finite[steepest] < 0:
                yield Pace(stock.name, "stock", float(-1 / finite[steepest]), float(at.time[steepest]))


def _through(known: Mapping[str, list[Equation]], flow: Any, stock: Any, at: Moments) -> np.ndarray:
    """Return how a flow changes with a stock [moments]; nothing where its equation is not known."""
    for equation in known.get(flow[0], ()):
        if equation.effect == flow:
            slope = at.slope(equation, stock)
            return np.where(np.isfinite(slope), slope, 0.0)
    return np.zeros(len(at.time))


def _of_delays(known: Mapping[str, list[Equation]], at: Moments) -> Iterator[Pace]:
    for name, parts in known.items():
        for equation in parts:
            for tree in _memories(equation.tree):
                times = _values(equation, getattr(tree, "delay_time", getattr(tree, "smooth_time", None)), at)
                order = _values(equation, getattr(tree, "order", 1), at)
                constant = times / np.maximum(order, 1)
                if np.isfinite(constant).any() and np.nanmin(constant) > 0:
                    shortest = int(np.nanargmin(constant))
                    kind = _SAID[type(tree).__name__]
                    yield Pace(name, kind, float(constant[shortest]), float(at.time[shortest]))


_SAID = {
    "DelayStructure": "delay", "DelayNStructure": "delay", "SmoothStructure": "smooth", "SmoothNStructure": "smooth",
}  # fmt: skip


def _memories(tree: Any) -> Iterator[Any]:
    """Give the delays and smooths of a tree, those within others too."""
    if isinstance(tree, tuple | list):
        for each in tree:
            yield from _memories(each)
    elif hasattr(tree, "__dict__"):
        if type(tree).__name__ in _SAID:
            yield tree
        yield from _memories(tuple(vars(tree).values()))


def _values(equation: Equation, tree: Any, at: Moments) -> np.ndarray:
    """Return a part of an equation [moments]; NaN if it is not known."""
    alone = part(equation, tree) if tree is not None else None
    return np.full(len(at.time), np.nan) if alone is None else at.moved(alone)[0]


def too_slow(pace: Pace, step: float) -> str:
    """Return `error` if a step is too long for a time constant, `warning` if it is not safe, otherwise nothing."""
    share = step / pace.constant
    if share > LONGEST * (1 + _ROUNDING):
        return "error"
    return "warning" if share > SAFE * (1 + _ROUNDING) else ""
