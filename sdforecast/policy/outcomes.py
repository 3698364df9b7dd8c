"""Outcomes of scenarios by year, all from the same draws: what every comparison, ranking and optimum starts from.

A draw is one row of constants with its latent supply, its discrepancies and its unit costs. It is run under every
scenario, so that two scenarios differ, draw by draw, by what the scenario changes and nothing else. Months are reduced
to years block by block: memory holds the result and one block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from sdforecast import calendar, scenario
from sdforecast.engine.waiting import Client
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.forecasting.disturbing import LAST, disturbances
from sdforecast.forecasting.parts import DRAWS_OF_ONE
from sdforecast.inference import Posterior, load
from sdforecast.inference.belonging import belongs
from sdforecast.inference.posterior_files import CARRIED
from sdforecast.manifest import manifest
from sdforecast.model import ModelFile
from sdforecast.model import read as read_model
from sdforecast.observation.errors import Fitting, evidence
from sdforecast.policy import blocks, costs, drawn, kept
from sdforecast.scenario import Scenario

REFERENCE = "current-course"
FIRST = 2027
"""Year in which the shipped mixes begin to differ."""


@dataclass(frozen=True)
class Outcomes:
    """Outcomes of scenarios by year, paired over scenarios.

    Attributes
    ----------
    yearly : dimensions (draw, scenario, year), float64, of the outcomes of :mod:`.kept`, each with the attributes
        title, unit and group. Deaths carry the discrepancy of their draw, as counts would.
    onset : (draw, scenario), the first month (model time) with 1 % fewer deaths than under the reference, from the
        first year on; NaN where there is none.
    constants : one row a draw, one column a constant that varied, those beside the model (unit costs) among them.
    scenarios : in the order of `yearly`, the reference among them.
    reference : name of the scenario that others are compared with.
    manifest : how it was made.
    structures : one row a structure in the order of the draws: name, title, weight, draws; empty where there is one.
    """

    yearly: xr.Dataset
    onset: xr.DataArray
    constants: pd.DataFrame
    scenarios: tuple[Scenario, ...]
    reference: str
    manifest: dict[str, Any]
    structures: pd.DataFrame = field(default_factory=pd.DataFrame)

    @property
    def names(self) -> list[str]:
        """Names of the scenarios."""
        return [mix.name for mix in self.scenarios]


def outcomes(
    scenarios: Sequence[Scenario | str | Path],
    *,
    posterior: Posterior | None = None,
    model: ModelFile | None = None,
    draws: int | None = None,
    assumptions: pd.DataFrame | None = None,
    horizon: str = LAST,
    first: int = FIRST,
    seed: int = 1,
    reference: str | Path = REFERENCE,
    variables: Sequence[str] | None = None,
    targets: Path | None = None,
    engine: str = "auto",
    threads: int | None = None,
    client: Client | None = None,
    quick: bool = False,
    command: str = "sdf.compare(...)",
    told: Callable[[str], None] = lambda line: None,
    advance: Callable[[], None] = lambda: None,
) -> Outcomes:
    """Run the same draws under every scenario, and return what comes of each by year.

    Parameters
    ----------
    scenarios : records, names or files.
    posterior, model, targets : by default the shipped ones.
    draws : how many; see :func:`.drawn.drawn`.
    assumptions : one row a draw; its columns replace the posterior's values of these constants.
    horizon : last month, a December, at most 2035-12.
    first : first year that is kept.
    seed : of what goes on after the last month of the data, and of unit costs.
    reference : name or file; it is run first, also where it is not among the scenarios.
    variables : outcomes to keep (default: all); deaths are always there.
    threads : how many blocks at a time (default: all cores).
    client : a `dask.distributed.Client` or an executor of `concurrent.futures` that blocks are given to.
    quick : run by the method and time step that the posterior was fitted with instead of those of the model file:
        a third of the time, for a thousandth of a year's deaths.
    told : called with a sentence on what a reader should know: reference added, posterior of an older model.
    advance : called after each run.

    Raises
    ------
    InputError : unknown scenarios, outcomes or assumptions; the same scenario twice; years out of range.
    """
    last = last_month(horizon, first)
    wanted = kept.chosen(None if variables is None else (*variables, kept.DEATHS))
    model = model or read_model()
    mixes, base = arranged(scenarios, reference, told, model)
    posterior = posterior or load(whole=False)
    changed = belongs(posterior, model, target_file=targets)
    for problem in changed:
        told(str(problem))
    chosen = drawn.drawn(posterior, draws, assumptions, told, DRAWS_OF_ONE)
    beside = disturbances(chosen, model, last, seed, targets)
    within, outside = drawn.constants(chosen, assumptions, model, costs.beside(len(chosen), seed))
    way = evidence(targets).fitting if quick else Fitting()
    setting = blocks.Setting(
        model, mixes, mixes.index(base), wanted, within, outside, beside, last, (first - calendar.FIRST_YEAR) * 12,
        {str(k): float(v) for k, v in (posterior.manifest.get("held") or {}).items()}, engine, threads,
        way=way,
    )  # fmt: skip
    yearly, onset = blocks.run(setting, client, advance)
    told_of = posterior.manifest
    facts: dict[str, Any] = {"posterior_differs": [problem.what for problem in changed]} if changed else {}
    return Outcomes(
        yearly, onset, pd.concat([within, outside], axis=1), mixes, base.name,
        manifest(
            command, model_sha256=model.sha256, scenarios=[mix.name for mix in mixes], reference=base.name,
            draws=len(chosen), seed=seed, first=first, horizon=horizon, propagated=beside.names,
            integration=vars(way) if quick else "of the model file",
            assumptions=[] if assumptions is None else [str(name) for name in assumptions.columns],
            posterior={key: told_of[key] for key in CARRIED if key in told_of and key not in ("fit", "fingerprints")},
            **facts,
        ),
    )  # fmt: skip


def arranged(
    scenarios: Sequence[Scenario | str | Path],
    reference: str | Path,
    told: Callable[[str], None],
    model: ModelFile | None = None,
) -> tuple[tuple[Scenario, ...], Scenario]:
    """Return the scenarios, the reference first, and the reference.

    Raises `InputError` for an unknown name, the same name twice, or nothing to compare; with a `model` also for a
    constant that a file sets and the model lacks, with its line.
    """
    files = iter(scenario.load_all([each for each in scenarios if not isinstance(each, Scenario)], model))
    mixes = [each if isinstance(each, Scenario) else next(files) for each in scenarios]
    if not mixes:
        raise InputError(Problem("no scenario to compare", hint="-s NAME_OR_FILE"))
    names = [mix.name for mix in mixes]
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        raise InputError(*(Problem(f"scenario '{name}' is asked for twice") for name in twice))
    base = next((mix for mix in mixes if mix.name == str(reference)), None)
    if base is None:
        try:
            base = scenario.load(reference)
        except InputError as error:
            own = nearest(str(reference), names)
            problems = [
                Problem(f"reference: {p.what}", p.file, p.line, p.column, p.hint or own) for p in error.problems
            ]
            raise InputError(*problems) from error
        if base.name in names:  # named by its file
            base = mixes[names.index(base.name)]
        else:
            told(f"the reference {base.name} is run beside the scenarios named")
    return (base, *(mix for mix in mixes if mix is not base)), base


def last_month(horizon: str, first: int) -> int:
    """Return the last month (model time). Raises `InputError` for what is not the end of a year in model time."""
    hint = f"a December, {first}-12 to {LAST}"
    is_year = len(horizon) == 4 and horizon.isascii() and horizon.isdigit()
    try:
        last = calendar.parse_month(f"{horizon}-12" if is_year else horizon)
    except ValueError as error:
        raise InputError(Problem(f"horizon: {error}", hint=hint)) from error
    end = calendar.parse_month(LAST)
    if not 0 <= (first - calendar.FIRST_YEAR) * 12 <= end:
        raise InputError(Problem(f"first year {first} is out of range", hint=f"{calendar.FIRST_YEAR} to {LAST[:4]}"))
    if last > end:
        raise InputError(Problem(f"horizon {horizon} is beyond the model's end", hint=hint))
    if last % 12 != 11:
        raise InputError(Problem(f"horizon {horizon} is not the end of a year: years are compared", hint=hint))
    if last < (first - calendar.FIRST_YEAR) * 12:
        raise InputError(Problem(f"horizon {horizon} is before the first year, {first}", hint=hint))
    return last
