"""What follows after a fork as a function of levels that are chosen, with exact derivatives, for many members at once.

Each lever is a variable given over time as `base(t) + x * slope(t)`, x the number that is chosen. Members are run to
the fork once; every x then costs the run from there on, and a product with cotangents about as much again, whatever the
number of levers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from sdforecast.engine.choosing import choose
from sdforecast.engine.compiled.blocks import in_blocks
from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.kernel import Forward, Kernel
from sdforecast.engine.compiled.machine import Batch, Machine, Ready
from sdforecast.engine.compiled.making import Question, lowered, made
from sdforecast.engine.compiled.program import start_of
from sdforecast.engine.forked import own_rows, reached
from sdforecast.engine.jobs import threads as all_threads
from sdforecast.engine.members import Draws
from sdforecast.errors import InputError, Problem
from sdforecast.model import ModelFile

WIDTH = 8
"""Members that are run side by side."""

_LARGE = 1e18  # operations: always in threads, so that Ctrl-C is seen


@dataclass(frozen=True, eq=False)
class Steered:
    """Members, levers, and what is saved.

    Attributes
    ----------
    columns : keys of what is saved.
    draws : of the members.
    base, slope : by lever, over time; linear between their points. Up to the fork the slope must be zero.
    series : further variables over time that all members share.
    fixed : constants that all members share.
    fork, until : time from which rows are saved, and last time.
    step, integration : time step, and `euler` or `rk4`, if not those of the file.
    """

    model: ModelFile
    columns: tuple[str, ...]
    draws: Draws
    base: Mapping[str, pd.Series]
    slope: Mapping[str, pd.Series]
    fork: int
    until: int
    series: Mapping[str, pd.Series] = field(default_factory=dict)
    fixed: Mapping[str, float] = field(default_factory=dict)
    step: float | None = None
    integration: str = ""
    threads: int | None = None

    @property
    def levers(self) -> tuple[str, ...]:
        """The levers, in the order of x."""
        return tuple(self.base)

    def run(self, x: np.ndarray) -> np.ndarray:
        """Return what is saved from the fork on [members, rows, columns] where the levers stand at x [levers]."""
        return np.concatenate([forward.values for forward in self._forwards(x)])

    def pull(self, x: np.ndarray, cotangents: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return what is saved, and how much each lever counts for each member and each set of cotangents.

        Parameters
        ----------
        cotangents : how much each saved number counts [sets, members, rows, columns].

        Returns
        -------
        Saved numbers [members, rows, columns] and derivatives [sets, members, levers].
        """
        forwards = self._forwards(x)
        slope = self._rows_of(self.slope)
        found = np.empty((len(cotangents), len(self.draws), len(self.levers)))

        def work(k: int) -> int:
            rows = self._blocks[k]
            for one, given in enumerate(cotangents):
                _, by_row = self._kernel.pull_many(forwards[k], np.ascontiguousarray(given[rows]))
                found[one, rows] = np.einsum("mrsl,rsl->ml", by_row[..., : len(self.levers)], slope)
            return 1

        in_blocks(work, range(len(forwards)), threads=self.threads or all_threads(), effort=_LARGE)
        return np.concatenate([forward.values for forward in forwards]), found

    def _forwards(self, x: np.ndarray) -> list[Forward]:
        levels = self._rows_of(self.base) + np.asarray(x, dtype=float) * self._rows_of(self.slope)
        found: list[Forward | None] = [None] * len(self._blocks)

        def work(k: int) -> int:
            rows = self._blocks[k]
            over_time = np.broadcast_to(levels, (rows.stop - rows.start, *levels.shape))
            own = np.concatenate([over_time, self._latent[rows]], axis=-1)
            found[k] = self._kernel.forward_many(replace(self._inputs, varied=self._varied[rows], own=own))
            return 1

        in_blocks(work, range(len(found)), threads=self.threads or all_threads(), effort=_LARGE)
        return found  # type: ignore[return-value]

    def _rows_of(self, series: Mapping[str, pd.Series]) -> np.ndarray:
        """Return series by lever at the rows after the fork [rows, moments, levers]."""
        clock = self._inputs.clock
        return np.stack(
            [np.interp(clock, each.index.to_numpy(float), each.to_numpy(float)) for each in series.values()], axis=-1
        )

    # --- laid out once ----------------------------------------------------------------------------------------------

    @cached_property
    def _blocks(self) -> list[slice]:
        return [slice(k, min(k + WIDTH, len(self.draws))) for k in range(0, len(self.draws), WIDTH)]

    @property
    def _kernel(self) -> Kernel:
        return self._made[0]

    @property
    def _inputs(self) -> Inputs:
        return self._made[1]

    @property
    def _varied(self) -> np.ndarray:
        return self._made[2]

    @property
    def _latent(self) -> np.ndarray:
        return self._made[3]

    @cached_property
    def _made(self) -> tuple[Kernel, Inputs, np.ndarray, np.ndarray]:
        found = choose(self.model, "compiled", self._compiled, hint="there is no gradient through PySD")
        if found is None:
            raise InputError(Problem("an optimum needs the compiled engine", file=str(self.model.path)))
        return found

    def _compiled(self, machine: Machine) -> tuple[Kernel, Inputs, np.ndarray, np.ndarray]:
        """Return machine code and inputs from the fork on, constants with stocks at the fork, and members' series."""
        from sdforecast.engine.compiled.kernel import compile_kernel

        keys = reached(machine, self.columns)
        if keys is None:
            raise InputError(Problem("the model cannot be taken up midway", file=str(self.model.path)))
        latents, control = tuple(self.draws.series), {} if self.step is None else {"TIME STEP": float(self.step)}
        fixed = {**self.fixed, **control, "FINAL TIME": float(self.until)}
        shared = {**self.series, **self.base}
        over_time = [*shared, *latents]
        before = machine.ready(
            keys, fixed=fixed, series=over_time, varied=self.draws.names, own=latents, method=self.integration
        )
        first = before.batch(fixed, varied=self.draws.values, series=shared, own=_of_nobody(latents, len(self.draws)))
        at = int(np.searchsorted(first.inputs.clock[:, 0], self.fork - 1e-6))
        latent = own_rows(first.inputs.clock, self.draws, latents)
        stocks = self._stocks(before, first.inputs, at, latent)
        after = _uncompiled(
            machine, self.columns, fixed, over_time, (*self.draws.names, *map(start_of, keys)),
            (*self.levers, *latents), keys, self.integration,
        )  # fmt: skip
        nobody = _of_nobody((*self.levers, *latents), 1)
        inputs = after.batch(fixed, varied=np.zeros((1, len(after.question.varied))), series=self.series, own=nobody)
        since = replace(
            inputs.inputs, clock=np.ascontiguousarray(inputs.inputs.clock[at:]), saved=inputs.inputs.saved[at:],
            series=np.ascontiguousarray(inputs.inputs.series[at:]),
        )  # fmt: skip
        kernel = compile_kernel(after.leveled, gradient=True, widths=(WIDTH,))
        varied = np.ascontiguousarray(np.hstack([self.draws.values, stocks]))
        return kernel, since, varied, np.ascontiguousarray(latent[:, at:])

    def _stocks(self, before: Ready, inputs: Inputs, at: int, latent: np.ndarray) -> np.ndarray:
        rows, saved = slice(0, at + 1), np.arange(at + 1) == at
        made_ = replace(
            inputs, clock=np.ascontiguousarray(inputs.clock[rows]), saved=saved,
            series=np.ascontiguousarray(inputs.series[rows]), own=latent[:, rows],
        )  # fmt: skip
        found: np.ndarray = before.run(Batch(made_, made_.clock[saved, 0]), threads=self.threads or all_threads())
        return found[:, 0]


def _of_nobody(names: Sequence[str], members: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    return {name: (np.zeros(1), np.zeros((members, 1))) for name in names}


def _uncompiled(
    machine: Machine, columns: Sequence[str], fixed: Mapping[str, float], series: Sequence[str],
    varied: Sequence[str], own: Sequence[str], initials: Sequence[str], method: str,
) -> Ready:  # fmt: skip
    """Return what `Machine.ready` does, without machine code for runs alone: only that with derivatives is needed."""
    shaping = tuple(sorted((name, value) for name, value in fixed.items() if name in machine.assumed))
    starts = {start_of(key) for key in initials}
    constants = frozenset(name for name in (*fixed, *varied) if machine.is_new(name, series)) - starts
    question = Question(
        columns=tuple(columns), series=frozenset(series), constants=constants, shaping=shaping, varied=tuple(varied),
        own=tuple(own), initials=tuple(initials), method=method,
    )  # fmt: skip
    program = lowered(machine.model, question.series, question.constants, question.shaping)
    return Ready(program, made(program, question), None, question)
