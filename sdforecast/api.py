"""What `import sdforecast as sdf` offers: load a model, run it, estimate it, forecast, publish."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdforecast import scenario as scenarios_
from sdforecast import writing
from sdforecast.engine import NonFiniteWarning, gradients
from sdforecast.engine.once import Override, not_finite, once
from sdforecast.engine.opening import open_model
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.forecasting import DEFAULT_SCENARIOS, Forecast, alone, ensembles, single
from sdforecast.forecasting import forecast as _forecast
from sdforecast.inference import Posterior
from sdforecast.inference import load as _load_posterior
from sdforecast.inference.extra import require
from sdforecast.model import ModelFile, read
from sdforecast.sectors import Inputs
from sdforecast.structure import CausalGraph, Finding, Loops, causal_graph, feedback_loops, polarities
from sdforecast.structure import check as _check

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import xarray as xr

    from sdforecast.backtesting.deaths import Variant
    from sdforecast.backtesting.judging import Backtest
    from sdforecast.backtesting.running import Client
    from sdforecast.inference.trajectories import TrajectoryOp
    from sdforecast.issuing import Fault
    from sdforecast.validation import Validation


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


def load_model(path: str | Path | None = None) -> Model:
    """Read a model file (.mdl, .xmile, .xml, .stmx), by default the shipped one. PySD runs it as code."""
    return Model(open_model(path))


class NotPublishableWarning(UserWarning):
    """The chains of a posterior do not agree well enough; the text names parameters and likely causes."""


METHODS = ("nuts", "quick", "smc", "de")


def calibrate(
    model: Model | None = None,
    *,
    targets: str | Path | None = None,
    parameters: str | Path | None = None,
    data: str | Path | None = None,
    method: str = "nuts",
    chains: int = 8,
    draws: int = 500,
    tune: int = 250,
    starts: int = 3,
    kept: int = 1000,
    seed: int = 1,
    cores: int | None = None,
    target_accept: float = 0.9,
    store: str | Path | None = None,
    sector: str | None = None,
    inputs: Inputs = "run",
    hold: Mapping[str, float] | None = None,
    leave_out: Sequence[str] = (),
    told: Callable[[str], None] = lambda line: None,
) -> Posterior:
    """Estimate constants, latent series and discrepancies of a model (default: the shipped one) from history.

    A posterior whose chains do not agree well enough is returned all the same, with a :class:`NotPublishableWarning`
    that names parameters and likely causes: what took minutes is not thrown away. `manifest["sampling"]` of what is
    returned says it, too; it is empty for `quick`, which does not sample.

    Parameters
    ----------
    targets, parameters, data : two files and the folder with the history (default: the shipped ones).
    method : `nuts`; `quick`, the normal approximation at the mode; `smc` or `de`, which ask for no gradient.
    chains, draws, tune : how many chains, draws of each, and draws of each before these, which are not kept.
    starts : searches for the mode.
    kept : draws that the posterior keeps, spread over the chains.
    cores : chains at a time (default: one a processor).
    target_accept : acceptance that NUTS aims at.
    store : folder for chains while they are drawn: a second call with the same arguments goes on from there.
    sector, inputs : estimate the constants of this sector alone, its inputs held; see :meth:`Model.run`.
    hold : constants that keep the value given here and are neither estimated nor varied.
    leave_out : targets that are compared but not fitted.
    told : called with a line for each stage.

    Raises
    ------
    InputError : files and model do not agree, an unknown name or method, a model that is not compiled.
    MachineError : the extra `calibrate` is not installed.
    """
    if method not in METHODS:
        raise InputError(Problem(f"no method '{method}'", hint=nearest(method, METHODS)))
    require()
    from sdforecast.inference.calibrating import Listener  # only who samples waits for PyMC
    from sdforecast.inference.calibrating import calibrate as estimated
    from sdforecast.inference.methods import Plan
    from sdforecast.inference.studying import Sources

    files = {"data": data, "parameters": parameters, "targets": targets}
    paths = {name: None if path is None else Path(path) for name, path in files.items()}
    words = {"method": method, "chains": chains, "draws": draws, "tune": tune, "starts": starts, "kept": kept,
             "seed": seed, "target_accept": target_accept, "sector": sector, "hold": dict(hold or {}),
             "leave_out": list(leave_out)}  # fmt: skip
    said = ", ".join(f"{name}={value!r}" for name, value in words.items() if value not in (None, {}, []))
    plan = Plan(
        "laplace" if method == "quick" else method, chains, draws, tune, seed, cores, target_accept,
        store=None if store is None else Path(store),
    )  # fmt: skip
    found = estimated(
        model.file if model is not None else read(), Sources(paths["data"], paths["parameters"], paths["targets"]),
        plan, starts=starts, kept=kept, sector=sector, inputs=inputs, hold=hold, leave_out=leave_out,
        command=f"sdf.calibrate({said})", listener=Listener(told),
    )  # fmt: skip
    for warning in found.warnings:
        warnings.warn(warning, stacklevel=2)
    if found.diagnosis is not None and not found.diagnosis.publishable:
        warnings.warn(found.diagnosis.to_text(), NotPublishableWarning, stacklevel=2)
    return found.posterior


def load_posterior(path: str | Path | None = None) -> Posterior:
    """Read a posterior from its folder, by default the shipped one. Raises `InputError` where it is no posterior."""
    return _load_posterior(None if path is None else Path(path))


def model_op(
    model: Model,
    variables: Sequence[str],
    parameters: Sequence[str],
    *,
    fixed: Mapping[str, float] | None = None,
    series: Mapping[str, pd.Series] | None = None,
    until: float | None = None,
    step: float | None = None,
    integration: str = "",
) -> TrajectoryOp:
    """Return a compiled model as a PyTensor operator with exact gradients, for a `pm.Model()` of your own.

    `op(vector)`, the vector holding a value for each of `parameters`, is a matrix with a row for each of `op.times`
    and a column for each of `variables`; see docs/bayes.md and :func:`sdforecast.inference.trajectories.model_op`.
    """
    require("the operator")
    from sdforecast.inference.trajectories import model_op as made

    return made(
        model.file, variables, parameters, fixed=fixed, series=series, until=until, step=step, integration=integration
    )


def forecast(
    posterior: Posterior | None = None,
    scenarios: Sequence[str | Path] = DEFAULT_SCENARIOS,
    *,
    horizon: str = "2035-12",
    draws: int | None = None,
    seed: int = 1,
    targets: str | Path | None = None,
    engine: str = "auto",
) -> Forecast:
    """Run draws of a posterior (default: the shipped one) under scenarios; see :func:`sdforecast.forecasting.forecast`.

    Parameters
    ----------
    draws : how many, evenly spaced (default: 300, or all where there are fewer).
    seed : of what goes on after the last month.
    targets : the table that the posterior was made with (default: the shipped one).
    """
    return _forecast(
        scenarios, posterior=posterior, horizon=horizon, draws=draws, seed=seed,
        targets=None if targets is None else Path(targets), engine=engine, command="sdf.forecast(...)",
        told=lambda line: warnings.warn(line, stacklevel=3),
    )  # fmt: skip


def backtest(
    model: Model | None = None,
    *,
    origins: Sequence[str] = (),
    first: str = "2017-12",
    last: str = "2024-12",
    every: int = 6,
    method: str = "quick",
    chains: int = 4,
    draws: int | None = None,
    tune: int = 250,
    seed: int = 1,
    variant: Variant = "then",
    noise: int = 0,
    targets: str | Path | None = None,
    parameters: str | Path | None = None,
    data: str | Path | None = None,
    store: str | Path = "backtest",
    again: bool = False,
    jobs: int | None = None,
    client: Client | None = None,
    advance: Callable[[], None] = lambda: None,
) -> Backtest:
    """Forecast from past months, each from what was known then, and score that against what came.

    Results are kept in `store` as soon as an origin is done; one that is there for the same model, plan and knowledge
    is not done again. Tables of what is returned: `skill`, `overall`, `by_origin`, `worst`, `published`. They are
    pseudo-prospective: the structure of the model was chosen with hindsight. In a script, call this below
    `if __name__ == "__main__":`, since it starts processes.

    Parameters
    ----------
    origins : months (`YYYY-MM`), the last whose deaths are known; without any, every `every` months from `first` to
        `last`. Horizons (6, 12, 24, 36 months) count from them.
    method : `quick`, the normal approximation at the mode of each origin, or `nuts`, which keeps its chains in `store`.
    chains, draws, tune, seed : as of :func:`calibrate`; all draws are run on (default: 100 of each chain, nuts 250).
    variant, noise : how deaths are known, and the seed of simulated noise; see :func:`sdforecast.backtesting.known_at`.
    targets, parameters, data : two files and the folder with the history (default: the shipped ones).
    again : do every origin anew.
    jobs : origins at a time (default: one a processor).
    client : does the origins instead: a `dask.distributed.Client`, or an executor of `concurrent.futures`. Its workers
        have one thread each, this package, and the files named here.
    advance : called after each origin.

    Raises
    ------
    InputError : an unknown method or variant, no such origin, a damaged file in `store`.
    CheckError : origins failed; the others are kept.
    MachineError : the extras `calibrate` and `evaluate` are not installed.
    """
    from sdforecast import history
    from sdforecast.backtesting import dates, keeping, running
    from sdforecast.backtesting.judging import judge
    from sdforecast.backtesting.working import setup
    from sdforecast.inference.studying import Sources

    paths = [None if path is None else Path(path) for path in (data, parameters, targets)]
    shared = setup(
        model.file if model is not None else read(), Sources(*paths), method=method, chains=chains, draws=draws,
        tune=tune, seed=seed, variant=variant, noise=noise,
    )  # fmt: skip
    months = sorted({dates.origin_of(month) for month in origins}) or dates.origins(first, last, every)
    folder = Path(store)
    tasks = running.due(shared, months, folder, again=again)
    running.carry_out(tasks, folder, jobs=jobs, client=client, advance=advance)
    return judge([done for month in months if (done := keeping.read(folder, month))], history.load(paths[0]))


def validate(
    model: Model | str | Path | None = None,
    checks: str | Path | None = None,
    *,
    only: str | Sequence[str] = (),
    engine: str = "auto",
) -> Validation:
    """Put a model or model file (default: the shipped) to confidence tests; see :func:`sdforecast.validation.validate`.

    `checks` is a file of checks, by default `checks.yaml` beside the model; `only` chooses a kind of test, or several.
    Nothing is raised where a test fails: `failed` of what is returned says which.
    """
    from sdforecast import validation  # only who asks waits for it

    file = model.file if isinstance(model, Model) else load_model(model).file
    only = (only,) if isinstance(only, str) else only
    return validation.validate(file, Path(checks) if checks is not None else None, only=only, engine=engine)


def report(made: Forecast, folder: str | Path) -> None:
    """Write page, figures and data of a forecast to `folder`, which is replaced as a whole.

    From 100 draws on the folder has a hub in it, too: see :func:`sdforecast.issuing.write_hub`.
    """
    from sdforecast import issuing, reporting  # draws with matplotlib: only who publishes waits for it

    with writing.replaced_folder(Path(folder), (*reporting.HOLDS, *issuing.HOLDS)) as fresh:
        reporting.write(made, fresh, reporting.past(made, lambda line: warnings.warn(line, stacklevel=4)))
        if not issuing.lacking(made.trajectories.sizes["draw"]) and issuing.possible(made):
            issuing.write_hub(made, fresh / issuing.FOLDER)


def check_hub(folder: str | Path) -> list[Fault]:
    """Return the rules of the hubverse (schema v6) that a hub breaks, ours or anybody's; empty if none."""
    from sdforecast import issuing

    return issuing.check(Path(folder))
