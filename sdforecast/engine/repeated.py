"""One question asked of a model again and again: constants and knots in, saved numbers out, with exact derivatives.

What :mod:`.gradients` does for one run with all checks, this does for the thousands of runs of an estimate: everything
that does not change between them is laid out once. It can be pickled; what was compiled is then made again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from sdforecast.engine.choosing import choose
from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.kernel import Forward
from sdforecast.engine.compiled.machine import Batch, Machine, Ready, weights
from sdforecast.engine.jobs import threads as all_threads
from sdforecast.engine.naming import key_of
from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile


@dataclass(frozen=True, eq=False)
class Repeated:
    """A question: which constants and series change from run to run, and what is saved.

    Attributes
    ----------
    columns : keys of what is saved.
    varied : keys of constants that change, the order of their values.
    knots : by variable that changes over time, the times of its knots: linear between, flat outside.
    fixed, series : constants and series that all runs share.
    until : last time.
    step : time step, if not that of the file.
    integration : `euler` or `rk4`, if not that of the file.
    """

    model: ModelFile
    columns: tuple[str, ...]
    varied: tuple[str, ...]
    knots: Mapping[str, np.ndarray] = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)
    series: Mapping[str, pd.Series] = field(default_factory=dict)
    until: float | None = None
    step: float | None = None
    integration: str = ""

    @property
    def size(self) -> int:
        """How many numbers go into a run: the constants, then the knots, series by series."""
        return len(self.varied) + sum(len(times) for times in self.knots.values())

    @property
    def times(self) -> np.ndarray:
        """Return the times that are saved [rows]."""
        return self._batch.times

    @property
    def defaults(self) -> np.ndarray:
        """Return the file's values of the constants that change [varied]."""
        return np.array([self._ready.defaults[key] for key in self._keys], dtype=float)

    def run(self, points: np.ndarray, *, threads: int | None = None) -> np.ndarray:
        """Run the rows of `points` [runs, size]; returns what is saved [runs, rows, columns]."""
        given = np.atleast_2d(np.asarray(points, dtype=float))
        varied, knots = np.split(given, [len(self.varied)], axis=1)
        own = np.einsum("mk,krsc->mrsc", knots, self._weights)
        inputs = replace(self._batch.inputs, varied=np.ascontiguousarray(varied), own=np.ascontiguousarray(own))
        return self._ready.run(Batch(inputs, self._batch.times), threads=threads or all_threads())

    def forward(self, point: np.ndarray) -> Forward:
        """Run once and keep what the way back needs; `.values` are [rows, columns]."""
        return self._ready.gradient_kernel.forward(self._inputs(np.asarray(point, dtype=float)[None]))

    def pull(self, forward: Forward, cotangent: np.ndarray) -> np.ndarray:
        """Return how much each input counts [size], given how much each saved number does [rows, columns]."""
        return self._joined(*self._ready.gradient_kernel.pull(forward, cotangent))

    def forward_many(self, points: np.ndarray) -> Forward:
        """Do what :meth:`forward` does for the rows of `points` [runs, size], side by side in one thread.

        The bits of a run are those that it has alone.
        """
        return self._ready.gradients_kernel.forward_many(self._inputs(np.asarray(points, dtype=float)))

    def pull_many(self, forward: Forward, cotangents: np.ndarray) -> np.ndarray:
        """Return what :meth:`pull` does for each run [runs, size], given cotangents [runs, rows, columns]."""
        pulled = self._ready.gradients_kernel.pull_many(forward, cotangents)
        return np.stack([self._joined(*one) for one in zip(*pulled, strict=True)])

    def _inputs(self, points: np.ndarray) -> Inputs:
        """Lay out points [runs, size]; each for itself, because sums over knots would differ in the last bit."""
        varied, knots = np.split(points, [len(self.varied)], axis=1)
        own = np.stack([np.tensordot(one, self._weights, axes=1) for one in knots])
        return replace(self._batch.inputs, varied=np.ascontiguousarray(varied), own=own)

    def _joined(self, by_constant: np.ndarray, by_row: np.ndarray) -> np.ndarray:
        return np.concatenate([by_constant, np.tensordot(self._weights, by_row, axes=3)])

    def check(self) -> None:
        """Compile. Raises `InputError` for an unknown name, or something that the compiled engine does not do."""
        _ = self._ready

    @property
    def _keys(self) -> list[str]:
        return [key_of(self.model, name) for name in self.varied]

    @cached_property
    def _ready(self) -> Ready:
        def compiled(machine: Machine) -> Ready:
            return machine.ready(
                [key_of(self.model, name) for name in self.columns],
                fixed=self._shared,
                series=[*map(self.model.name_of, self.series), *map(self.model.name_of, self.knots)],
                varied=self._keys,
                own=tuple(map(self.model.name_of, self.knots)),
                method=self.integration,
            )

        found = choose(self.model, "compiled", compiled)
        if found is None:
            raise InputError(Problem("repeated runs need the compiled engine", file=str(self.model.path)))
        return found

    @property
    def _shared(self) -> dict[str, float]:
        control = {"FINAL TIME": self.until, "TIME STEP": self.step}
        given = {key_of(self.model, name): float(value) for name, value in self.fixed.items()}
        return given | {name: float(value) for name, value in control.items() if value is not None}

    @cached_property
    def _batch(self) -> Batch:
        own = {self.model.name_of(name): (times, np.zeros((1, len(times)))) for name, times in self.knots.items()}
        return self._ready.batch(
            self._shared,
            varied=np.zeros((1, len(self.varied))),
            series={self.model.name_of(name): values for name, values in self.series.items()},
            own=own,
        )

    @cached_property
    def _weights(self) -> np.ndarray:
        """How much each knot counts [knots, rows, moments, series that change]."""
        clock = self._batch.inputs.clock
        total = sum(len(times) for times in self.knots.values())
        found = np.zeros((total, *clock.shape, len(self.knots)))
        begin = 0
        for k, times in enumerate(self.knots.values()):
            found[begin : begin + len(times), :, :, k] = np.moveaxis(weights(clock, times), -1, 0)
            begin += len(times)
        return found

    def __getstate__(self) -> dict[str, object]:
        return {name: value for name, value in self.__dict__.items() if name in self.__dataclass_fields__}

    def __setstate__(self, state: dict[str, object]) -> None:
        self.__dict__.update(state)
