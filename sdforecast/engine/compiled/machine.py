"""A machine: a model, and what has been compiled of it so far.

    machine = Machine(read("model.mdl"))
    ready = machine.ready(["dose"], varied=["detection"], series=["naloxone"])
    batch = ready.batch({"lag": 3.0}, varied=draws, series={"naloxone": levels})
    ready.run(batch)                       # array [members, saved rows, columns]

Names here are keys: a variable as the modeller wrote it, or `variable[element]`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from sdforecast.engine.compiled.clock import clock, labels
from sdforecast.engine.compiled.evaluate import constant
from sdforecast.engine.compiled.inputs import Inputs
from sdforecast.engine.compiled.interpret import interpret
from sdforecast.engine.compiled.level import Leveled
from sdforecast.engine.compiled.making import Question, lowered, made
from sdforecast.engine.compiled.program import Program, Table, start_of
from sdforecast.engine.compiled.unsupported import Unsupported
from sdforecast.errors import InputError, MachineError, Problem, nearest
from sdforecast.model import ModelFile
from sdforecast.model.vocabulary import CONTROL

if TYPE_CHECKING:
    from sdforecast.engine.compiled.kernel import Kernel

MOMENTS = {"euler": 1, "rk4": 3}


@dataclass(frozen=True)
class Batch:
    """Numbers to run on, and the times at which rows are saved."""

    inputs: Inputs
    times: np.ndarray


@dataclass(frozen=True)
class Ready:
    """A program compiled for one question.

    Attributes
    ----------
    program : as lowered, before it was made ready: it knows all parameters and control variables.
    leveled : what runs.
    kernel : the machine code; None where the platform has no compiler, then NumPy runs the same program.
    """

    program: Program
    leveled: Leveled
    kernel: Kernel | None
    question: Question

    def batch(
        self,
        fixed: Mapping[str, float],
        *,
        varied: np.ndarray | None = None,
        series: Mapping[str, pd.Series] | None = None,
        own: Mapping[str, tuple[np.ndarray, np.ndarray]] | None = None,
    ) -> Batch:
        """Lay out numbers for a run.

        Parameters
        ----------
        fixed : values that all members share, by key or variable; what is not given is the file's.
        varied : values [members, varied] in the order of the question; one member without it.
        series : values by time for each series of the question that is shared; linear between, flat outside.
        own : the same for those that differ: times [k] and values [members, k].
        """
        values = self._values(fixed)
        program = self.leveled.program
        final, saving = (constant(self.program, name, values) for name in ("FINAL TIME", "SAVEPER"))
        moments = MOMENTS[program.method]
        times, saved = clock(program.initial_time, final, program.step, saving, moments=moments)
        members = 1 if varied is None else len(varied)
        shared = [name for k, name in enumerate(program.series) if k not in self.leveled.own]
        given = series or {}
        inputs = Inputs(
            clock=times,
            saved=saved,
            parameters=np.array(self._values(fixed, program), dtype=float),
            varied=np.zeros((members, 0)) if varied is None else np.ascontiguousarray(varied, dtype=float),
            series=_stacked([_sampled(_of(given, name), times) for name in shared], (*times.shape, 0)),
            own=self._own(own or {}, times, members),
        )
        return Batch(inputs, labels(times[saved, 0], program.step))

    def _values(self, fixed: Mapping[str, float], program: Program | None = None) -> list[float]:
        parameters = (program or self.program).parameters
        return [float(fixed.get(p.key, fixed.get(p.name, p.value))) for p in parameters]

    def _own(self, given: Mapping[str, tuple[np.ndarray, np.ndarray]], times: np.ndarray, members: int) -> np.ndarray:
        names = [self.leveled.program.series[k] for k in self.leveled.own]
        if not names:
            return np.zeros((members, *times.shape, 0))
        return np.stack([interpolation(times, given[name][0], given[name][1]) for name in names], axis=-1)

    def run(
        self,
        batch: Batch,
        *,
        threads: int = 1,
        out: np.ndarray | None = None,
        advance: Callable[[int], None] | None = None,
    ) -> np.ndarray:
        """Return what is saved [members, saved rows, columns]."""
        if self.kernel is not None:
            return self.kernel.run(batch.inputs, threads=threads, out=out, advance=advance)
        values = interpret(self.leveled, batch.inputs)
        if advance is not None:
            advance(len(values))
        if out is None:
            return values
        out[...] = values
        return out

    def final(self, batch: Batch) -> float:
        """Return the final time that a batch asks for."""
        return constant(self.program, "FINAL TIME", batch.inputs.parameters[: len(self.program.parameters)].tolist())

    @property
    def defaults(self) -> dict[str, float]:
        """What the file says of each parameter, by key; of a scalar or of all elements also by variable."""
        found = {parameter.name: parameter.value for parameter in self.program.parameters}
        return found | {parameter.key: parameter.value for parameter in self.program.parameters}

    @cached_property
    def gradient_kernel(self) -> Kernel:
        """The machine code with its gradient. Raises `MachineError` where the platform has no compiler."""
        from sdforecast.engine.compiled.kernel import compile_kernel

        return compile_kernel(self.leveled, gradient=True, widths=(1,))

    @cached_property
    def gradients_kernel(self) -> Kernel:
        """The same for several members at once. Raises `MachineError` where the platform has no compiler."""
        from sdforecast.engine.compiled import objects
        from sdforecast.engine.compiled.kernel import compile_kernel

        return compile_kernel(self.leveled, gradient=True, widths=objects.gradient_widths())


class Machine:
    """A model and what has been compiled of it; not shared between threads while it compiles.

    Attributes
    ----------
    model : the file.
    base : its program, with no variable given from outside.
    assumed : names and keys of the constants that shape the program: they cannot be drawn.
    """

    def __init__(self, model: ModelFile) -> None:
        self.model = model
        self.base = lowered(model)
        self._constants = {parameter.name for parameter in self.base.parameters}
        self.assumed = {
            name for k, _ in self.base.assumed for name in (self.base.parameters[k].name, self.base.parameters[k].key)
        }
        self._ready: dict[Question, Ready] = {}

    def ready(
        self,
        columns: Sequence[str],
        *,
        fixed: Mapping[str, float] | None = None,
        series: Collection[str] = (),
        varied: Sequence[str] = (),
        own: Sequence[str] = (),
        initials: Sequence[str] = (),
        tables: Sequence[Table] = (),
        fast: bool = False,
        method: str = "",
    ) -> Ready:
        """Return the program that answers a question, compiled at most once.

        Parameters
        ----------
        columns : keys to save.
        fixed : what will be given for all members; only the names count, but for constants that shape the program.
        series : variables given by row, `own` among them.
        varied, own, initials, tables, fast, method : see :class:`.making.Question`.

        Raises
        ------
        Unsupported : draws of a constant that shapes the program, or something that is not compiled.
        InputError : an element that is not there, draws of when rows are saved.
        """
        given = dict(fixed or {})
        starts = {start_of(key) for key in initials}
        self._check([name for name in (*given, *varied, *series) if name not in starts])
        self._check_tables([table.name for table in tables])
        same_rows(varied)
        for name in varied:
            if name in self.assumed:
                raise Unsupported(f"draws of '{name}', on which the number of its equations depends")
        names = {name for name in (*given, *varied) if self.is_new(name, series)} - starts
        question = Question(
            columns=tuple(columns),
            series=frozenset(series),
            constants=frozenset(names),
            shaping=tuple(sorted((name, float(value)) for name, value in given.items() if name in self.assumed)),
            varied=tuple(varied),
            own=tuple(own),
            initials=tuple(initials),
            tables=tuple(tables),
            fast=fast,
            method=method,
        )
        if question not in self._ready:
            self._ready[question] = self._made(question)
        return self._ready[question]

    def control(self, fixed: Mapping[str, float]) -> dict[str, float]:
        """Return initial and final time, step and saving period where `fixed` is given."""
        values = [float(fixed.get(p.key, fixed.get(p.name, p.value))) for p in self.base.parameters]
        return {name: constant(self.base, name, values) for name in CONTROL}

    def is_new(self, name: str, series: Collection[str]) -> bool:
        """Return whether a name becomes a constant by being given: the file has none, or all of it is given by row."""
        variable = name.partition("[")[0]
        return variable not in self._constants or variable in series

    def _check(self, names: Collection[str]) -> None:
        """Raise `InputError` for a name that is not there, or an element that its variable does not have."""
        keys = {output.key for output in self.base.outputs} | {table.name for table in self.base.tables}
        there = keys | {output.name for output in self.base.outputs}
        for name in names:
            if name not in there and "[" not in name:
                raise InputError(
                    Problem(f"no variable '{name}'", file=str(self.model.path), hint=nearest(name, sorted(there)))
                )
            if name not in there:
                known = [key for key in keys if key.startswith(name.partition("[")[0] + "[")]
                hint = nearest(name, sorted(known)) if known else "it has no subscripts"
                raise InputError(Problem(f"no '{name}'", file=str(self.model.path), hint=hint))

    def _check_tables(self, names: Collection[str]) -> None:
        """Raise `InputError` for a table that is not there."""
        known = {table.name for table in self.base.tables}
        known |= {name.partition("[")[0] for name in known}
        if strange := next((name for name in names if name not in known), None):
            what = f"no table '{strange}' that an equation reads"
            raise InputError(Problem(what, file=str(self.model.path), hint=nearest(strange, sorted(known))))

    def cells(self, name: str) -> list[str]:
        """Return the keys that a name stands for: those of all cells of a variable, or the one that it is."""
        keys = [output.key for output in self.base.outputs if output.name == name]
        return keys or [name]

    def expanded(self, names: Sequence[str], values: np.ndarray) -> tuple[list[str], np.ndarray]:
        """Return keys and values [members, keys] where a name may stand for all cells of a variable."""
        keys = [self.cells(name) for name in names]
        columns = [k for k, cells in enumerate(keys) for _ in cells]
        return [key for cells in keys for key in cells], values[:, columns]

    def _made(self, question: Question) -> Ready:
        program = lowered(self.model, question.series, question.constants, question.shaping)
        leveled = made(program, question)
        return Ready(program, leveled, _compiled(leveled), question)


def same_rows(varied: Collection[str]) -> None:
    """Raise `InputError` where members would have other rows than their neighbours."""
    for name in ("FINAL TIME", "SAVEPER"):
        if name in varied:
            raise InputError(Problem(f"'{name}' cannot differ between members", hint="all of them save the same rows"))


def _compiled(leveled: Leveled) -> Kernel | None:
    """Return machine code, or None on a platform without a compiler."""
    try:
        from sdforecast.engine.compiled.kernel import compile_kernel

        alone = not leveled.varied and not leveled.own  # members that differ in nothing are run one at a time
        return compile_kernel(leveled, widths=(1,) if alone else None)
    except (MachineError, ModuleNotFoundError):
        return None


def _of(series: Mapping[str, pd.Series], key: str) -> pd.Series:
    """Return the series of a cell: its own, or that of its variable."""
    found = series.get(key, series.get(key.partition("[")[0]))
    if found is None:
        raise InputError(Problem(f"no series for '{key}'"))
    return found


def _sampled(series: pd.Series, times: np.ndarray) -> np.ndarray:
    """Return a series at `times`, linear between its points and flat outside, as PySD takes it."""
    sampled: np.ndarray = np.interp(times, series.index.to_numpy(float), series.to_numpy(float))
    return sampled


def _stacked(parts: list[np.ndarray], empty: tuple[int, ...]) -> np.ndarray:
    return np.ascontiguousarray(np.stack(parts, axis=-1)) if parts else np.zeros(empty)


def interpolation(times: np.ndarray, knots: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return values [members, k] at knots [k] as they are at `times` [rows, moments]: [members, rows, moments]."""
    return np.ascontiguousarray(np.einsum("mk,rsk->mrs", values, weights(times, knots)))


def weights(times: np.ndarray, knots: np.ndarray) -> np.ndarray:
    """Return how much each knot counts at each time [*times.shape, knots]: linear between, flat outside."""
    unit = np.eye(len(knots))
    return np.stack([np.interp(times, knots, row) for row in unit], axis=-1)
