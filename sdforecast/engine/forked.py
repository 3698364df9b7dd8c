"""The same members under several sets of inputs that have a past in common: that past is run once.

Policy mixes differ from a month on. Up to there a member goes the same way under all of them, so it is run to the fork,
its stocks are kept, and each case goes on from them. The bits are those of whole runs: the second part does the same
operations on the same numbers (tested). A case with another past, or other constants, has a past of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from sdforecast.engine.choosing import choose
from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.machine import Batch, Machine, Ready, weights
from sdforecast.engine.compiled.program import start_of
from sdforecast.engine.compiled.specialise import specialise
from sdforecast.engine.members import Draws, run_members
from sdforecast.model import ModelFile

_AT_START = ("initial", "ring")
"""What looks back at the beginning of a run, or carries more than stocks: such a model cannot be taken up midway."""


@dataclass(frozen=True)
class Case:
    """What all members share: constants (they count before a draw of the same name) and variables over time."""

    fixed: Mapping[str, float]
    series: Mapping[str, pd.Series]


@dataclass(frozen=True, eq=False)
class Forked:
    """A question about members under several cases.

    Attributes
    ----------
    columns : keys of what is saved.
    cases : each with the same variables over time.
    names : keys of the constants that differ between members.
    own : variables given over time that do.
    fork : time at which cases part, a saved row; what is before it is not returned.
    until : last time.
    step, integration : time step, and `euler` or `rk4`, if not those of the file.
    engine : see :data:`.choosing.ENGINES`. Under PySD every case is run whole, by the file's own step.
    """

    model: ModelFile
    columns: tuple[str, ...]
    cases: tuple[Case, ...]
    names: tuple[str, ...]
    own: tuple[str, ...]
    fork: int
    until: int
    step: float | None = None
    integration: str = ""
    engine: str = "auto"

    def check(self) -> None:
        """Compile. Raises `InputError` for an unknown name."""
        for k in range(len(self.cases)):
            self._legs(k)

    def run(self, draws: Draws, threads: int = 1) -> np.ndarray:
        """Run all members under all cases; returns what is saved from the fork on [members, cases, rows, columns].

        The bits of a member do not depend on who runs beside it, nor on `threads`.
        """
        out = np.empty((len(draws), len(self.cases), self.until - self.fork + 1, len(self.columns)))
        pasts: dict[int, np.ndarray] = {}
        over_time: dict[int, np.ndarray] = {}  # by how many rows there are
        for k, case in enumerate(self.cases):
            legs = self._legs(k)
            if legs is None:
                out[:, k] = self._whole(case, draws)
                continue
            values = self._with(case, draws.values)
            if legs.rows not in over_time:
                over_time[legs.rows] = _own(legs.first.inputs.clock, draws, self.own)
            own = over_time[legs.rows]
            past = self.pasts[k]
            if past not in pasts:
                pasts[past] = legs.past(values, own, threads)
            legs.future(values, pasts[past], own, threads, out[:, k])
        return out

    def _with(self, case: Case, values: np.ndarray) -> np.ndarray:
        """Return members' constants with what the case says in place of them."""
        columns = {self.names.index(name): value for name, value in case.fixed.items() if name in self.names}
        if not columns:
            return values
        changed = values.copy()
        for column, value in columns.items():
            changed[:, column] = value
        return changed

    def _whole(self, case: Case, draws: Draws) -> np.ndarray:
        drawn = Draws(self.names, self._with(case, draws.values), draws.series)
        _, values = run_members(
            self.model, self.columns, drawn, fixed=case.fixed, series=case.series, until=self.until, engine=self.engine
        )
        return values[:, self.fork :]

    @property
    def _control(self) -> dict[str, float]:
        return {} if self.step is None else {"TIME STEP": self.step}

    @cached_property
    def pasts(self) -> list[int]:
        """Return for each case the first that has its past: the same constants, and levels up to the fork."""
        found: list[object] = []
        for case in self.cases:
            levels = []
            for name, values in sorted(case.series.items()):
                times = values.index.to_numpy(float)
                kept = times <= self.fork
                at_fork = np.interp(self.fork, times, values.to_numpy(float))
                levels.append((name, times[kept].tobytes(), values.to_numpy(float)[kept].tobytes(), float(at_fork)))
            found.append((tuple(sorted(case.fixed.items())), tuple(levels)))
        return [found.index(past) for past in found]

    @cached_property
    def _made(self) -> dict[int, _Legs | None]:
        return {}

    def _legs(self, k: int) -> _Legs | None:
        """Return both parts of a case, compiled; None where it must be run whole."""
        if k not in self._made:
            case = self.cases[k]
            shared = {name: value for name, value in case.fixed.items() if name not in self.names}
            fixed = {**shared, **self._control, "FINAL TIME": float(self.until)}
            self._made[k] = choose(self.model, self.engine, lambda machine: self._compiled(machine, case, fixed))
        return self._made[k]

    def _compiled(self, machine: Machine, case: Case, fixed: Mapping[str, float]) -> _Legs | None:
        over_time = list(dict.fromkeys([*case.series, *self.own]))

        def ready(columns: Sequence[str], initials: Sequence[str] = ()) -> Ready:
            varied = [*self.names, *(start_of(key) for key in initials)]
            return machine.ready(
                columns, fixed=fixed, series=over_time, varied=varied, own=self.own, initials=initials,
                method=self.integration,
            )  # fmt: skip

        base = machine.base
        stocks = {state.name for state in base.states if state.is_rate}
        reached = specialise(base, outputs=self.columns).states
        if any(node.op in _AT_START for node in base.nodes) or not {state.name for state in reached} <= stocks:
            return None
        keys = [state.name for state in reached]
        before, after = ready(keys), ready(self.columns, keys)
        shared = {name: values for name, values in case.series.items() if name not in self.own}
        nobody = {name: (np.zeros(1), np.zeros((1, 1))) for name in self.own}
        first, second = (
            leg.batch(fixed, varied=np.zeros((1, len(leg.question.varied))), series=shared, own=nobody)
            for leg in (before, after)
        )
        return _Legs(before, after, first, second, self.fork)


