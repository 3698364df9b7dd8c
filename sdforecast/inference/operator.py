"""A compiled model inside PyTensor: an operator with exact gradients, for any `pm.Model`.

The operator holds a function, not machine code: it can be copied and pickled, and is compiled where it is used.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

import numpy as np
import pytensor.tensor as pt
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op


class Differentiable(Protocol):
    """A function of `size` numbers that gives `count` numbers, and takes derivatives back."""

    @property
    def size(self) -> int:
        """How many numbers go in."""

    @property
    def count(self) -> int:
        """How many numbers come out."""

    def forward(self, point: np.ndarray) -> tuple[np.ndarray, Any]:
        """Return the numbers, and what `pull` needs."""

    def pull(self, ran: Any, cotangent: np.ndarray) -> np.ndarray:
        """Return derivatives by each number that went in, given those by each that came out."""


class ModelOp(Op):
    """The function as an operator: a vector in, a vector out."""

    __props__ = ("function",)

    def __init__(self, function: Differentiable) -> None:
        self.function = function
        self.last = _Last()

    def make_node(self, point: Any) -> Apply:
        """Return a node of the graph."""
        given = pt.as_tensor_variable(point, dtype="float64")
        return Apply(self, [given], [pt.TensorType("float64", shape=(self.function.count,))()])

    def perform(self, node: Apply, inputs: list[Any], outputs: list[Any]) -> None:
        """Run the model."""
        outputs[0][0] = np.array(self.last.run(self.function, inputs[0])[0])

    def infer_shape(self, fgraph: Any, node: Apply, shapes: Any) -> list[tuple[int]]:
        """Return the shape of the result."""
        return [(self.function.count,)]

    def pullback(self, inputs: list[Any], outputs: list[Any], cotangents: list[Any]) -> list[Any]:
        """Return the graph of the derivative (PyTensor 3)."""
        return [_Pull(self.function, self.last)(inputs[0], cotangents[0])]

    def L_op(self, inputs: list[Any], outputs: list[Any], cotangents: list[Any]) -> list[Any]:  # noqa: N802
        """Return the graph of the derivative (PyTensor 2)."""
        return self.pullback(inputs, outputs, cotangents)


class _Pull(Op):
    """The vector-Jacobian product of a :class:`ModelOp`."""

    __props__ = ("function",)

    def __init__(self, function: Differentiable, last: _Last) -> None:
        self.function, self.last = function, last

    def make_node(self, point: Any, cotangent: Any) -> Apply:
        given = [pt.as_tensor_variable(each, dtype="float64") for each in (point, cotangent)]
        return Apply(self, given, [pt.TensorType("float64", shape=(self.function.size,))()])

    def perform(self, node: Apply, inputs: list[Any], outputs: list[Any]) -> None:
        _, ran = self.last.run(self.function, inputs[0])
        outputs[0][0] = np.array(self.function.pull(ran, np.asarray(inputs[1], dtype=float)))

    def infer_shape(self, fgraph: Any, node: Apply, shapes: Any) -> list[tuple[int]]:
        return [(self.function.size,)]


class _Last(threading.local):
    """The last run of each thread, since a value and its gradient are asked for at the same point."""

    point = b""
    result: Any = None

    def run(self, function: Differentiable, point: np.ndarray) -> tuple[np.ndarray, Any]:
        at = np.ascontiguousarray(point, dtype=float)
        if at.tobytes() != self.point:
            self.result = function.forward(at)
            self.point = at.tobytes()
        return self.result  # type: ignore[no-any-return]

    def __reduce__(self) -> tuple[Any, ...]:
        return (_Last, ())
