"""What acts on a run beside its constants: the latent series and discrepancies of a posterior, to the horizon."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import xarray as xr

from sdforecast import calendar
from sdforecast.errors import InputError, Problem
from sdforecast.forecasting import propagating
from sdforecast.forecasting.applying import OF_THE_MODEL, applied, factor
from sdforecast.inference import Posterior
from sdforecast.model import ModelFile
from sdforecast.observation.errors import Discrepancy, Evidence, Latent, evidence

_Kind = TypeVar("_Kind", Discrepancy, Latent)
_HINT = "name the one that it was made with: --targets"
_ANEW = "make it anew: sdforecast calibrate"
_SCALES = ("sd", "half-life")

LAST = "2035-12"
"""Last month that a forecast may have."""


@dataclass(frozen=True)
class Disturbances:
    """Latent series and discrepancies, a path of each for every draw.

    Attributes
    ----------
    latents : (draw, knot), named as the variable of the model that each stands for.
    discrepancies : each with the flows that it is of, as the model spells them.
    factors : what the months of those flows are multiplied by [draws, months], one for each discrepancy.
    """

    latents: tuple[xr.DataArray, ...]
    discrepancies: tuple[tuple[Discrepancy, tuple[str, ...]], ...]
    factors: tuple[np.ndarray, ...]

    @property
    def names(self) -> list[str]:
        """What goes on after the last month, for a manifest."""
        return [*(str(each.name) for each in self.latents), *(of.name for of, _ in self.discrepancies)]

    def needed(self, variables: Sequence[str]) -> list[str]:
        """Return variables, and the flows without which what contains them could not be given."""
        parts = [flow for of, flows in self.discrepancies if set(variables) & set(of.contained_in) for flow in flows]
        return list(dict.fromkeys([*variables, *parts]))

    def applied(self, runs: xr.Dataset, variables: Sequence[str] | None) -> xr.Dataset:
        """Return runs with all discrepancies in them; of `variables`, if there are any."""
        for (of, flows), by in zip(self.discrepancies, self.factors, strict=True):
            runs = applied(runs, of, [flow for flow in flows if flow in runs], by)
        asked = None if variables is None else {*variables, *(f"{name}{OF_THE_MODEL}" for name in variables)}
        return runs if asked is None else runs[[name for name in runs if name in asked]]


def disturbances(
    posterior: Posterior, model: ModelFile, last: int, seed: int, targets: Path | None = None
) -> Disturbances:
    """Return the latent series and discrepancies of a posterior, carried on to month `last`.

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
    return Disturbances(tuple(latents), tuple(found), tuple(factors))


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
