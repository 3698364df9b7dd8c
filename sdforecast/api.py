"""What `import sdforecast as sdf` offers: load a model, run it, estimate it, forecast, publish."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from sdforecast import writing
from sdforecast.engine.opening import open_model
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.forecasting import DEFAULT_SCENARIOS, Forecast
from sdforecast.forecasting import forecast as _forecast
from sdforecast.forecasting.parts import parts
from sdforecast.forecasting.structures import Structure, chosen
from sdforecast.forecasting.structures import load as load_structures
from sdforecast.inference import Posterior
from sdforecast.inference import load as _load_posterior
from sdforecast.inference.extra import require
from sdforecast.model import read
from sdforecast.runnable import Model
from sdforecast.sectors import Inputs

if TYPE_CHECKING:
    import pandas as pd

    from sdforecast.backtesting.deaths import Variant
    from sdforecast.backtesting.judging import Backtest
    from sdforecast.engine.waiting import Client
    from sdforecast.inference.trajectories import TrajectoryOp
    from sdforecast.issuing import Fault
    from sdforecast.policy.comparing import Comparison
    from sdforecast.policy.firmness import Sensitivity
    from sdforecast.reporting import Report
    from sdforecast.validation import Validation


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
    structures: str | Path | None = None,
    only: Sequence[str] = (),
    engine: str = "auto",
) -> Forecast:
    """Run draws under scenarios: of all structures, or of a posterior; see :func:`sdforecast.forecasting.forecast`.

    Parameters
    ----------
    posterior, targets : of one structure alone, and the table that it was made with (default: the shipped one).
    draws : how many in all (default: 600, or 300 of one structure alone, or all where there are fewer).
    seed : of what goes on after the last month.
    structures : a table of structures (default: the shipped one); `only`: names of those to run.
    """
    several = _structures(structures, only) if posterior is None and targets is None else None
    return _forecast(
        scenarios, posterior=posterior, structures=several, horizon=horizon, draws=draws, seed=seed,
        targets=None if targets is None else Path(targets), engine=engine, command="sdf.forecast(...)",
        told=lambda line: warnings.warn(line, stacklevel=3),
    )  # fmt: skip


def _structures(path: str | Path | None, only: Sequence[str]) -> Sequence[Structure]:
    table = load_structures(None if path is None else Path(path))
    return chosen(table, only) if only else table


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
    structures: str | Path | None = None,
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
    structures : a table of structures that are mixed (default: the shipped one); with a model, parameters or targets
        of yours there is one structure alone.
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
    alone = any(each is not None for each in (model, parameters, targets))
    shared = setup(
        model.file if model is not None else read(), Sources(*paths), method=method, chains=chains, draws=draws,
        tune=tune, seed=seed, variant=variant, noise=noise,
        structures=() if alone else load_structures(None if structures is None else Path(structures)),
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


def sensitivity(
    scenarios: Sequence[str | Path] = DEFAULT_SCENARIOS,
    *,
    mix: str | Path = "soft-power-with-teeth",
    rival: str | Path = "military-only",
    reference: str | Path = "current-course",
    posterior: Posterior | None = None,
    model: Model | None = None,
    assumptions: Sequence[str] = (),
    draws: int = 4096,
    trajectories: int = 40,
    points: int = 1024,
    strongest: int = 16,
    even: bool = False,
    horizon: str = "2035-12",
    seed: int = 1,
) -> Sensitivity:
    """Say how firm a ranking by deaths is, and what it turns on; see :func:`sdforecast.policy.firmness.sensitivity`.

    Parameters
    ----------
    mix, rival, reference : the margin between the first two is looked into; the third is doing nothing new.
    assumptions : vary these alone (default: all constants of kind `assumption`).
    draws, trajectories, points, strongest, even, seed : see :class:`sdforecast.policy.firmness.Plan`.

    Raises
    ------
    InputError : an unknown scenario or assumption, points that are no power of two, a horizon out of range.
    MachineError : the extra `policy` is not installed.
    """
    from sdforecast.policy import firmness  # only who asks waits for it

    plan = firmness.Plan(draws, trajectories, points, strongest, seed, even, tuple(assumptions))
    return firmness.sensitivity(
        scenarios, mix=mix, rival=rival, reference=reference, posterior=posterior,
        model=None if model is None else model.file, plan=plan, horizon=horizon,
        told=lambda line: warnings.warn(line, stacklevel=3),
    )  # fmt: skip


def report(
    made: Forecast,
    folder: str | Path | None = None,
    *,
    title: str = "",
    authors: Sequence[str] = (),
    notes: str = "",
    theme: str | Path | None = None,
) -> Report:
    """Make the report of a forecast, which a notebook displays; with `folder`, write it with figures, PDFs and data.

    `folder` is replaced as a whole; from 100 draws on it has a hub in it, too: see
    :func:`sdforecast.issuing.write_hub`. `notes` are Markdown, for sections by their headings; `theme` is a file of
    colours and fonts (TOML). Raises `InputError` for notes or a theme with faults.
    """
    from sdforecast import issuing, reporting  # only who publishes waits for it

    setting = reporting.setting(title, authors, notes, None if theme is None else Path(theme))
    past = reporting.past(made, lambda line: warnings.warn(line, stacklevel=4))
    if folder is None:
        return reporting.shown(made, past, setting)
    with writing.replaced_folder(Path(folder), (*reporting.HOLDS, *issuing.HOLDS)) as fresh:
        reporting.write(made, fresh, past, setting)
        if not issuing.lacking(made.trajectories.sizes["draw"]) and issuing.possible(made):
            issuing.write_hub(made, fresh / issuing.FOLDER)
        found = reporting.shown(made, past, setting)
        if lacks := reporting.on_paper(found.content, setting.theme, fresh, str(made.manifest["created"])):
            warnings.warn(lacks, stacklevel=2)
    return replace(found, folder=Path(folder))


def check_hub(folder: str | Path) -> list[Fault]:
    """Return the rules of the hubverse (schema v6) that a hub breaks, ours or anybody's; empty if none."""
    from sdforecast import issuing

    return issuing.check(Path(folder))


