"""Deaths over the years that a policy can change, as a function of assumptions and of a draw of the posterior.

:mod:`.outcomes` runs each draw once. A sensitivity analysis asks for the same draw of the posterior with hundreds of
sets of assumptions: its latent supply and its discrepancy, and their future, must then be the same in each, so that
only the assumptions differ. Runs are integrated as they were in the calibration (Runge-Kutta at half a month: four
times quicker than Euler's method at the file's step, deaths within some 0.1 %).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from sdforecast import calendar
from sdforecast.engine.repeated import Repeated
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting.disturbing import LAST, Disturbances, disturbances
from sdforecast.forecasting.running import outputs
from sdforecast.inference import Posterior
from sdforecast.model import ModelFile
from sdforecast.observation.errors import Fitting, evidence
from sdforecast.policy.outcomes import FIRST
from sdforecast.scenario import Scenario
from sdforecast.scenario.inputs import constants, series

DEATHS = "synthetic opioid deaths"

PAST = (2013, 2024)
"""Years of history that tell how far a draw of assumptions leaves what was counted."""

BLOCK = 1024
"""Runs at a time, so that memory holds the months of these alone."""


@dataclass(frozen=True, eq=False)
class Counting:
    """Runs of a model that keep nothing but sums of deaths.

    Attributes
    ----------
    draws : of the posterior: one row a draw, one column a constant.
    beside : latent series and discrepancies of the same draws, to `last`.
    fixed : constants that the posterior was made with.
    first, last : months of model time whose deaths are summed.
    fitting : how the model is integrated.
    advance : called with the number of runs that have ended.
    """

    model: ModelFile
    draws: pd.DataFrame
    beside: Disturbances
    scenarios: tuple[Scenario, ...]
    first: int
    last: int
    fixed: Mapping[str, float] = field(default_factory=dict)
    fitting: Fitting = Fitting()
    advance: Callable[[int], None] = lambda count: None

    def __len__(self) -> int:
        """Return how many draws of the posterior there are."""
        return len(self.draws)

    @property
    def names(self) -> list[str]:
        """Names of the scenarios."""
        return [mix.name for mix in self.scenarios]

    def totals(self, rows: np.ndarray, changed: pd.DataFrame | None = None) -> np.ndarray:
        """Return deaths from `first` to `last` [runs, scenarios], with the discrepancy of each run's draw.

        Parameters
        ----------
        rows : which draw of the posterior each run has [runs].
        changed : constants that replace the draw's own, one row a run.

        Raises
        ------
        InputError : a number that is not finite, with scenario and month.
        """
        found = np.empty((len(rows), len(self.scenarios)))
        for k in range(len(self.scenarios)):
            for some in _blocks(len(rows)):
                monthly = self._monthly(k, rows[some], None if changed is None else changed.iloc[some], self.last)
                found[some, k] = monthly[:, self.first :].sum(axis=1)
        return found

    def past(self, rows: np.ndarray, changed: pd.DataFrame | None = None) -> np.ndarray:
        """Return deaths in each year of `PAST` [runs, years] under the first scenario."""
        begin, end = calendar.parse_month(f"{PAST[0]}-01"), calendar.parse_month(f"{PAST[1]}-12")
        found = np.empty((len(rows), PAST[1] - PAST[0] + 1))
        for some in _blocks(len(rows)):
            monthly = self._monthly(0, rows[some], None if changed is None else changed.iloc[some], end)
            found[some] = monthly[:, begin:].reshape(len(monthly), -1, 12).sum(axis=2)
        return found

    def moved(self, rows: np.ndarray, changed: pd.DataFrame) -> np.ndarray:
        """Return how far changed constants move the past [runs].

        Mean absolute change of the years of `PAST` against the draw as it is, which fits what was counted.
        """
        own = self.past(np.arange(len(self)))[rows]
        found: np.ndarray = np.abs(self.past(rows, changed) / own - 1).mean(axis=1)
        return found

    @cached_property
    def _flow(self) -> tuple[str, str]:
        """The flow of deaths and the stock that sums it, as the model spells them."""
        return next(iter(outputs(self.model, [DEATHS]).items()))

    @cached_property
    def _asked(self) -> dict[tuple[int, int], Repeated]:
        return {}

    def _repeated(self, k: int, last: int) -> Repeated:
        if (k, last) not in self._asked:
            mix, own = self.scenarios[k], constants(self.scenarios[k], self.model)
            knots = {str(of.name): of["knot"].to_numpy() for of in self.beside.latents}
            shared = {**self.fixed, **{name: value for name, value in own.items() if name not in self.draws}}
            self._asked[k, last] = Repeated(
                self.model, (self._flow[1],), tuple(map(str, self.draws)), knots, shared, series(mix, self.model),
                last + 1.0, self.fitting.time_step, self.fitting.integration,
            )  # fmt: skip
        return self._asked[k, last]

    def _monthly(self, k: int, rows: np.ndarray, changed: pd.DataFrame | None, last: int) -> np.ndarray:
        """Return deaths of each month from month 0 [runs, months]."""
        drawn = self.draws.to_numpy(float)[rows]
        place = {str(name): column for column, name in enumerate(self.draws)}
        for name in [] if changed is None else changed.columns:
            drawn[:, place[name]] = changed[name].to_numpy(float)
        for name, value in constants(self.scenarios[k], self.model).items():
            if name in place:
                drawn[:, place[name]] = value
        knots = [of.to_numpy()[rows] for of in self.beside.latents]
        total = self._repeated(k, last).run(np.hstack([drawn, *knots]))[:, :, 0]
        monthly: np.ndarray = np.diff(total, axis=1)
        for (_, flows), factor in zip(self.beside.discrepancies, self.beside.factors, strict=True):
            if self._flow[0] in flows:
                monthly = monthly * factor[rows, : monthly.shape[1]]
        self.advance(len(rows))
        return _finite(monthly, self.scenarios[k])


def counting(
    model: ModelFile,
    posterior: Posterior,
    scenarios: Sequence[Scenario],
    *,
    first: int = FIRST,
    horizon: str = LAST,
    seed: int = 1,
    advance: Callable[[int], None] = lambda count: None,
) -> Counting:
    """Return the counting of deaths from January of `first` to the horizon, under scenarios.

    Parameters
    ----------
    seed : of what goes on after the last month; the same as of a forecast gives the same numbers.

    Raises
    ------
    InputError : a horizon out of range, a model without deaths.
    """
    begin, last = calendar.parse_month(f"{first}-01"), _last(horizon, first)
    outputs(model, [DEATHS])
    held = posterior.manifest.get("held") or {}
    return Counting(
        model, posterior.draws, disturbances(posterior, model, last, seed), tuple(scenarios), begin, last,
        {str(name): float(value) for name, value in held.items()}, evidence().fitting, advance,
    )  # fmt: skip


def _blocks(runs: int) -> list[slice]:
    return [slice(begin, begin + BLOCK) for begin in range(0, runs, BLOCK)]


def _last(horizon: str, first: int) -> int:
    hint = f"{first}-01 to {LAST}"
    try:
        last = calendar.parse_month(horizon)
    except ValueError as error:
        raise InputError(Problem(f"horizon: {error}", hint=hint)) from error
    if not calendar.parse_month(f"{first}-01") <= last <= calendar.parse_month(LAST):
        raise InputError(Problem(f"horizon {horizon} is out of range", hint=hint))
    return last


def _finite(monthly: np.ndarray, mix: Scenario) -> np.ndarray:
    broken = ~np.isfinite(monthly)
    if broken.any():
        run, month = np.argwhere(broken)[0]
        what = f"deaths are not finite in {calendar.month_label(int(month))} in run {run} under {mix.name}"
        raise InputError(Problem(what, hint="leave the assumption out whose range the model does not bear"))
    return monthly
