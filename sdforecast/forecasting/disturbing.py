"""What acts on a run beside its constants: latent series, discrepancies and remainders, to the horizon."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import xarray as xr

from sdforecast import calendar
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting import propagating, remaining
from sdforecast.forecasting.applying import OF_THE_MODEL, applied, factor
from sdforecast.forecasting.remaining import Counted
from sdforecast.inference import Posterior
from sdforecast.model import ModelFile
from sdforecast.observation.errors import Discrepancy, Evidence, Latent, evidence
from sdforecast.observation.remainders import Remainder

_Kind = TypeVar("_Kind", Discrepancy, Latent)
_HINT = "name the one that it was made with: --targets"
_ANEW = "make it anew: sdforecast calibrate"
_SCALES = ("sd", "half-life")

LAST = "2035-12"
"""Last month that a forecast may have."""


@dataclass(frozen=True)
class Disturbances:
    """Latent series and discrepancies, a path of each for every draw, and what is left to estimate when runs are there.

    Attributes
    ----------
    latents : (draw, knot), named as the variable of the model that each stands for.
    discrepancies : each with the flows that it is of, as the model spells them.
    factors : what the months of those flows are multiplied by [draws, months], one for each discrepancy.
    remainders : with whole and part as the model spells them.
    seed : of what goes on after the last month.
    """

    latents: tuple[xr.DataArray, ...]
    discrepancies: tuple[tuple[Discrepancy, tuple[str, ...]], ...]
    factors: tuple[np.ndarray, ...]
    remainders: tuple[Remainder, ...] = ()
    seed: int = 1

    @property
    def names(self) -> list[str]:
        """What goes on after the last month, for a manifest."""
        latents, discrepancies = (str(each.name) for each in self.latents), (of.name for of, _ in self.discrepancies)
        return [*latents, *discrepancies, *(of.name for of in self.remainders)]

    def needed(self, variables: Sequence[str]) -> list[str]:
        """Return variables, and the flows without which what contains them could not be given."""
        parts = [flow for of, flows in self.discrepancies if set(variables) & set(of.contained_in) for flow in flows]
        parts += [of.part for of in self.remainders if of.whole in variables]
        return list(dict.fromkeys([*variables, *parts]))

    def kept(self, draws: np.ndarray) -> Disturbances:
        """Return what acts on some of the draws [draws, true or false], for runs of these that are there already."""
        return replace(self, factors=tuple(by[draws] for by in self.factors))

    def applied(
        self,
        runs: xr.Dataset,
        variables: Sequence[str] | None,
        counts: Callable[[Remainder], Counted],
        actual: int = 0,
    ) -> xr.Dataset:
        """Return runs with all discrepancies in them; of `variables`, if there are any.

        Parameters
        ----------
        counts : gives what was counted of a remainder; called only where its whole is among the runs.
        actual : position of the scenario in which the past is what happened: what was counted is set against it.
        """
        made = runs
        for (of, flows), by in zip(self.discrepancies, self.factors, strict=True):
            made = applied(made, of, [flow for flow in flows if flow in made], by)
        for rest in self.remainders:
            if rest.whole in runs and rest.part in runs:
                happened = runs[[rest.whole, rest.part]].isel(scenario=actual).transpose("draw", "time")
                alone = (happened[rest.whole] - happened[rest.part]).to_numpy()
                by = remaining.factors(rest, alone, counts(rest), self.seed)
                made = remaining.added(made, rest, runs, by)
        asked = None if variables is None else {*variables, *(f"{name}{OF_THE_MODEL}" for name in variables)}
        return made if asked is None else made[[name for name in made if name in asked]]


def disturbances(
    posterior: Posterior, model: ModelFile, last: int, seed: int, targets: Path | None = None
) -> Disturbances:
    """Return the latent series and discrepancies of a posterior, carried on to month `last`, and the remainders.

    Raises `InputError` where the table of targets has not those of the posterior.
    """
    told = evidence(targets) if posterior.latents or posterior.discrepancies else Evidence(())
    latents = [_latent(posterior, name, told, last, seed) for name in posterior.latents]
    found, factors = [], []
    for name in posterior.discrepancies:
        of = _known(name, {each.name: each for each in told.discrepancies}, "discrepancy")
        flows = dict.fromkeys(model.name_of(t.variable) for t in told.targets if t.discrepancy == name)
        whole = tuple(model.name_of(variable) for variable in of.contained_in)
        paths = posterior.discrepancy(name)
        _check(paths, name)
        season = paths["season"].to_numpy() if "season" in paths else None
        path = propagating.discrepancy(paths, name, last + 1, seed)
        factors.append(factor(path, season, of.month_lengths))
        found.append((replace(of, contained_in=whole), tuple(flows)))
    remainders = [replace(of, whole=model.name_of(of.whole), part=model.name_of(of.part)) for of in told.remainders]
    return Disturbances(tuple(latents), tuple(found), tuple(factors), tuple(remainders), seed)


def _latent(posterior: Posterior, name: str, told: Evidence, last: int, seed: int) -> xr.DataArray:
    of = _known(name, {each.variable: each for each in told.latents}, "latent series")
    draws = posterior.tree["posterior"].to_dataset()
    scales = xr.Dataset({part: draws[f"{of.name} {part}"] for part in _SCALES if f"{of.name} {part}" in draws})
    _positive(scales, of.name, _SCALES)
    sd, half_life = (scales[part].to_numpy().astype(float).ravel() for part in _SCALES)
    return propagating.latent(posterior.latent(name).rename(name), sd, half_life, last + 1, seed)


def _known(name: str, there: Mapping[str, _Kind], what: str) -> _Kind:
    if name not in there:
        raise InputError(Problem(f"the posterior's {what} '{name}' is not in the table of targets", hint=_HINT))
    return there[name]


def _check(paths: xr.Dataset, name: str) -> None:
    """Raise `InputError` where a discrepancy cannot be carried on."""
    _positive(paths, name, propagating.SCALES)
    months = paths["month"].to_numpy()
    wanted = np.arange(len(months)) + months[0]
    if months[0] < 0 or months[-1] > calendar.parse_month(LAST) or not np.array_equal(months, wanted):
        what = f"the discrepancy '{name}' is not of consecutive months from 2010-01 on, {LAST} at the latest"
        raise InputError(Problem(what, hint=_ANEW))
    if "season" in paths and paths["season"].shape[1:] != (propagating.WAVES,):
        raise InputError(Problem(f"'{name} season' has not {propagating.WAVES} coefficients", hint=_ANEW))


def _positive(scales: xr.Dataset, name: str, parts: Sequence[str]) -> None:
    for part in parts:
        if part not in scales:
            raise InputError(Problem(f"the posterior has no '{name} {part}'", hint=_ANEW))
        if not (scales[part] > 0).all():
            raise InputError(Problem(f"the posterior has draws of '{name} {part}' that are not above zero", hint=_ANEW))
