"""From model, parameters, targets and history to an estimate: the whole way, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sdforecast import history, observation, parameters, scenario, shipped
from sdforecast.calendar import parse_month
from sdforecast.engine import Job, run_jobs
from sdforecast.errors import InputError, nearest
from sdforecast.errors import Problem as Wrong
from sdforecast.inference.estimate import Estimate
from sdforecast.inference.partial import part
from sdforecast.inference.problem import Problem
from sdforecast.inference.search import Start, search
from sdforecast.inference.sets import Acceptance, acceptable_sets
from sdforecast.manifest import hash_of, manifest
from sdforecast.model import ModelFile
from sdforecast.observation.predicting import CUMULATIVE
from sdforecast.scenario.inputs import counts_months, series
from sdforecast.sectors import Inputs

DEATHS = CUMULATIVE + "synthetic opioid deaths"


def calibrate(
    model: ModelFile,
    *,
    starts: int = 3,
    sets: int = 300,
    seed: int = 1,
    folder: Path | None = None,
    parameter_file: Path | None = None,
    target_file: Path | None = None,
    sector: str | None = None,
    inputs: Inputs = "run",
    hold: Mapping[str, float] | None = None,
    engine: str = "auto",
    command: str = "sdforecast calibrate",
    told: Callable[[str], None] = lambda line: None,
) -> Estimate:
    """Estimate the constants of `model` from the history under `folder` (default: the shipped one).

    Parameters
    ----------
    starts : searches, the first from the prior centre, the others from random positions.
    sets : parameter sets that fit acceptably to look for.
    seed : of the random starts and candidates; the same seed gives the same estimate.
    parameter_file, target_file : tables of yours (default: the shipped ones). A constant of kind `data` is held at its
        value, which is how a mechanism is taken out: its strength set to zero.
    sector : estimate this sector alone: its constants against its targets, its inputs held; see :mod:`.partial`.
    inputs : of the sector; see :func:`sdforecast.sectors.held`.
    hold : constants that keep the value given here, as in a structural alternative: they are neither estimated nor
        varied.
    engine : see :data:`sdforecast.engine.ENGINES`.
    told : called with a line of progress now and then.

    Raises
    ------
    InputError : tables, history and model do not agree; nothing of the sector can be estimated.
    """
    rows = history.load(folder)
    table = parameters.load(parameter_file)
    targets = observation.load(target_file)
    observation.check(targets, rows, model, table, parameter_file)
    observed = observation.on_rows(observation.observations(targets, rows), targets[0].clock, model)
    observation.check_values(targets, observed)
    columns = observation.columns_needed(observed, model)
    held = _held(table, hold or {})
    uncertain = [p for p in table if p.spread > 0 and p.name not in held]
    files = _files(parameter_file, target_file, folder)
    ours = counts_months(model)
    levels = series(scenario.load("current-course"), model) if ours else {}
    fixed = _fixed(table, model) | held
    facts = _facts(model, rows, files, seed, command) | ({"held": held} if held else {})
    given = levels
    if sector is not None:
        some = part(model, sector, inputs, uncertain, observed, {**levels, **fixed}, engine)
        uncertain, observed, given = list(some.parameters), some.observations, {**levels, **some.fixed.series}
        columns = observation.columns_needed(observed, model)
        facts |= {"partial": some.facts()}
    free = np.array([k for k, p in enumerate(uncertain) if p.kind == "estimated"])
    rng = np.random.default_rng(seed)
    told(f"{len(free)} constants from {int(observed['fitted'].sum())} observations, {starts} starts")
    until = observation.end_of(observed, model)
    with run_jobs(model, columns, [given], until=until, jobs=len(free) + 1, engine=engine) as run:
        problem = Problem(uncertain, observed, columns, run, fixed=fixed)
        observation.check_start(observed, problem.values(problem.runs(np.zeros((1, len(uncertain))))[0]), model)
        found = search(problem, free, starts, rng, finished=lambda start: told(_ended(start)))
        accepted = acceptable_sets(
            problem, found[0].positions, sets, rng, told=lambda kept, tried: told(f"{kept} sets kept of {tried} tried")
        )
        best = problem.runs(accepted.positions[:1])[0]
    figures = {} if not ours else _figures(model, problem.constants(accepted.positions[0]), levels, rows, engine)
    return _estimate(problem, found, accepted, best, {**facts, "fit": figures})


def _figures(
    model: ModelFile, constants: dict[str, float], levels: dict[str, pd.Series], rows: pd.DataFrame, engine: str
) -> dict[str, Any]:
    """Return the figures of the fit of deaths, of the whole model with the best constants."""
    until = parse_month(observation.RECENT[1]) + 1
    with run_jobs(model, [DEATHS], [levels], until=until, engine=engine) as run:
        deaths = run([Job(constants)], lambda: None)[0][:, 0]
    return observation.measured_fit(deaths, rows)


def _ended(start: Start) -> str:
    return f"cost {start.cost:.2f} after {start.evaluations} evaluations"


def _held(table: Sequence[parameters.Parameter], hold: Mapping[str, float]) -> dict[str, float]:
    """Return what is held by the names of the table. Raises `InputError` with the nearest for another name."""
    spelled = {p.name.casefold(): p.name for p in table}
    unknown = next((name for name in hold if name.casefold() not in spelled), None)
    if unknown is not None:
        raise InputError(Wrong(f"no parameter '{unknown}' to hold", hint=nearest(unknown, spelled.values())))
    return {spelled[name.casefold()]: float(value) for name, value in hold.items()}


def _fixed(table: Sequence[parameters.Parameter], model: ModelFile) -> dict[str, float]:
    """Return the fixed constants that the table sets otherwise than the model file does."""
    values = model.variables.set_index("name")["value"].to_dict()
    fixed = [p for p in table if p.spread == 0]  # one that the model lacks is named by the first run
    return {p.name: p.value for p in fixed if not np.isclose(values.get(p.name, np.nan), p.value, rtol=1e-9)}


def _files(parameter_file: Path | None, target_file: Path | None, folder: Path | None) -> dict[str, list[Path]]:
    where = shipped.calibration_dir()
    return {
        "parameters": [parameter_file or where / "parameters.toml"],
        "targets": [target_file or where / "targets.toml"],
        "history": sorted((folder or shipped.history_dir()).glob("*.csv")),
    }


def _facts(
    model: ModelFile, rows: pd.DataFrame, files: dict[str, list[Path]], seed: int, command: str
) -> dict[str, Any]:
    return manifest(
        command,
        seed=seed,
        model_sha256=model.sha256,
        **{f"{name}_sha256": hash_of(paths) for name, paths in files.items()},
        data_vintage=str(rows["vintage"].dropna().astype(str).max()),
        last_observed=str(_last_observed(rows, model).date()),
    )


def _last_observed(rows: pd.DataFrame, model: ModelFile) -> pd.Timestamp:
    return history.last_observed(rows) if counts_months(model) else pd.Timestamp(rows["period_end"].max())


def _estimate(
    problem: Problem,
    found: Sequence[Start],
    accepted: Acceptance,
    best: np.ndarray,
    facts: dict[str, Any],
) -> Estimate:
    values = problem.values(best)
    first = accepted.positions[0]
    sets = pd.DataFrame([problem.constants(row) for row in accepted.positions])
    sets.insert(0, "loss", accepted.loss)
    return Estimate(
        best=pd.DataFrame(
            {
                "parameter": problem.names,
                "value": [problem.constants(first)[name] for name in problem.names],
                "position": first,
                "kind": [p.kind for p in problem.parameters],
            }
        ),
        sets=sets.rename_axis("set"),
        starts=pd.DataFrame(
            {
                "start": range(1, len(found) + 1),
                "cost": [s.cost for s in found],
                "evaluations": [s.evaluations for s in found],
                "message": [s.message for s in found],
            }
        ),
        residuals=problem.observations.assign(
            model=values, residual=observation.residuals(problem.observations, values)
        ),
        fit=observation.fit_table(problem.observations, values),
        manifest={
            **{name: value for name, value in facts.items() if name != "fit"},
            "cost": found[0].cost,
            "observations": int(problem.fitted.sum()),
            "estimated": sum(p.kind == "estimated" for p in problem.parameters),
            "informed_directions": round(accepted.informed, 1),
            "largest_loss_accepted": round(accepted.limit, 1),
            "sets": len(accepted.positions),
            "candidates_tried": accepted.tried,
            "months_worth": round(float(accepted.weights[_monthly(problem)].sum()), 1),
            "fit_to": _last_period(problem.observations["end"].max()),
            "fit": facts["fit"],
        },
    )


def _last_period(end: pd.Timestamp) -> str:
    return f"{end:%Y-%m}" if end.is_month_end else f"{end:%Y-%m-%d}"


def _monthly(problem: Problem) -> np.ndarray:
    fitted = problem.observations[problem.fitted]
    return (fitted["first"] == fitted["last"]).to_numpy() & (fitted["kind"] == "flow").to_numpy()
