"""The log density of errors that share a discrepancy, as an operator of PyTensor that runs as machine code.

What goes in: the innovation and half-life of the fast part, the monthly step of the drift, then the errors and the
variance of the noise of each, [3 + 2 x observations]. What comes out: the log density, and its gradient.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytensor.tensor as pt
from numba import njit
from pytensor.graph.basic import Apply
from pytensor.graph.op import Op
from pytensor.link.numba.dispatch import numba_funcify

from sdforecast.inference.covariance import SharedErrors
from sdforecast.inference.normal_kernel import log_density


class NormalErrors(Op):
    """The operator: a vector in, a number and a vector out."""

    __props__ = ("errors",)

    def __init__(self, errors: SharedErrors) -> None:
        self.errors = errors

    def make_node(self, point: Any) -> Apply:
        """Return a node of the graph."""
        given = pt.as_tensor_variable(point, dtype="float64")
        return Apply(self, [given], [pt.dscalar(), pt.dvector()])

    def perform(self, node: Apply, inputs: list[Any], outputs: list[Any]) -> None:
        """Compute both."""
        value, gradient = self.at(inputs[0])
        outputs[0][0], outputs[1][0] = np.asarray(value), gradient

    def at(self, point: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the log density (minus infinity where there is none) and its gradient [3 + 2 x observations]."""
        value, gradient = log_density(np.ascontiguousarray(point, dtype=float), *_fixed(self.errors))
        return float(value), gradient

    def pullback(self, inputs: list[Any], outputs: list[Any], cotangents: list[Any]) -> list[Any]:
        """Return the graph of the derivative (PyTensor 3); that of the gradient is not offered."""
        return [cotangents[0] * self(inputs[0])[1]]

    def L_op(self, inputs: list[Any], outputs: list[Any], cotangents: list[Any]) -> list[Any]:  # noqa: N802
        """Return the graph of the derivative (PyTensor 2)."""
        return self.pullback(inputs, outputs, cotangents)


@numba_funcify.register(NormalErrors)
def _in_machine_code(op: NormalErrors, node: Any = None, **_: Any) -> Any:
    indptr, indices, weights, drift, season = _fixed(op.errors)

    @njit(nogil=True)
    def errors(point):  # type: ignore[no-untyped-def]
        value, gradient = log_density(point, indptr, indices, weights, drift, season)
        return np.asarray(value), gradient

    return errors


def _fixed(errors: SharedErrors) -> tuple[np.ndarray, ...]:
    apart = errors.distances
    return apart.indptr, apart.indices, apart.data, errors.drift, errors.of_season
