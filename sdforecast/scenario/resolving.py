"""A scenario with everything that it inherits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sdforecast.errors import InputError, Problem, nearest
from sdforecast.model import ModelFile
from sdforecast.scenario import constants
from sdforecast.scenario.checking import folded
from sdforecast.scenario.finding import locate, parent_file, parent_names
from sdforecast.scenario.reading import Written, read
from sdforecast.scenario.schema import Scenario


def load(name_or_path: str | Path, model: ModelFile | None = None) -> Scenario:
    """Return a shipped scenario by its name, or the user's by its path, with everything that it inherits.

    With a `model`, each constant that the file or a parent sets must be one of the model's. Raises `InputError` with
    every problem of the file (or of the parent in which they are).
    """
    written = read(locate(name_or_path))
    return whole(written, model)


def whole(written: Written, model: ModelFile | None = None) -> Scenario:
    """Return the scenario of a file that was read, with everything that it inherits. Raises as :func:`load`."""
    return _resolved(written.scenario, written.path.parent, written, model)


def load_all(names_or_paths: Sequence[str | Path], model: ModelFile | None = None) -> tuple[Scenario, ...]:
    """Return several scenarios for one run or comparison, each as :func:`load`.

    Raises `InputError` with every problem of every file, and where two have one name: results are kept under it.
    """
    problems: list[Problem] = []
    found: dict[str, tuple[Scenario, Written]] = {}
    for given in names_or_paths:
        try:
            written = read(locate(given))
            mix = whole(written, model)
        except InputError as error:
            problems += [problem for problem in error.problems if problem not in problems]
            continue
        if mix.name in found:
            problems.append(_twice(written, found[mix.name][1]))
        else:
            found[mix.name] = (mix, written)
    if problems:
        raise InputError(*problems)
    return tuple(mix for mix, _ in found.values())


def _twice(written: Written, earlier: Written) -> Problem:
    name = written.scenario.name
    if written.path.resolve() == earlier.path.resolve():
        return Problem(f"scenario '{name}' is asked for twice")
    what = f"scenario '{name}' is also the name in {earlier.path}, and results are kept under it"
    return written.tree.problem(("name",), what, "give one of them another name")


def resolve(scenario: Scenario, folder: Path | None = None) -> Scenario:
    """Return `scenario` with everything that it inherits, and `extends` empty.

    Parents are looked for in `folder`, then among the shipped scenarios. The changes of an instrument that the
    scenario names itself take the place of all the parent's changes of that instrument; the other changes are
    the parent's. Parameters and assumptions are the parent's where the scenario does not set them. Raises
    `InputError` for an unknown parent and for a scenario that extends itself.
    """
    return _resolved(scenario, folder, None)


def _resolved(
    scenario: Scenario, folder: Path | None, written: Written | None, model: ModelFile | None = None
) -> Scenario:
    chain = [scenario.name]
    files = {written.path.resolve()} if written is not None else set()
    wrong = constants.problems_in(written, model) if written is not None and model is not None else []
    result = scenario
    while result.extends is not None:
        path = parent_file(result.extends, folder)
        if path is None:
            what = f"unknown scenario '{result.extends}'"
            raise InputError(Problem(what, hint=nearest(result.extends, parent_names(folder))))
        chain.append(result.extends)
        if path.resolve() in files:
            raise InputError(_cycle(chain, written))
        files.add(path.resolve())
        parent = read(path)
        wrong += constants.problems_in(parent, model) if model is not None else []
        result = _inherit(result, parent.scenario)
        folder = path.parent
    if wrong:
        raise InputError(*wrong)
    return result


def _inherit(child: Scenario, parent: Scenario) -> Scenario:
    own = {change.instrument for change in child.instruments}
    kept = tuple(change for change in parent.instruments if change.instrument not in own)
    # What the child sets counts, whichever list or spelling the parent has it in: one constant has one value.
    named = {folded(name) for name in (*child.parameters, *child.assumptions)}
    parameters = {name: value for name, value in parent.parameters.items() if folded(name) not in named}
    assumptions = {name: value for name, value in parent.assumptions.items() if folded(name) not in named}
    return child.model_copy(
        update={
            "extends": parent.extends,
            "instruments": kept + child.instruments,
            "parameters": {**parameters, **child.parameters},
            "assumptions": {**assumptions, **child.assumptions},
            "counterfactual": child.counterfactual or parent.counterfactual,
        }
    )


def _cycle(chain: list[str], written: Written | None) -> Problem:
    what = f"extends itself: {' → '.join(chain)}"
    return Problem(what) if written is None else written.tree.problem(("extends",), what)
