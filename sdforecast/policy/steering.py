"""Deaths averted and costs of a mix as functions of its levels, with exact derivatives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from sdforecast import calendar
from sdforecast.engine.members import Draws
from sdforecast.engine.steered import Steered
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting.disturbing import Disturbances
from sdforecast.forecasting.running import outputs
from sdforecast.inference import Posterior
from sdforecast.model import ModelFile
from sdforecast.observation.errors import Fitting
from sdforecast.policy.kept import BILLION
from sdforecast.policy.optimising import At
from sdforecast.scenario import InstrumentChange, Scenario
from sdforecast.scenario.inputs import constants, series

_DEATHS = "synthetic opioid deaths"
_COST = "instrument cost"
_FLAT = 1e-9


@dataclass(frozen=True, eq=False)
class Levers:
    """Instruments whose levels are chosen, for draws of a posterior.

    Attributes
    ----------
    instruments : ids, in the order of x.
    reference : what a mix is compared with; instruments that are not chosen follow it.
    begin, ramp : month (model time) from which the levels move, and over how many months.
    last : last month.
    way : how the model is run, if not as its file says.
    """

    model: ModelFile
    posterior: Posterior
    beside: Disturbances
    reference: Scenario
    instruments: tuple[str, ...]
    begin: int
    ramp: int
    last: int
    way: Fitting
    threads: int | None = None

    @property
    def years(self) -> float:
        """Years over which deaths and costs are counted."""
        return (self.last + 1 - self.begin) / 12

    @cached_property
    def now(self) -> np.ndarray:
        """Levels under the reference [instruments]. Raises `InputError` where it moves one of them later on."""
        levels = series(self.reference, self.model)
        found = []
        for instrument in self.instruments:
            after = levels[self._name(instrument)].loc[self.begin :].to_numpy()
            if np.ptp(after) > _FLAT:
                month = calendar.month_label(self.begin)
                what = f"{instrument} moves under {self.reference.name} after {month}"
                raise InputError(Problem(what, hint="an optimum needs a reference that keeps its levels"))
            found.append(after[0])
        return np.array(found)

    def at(self, x: np.ndarray) -> At:
        """Return what a mix does against the reference in each draw."""
        saved, by = self._steered.pull(x, self._counts)
        deaths, cost = np.einsum("dmrc,mrc->dm", self._counts, saved)
        of_reference = self._of_reference
        return At(x, of_reference[0] - deaths, -by[0], cost - of_reference[1], by[1])

    def mix(self, x: np.ndarray, name: str, title: str, description: str) -> Scenario:
        """Return the scenario whose instruments stand at x; what is as under the reference is left out."""
        changes = tuple(
            self._change(instrument, round(float(level), 3))
            for instrument, level, now in zip(self.instruments, x, self.now, strict=True)
            if abs(level - now) >= 0.005
        )
        extends = None if self.reference.name == "current-course" else self.reference.name
        return Scenario(name=name, title=title, description=description, extends=extends, instruments=changes)

    def _change(self, instrument: str, level: float) -> InstrumentChange:
        start = calendar.month_label(self.begin)
        return InstrumentChange(instrument=instrument, intensity=level, start=start, ramp_months=self.ramp)

    def _name(self, instrument: str) -> str:
        return self.model.name_of(instrument.replace("_", " "))

    @cached_property
    def _steered(self) -> Steered:
        # A level is linear in the intensity that is reached, so that two mixes say all of it.
        ends = [
            Scenario(name="end", title="end", instruments=tuple(self._change(each, k) for each in self.instruments))
            for k in (0.0, 1.0)
        ]
        low, high = (series(mix, self.model) for mix in ends)
        names = [self._name(each) for each in self.instruments]
        others = {n: each for n, each in series(self.reference, self.model).items() if n not in names}
        latents = {str(each.name): (each["knot"].to_numpy(), each.to_numpy()) for each in self.beside.latents}
        table = self.posterior.draws
        draws = Draws(tuple(table.columns), np.ascontiguousarray(table.to_numpy(float)), latents)
        held = {str(k): float(v) for k, v in (self.posterior.manifest.get("held") or {}).items() if k not in table}
        fixed = {n: v for n, v in constants(self.reference, self.model).items() if n not in table}
        return Steered(
            self.model, tuple(outputs(self.model, [_DEATHS, _COST]).values()), draws,
            {name: low[name] for name in names}, {name: high[name] - low[name] for name in names},
            self.begin - 1, self.last + 1, others, {**held, **fixed}, self.way.time_step, self.way.integration,
            self.threads,
        )  # fmt: skip

    @cached_property
    def _counts(self) -> np.ndarray:
        """How much each saved number counts for deaths, and for cost a year [2, draws, rows, columns].

        Deaths are the increase of their sum over each month, times the month's discrepancy.
        """
        months = np.arange(self.begin, self.last + 1)
        rows = months - (self.begin - 1)
        found = np.zeros((2, len(self.posterior), len(months) + 2, 2))
        by = np.ones((len(self.posterior), len(months)))
        for (_, flows), factor in zip(self.beside.discrepancies, self.beside.factors, strict=True):
            if self.model.name_of(_DEATHS) in flows:
                by = by * factor[:, months]
        found[0][:, rows + 1, 0] += by
        found[0][:, rows, 0] -= by
        found[1][:, rows[-1] + 1, 1] = BILLION / self.years
        found[1][:, rows[0], 1] = -BILLION / self.years
        return found

    @cached_property
    def _of_reference(self) -> np.ndarray:
        found: np.ndarray = np.einsum("dmrc,mrc->dm", self._counts, self._steered.run(self.now))
        return found
