"""Constants that a scenario sets, against those of a model: each by its name, whatever its case."""

from __future__ import annotations

from collections.abc import Mapping

from sdforecast.errors import Problem, nearest
from sdforecast.model import ModelFile
from sdforecast.scenario.checking import folded
from sdforecast.scenario.reading import Written
from sdforecast.scenario.schema import Scenario
from sdforecast.scenario.yamltree import shown


def of_model(model: ModelFile) -> dict[str, str]:
    """Return the names of the model's constants by their folded form."""
    names = model.variables.loc[model.variables["kind"] == "constant", "name"].tolist()
    return {folded(str(name)): str(name) for name in names}


def unknown(names: Mapping[str, object], known: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return each of `names` that no constant of a model has, with the nearest that there is."""
    return [(name, nearest(name, list(known.values()))) for name in names if folded(name) not in known]


def unknown_in(names: Mapping[str, object], model: ModelFile) -> list[tuple[str, str]]:
    """Return the same for a model."""
    return unknown(names, of_model(model))


def problems(scenario: Scenario, model: ModelFile) -> list[Problem]:
    """Return a problem for each constant that the scenario itself sets and `model` does not have."""
    found = unknown({**scenario.parameters, **scenario.assumptions}, of_model(model))
    return [
        Problem(f"scenario '{scenario.name}': no constant {shown(name)} in the model", str(model.path), hint=hint)
        for name, hint in found
    ]


def problems_in(written: Written, model: ModelFile) -> list[Problem]:
    """Return the same for a file, each problem at its line."""
    known = of_model(model)
    parts = (("parameters", written.scenario.parameters), ("assumptions", written.scenario.assumptions))
    return [
        written.tree.problem((part, name), f"the model has no constant {shown(name)}", hint, at_key=True)
        for part, values in parts
        for name, hint in unknown(values, known)
    ]
