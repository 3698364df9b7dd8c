"""A model file as one object of Python: run it, differentiate it, look into it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdforecast import scenario as scenarios_
from sdforecast.engine import NonFiniteWarning, gradients
from sdforecast.engine.once import Override, not_finite, once
from sdforecast.forecasting import alone, ensembles, single
from sdforecast.model import ModelFile
from sdforecast.sectors import Inputs
from sdforecast.structure import CausalGraph, Finding, Loops, causal_graph, feedback_loops, polarities
from sdforecast.structure import check as _check

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import xarray as xr


class Model:
    """A Vensim or XMILE model that can be run.

    Runs go through the compiled engine where it knows all that the model uses, otherwise through PySD, which a warning
    tells once. `engine="compiled"` makes that an error, `engine="pysd"` asks for the reference.

    Attributes
    ----------
    file : what was read; see :class:`sdforecast.model.ModelFile`.
    """

    def __init__(self, file: ModelFile) -> None:
        self.file = file

    @property
    def variables(self) -> pd.DataFrame:
        """One row a variable: name, kind, unit, subscripts, sector, value, comment."""
        return self.file.variables.copy()

    def run(
        self,
        parameters: Mapping[str, Override] | None = None,
        scenario: str | Path | None = None,
        variables: Sequence[str] | None = None,
        *,
        sector: str | None = None,
        inputs: Inputs = "run",
        initial: Mapping[str, float] | None = None,
        until: float | None = None,
        engine: str = "auto",
    ) -> xr.Dataset:
        """Run once; returns a Dataset over `time` with units and comments in the attributes.

        Parameters
        ----------
        parameters : by variable (any case) or `variable[element]`: a number; a pandas Series over time, linear between
            its points; for a table a Series of its points.
        scenario : name or file of a policy mix, for a model with our instruments: time is then in months.
        variables : what to keep (default: all that have a value at each time; for our model every stock and auxiliary).
        sector : run this group of the file (or view, where it has no groups) alone, its inputs from the others held.
        inputs : of the sector: `run` (of the whole model), `history`, an earlier run or its file; the attribute
            `inputs` of what is returned says where each came from. See :mod:`sdforecast.forecasting.alone`.
        initial : initial values of stocks, instead of their equations.
        until : last time.
        engine : see :data:`sdforecast.engine.ENGINES`.

        Raises
        ------
        InputError : an unknown name, with the nearest. A value that is not finite is told by a
            :class:`sdforecast.engine.NonFiniteWarning` that names variable and time.
        """
        plain = all(isinstance(value, int | float) for value in (parameters or {}).values())
        if scenario is not None or (single.counts_months(self.file) and plain and not initial and until is None):
            mixes = [] if scenario is None else [scenarios_.load(scenario)]
            numbers = {name: float(value) for name, value in (parameters or {}).items()}  # type: ignore[arg-type]
            runs = single.run(self.file, mixes, numbers, variables, sector=sector, inputs=inputs, engine=engine)
            runs = runs.isel(scenario=0, drop=True) if "scenario" in runs.dims else runs
        elif sector is not None:
            runs = alone.at_own_times(
                self.file, sector, inputs, parameters or {}, variables, initial=initial, until=until, engine=engine
            )
        else:
            runs = once(self.file, parameters, variables, initial=initial, until=until, engine=engine)
        _tell_of_gaps(runs)
        return runs

    def run_ensemble(
        self,
        draws: ensembles.AnyDraws,
        scenarios: Sequence[str | Path] = (),
        variables: Sequence[str] | None = None,
        *,
        parameters: Mapping[str, float] | None = None,
        quantiles: Sequence[float] | None = None,
        to: str | Path | None = None,
        until: float | None = None,
        engine: str = "auto",
        threads: int | None = None,
        fast: bool = False,
        advance: Callable[[int], None] = lambda count: None,
    ) -> xr.Dataset:
        """Run every draw under every scenario; see :func:`sdforecast.forecasting.ensembles.run_ensemble`.

        Returns a Dataset over (draw, scenario, time), with `quantiles` over (quantile, scenario, time); with `to` the
        members are written to that NetCDF file and the Dataset reads from it.
        """
        return ensembles.run_ensemble(
            self.file, draws, [scenarios_.load(name) for name in scenarios], variables, parameters=parameters,
            quantiles=quantiles, to=to, last=until, engine=engine, threads=threads, fast=fast, advance=advance,
        )  # fmt: skip

    def vjp(
        self,
        cotangents: Mapping[str, np.ndarray],
        parameters: Mapping[str, Override],
        *,
        wrt: Sequence[str] | None = None,
        initial: Mapping[str, float] | None = None,
        until: float | None = None,
    ) -> gradients.Gradient:
        """Return how much each input counts, given how much each saved number does: a vector-Jacobian product.

        Parameters
        ----------
        cotangents : by variable, an array of the shape that a run gives it in the model's own time.
        parameters : where to differentiate; numbers, series over time (by their values), tables.
        wrt : what to differentiate by (default: all numbers and series of `parameters`); any constant may be named.
        initial : initial values of stocks, each differentiated by.
        until : last time.
        """
        tangent = gradients.differentiable(
            self.file, list(cotangents), parameters=parameters, wrt=wrt, initial=initial, until=until
        )
        return tangent.pull({self.file.name_of(name): array for name, array in cotangents.items()})

    def payoff_and_gradient(
        self,
        payoff: gradients.Payoff | Mapping[str, pd.Series],
        parameters: Mapping[str, Override],
        *,
        variables: Sequence[str] = (),
        wrt: Sequence[str] | None = None,
        initial: Mapping[str, float] | None = None,
        weights: Mapping[str, float] | None = None,
        until: float | None = None,
    ) -> tuple[float, gradients.Gradient]:
        """Return the value of a payoff and its exact gradient.

        Parameters
        ----------
        payoff : data by variable (a Series over saved times): minus the sum of (weight x (model - data))^2, as Vensim
            has it; or a function from a run (a Dataset over `time` of `variables`) to a value and its derivatives by
            variable.
        parameters, wrt, initial, until : as for :meth:`vjp`.
        weights : of the data, by variable.
        """
        return gradients.payoff_and_gradient(
            self.file, payoff, variables, parameters=parameters, wrt=wrt, initial=initial, scale=weights, until=until
        )

    def graph(self) -> CausalGraph:
        """Return what each variable is computed from, and which flows fill and drain each stock."""
        return causal_graph(self.file)

    def loops(self, *, through: str | None = None, longest: int | None = None) -> Loops:
        """Return feedback loops with their polarity, shortest first; the model is run once for the signs of links.

        Parameters
        ----------
        through : only loops through this variable (any case).
        longest : only loops of at most so many variables; without either word all loops where they are few, otherwise
            the shortest independent ones.
        """
        name = None if through is None else self.file.name_of(through)
        return feedback_loops(self.graph(), polarities(self.file), through=name, longest=longest)

    def check(self) -> list[Finding]:
        """Return what can be said against the model: units, unused and undocumented variables, time step, and more."""
        return _check(self.file)

    def __repr__(self) -> str:
        return f"Model({str(self.file.path)!r}, {len(self.file.variables)} variables)"


def _tell_of_gaps(runs: xr.Dataset) -> None:
    broken: list[tuple[str, Any]] = not_finite(runs)
    if broken:
        name, time = broken[0]
        more = f", and {len(broken) - 1} more variables" if len(broken) > 1 else ""
        warnings.warn(f"'{name}' is not finite from {time}{more}", NonFiniteWarning, stacklevel=3)
