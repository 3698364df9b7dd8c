"""Scenarios made from others: some of their instruments taken away, others set, assumptions at one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from sdforecast import scenario
from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model import ModelFile
from sdforecast.scenario import Scenario, composing
from sdforecast.scenario.inputs import constants

BASE = "current-course"


class Recipe(BaseModel):
    """How a mix is made from another.

    Attributes
    ----------
    of : the mix it starts from, shipped or a recipe before it.
    only : instruments whose changes are kept (default: all).
    without : instruments that stay on the current course.
    set : changes in the words of :data:`sdforecast.scenario.composing.GRAMMAR`, in place of those of the instrument.
    assume : constants at one value.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    of: str = BASE
    only: Annotated[tuple[str, ...], Field(strict=False)] | None = None
    without: Annotated[tuple[str, ...], Field(strict=False)] = ()
    set: Annotated[tuple[str, ...], Field(strict=False)] = ()
    assume: dict[str, float] = Field(default_factory=dict)


def made(name: str, recipes: Mapping[str, Recipe], chain: tuple[str, ...] = ()) -> Scenario:
    """Return the mix of a name, by its recipe or as it is shipped.

    Raises `InputError` for an unknown mix or instrument, and for a recipe that leads back to itself.
    """
    if name in chain:
        raise InputError(Problem(f"mix '{name}' is made of itself: {' → '.join((*chain, name))}"))
    recipe = recipes.get(name)
    if recipe is None:
        if name not in scenario.shipped():
            raise InputError(Problem(f"unknown mix '{name}'", hint=nearest(name, [*recipes, *scenario.shipped()])))
        return scenario.load(name)
    base = made(recipe.of, recipes, (*chain, name))
    known = scenario.instrument_ids()
    if wrong := [word for word in (*(recipe.only or ()), *recipe.without) if word not in known]:
        raise InputError(Problem(f"mix '{name}': unknown instrument '{wrong[0]}'", hint=nearest(wrong[0], known)))
    own = tuple(composing.change(line) for line in recipe.set)
    gone = {*recipe.without, *(change.instrument for change in own)}
    kept = [change for change in base.instruments if change.instrument not in gone]
    if recipe.only is not None:
        kept = [change for change in kept if change.instrument in recipe.only]
    return composing.mix(
        {
            "name": name, "title": name, "parameters": base.parameters,
            "assumptions": {**base.assumptions, **recipe.assume},
            "instruments": [change.model_dump() for change in (*kept, *own)],
        }
    )  # fmt: skip


def part_names(whole: Scenario) -> list[str]:
    """Return the names of the mixes that each have one instrument of `whole` alone."""
    return [f"{whole.name}-only-{one.replace('_', '-')}" for one in _changed(whole)]


def needed(
    names: Sequence[str], recipes: Mapping[str, Recipe], parts_of: str | None, model: ModelFile
) -> dict[str, Scenario]:
    """Return the mixes of these names, and those of the parts of one. Raises `InputError` as :func:`made`."""
    found = {name: made(name, recipes) for name in names}
    if parts_of is not None:
        whole = found[parts_of]
        for name, instrument in zip(part_names(whole), _changed(whole), strict=True):
            found[name] = made(name, {**recipes, name: Recipe(of=parts_of, only=(instrument,))})
    for mix in found.values():
        constants(mix, model)
    return found


def _changed(whole: Scenario) -> list[str]:
    return list(dict.fromkeys(change.instrument for change in whole.instruments))
