"""A model as an operator of PyTensor, for a `pm.Model()` of one's own: constants in, saved numbers out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytensor.tensor as pt
from pytensor.graph.basic import Apply

from sdforecast.engine.compiled.kernel import Forward
from sdforecast.engine.naming import key_of
from sdforecast.engine.repeated import Repeated
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.inference.operator import ModelOp
from sdforecast.model import ModelFile

METHODS = ("euler", "rk4")


@dataclass(frozen=True, eq=False, repr=False)
class Trajectories:
    """A question asked of a model, as a function of one vector; see :class:`.operator.Differentiable`."""

    repeated: Repeated

    def __repr__(self) -> str:
        return f"{self.repeated.model.path.name}: {self.size} constants to {self.shape[0]} times"

    @property
    def size(self) -> int:
        """How many constants go in."""
        return self.repeated.size

    @property
    def shape(self) -> tuple[int, int]:
        """Saved times, variables."""
        return len(self.repeated.times), len(self.repeated.columns)

    @property
    def count(self) -> int:
        """How many numbers come out."""
        return int(np.prod(self.shape))

    def forward(self, point: np.ndarray) -> tuple[np.ndarray, Forward]:
        """Return the saved numbers, time by time, and what `pull` needs."""
        ran = self.repeated.forward(point)
        return ran.values.ravel(), ran

    def pull(self, ran: Forward, cotangent: np.ndarray) -> np.ndarray:
        """Return derivatives by each constant, given those by each saved number."""
        return self.repeated.pull(ran, np.reshape(cotangent, self.shape))


class TrajectoryOp(ModelOp):
    """The operator: a vector of constants in, a matrix [times, variables] out.

    Attributes
    ----------
    parameters, variables : names, as the model spells them, in the order of the vector and of the columns.
    times : the rows.
    defaults : the model file's values of the constants.
    """

    def __init__(self, function: Trajectories) -> None:
        super().__init__(function)
        self.matrix = function.shape
        self.parameters, self.variables = function.repeated.varied, function.repeated.columns
        self.times, self.defaults = function.repeated.times, function.repeated.defaults

    def make_node(self, point: Any) -> Apply:
        """Return a node of the graph. Raises `InputError` for a vector of another length."""
        given = pt.as_tensor_variable(point, dtype="float64")
        if given.ndim != 1 or given.type.shape[0] not in (None, self.function.size):
            what = f"the operator takes one vector of {self.function.size} constants: {', '.join(self.parameters)}"
            raise InputError(Problem(what, hint="pm.math.stack([...]) makes one of several variables"))
        return Apply(self, [given], [pt.TensorType("float64", shape=self.matrix)()])

    def perform(self, node: Apply, inputs: list[Any], outputs: list[Any]) -> None:
        """Run the model."""
        outputs[0][0] = np.array(self.last.run(self.function, inputs[0])[0]).reshape(self.matrix)

    def infer_shape(self, fgraph: Any, node: Apply, shapes: Any) -> list[tuple[int, ...]]:  # type: ignore[override]
        """Return the shape of the result."""
        return [self.matrix]

    def pullback(self, inputs: list[Any], outputs: list[Any], cotangents: list[Any]) -> list[Any]:
        """Return the graph of the derivative."""
        return super().pullback(inputs, outputs, [pt.flatten(cotangents[0])])


def model_op(
    model: ModelFile,
    variables: Sequence[str],
    parameters: Sequence[str],
    *,
    fixed: Mapping[str, float] | None = None,
    series: Mapping[str, pd.Series] | None = None,
    until: float | None = None,
    step: float | None = None,
    integration: str = "",
) -> TrajectoryOp:
    """Return a compiled model as an operator with exact gradients.

    Parameters
    ----------
    variables : columns of the matrix that comes out, one row a saved time.
    parameters : constants, the vector that goes in.
    fixed, series : constants and inputs over time that keep what is given here.
    until : last time.
    step, integration : time step, and `euler` or `rk4`, if not those of the file.

    Raises
    ------
    InputError : an unknown name, with the nearest; none or one twice; a model that the compiled engine does not do.
    """
    columns, varied = _keys(model, "variable", variables), _keys(model, "parameter", parameters)
    _check_constants(model, varied)
    held = {key_of(model, name): float(value) for name, value in (fixed or {}).items()}
    both = next((name for name in varied if name in held), None)
    if both is not None:
        raise InputError(Problem(f"'{both}' is a parameter of the operator and fixed, too", hint="leave one out"))
    if integration not in ("", *METHODS):
        raise InputError(Problem(f"no integration '{integration}'", hint=nearest(integration, METHODS)))
    repeated = Repeated(
        model, columns, varied, fixed=held, series=series or {}, until=until, step=step, integration=integration
    )
    repeated.check()
    return TrajectoryOp(Trajectories(repeated))


def _keys(model: ModelFile, what: str, names: Sequence[str]) -> tuple[str, ...]:
    if isinstance(names, str) or not names:
        raise InputError(Problem(f"no list of {what}s: {names!r}", hint=f'["{names or what}"]'))
    keys = tuple(key_of(model, name) for name in names)
    twice = next((key for key in keys if keys.count(key) > 1), None)
    if twice is not None:
        raise InputError(Problem(f"{what} '{twice}' is named twice"))
    return keys


def _check_constants(model: ModelFile, keys: Sequence[str]) -> None:
    """Refuse what has an equation: setting it would cut it off from what it follows from, which nobody asked for."""
    kinds = {str(name): str(kind) for name, kind in model.variables[["name", "kind"]].itertuples(index=False)}
    constants = [name for name, kind in kinds.items() if kind == "constant"]
    for key in keys:
        kind = kinds.get(key.partition("[")[0], "constant")
        if kind != "constant":
            raise InputError(Problem(f"'{key}' is no constant (its kind is '{kind}')", hint=nearest(key, constants)))