@dataclass(frozen=True, eq=False)
class _Legs:
    """Both parts of one case: to the fork, saving stocks, and from it on, beginning with them."""

    before: Ready
    after: Ready
    first: Batch
    second: Batch
    fork: int

    @property
    def rows(self) -> int:
        return len(self.first.inputs.clock)

    @cached_property
    def at(self) -> int:
        """Return the row of the fork."""
        return int(np.searchsorted(self.first.inputs.clock[:, 0], self.fork - 1e-6))

    def past(self, values: np.ndarray, own: np.ndarray, threads: int) -> np.ndarray:
        """Return the stocks at the fork [members, stocks]."""
        rows = slice(0, self.at + 1)
        saved = np.zeros(self.at + 1, dtype=bool)
        saved[-1] = True
        return self.before.run(self._batch(self.first.inputs, rows, saved, values, own), threads=threads)[:, 0]

    def future(self, values: np.ndarray, stocks: np.ndarray, own: np.ndarray, threads: int, out: np.ndarray) -> None:
        """Write what is saved from the fork on to `out` [members, rows, columns]."""
        rows = slice(self.at, None)
        begun = np.ascontiguousarray(np.hstack([values, stocks]))
        batch = self._batch(self.second.inputs, rows, self.second.inputs.saved[rows], begun, own)
        self.after.run(batch, threads=threads, out=out)

    @staticmethod
    def _batch(inputs: Inputs, rows: slice, saved: np.ndarray, varied: np.ndarray, own: np.ndarray) -> Batch:
        clock = np.ascontiguousarray(inputs.clock[rows])
        series = np.ascontiguousarray(inputs.series[rows])
        made = replace(inputs, clock=clock, saved=saved, series=series, varied=varied, own=own[:, rows])
        return Batch(made, clock[saved, 0])


def _own(clock: np.ndarray, draws: Draws, names: Sequence[str]) -> np.ndarray:
    """Return members' series at the rows [members, rows, moments, series].

    Each number from the two knots beside it: a sum over all knots would depend in its last bit on how many members
    there are.
    """
    found = np.zeros((len(draws), *clock.shape, len(names)))
    for k, name in enumerate(names):
        knots, values = draws.series[name]
        if len(knots) == 1:
            found[..., k] = values[:, :1, None]
            continue
        counts = weights(clock, knots)
        left = np.clip(np.searchsorted(knots, clock, side="right") - 1, 0, len(knots) - 2)
        beside = [np.take_along_axis(counts, (left + j)[..., None], axis=-1)[..., 0] for j in (0, 1)]
        found[..., k] = values[:, left] * beside[0] + values[:, left + 1] * beside[1]
    return found
