"""Setting a problem up: model, priors, targets and history, read, checked against one another and sorted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from sdforecast import history, observation, parameters, scenario
from sdforecast.errors import InputError, nearest
from sdforecast.errors import Problem as Wrong
from sdforecast.inference.partial import part
from sdforecast.inference.positions import values_at
from sdforecast.inference.predictor import Predictor, predictor
from sdforecast.inference.study import Study, knot_times
from sdforecast.model import ModelFile
from sdforecast.observation import revisions
from sdforecast.observation.errors import Fitting, evidence
from sdforecast.observation.targets import Target
from sdforecast.parameters import Parameter
from sdforecast.scenario.inputs import counts_months, series
from sdforecast.sectors import Inputs

PROBES = 3
"""Points of the priors at which it is asked whether a constant moves any observation."""


@dataclass(frozen=True)
class Sources:
    """The files of a study; None means the shipped one."""

    folder: Path | None = None
    parameters: Path | None = None
    targets: Path | None = None


@dataclass(frozen=True, eq=False)
class Setting:
    """A study and what it was made of.

    Attributes
    ----------
    study : the problem.
    rows : the history.
    levels : series that stand for inputs of the model, instruments among them.
    fixed : constants that all runs share.
    facts : what the manifest says of holding and of a sector alone.
    """

    study: Study
    model: ModelFile
    rows: pd.DataFrame
    levels: Mapping[str, pd.Series]
    fixed: Mapping[str, float]
    facts: Mapping[str, Any]

    def predictor(self, observations: pd.DataFrame, fitting: Fitting | None = None) -> Predictor:
        """Return a predictor of other observations, or with another way to run, for the draws of the study."""
        names = [p.name for p in self.study.parameters]
        return predictor(
            self.model, observations, names, knots=self.study.knots, fixed=self.fixed, series=self.levels,
            fitting=fitting,
        )  # fmt: skip


def study(
    model: ModelFile,
    sources: Sources | None = None,
    *,
    sector: str | None = None,
    inputs: Inputs = "run",
    hold: Mapping[str, float] | None = None,
    leave_out: Sequence[str] = (),
    engine: str = "auto",
    entering: Mapping[str, pd.Series] | None = None,
) -> Setting:
    """Return the problem that the files make of a model.

    Parameters
    ----------
    sector, inputs : one sector alone, its inputs held; see :mod:`.partial`.
    hold : constants that keep the value given here.
    leave_out : targets that are compared but not fitted, by name.
    entering : series that stand for what enters from outside, instruments among it; None: the current course.

    Raises
    ------
    InputError : the files do not agree with one another or with the model; a model that is not compiled.
    """
    sources = sources or Sources()
    rows, table, told = history.load(sources.folder), parameters.load(sources.parameters), evidence(sources.targets)
    observation.check(told.targets, rows, model, table, sources.parameters)
    observed = observation.on_rows(observation.observations(told.targets, rows), told.targets[0].clock, model)
    observation.check_values(told.targets, observed)
    held = _held(table, hold or {})
    uncertain = [p for p in table if p.spread > 0 and p.name not in held]
    levels = dict(entering) if entering is not None else _current_course(model)
    fixed = _fixed(table, model) | held
    facts: dict[str, Any] = {"held": held} if held else {}
    if sector is not None:
        some = part(model, sector, inputs, uncertain, observed, {**levels, **fixed}, engine)
        uncertain, observed, levels = list(some.parameters), some.observations, {**levels, **some.fixed.series}
        facts |= {"partial": some.facts()}
        told = replace(told, latents=())  # an input of the whole model is not inferred from one sector
    observed = _left_out(observed, leave_out)
    facts |= {"left_out": sorted(leave_out)} if leave_out else {}
    observed = _completed(observed, told.targets, rows, history.load_vintages(sources.folder))
    fitted = observed[observed["fitted"]].reset_index(drop=True)
    if fitted.empty:
        raise InputError(Wrong("no target is fitted", file=str(sources.targets or "targets.toml")))
    if twice := twice_counted(fitted):
        raise InputError(*(Wrong(what, file=str(sources.targets or "targets.toml")) for what in twice))
    knots = {each.variable: knot_times(each, int(fitted["last"].max()) + 1) for each in told.latents}
    whole = predictor(
        model, fitted, [p.name for p in uncertain], knots=knots, fixed=fixed, series=levels, fitting=told.fitting
    )
    acting = _acting(whole, uncertain)
    sampled = [p for p, acts in zip(uncertain, acting, strict=True) if acts]
    later = [p for p, acts in zip(uncertain, acting, strict=True) if not acts]
    if not sampled:
        hint = "free one in the table of parameters, or hold fewer"
        raise InputError(Wrong("no constant with a prior acts on a fitted observation: nothing to estimate", hint=hint))
    used = predictor(
        model, fitted, [p.name for p in sampled], knots=knots, fixed={**fixed, **{p.name: p.value for p in later}},
        series=levels, fitting=told.fitting,
    )  # fmt: skip
    problem = Study(sampled, later, told, fitted, observed[~observed["fitted"]].reset_index(drop=True), used)
    return Setting(problem, model, rows, levels, {**fixed, **{p.name: p.value for p in later}}, facts)


def _left_out(observed: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Return observations with those of some targets not fitted. Raises `InputError` for an unknown target."""
    known = list(dict.fromkeys(observed["target"]))
    unknown = next((name for name in names if name not in known), None)
    if unknown is not None:
        raise InputError(Wrong(f"no target '{unknown}' to leave out", hint=nearest(unknown, known)))
    return observed.assign(fitted=observed["fitted"] & ~observed["target"].isin(names))


