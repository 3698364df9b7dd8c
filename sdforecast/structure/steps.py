"""Time steps that are too long for what a model remembers.

Of a delay or smooth the time constant is its time over its order. Of a stock it is what its own rate says: how fast the
rate falls when this stock is larger and all other stocks stay, through its flows and whatever else follows at once,

    time constant = -1 / (d rate / d stock),

at its shortest along a run: the diagonal of the model's Jacobian. Euler's method with a step above half of it is far
off, and swings above the whole; a quarter is what the field takes for safe (Sterman 2000, Business Dynamics, app. A).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from sdforecast.model import ModelFile
from sdforecast.structure.graph import CausalGraph
from sdforecast.structure.local import Equation, Key, Moments, equations, part

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
    slopes = _Slopes(graph, known, at)
    for stock in graph.of_kind("stock"):
        for equation in known.get(stock.name, ()):
            slope = slopes.total(equation, equation.effect)
            steepest = int(slope.argmin())
            if slope[steepest] < 0:
                yield Pace(stock.name, "stock", float(-1 / slope[steepest]), float(at.time[steepest]))


class _Slopes:
    """Derivatives of rates by stocks, through all that is computed from a stock at the same moment."""

    def __init__(self, graph: CausalGraph, known: Mapping[str, list[Equation]], at: Moments) -> None:
        self.at = at
        remembers = {name for name, variable in graph.variables.items() if variable.memories}
        self.equations = {
            equation.effect: equation
            for name, parts in known.items()
            for equation in parts
            if name in graph.variables and graph.variables[name].kind != "stock" and name not in remembers
        }
        self.single: dict[tuple[Key, Key], np.ndarray] = {}

    def total(self, equation: Equation, stock: Key) -> np.ndarray:
        """Return how an effect changes with a stock [moments], all other stocks and delays as they are."""
        return self._total(equation, stock, {})

    def _total(self, equation: Equation, stock: Key, done: dict[Key, np.ndarray]) -> np.ndarray:
        found = np.zeros(len(self.at.time))
        for cause, _ in equation.causes:
            through = np.ones(1) if cause == stock else self._of(cause, stock, done)
            if through.any():
                found = found + self._one(equation, cause) * through
        return found

    def _of(self, cause: Key, stock: Key, done: dict[Key, np.ndarray]) -> np.ndarray:
        if cause not in done:
            done[cause] = np.zeros(1)  # a circle ends here
            equation = self.equations.get(cause)
            if equation is not None:
                done[cause] = self._total(equation, stock, done)
        return done[cause]

    def _one(self, equation: Equation, cause: Key) -> np.ndarray:
        link = (equation.effect, cause)
        if link not in self.single:
            slope = self.at.slope(equation, cause)
            self.single[link] = np.where(np.isfinite(slope), slope, 0.0)
        return self.single[link]


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
