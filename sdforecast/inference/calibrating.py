"""From model, priors, targets and history to a posterior: the whole way, in order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from threadpoolctl import threadpool_limits

from sdforecast import history, observation, shipped
from sdforecast.inference.accounting import figures
from sdforecast.inference.belonging import fingerprints
from sdforecast.inference.chains import Progress
from sdforecast.inference.compiling import LogDensity
from sdforecast.inference.completing import Complete, Completing
from sdforecast.inference.density import density as density_of
from sdforecast.inference.diagnostics import Diagnosis, diagnose
from sdforecast.inference.learned import learned
from sdforecast.inference.leave_one_out import loo
from sdforecast.inference.methods import EXACT, Plan, distrust, draw
from sdforecast.inference.mode import Laplace, Search, laplace, search
from sdforecast.inference.posterior import Posterior
from sdforecast.inference.predictive import coverage
from sdforecast.inference.studying import Setting, Sources, study
from sdforecast.inference.together import Together
from sdforecast.manifest import hash_of, manifest
from sdforecast.model import ModelFile
from sdforecast.sectors import Inputs

KEPT = 1000
"""Draws that a posterior keeps, spread evenly over its chains; what is said of its chains is of all draws."""


@dataclass(frozen=True)
class Calibrated:
    """A posterior, and what is wrong with it.

    Attributes
    ----------
    diagnosis : of all draws; None for a method that is an approximation.
    warnings : what the user should know.
    """

    posterior: Posterior
    diagnosis: Diagnosis | None
    warnings: tuple[str, ...] = ()


@dataclass
class Listener:
    """Who is told of progress: `told` of each stage in a line, `chains` of the chains every second or so."""

    told: Callable[[str], None] = field(default=lambda line: None)
    chains: Callable[[Progress], None] = field(default=lambda progress: None)


def calibrate(
    model: ModelFile,
    sources: Sources | None = None,
    plan: Plan | None = None,
    *,
    starts: int = 3,
    kept: int = KEPT,
    sector: str | None = None,
    inputs: Inputs = "run",
    hold: Mapping[str, float] | None = None,
    leave_out: Sequence[str] = (),
    command: str = "sdforecast calibrate",
    listener: Listener | None = None,
) -> Calibrated:
    """Estimate constants, latent series and discrepancies of a model from its targets.

    Parameters
    ----------
    sources : tables and history (default: the shipped ones). A constant of kind `data` is held at its value.
    plan : how to sample.
    starts : searches for the mode, the first from the prior centre, the others from random positions.
    kept : draws that the posterior keeps.
    sector, inputs : estimate this sector alone: its constants against its targets, its inputs held (:mod:`.partial`).
    hold : constants that keep the value given here, as in a structural alternative.
    leave_out : targets that are compared but not fitted.

    Raises
    ------
    InputError : tables, history and model do not agree; the model gives no finite value where the search starts.
    MachineError : the extra `calibrate` is not installed.
    """
    plan, listener, sources = plan or Plan(), listener or Listener(), sources or Sources()
    setting = study(model, sources, sector=sector, inputs=inputs, hold=hold, leave_out=leave_out)
    facts = _facts(setting, sources, plan, command)
    return estimated(setting, plan, facts, starts=starts, kept=kept, listener=listener)


def estimated(
    setting: Setting,
    plan: Plan,
    facts: Mapping[str, Any],
    *,
    starts: int = 3,
    kept: int = KEPT,
    near: Mapping[str, float] | None = None,
    account: bool = True,
    listener: Listener | None = None,
) -> Calibrated:
    """Estimate a problem that has been set up; see :func:`calibrate`.

    Parameters
    ----------
    facts : for the manifest of the posterior.
    near : where the first search begins, by label: the mode of a problem like this one. Other numbers begin at 0.
    account : measure the fit of years and of turns (:mod:`.accounting`), which needs the whole history.
    """
    with threadpool_limits(1):  # matrices are small, and chains run in threads of their own
        found = _estimated(setting, plan, starts, kept, facts, near or {}, listener or Listener())
    if not account:
        return found
    posterior = found.posterior
    return replace(
        found, posterior=replace(posterior, manifest={**posterior.manifest, "fit": figures(setting, posterior)})
    )


def _estimated(
    setting: Setting,
    plan: Plan,
    starts: int,
    kept: int,
    facts: Mapping[str, Any],
    near: Mapping[str, float],
    listener: Listener,
) -> Calibrated:
    rng = np.random.default_rng(plan.seed)
    density = LogDensity(density_of(setting.study))
    together = Together(density.many, plan.chains)
    listener.told(_begun(setting, density, starts))
    first = np.array([near.get(label, 0.0) for label in density.labels])
    found = search(
        density.value_and_gradient, density.size, starts, rng, first=first,
        finished=lambda one: listener.told(_ended(one)),
    )  # fmt: skip
    approximation = laplace(together, found[0].position, callers=plan.chains)
    listener.told("curvature at the mode found")
    doubts = [distrust(density, approximation, plan.seed)] if plan.method in ("nuts", "laplace") else []
    tree = draw(density, approximation, replace(plan, key=_key(facts, plan)), listener.chains)
    listener.told("draws done; paths, predictive draws and checks follow")
    completing = Completing(setting, density)
    complete = completing.complete(tree, found[0].position, kept, rng)
    diagnosis = diagnose(completing.light(tree)) if plan.method in EXACT else None
    posterior = _posterior(
        setting, complete, found, diagnosis, {**facts, **_of_the_mode(density, approximation, found)}
    )
    warnings = [f"{doubt}: --method smc or de asks for no gradient" for doubt in doubts if doubt]
    return Calibrated(posterior, diagnosis, (*warnings, *_of_the_weights(complete)))


def _begun(setting: Setting, density: LogDensity, starts: int) -> str:
    study_ = setting.study
    return (
        f"{density.size} numbers ({len(study_.parameters)} constants) from {len(study_.observations)} observations; "
        f"{len(study_.later)} constants act on none of them and keep their prior; {starts} searches"
    )


def _ended(one: Search) -> str:
    return f"mode: log density {one.value:.2f} after {one.evaluations} evaluations"


def _of_the_mode(density: LogDensity, approximation: Laplace, found: list[Search]) -> dict[str, Any]:
    return {
        "numbers": density.size,
        "log_density_at_mode": found[0].value,
        "informed_directions": int((approximation.curvature > 2).sum()),
    }


def _of_the_weights(complete: Complete) -> list[str]:
    if complete.pareto_k is None or complete.pareto_k < 0.7:
        return []
    what = f"the way of fitting is too far from the model file's own step (Pareto k {complete.pareto_k:.2f})"
    return [f"{what}: choose a smaller time_step in [fitting]"]


def _facts(setting: Setting, sources: Sources, plan: Plan, command: str) -> dict[str, Any]:
    where = shipped.calibration_dir()
    files = {
        "parameters": [sources.parameters or where / "parameters.toml"],
        "targets": [sources.targets or where / "targets.toml"],
        "history": sorted((sources.folder or shipped.history_dir()).glob("*.csv")),
    }
    rows = setting.rows
    return manifest(
        command,
        seed=plan.seed,
        method=plan.method,
        model_sha256=setting.model.sha256,
        **{f"{name}_sha256": hash_of(paths) for name, paths in files.items()},
        fingerprints=fingerprints(setting.model, sources.parameters, sources.targets, sources.folder),
        data_vintage=str(rows["vintage"].dropna().astype(str).max()),
        last_observed=_last_observed(setting, rows),
        **setting.facts,
    )


def _last_observed(setting: Setting, rows: pd.DataFrame) -> str:
    if (rows["series"] == "synthetic_opioid_deaths").any():
        return str(history.last_observed(rows).date())
    return str(setting.study.observations["end"].max().date())


def _key(facts: Mapping[str, Any], plan: Plan) -> str:
    """Return what chains in a store must have been made from."""
    of = {name: facts.get(name) for name in ("fingerprints", "partial", "held", "left_out")}
    return hashlib.sha256(json.dumps([of, plan.seed], sort_keys=True, default=str).encode()).hexdigest()


def _posterior(
    setting: Setting, complete: Complete, found: list[Search], diagnosis: Diagnosis | None, facts: Mapping[str, Any]
) -> Posterior:
    study_ = setting.study
    table, values = study_.observations, np.median(complete.values, axis=0)
    if len(study_.told):
        told = setting.predictor(study_.told).many(_points(complete.tree, study_.knots))
        table = pd.concat([table, study_.told], ignore_index=True)
        values = np.concatenate([values, np.median(told, axis=0)])
    residuals = table.assign(model=values, residual=observation.residuals(table, values))
    posterior = Posterior(
        tree=complete.tree,
        residuals=residuals,
        fit=_fit(setting, residuals, complete.tree),
        learned=learned(complete.tree, [*study_.parameters, *study_.later]),
        diagnostics=_diagnostics(diagnosis),
        starts=_starts(found),
        manifest=dict(facts),
    )
    more = {
        "observations": len(study_.observations),
        "estimated": len(study_.parameters),
        "kept": len(posterior),
        "carried_over_pareto_k": complete.pareto_k,
        "carried_over_effective": complete.effective,
        "sampling": diagnosis.facts() if diagnosis is not None else {},
    }
    return replace(posterior, manifest={**facts, **more})


def _points(tree: xr.DataTree, knots: Mapping[str, np.ndarray]) -> np.ndarray:
    group = tree["posterior"]
    names = [str(name) for name in group["parameter"].to_numpy()]
    sampled = [name for name in names if name in set(map(str, tree["unconstrained"]["coordinate"].to_numpy()))]
    constants = group["constants"].sel(parameter=sampled).to_numpy()
    parts = [constants, *[group[variable].to_numpy() for variable in knots]]
    return np.concatenate([part.reshape(-1, part.shape[-1]) for part in parts], axis=1)


def _fit(setting: Setting, residuals: pd.DataFrame, tree: xr.DataTree) -> pd.DataFrame:
    """Return one row a target, and for those fitted how intervals cover and how well points are foretold."""
    table = observation.fit_table(residuals, residuals["model"].to_numpy())
    sectors = setting.model.variables.set_index("name")["sector"]
    known = {name.casefold(): str(sectors[name]) for name in sectors.index}
    by_target = {t.name: known.get(t.variable.casefold(), "") for t in setting.study.targets}
    covered = coverage(tree)
    covered = covered[covered["of"] == "target"].rename(columns={"name": "target"})
    covered = covered.drop(columns=["of", "n", "mape", "bias"])
    left_out = loo(tree).drop(columns="n")
    table = table.assign(sector=table["target"].map(by_target))
    return table.merge(covered, on="target", how="left").merge(left_out, on="target", how="left")


def _diagnostics(diagnosis: Diagnosis | None) -> pd.DataFrame:
    if diagnosis is None:
        return pd.DataFrame([{"group": "", "parameter": "none: an approximation was drawn from"}])
    return diagnosis.table


def _starts(found: list[Search]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "start": range(1, len(found) + 1),
            "log_density": [one.value for one in found],
            "evaluations": [one.evaluations for one in found],
            "message": [one.message for one in found],
        }
    )