def _current_course(model: ModelFile) -> dict[str, pd.Series]:
    return series(scenario.load("current-course"), model) if counts_months(model) else {}


def _completed(
    observed: pd.DataFrame, targets: Sequence[Target], rows: pd.DataFrame, vintages: pd.DataFrame
) -> pd.DataFrame:
    """Add `log_share` and `report_sd`: what young counts lack, as past vintages were revised; zero for all others."""
    found = observed.assign(log_share=0.0, report_sd=0.0)
    for target in targets:
        if not target.provisional:
            continue
        kept = (vintages["series"] == target.series[0]).any()  # the history holds one count of a month: no revision
        curve = revisions.completeness(vintages if kept else rows, target.series[0])
        months = history.select(rows, target.series[0], aggregation="month", breakdown=target.breakdown)
        lacking = revisions.provisional(months, curve).set_index(months["period_start"])
        of = (found["target"] == target.name).to_numpy()
        starts = found.loc[of, "start"]
        found.loc[of, "log_share"] = lacking["log_share"].reindex(starts).to_numpy()
        found.loc[of, "report_sd"] = lacking["sd"].reindex(starts).to_numpy()
    return found


def _acting(asked: Predictor, parameters: Sequence[Parameter]) -> np.ndarray:
    """Return which constants move an observation somewhere in their priors; the others keep their prior (cut)."""
    rng, count = np.random.default_rng(0), len(parameters)
    acts = np.zeros(count, dtype=bool)
    for k in range(PROBES):
        positions = rng.normal(0, 0.0 if k == 0 else 0.7, count)
        knots = rng.normal(0, 0.0 if k == 0 else 0.1, asked.size - count)
        values, ran = asked.forward(np.concatenate([values_at(parameters, positions), knots]))
        if k == 0:
            observation.check_start(asked.observations, values, asked.repeated.model)
        if np.isfinite(values).all():
            acts |= asked.pull(ran, rng.standard_normal(asked.count))[:count] != 0
    return acts


def _held(table: Sequence[Parameter], hold: Mapping[str, float]) -> dict[str, float]:
    """Return what is held by the names of the table. Raises `InputError` with the nearest for another name."""
    spelled = {p.name.casefold(): p.name for p in table}
    unknown = next((name for name in hold if name.casefold() not in spelled), None)
    if unknown is not None:
        raise InputError(Wrong(f"no parameter '{unknown}' to hold", hint=nearest(unknown, spelled.values())))
    return {spelled[name.casefold()]: float(value) for name, value in hold.items()}


def _fixed(table: Sequence[Parameter], model: ModelFile) -> dict[str, float]:
    """Return the fixed constants that the table sets otherwise than the model file does."""
    values = model.variables.set_index("name")["value"].to_dict()
    fixed = [p for p in table if p.spread == 0]  # one that the model lacks is named by the first run
    return {p.name: p.value for p in fixed if not np.isclose(values.get(p.name, np.nan), p.value, rtol=1e-9)}


def twice_counted(observed: pd.DataFrame) -> list[str]:
    """Return what is fitted twice: months of a flow that two observations count. One sentence each."""
    flows = observed[observed["fitted"] & (observed["kind"] == "flow")]
    found = []
    for variable, rows in flows.groupby("variable", sort=False):
        ordered = rows.sort_values(["first", "last"])
        before, after = ordered.iloc[:-1], ordered.iloc[1:]
        for (_, one), (_, two) in zip(before.iterrows(), after.iterrows(), strict=True):
            if two["first"] <= one["last"]:
                names = " and ".join(dict.fromkeys(f"'{each['target']}'" for each in (one, two)))
                found.append(f"{names} count the same time of '{variable}' twice, at {two['start'].date()}")
                break
    return found
