"""What a forecast is run from: structures, each with the model and the posterior that it has on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sdforecast.errors import InputError, Problem
from sdforecast.forecasting import structures as tables
from sdforecast.forecasting.structures import Structure
from sdforecast.inference import Posterior, load
from sdforecast.model import ModelFile
from sdforecast.model import read as read_model

DRAWS = 600
"""How many draws are run of several structures where it is not said."""

DRAWS_OF_ONE = 300
"""How many of one structure: the median of 2035 is then known to 2 %."""


@dataclass(frozen=True, eq=False)
class Part:
    """A structure ready to run, and how many of its draws are."""

    structure: Structure
    model: ModelFile
    posterior: Posterior

    @property
    def held(self) -> dict[str, float]:
        """Constants that the posterior was made with, held at a value."""
        held = self.posterior.manifest.get("held", {})
        return {str(name): float(value) for name, value in held.items()} if isinstance(held, dict) else {}


def parts(
    posterior: Posterior | Path | None = None,
    model: ModelFile | None = None,
    targets: Path | None = None,
    structures: Sequence[Structure] | None = None,
) -> tuple[Part, ...]:
    """Return what to run: all structures, or one where a posterior or a model is given.

    Parameters
    ----------
    posterior, model, targets : of one structure alone (default: the shipped ones).
    structures : by default the shipped ones, where none of the others is given.

    Raises
    ------
    InputError : a file is missing or wrong, a posterior of another model.
    """
    if posterior is not None or model is not None or targets is not None:
        if structures is not None:
            raise InputError("either structures, or a posterior or model of one alone")
        alone = Structure("alone", "One structure", targets=targets)
        found = posterior if isinstance(posterior, Posterior) else load(posterior, whole=False)
        return (_part(alone, model or read_model(), found),)
    told = tables.load() if structures is None else structures
    return tuple(_part(each, read_model(each.model), load(each.posterior, whole=False)) for each in told)


def counts(given: Sequence[Part], draws: int | None) -> list[int]:
    """Return how many draws of each part are run where `draws` are asked for in all.

    By default 600, or 300 of one part alone, and fewer where there are not so many. Raises `InputError` where a
    posterior has fewer draws than its share.
    """
    if draws is None:
        usual = DRAWS_OF_ONE if len(given) == 1 else DRAWS
        total = sum(each.structure.weight for each in given)
        most = min(int(len(each.posterior) / each.structure.weight * total + 1e-6) for each in given)
        draws = max(min(usual, most), len(given))
    if draws < 1 and len(given) == 1:
        raise InputError(Problem(f"{draws} draws asked for", hint=f"the posterior has 1 to {len(given[0].posterior)}"))
    shares = tables.shares([each.structure for each in given], draws)
    for each, count in zip(given, shares, strict=True):
        if count > (there := len(each.posterior)):
            whose = f" of structure '{each.structure.name}'" if len(given) > 1 else ""
            raise InputError(Problem(f"{count} draws asked for{whose}", hint=f"the posterior has 1 to {there}"))
    return shares


def _part(structure: Structure, model: ModelFile, posterior: Posterior) -> Part:
    constants = set(model.variables.loc[model.variables["kind"] == "constant", "name"])
    strange = [name for name in [*posterior.best["parameter"], *posterior.latents] if name not in constants]
    if strange:
        what = f"the posterior is of another model: '{strange[0]}' is no constant of this one"
        raise InputError(Problem(what, file=str(model.path), hint="make one of this model: sdforecast calibrate"))
    return Part(structure, model, posterior)
