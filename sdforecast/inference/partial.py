"""Estimating one sector alone: its constants, its targets, everything else held.

Partial-model calibration (Homer 2012, System Dynamics Review 28(3), 281-294): with its inputs held, a sector can be
fitted without faults of other sectors pulling its constants away. What is left out is the feedback through the others,
so that a run of the whole model with the new constants is told beside the fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from sdforecast.errors import InputError, Problem
from sdforecast.manifest import hash_of
from sdforecast.model import ModelFile
from sdforecast.parameters import Parameter
from sdforecast.sectors import HISTORY, RUN, Boundary, Held, Inputs, boundary, computed, held


@dataclass(frozen=True)
class Part:
    """What is estimated of a sector, and from what.

    Attributes
    ----------
    within : the sector.
    parameters : constants of the sector with a prior.
    observations : those of variables that the sector computes.
    fixed : the series that stand for its inputs.
    source : where they were asked to come from, for the manifest.
    """

    within: Boundary
    parameters: Sequence[Parameter]
    observations: pd.DataFrame
    fixed: Held
    source: dict[str, str]

    def facts(self) -> dict[str, Any]:
        """Return what a manifest says of it."""
        return {
            "sector": self.within.sector,
            "constants": [p.name for p in self.parameters if p.kind == "estimated"],
            "targets": list(dict.fromkeys(self.observations["target"])),
            **self.source,
            "inputs": [origin.as_dict() for origin in self.fixed.origins],
            "fit": "of a run of the whole model with the new constants; residuals and fit.csv are of the sector alone",
        }


def part(
    model: ModelFile,
    sector: str,
    inputs: Inputs,
    parameters: Sequence[Parameter],
    observed: pd.DataFrame,
    over: Mapping[str, float | pd.Series],
    engine: str,
) -> Part:
    """Return what can be estimated of a sector.

    Parameters
    ----------
    inputs : see :func:`sdforecast.sectors.held`.
    parameters : all constants with a prior.
    observed : all observations.
    over : what overrides the model file in the run that inputs come from.

    Raises
    ------
    InputError : no constant of the sector is estimated, or no fitted target tells of it.
    """
    within = boundary(model, sector)
    own = [p for p in parameters if p.name in within.variables]
    if not any(p.kind == "estimated" for p in own):
        there = _sectors_of(model, [p.name for p in parameters if p.kind == "estimated"])
        hint = "sectors that have some: " + ", ".join(there)
        raise InputError(Problem(f"no constant of sector '{within.sector}' is of kind 'estimated'", hint=hint))
    names = {str(name): model.name_of(str(name)) for name in observed["variable"].unique()}
    told = set(computed(model, within, names.values()))
    rows = observed[[names[str(name)] in told for name in observed["variable"]]].reset_index(drop=True)
    if not rows["fitted"].any():
        there = _sectors_of(model, [names[str(name)] for name in observed.loc[observed["fitted"], "variable"]])
        hint = "sectors with targets: " + ", ".join(there)
        raise InputError(Problem(f"no fitted target tells of sector '{within.sector}'", hint=hint))
    until = int(rows["last"].max()) + 1
    fixed = held(
        model, within, inputs, scenario="current-course", over=over, until=until, monthly=True, rows=observed,
        engine=engine,
    )  # fmt: skip
    return Part(within, own, rows, fixed, _source(inputs))


def _source(inputs: Inputs) -> dict[str, str]:
    if isinstance(inputs, xr.Dataset):
        return {"inputs_from": "a run given from Python"}
    word = str(inputs)
    if word.casefold() in (RUN, HISTORY):
        return {"inputs_from": word.casefold()}
    return {"inputs_from": Path(word).name, "inputs_sha256": hash_of([Path(word)])}


def _sectors_of(model: ModelFile, names: Sequence[str]) -> list[str]:
    table = model.variables[model.variables["name"].isin(names)]
    return [str(sector) for sector in dict.fromkeys(table["sector"]) if sector]
