"""A PyMC model as plain functions of one vector: its log density with gradient, and what follows from a draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pymc as pm
import pytensor
import pytensor.tensor as pt
from pytensor.graph.replace import vectorize_graph

from sdforecast.inference.splitting import Many, split

Point = np.ndarray
Value = tuple[float, np.ndarray]


@dataclass(frozen=True, eq=False)
class LogDensity:
    """The joint density of a model whose free variables are all standard normal a priori.

    Attributes
    ----------
    model : as :func:`.density.density` makes it.
    """

    model: pm.Model

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Free variables, in the order of the vector, with their shapes."""
        start = self.model.initial_point()
        return {variable.name: np.shape(start[variable.name]) for variable in self.model.free_RVs}

    @property
    def size(self) -> int:
        """How many numbers the vector has."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())

    @cached_property
    def labels(self) -> list[str]:
        """A name for each number: of the constant or target that it belongs to, else of the variable and its place."""
        found: list[str] = []
        for name, shape in self.shapes.items():
            dims = self.model.named_vars_to_dims.get(name)
            stem = name.removesuffix(": position")
            if dims:
                coords = self.model.coords[dims[0]]
                found += [str(each) if name == "position" else f"{stem}: {each}" for each in coords]
            else:
                found += [stem] if not shape else [f"{stem} {k}" for k in range(shape[0])]
        return found

    @cached_property
    def many(self) -> Many:
        """The log densities [k] of points [k, size] and their gradients [k, size]; from several threads at once."""
        found = split(self.model)
        found(np.zeros((1, self.size)))  # compiled now, and by one thread
        return found

    def value_and_gradient(self, point: Point) -> Value:
        """Return the log density and its gradient, -inf and zeros where either is not finite."""
        values, gradients = self.many(point[None])
        return float(values[0]), gradients[0]

    def split(self, points: np.ndarray) -> dict[str, np.ndarray]:
        """Return vectors [..., size] as free variables by name [..., shape]."""
        found, begin = {}, 0
        for name, shape in self.shapes.items():
            count = int(np.prod(shape))
            found[name] = points[..., begin : begin + count].reshape(*points.shape[:-1], *shape)
            begin += count
        return found

    def derived(self, points: np.ndarray) -> Mapping[str, np.ndarray]:
        """Return the deterministic variables of vectors [draws, size], by name [draws, shape]."""
        values = self.split(np.asarray(points, dtype=float))
        return dict(zip(self._derived[0], self._derived[1](*values.values()), strict=True))

    @cached_property
    def _derived(self) -> tuple[list[str], Callable[..., list[np.ndarray]]]:
        free: list[Any] = [self.model.rvs_to_values[variable] for variable in self.model.free_RVs]
        wanted = self.model.replace_rvs_by_values(self.model.deterministics)
        batched = [pt.tensor(f"draws of {each.name}", dtype="float64", shape=(None, *each.type.shape)) for each in free]
        outputs = vectorize_graph(wanted, replace=dict(zip(free, batched, strict=True)))
        function = pytensor.function(batched, outputs, mode="FAST_COMPILE")
        return [each.name for each in self.model.deterministics], function
