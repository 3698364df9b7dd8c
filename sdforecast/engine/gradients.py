"""Exact derivatives of a run: a vector-Jacobian product, and the value and gradient of a payoff.

A run is a function from constants, initial values and knots of series to what is saved. For a cotangent (how much each
saved number counts) the product gives how much each input counts, at the price of about two runs, whatever the number
of inputs. The derivative is that of the path taken: where a condition, a rounding, a STEP or a PULSE jumps, it does not
see the jump.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast.engine.choosing import choose
from sdforecast.engine.compiled.machine import Batch, Machine, Ready, weights
from sdforecast.engine.compiled.program import keyed, start_of
from sdforecast.engine.layout import Layout, columns, dataset, layouts
from sdforecast.engine.naming import key_of
from sdforecast.engine.once import Override, by_cell, split
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model import ModelFile

Payoff = Callable[[xr.Dataset], tuple[float, Mapping[str, np.ndarray]]]
"""From a run to its value and, by variable, the derivative of the value by each saved number (shape of the array)."""


@dataclass(frozen=True)
class Gradient:
    """Derivatives by each input that was asked for.

    Attributes
    ----------
    parameters : by constant, or `variable[element]`.
    initial : by stock, for initial values that were given.
    series : by variable, one number for each knot of the series.
    """

    parameters: dict[str, float]
    initial: dict[str, float]
    series: dict[str, np.ndarray]


class Tangent:
    """A run whose inputs can be asked for derivatives; made by :func:`differentiable`.

    Attributes
    ----------
    runs : the run, a dataset over `time`.
    """

    def __init__(
        self,
        model: ModelFile,
        ready: Ready,
        batch: Batch,
        chosen: Sequence[Layout],
        keys: Sequence[str],
        knots: Mapping[str, tuple[str, np.ndarray]],
    ) -> None:
        self._model, self._ready, self._batch = model, ready, batch
        self._chosen, self._keys, self._knots = chosen, keys, knots
        self._forward = ready.gradient_kernel.forward(batch.inputs)
        self.runs = dataset(model, chosen, keys, self._forward.values, ("time",), {"time": batch.times})

    def pull(self, cotangents: Mapping[str, np.ndarray]) -> Gradient:
        """Return how much each input counts, given how much each saved number does (by variable, shape of its array).

        Variables that are not named count nothing. Raises `InputError` for another shape, or a variable that was not
        kept.
        """
        cotangent = np.zeros_like(self._forward.values)
        kept = {layout.name: layout for layout in self._chosen}
        for word, given in cotangents.items():
            layout = kept.get(self._model.name_of(word))
            if layout is None:
                raise InputError(Problem(f"'{word}' is not among the variables of the run", hint=nearest(word, kept)))
            self._fill(cotangent, layout, np.asarray(given, dtype=float))
        by_parameter, by_row = self._ready.gradient_kernel.pull(self._forward, cotangent)
        question = self._ready.question
        found = dict(zip(question.varied, map(float, by_parameter), strict=True))
        initial = {key: found.pop(start_of(key)) for key in question.initials}
        series: dict[str, np.ndarray] = {}
        for k, key in enumerate(question.own):
            name, knots = self._knots[key]
            counted = np.einsum("rs,rsk->k", by_row[..., k], weights(self._batch.inputs.clock, knots))
            series[name] = series.get(name, 0.0) + counted
        return Gradient(found, initial, series)

    def _fill(self, cotangent: np.ndarray, layout: Layout, given: np.ndarray) -> None:
        shape = self.runs[layout.name].shape
        if given.shape != shape:
            raise InputError(Problem(f"the cotangent of '{layout.name}' has shape {given.shape}, not {shape}"))
        flat = given.reshape(len(given), -1)
        place = {key: k for k, key in enumerate(self._keys)}
        for k, key in enumerate(layout.keys):
            if key in place:
                cotangent[:, place[key]] = flat[:, k]


def differentiable(
    model: ModelFile,
    names: Sequence[str],
    *,
    parameters: Mapping[str, Override],
    wrt: Sequence[str] | None = None,
    initial: Mapping[str, float] | None = None,
    until: float | None = None,
) -> Tangent:
    """Run a model once so that it can be differentiated.

    Parameters
    ----------
    names : variables to keep.
    parameters : numbers and series by variable, as for a run.
    wrt : which of them to differentiate by; all that are numbers or series over time if None. A constant that is
        not among `parameters` has the file's value.
    initial : initial values of stocks; each is differentiated by.
    until : last time.

    Raises
    ------
    InputError : something that the compiled engine does not do (there is no gradient through PySD), or an unknown name.
    """

    def compiled(machine: Machine) -> Tangent:
        given = {key_of(model, name): value for name, value in parameters.items()}
        stocks = by_cell(machine, {key_of(model, name): float(value) for name, value in (initial or {}).items()})
        begin = {start_of(key): value for key, value in stocks.items()}
        fixed, series, tables = split(model, given)
        asked = [key_of(model, name) for name in wrt] if wrt is not None else [*fixed, *series]
        if until is not None:
            fixed["FINAL TIME"] = float(until)
        knots = {cell: key for key in sorted(series, key=_is_element) if key in asked for cell in machine.cells(key)}
        varied = list(dict.fromkeys(cell for key in asked if key not in series for cell in machine.cells(key)))
        varied = [name for name in varied if name not in knots] + list(begin)
        chosen = layouts(machine.base, [model.name_of(name) for name in names])
        keys = columns(machine.base, chosen)
        ready = machine.ready(
            keys, fixed=fixed, series=list(series), varied=varied, own=tuple(knots),
            initials=list(stocks), tables=tables,
        )  # fmt: skip
        values = {**ready.defaults, **{c: v for k, v in fixed.items() for c in machine.cells(k)}, **begin}
        point = np.array([[values[name] for name in varied]], dtype=float)
        over_time = {
            cell: (series[key].index.to_numpy(float), series[key].to_numpy(float)[None, :])
            for cell, key in knots.items()
        }
        batch = ready.batch(fixed, varied=point, series=series, own=over_time)
        return Tangent(model, ready, batch, chosen, keys, {c: (key, over_time[c][0]) for c, key in knots.items()})

    found = choose(model, "compiled", compiled, hint="there is no gradient through PySD")
    if found is None:
        raise InputError(Problem("a gradient needs the compiled engine", file=str(model.path)))
    return found


def _is_element(key: str) -> bool:
    return "[" in key


def payoff_and_gradient(
    model: ModelFile,
    payoff: Payoff | Mapping[str, pd.Series],
    names: Sequence[str] = (),
    *,
    parameters: Mapping[str, Override],
    wrt: Sequence[str] | None = None,
    initial: Mapping[str, float] | None = None,
    scale: Mapping[str, float] | None = None,
    until: float | None = None,
) -> tuple[float, Gradient]:
    """Return the value of a payoff and its exact gradient.

    Parameters
    ----------
    payoff : a function from a run to a value and its derivatives by variable; or data by variable or
        `variable[element]`, series over saved times: the payoff is then Vensim's, minus the sum of
        (weight x (model - data))^2.
    names : variables that the function needs.
    scale : weights of the data by variable; 1 if not given.

    Raises
    ------
    InputError : an unknown name, data at times that are not saved, a payoff that is not finite; as for
        :func:`differentiable`.
    """
    if callable(payoff):
        tangent = differentiable(model, names, parameters=parameters, wrt=wrt, initial=initial, until=until)
        value, cotangents = payoff(tangent.runs)
    else:
        data = {key_of(model, name): series for name, series in payoff.items()}
        weighted = {key_of(model, name): weight for name, weight in (scale or {}).items()}
        if strange := next((name for name in weighted if name not in data), None):
            raise InputError(Problem(f"a weight of '{strange}' without data", hint=nearest(strange, data)))
        names = list(dict.fromkeys(key.partition("[")[0] for key in data))
        tangent = differentiable(model, names, parameters=parameters, wrt=wrt, initial=initial, until=until)
        value, cotangents = _squared(tangent.runs, data, weighted)
    if not np.isfinite(value):
        raise InputError(Problem("the payoff is not finite", file=str(model.path)))
    return float(value), tangent.pull(cotangents)


def _squared(
    runs: xr.Dataset, data: Mapping[str, pd.Series], scale: Mapping[str, float]
) -> tuple[float, dict[str, np.ndarray]]:
    """Return Vensim's payoff and its derivatives."""
    times = runs["time"].to_numpy()
    value, cotangents = 0.0, dict[str, np.ndarray]()
    for name, series in data.items():
        variable, cell = _cell(runs, name)
        rows = np.searchsorted(times, series.index.to_numpy(float) - 1e-9)
        if (rows >= len(times)).any() or not np.allclose(times[rows], series.index.to_numpy(float), atol=1e-6):
            raise InputError(Problem(f"data of '{name}' at times that the run does not save"))
        weight = scale.get(name, 1.0)
        array = runs[variable].to_numpy()
        gap = array.reshape(len(times), -1)[rows, cell] - series.to_numpy(float)
        value -= float(((weight * gap) ** 2).sum())
        counts = cotangents.setdefault(variable, np.zeros(array.shape))
        np.add.at(counts.reshape(len(times), -1)[:, cell], rows, -2 * weight**2 * gap)
    return value, cotangents


def _cell(runs: xr.Dataset, key: str) -> tuple[str, int]:
    """Return the variable of a key, and which of its cells it is."""
    name, _, inside = key.partition("[")
    words = tuple(inside.removesuffix("]").split(", ")) if inside else ()
    axes = [[str(label) for label in runs[dim].to_numpy()] for dim in runs[name].dims if dim != "time"]
    cells = list(itertools.product(*axes))
    if words not in cells:
        hint = nearest(key, [keyed(name, cell) for cell in cells])
        raise InputError(Problem(f"data of '{key}', which is no number at a time", hint=hint))
    return name, cells.index(words)
