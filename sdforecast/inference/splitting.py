"""A density in three parts: what goes into the model, the model, and what is said of its values.

Apart, the model is run for several points side by side in the lanes of the processor, and each of the other parts is
machine code that leaves Python's lock to others:

    into: point [n] -> constants and knots      onto: values -> log density, and its gradient by point and by values
    back: derivatives by constants and knots -> derivatives by point [n]
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from numba import njit
from pymc.pytensorf import join_nonshared_inputs
from pytensor.graph.replace import graph_replace
from pytensor.graph.rewriting.utils import rewrite_graph
from pytensor.graph.traversal import ancestors

from sdforecast.inference.operator import ModelOp

Many = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]
"""From points [k, n], the log density of each [k] and its gradient [k, n]."""


Numbers = tuple[Any, ...]

Shapes = Callable[[Sequence[np.ndarray]], Sequence[tuple[int, ...]]]


def split(model: pm.Model) -> Many:
    """Return the log density of a model and its gradient, for many points at a time, from any thread.

    Where either is not finite, the density is minus infinity and the gradient zero.
    """
    (density,), point = join_nonshared_inputs(model.initial_point(), [model.logp()], model.value_vars)
    density = rewrite_graph(density, include=("canonicalize",))  # PyMC copies what several terms need: made one again
    nodes = [node for node in {each.owner for each in ancestors([density])} if node is not None and _asked(node.op)]
    if len(nodes) != 1:  # a model of the user's own, say
        return _Whole(_machine_code([point], [density, pt.grad(density, point)], lambda of: [(), of[0].shape]))
    (node,) = nodes
    given, values = node.inputs[0], node.outputs[0].type("values")
    (onto,) = graph_replace([density], {node.outputs[0]: values})
    by = pt.grad(onto, [point, values], disconnected_inputs="ignore")
    cotangent = pt.vector("by what goes in", dtype="float64")
    return _Parts(
        node.op.function,
        _machine_code([point], [given], lambda of: [(node.op.function.size,)]),
        _machine_code([point, values], [onto, *by], lambda of: [(), *(each.shape for each in of)]),
        _machine_code([point, cotangent], [pytensor.gradient.Lop(given, point, cotangent)], lambda of: [of[0].shape]),
    )


def _asked(op: Any) -> bool:
    """Return whether this is a model that can be run for several points at once."""
    return isinstance(op, ModelOp) and hasattr(op.function, "forward_many")


def _machine_code(inputs: Sequence[Any], outputs: Sequence[Any], shapes: Shapes) -> Callable[..., Numbers]:
    """Return a function of arrays; `shapes` gives those of its results, which are NaN where Numba divides by zero."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*object mode.*")  # of operators that are Python around machine code
        warnings.filterwarnings("ignore", message=".*Numba will use.*")
        made = pm.compile(inputs, outputs, mode="NUMBA", on_unused_input="ignore")
    compiled = njit(nogil=True)(made.vm.jit_fn.py_func)  # without PyTensor's storage, which threads cannot share
    data = made.input_storage[len(inputs) :]  # read at each call, since `set_data` may have put other values there

    def call(*given: np.ndarray) -> Numbers:
        try:
            result = compiled(*map(np.ascontiguousarray, given), *(each.storage[0] for each in data))
        except ZeroDivisionError:  # Numba's, of a scale that is zero in floating point, some 100 deviations out
            return tuple(np.full(shape, np.nan) for shape in shapes(given))
        return result if isinstance(result, tuple) else (result,)

    return call


@dataclass(frozen=True, eq=False)
class _Whole:
    """A density in one part."""

    density: Callable[..., Numbers]

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = np.asarray(points, dtype=float)
        found = [self.density(point) for point in points]
        return _finite(np.array([float(value) for value, _ in found]), np.stack([gradient for _, gradient in found]))


@dataclass(frozen=True, eq=False)
class _Parts:
    """A density in three parts around a model."""

    model: Any
    into: Callable[..., Numbers]
    onto: Callable[..., Numbers]
    back: Callable[..., Numbers]

    def __call__(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        points = np.asarray(points, dtype=float)
        values, ran = self.model.forward_many(np.stack([self.into(point)[0] for point in points]))
        said = [self.onto(point, of) for point, of in zip(points, values, strict=True)]
        by_given = self.model.pull_many(ran, np.stack([by_values for _, _, by_values in said]))
        gradients = [one[1] + self.back(*of)[0] for one, *of in zip(said, points, by_given, strict=True)]
        return _finite(np.array([float(value) for value, _, _ in said]), np.stack(gradients))


def _finite(values: np.ndarray, gradients: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return minus infinity, and a gradient of zeros, where either is not finite."""
    fine = np.isfinite(values) & np.isfinite(gradients).all(axis=1)
    return np.where(fine, values, -np.inf), np.where(fine[:, None], gradients, 0.0)
