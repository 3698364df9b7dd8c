"""A bench on which a model is run under changes, for all tests that compare runs.

Every change of a variable is given to the engine as a series over time, made from the base run. Inputs that any check
moves are given in every run, so that few programs have to be compiled: a program is made for a set of names, not for
their values.
"""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

import numpy as np
import pandas as pd
import xarray as xr

from sdforecast import calendar
from sdforecast.engine.once import Override, once
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting.single import counts_months
from sdforecast.model import ModelFile
from sdforecast.observation.predicting import CUMULATIVE
from sdforecast.validation.schema import Change

EPSILON = 1e-6
"""Times closer than this are the same."""

Table = Mapping[str, pd.Series]


class Bench:
    """Runs of one model under changes.

    Attributes
    ----------
    until : last time of all runs.
    columns : variables that are kept: what checks read, and every stock that does more than add up a flow, so that a
        run that breaks is seen.
    inputs : variables that are always given from outside.
    """

    def __init__(self, model: ModelFile, *, engine: str = "auto") -> None:
        self.model, self.engine = model, engine
        self.months = counts_months(model)
        self.until = model.control["FINAL TIME"]
        table = model.variables
        self.kinds = dict(zip(table["name"].astype(str), table["kind"].astype(str), strict=True))
        self.values = dict(zip(table["name"].astype(str), table["value"].astype(float), strict=True))
        self.subscripted = set(table.loc[table["subscripts"] != "", "name"])
        self.columns: dict[str, None] = dict.fromkeys(n for n in self.stocks if not n.casefold().startswith(CUMULATIVE))
        self.inputs: dict[str, None] = {}
        self._runs: dict[str, Table] = {}

    @property
    def stocks(self) -> list[str]:
        """Names of the stocks."""
        return [name for name, kind in self.kinds.items() if kind == "stock"]

    def variable(self, word: str) -> str:
        """Return the variable that a word means, and keep it in runs. Raises `InputError`."""
        name = self.model.name_of(word)
        if name in self.subscripted:
            raise InputError(Problem(f"'{name}' has subscripts, which checks cannot read yet"))
        if self.kinds.get(name) == "lookup":
            raise InputError(Problem(f"'{name}' is a table and has no value over time"))
        self.columns[name] = None
        return name

    def time(self, word: str) -> tuple[float, float]:
        """Return the first and last time that a word means: a year or a month, or a time of the model.

        A month lasts from its own begin to the next one's. Runs are made long enough to hold it.
        """
        if not self.months:
            found = float(word)
            if not abs(found) < float("inf"):
                raise ValueError(f"'{word}' is not a time")
            self.until = max(self.until, found)
            return found, found
        first = calendar.parse_month(f"{word}-01" if len(word) == 4 else word)
        last = first + (12 if len(word) == 4 else 1)
        if not 0 <= first <= 12 * 100:
            raise ValueError(f"'{word}' is not between 2010 and 2109")
        self.until = max(self.until, float(last))
        return float(first), float(last)

    @cached_property
    def base(self) -> Table:
        """The model as it stands, at every step."""
        return self.run_with({"SAVEPER": self.model.control["TIME STEP"]})

    def run(self, changes: Sequence[Change]) -> Table:
        """Return the run under `changes`, at the saved times of the model."""
        key = repr(changes)
        if key not in self._runs:
            given: dict[str, Override] = {name: self.base[name] for name in self.inputs}
            initial: dict[str, float] = {}
            for change in changes:
                self._apply(change, given)
                initial |= {self.model.name_of(name): value for name, value in change.initial.items()}
            self._runs[key] = self.run_with(given, initial=initial)
        return self._runs[key]

    def run_with(
        self,
        given: Mapping[str, Override],
        *,
        initial: Mapping[str, float] | None = None,
        integration: str = "",
        columns: Sequence[str] = (),
    ) -> Table:
        """Return a run with numbers and series as the engine takes them, of `columns` or what is kept."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of a last row that is not saved, of slow engines: told once
            found = once(
                self.model, given, list(columns or self.columns), initial=initial, until=self.until, engine=self.engine,
                integration=integration,
            )  # fmt: skip
        return as_table(found)

    def everything(self) -> Table:
        """Return the run as the file has it, with all variables."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return as_table(once(self.model, {}, until=self.until, engine=self.engine))

    def _apply(self, change: Change, given: dict[str, Override]) -> None:
        """Put a change into what is given."""
        for name in self.changed([change]):
            constant = self.kinds.get(name) == "constant"
            plain = constant and change.start is None and change.end is None
            before = given.get(name, self.values.get(name, np.nan) if constant else None)
            if plain and not isinstance(before, pd.Series):
                given[name] = float(self._changed(change, name, np.array([float(before or 0.0)]), None)[0])
                continue
            course = before if isinstance(before, pd.Series) else self._course(name, before)
            times = course.index.to_numpy(float)
            first = times[0] if change.start is None else self.time(change.start)[0]
            last = np.inf if change.end is None else self.time(change.end)[0]
            inside = (times >= first - EPSILON) & (times < last - EPSILON)
            values = self._changed(change, name, course.to_numpy(float), int(inside.argmax()))
            given[name] = pd.Series(np.where(inside, values, course.to_numpy(float)), index=times)

    def _course(self, name: str, value: Override | None) -> pd.Series:
        """Return a number, or what the base run gives, at every step."""
        times = next(iter(self.base.values())).index
        return self.base[name] if value is None else pd.Series(float(value), index=times)  # type: ignore[arg-type]

    def _changed(self, change: Change, name: str, course: np.ndarray, begin: int | None) -> np.ndarray:
        """Return the values of a variable as a change has them, were it to hold at all times."""
        numbers = [{self.model.name_of(word): value for word, value in each.items()}
                   for each in (change.set, change.scale, change.add)]  # fmt: skip
        if name in {self.model.name_of(word) for word in change.follow}:
            course = self.base[name].to_numpy(float)
        if name in {self.model.name_of(word) for word in change.hold} and begin is not None:
            course = np.full_like(course, self.base[name].to_numpy(float)[begin])
        if name in numbers[0]:
            course = np.full_like(course, numbers[0][name])
        return course * numbers[1].get(name, 1.0) + numbers[2].get(name, 0.0)

    def changed(self, changes: Iterable[Change]) -> list[str]:
        """Return the variables that are changed, initial values apart."""
        words = [word for c in changes for part in (c.set, c.scale, c.add, c.hold, c.follow) for word in part]
        return list(dict.fromkeys(self.model.name_of(word) for word in words))


def as_table(runs: xr.Dataset) -> Table:
    """Return a run as a series over its times for each variable, or for each element `variable[element, …]` of one."""
    times = runs["time"].to_numpy().astype(float)
    found = {}
    for name in runs.data_vars:
        array = runs.variables[name]  # thousands of labelled arrays would take seconds
        if array.dims == ("time",):
            found[str(name)] = pd.Series(array.to_numpy().astype(float), index=times)
        elif "time" in array.dims:
            cells = runs[name].transpose("time", ...)
            flat = cells.to_numpy().astype(float).reshape(len(times), -1)
            labels = itertools.product(*(runs[dim].to_numpy().tolist() for dim in cells.dims[1:]))
            for k, label in enumerate(labels):
                found[f"{name}[{', '.join(map(str, label))}]"] = pd.Series(flat[:, k], index=times)
    return found


def gaps(table: Table) -> list[tuple[str, float]]:
    """Return the variables that are not finite somewhere, each with the first time at which."""
    found = []
    for name, series in table.items():
        bad = ~np.isfinite(series.to_numpy())
        if bad.any():
            found.append((name, float(series.index[int(bad.argmax())])))
    return sorted(found, key=lambda gap: gap[1])