def compare(
    scenarios: Sequence[str | Path] = DEFAULT_SCENARIOS,
    *,
    reference: str | Path = "current-course",
    posterior: Posterior | None = None,
    model: Model | None = None,
    draws: int | None = None,
    first: int = 2027,
    horizon: str = "2035-12",
    discount: float = 0.0,
    seed: int = 1,
    targets: str | Path | None = None,
    structures: str | Path | None = None,
    only: Sequence[str] = (),
    engine: str = "auto",
) -> Comparison:
    """Compare scenarios with a reference, draw by draw: deaths averted, years of life, costs, when, by which stages.

    See :func:`sdforecast.policy.outcomes.outcomes` for what is run and :class:`sdforecast.policy.comparing.Comparison`
    for what is returned; docs/compare.md says what each figure means.

    Parameters
    ----------
    posterior, model, targets : of one structure alone.
    draws : in all (default: 600, of one structure 300, or all where there are fewer).
    structures : a table of structures (default: the shipped one); `only`: names of those to run.
    first, horizon : first year and last month (a December) that are compared.
    discount : rate a year for money and years of life.

    Raises `InputError` for an unknown scenario, the same one twice, years out of range.
    """
    from sdforecast.policy.comparing import check_rate  # only who asks waits for it
    from sdforecast.policy.comparing import compare as compared
    from sdforecast.policy.structures import outcomes_of

    check_rate(discount)
    several = None
    if posterior is None and model is None and targets is None:
        several = _structures(structures, only)
    given = parts(posterior, None if model is None else model.file, None if targets is None else Path(targets), several)
    made = outcomes_of(
        given, scenarios, reference=reference, draws=draws, first=first, horizon=horizon, seed=seed, engine=engine,
        told=lambda line: warnings.warn(line, stacklevel=3),
    )  # fmt: skip
    return compared(made, discount)
